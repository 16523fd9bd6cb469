"""The YARA-L rules of the reference corpus."""

from __future__ import annotations

from functools import cache

from tests.conftest import shared


@cache
def corpus_rules() -> tuple[tuple[str, str], ...]:
    """(path, text) of every rule file, in the order of paths."""
    root = shared("corpora", "chronicle-detection-rules")
    return tuple(
        (path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.yaral"))
    )
