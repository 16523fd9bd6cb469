"""The events that a log source stands for without naming them: shown, they link no rules (`analysis.md` 18)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from detectionary.model.entry import Action

_DATA: Final = Path(__file__).with_name("data")


def event_coverage(tables: tuple[str, ...], language: str) -> tuple[Action, ...]:
    """The events of Sigma's category log sources among `tables`, each once; no other language has such log sources."""
    if language != "sigma":
        return ()
    found: dict[str, Action] = {}
    for table in tables:
        parts = table.lower().split("/")
        for key in _covered().get("/".join(parts[:2]), ()):
            provider, _, operation = key.rpartition("/")
            found.setdefault(key, Action(key, provider, operation))
    return tuple(found.values())


def is_category(table: str) -> bool:
    """Whether a log source of Sigma's, `product/category`, is a category that stands for events."""
    return table.lower() in _covered()


@cache
def _covered() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _DATA.joinpath("event-coverage.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            source, *keys = line.split("\t")
            found[source] = tuple(keys)
    return found
