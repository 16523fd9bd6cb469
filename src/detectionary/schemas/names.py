"""Tables of names as data: headings in brackets, below them a field's own name and its canonical name.

The files say how they are kept; all have one form. `[heading heading] pattern` opens rows for all its headings, and a
row that begins with a name holds for each of them. A later heading of the same name adds to it and overrides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ANYWHERE: Final = "*"
"""The heading of rows that hold under every other."""

_DATA: Final = Path(__file__).with_name("data")
_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_REPEATED: Final = re.compile(r"_+")


@dataclass(slots=True)
class Heading:
    """The rows of one heading, and the pattern for fields that have none."""

    rows: dict[str, str] = field(default_factory=dict)
    pattern: str | None = None


def read(file: str, *, fold: bool = False) -> Mapping[str, Heading]:
    """All rows of a data file by heading; `fold` makes headings and own names lower case."""
    found: dict[str, Heading] = {ANYWHERE: Heading()}
    opened: Iterable[Heading] = ()
    for line in _DATA.joinpath(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            names, _, pattern = line[1:].partition("]")
            opened = [found.setdefault(name.lower() if fold else name, Heading()) for name in names.split()]
            for heading in opened:
                heading.pattern = pattern.strip() or heading.pattern
        elif line and not line.startswith("#"):
            own, canonical = line.split()
            for heading in opened:
                heading.rows[own.lower() if fold else own] = canonical
    return found


def longest(rows: Mapping[str, str], path: str) -> str | None:
    """The name of the longest part of `path` that has a row, with the rest of the path kept; own names in lower case.

    A row `a.b.*` with the name `c.*` renames what is below `a.b`, where `a.b.x` has no row of its own.
    """
    head, tail = path, ""
    while head:
        folded = head.lower()
        name = rows.get(folded)
        if name is not None:
            return f"{name}.{tail}" if tail else name
        below = rows.get(f"{folded}.*") if tail else None
        if below is not None:
            return below.replace("*", tail)
        head, _, last = head.rpartition(".")
        tail = f"{last}.{tail}" if tail else last
    return None


def by_pattern(pattern: str, path: str) -> str:
    """A field without a row, named by its heading's pattern: {snake} and {name} are the first part of its path."""
    root, _, rest = path.partition(".")
    name = pattern.format(snake=snake(root), name=root)
    return f"{name}.{rest}" if rest else name


def snake(name: str) -> str:
    """A column's name in snake case: "SessionMfaAuthenticated" and `sessionMfaAuthenticated` alike."""
    return _REPEATED.sub("_", _WORD_STARTS.sub("_", name).lower()).strip("_")
