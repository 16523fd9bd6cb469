"""The EQL queries of the reference corpus: rules in EQL, and hunts."""

from __future__ import annotations

import tomllib
from functools import cache

from tests.conftest import shared


@cache
def corpus_queries() -> tuple[tuple[str, str], ...]:
    """(path and number, query) of every EQL query of Elastic's rules and hunts, in the order of paths."""
    root = shared("corpora", "elastic-detection-rules")
    found: list[tuple[str, str]] = []
    for path in sorted(root.rglob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        name = path.relative_to(root).as_posix()
        rule, hunt = document.get("rule", {}), document.get("hunt", {})
        if rule.get("language") == "eql":
            found.append((name, rule["query"]))
        if hunt.get("language") == ["EQL"]:
            found.extend((f"{name}:{number}", query) for number, query in enumerate(hunt["query"], start=1))
    return tuple(found)
