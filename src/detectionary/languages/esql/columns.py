"""The columns between two commands of a query: their names and order, their types, and where their values come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from detectionary.languages.esql.syntax import Expression, NamePattern
from detectionary.model.wildcards import Wild

if TYPE_CHECKING:
    from detectionary.languages.esql.constants import Folded
    from detectionary.model.predicate import Operand
    from detectionary.text import Span

UNKNOWN: Final = "unknown"

RECORD_TIMES: Final = frozenset({"@timestamp", "event.ingested", "event.created"})
"""Fields of ECS that hold the time of the record itself."""

METADATA: Final = {
    "_id": "keyword",
    "_index": "keyword",
    "_index_mode": "keyword",
    "_ignored": "keyword",
    "_score": "double",
    "_size": "integer",
    "_source": "_source",
    "_tier": "keyword",
    "_version": "long",
}
"""Metadata fields and their types (elastic.co, "ES|QL metadata fields")."""


class Nature(Enum):
    """What kind of value a comparison of it is about."""

    FIELD = "field"
    TIME = "time"
    """The record's own time."""
    AGE = "age"
    """How far the record's own time is from the clock."""
    INTERVAL = "interval"
    """What lies between two records' times, or between the ends of a group."""
    AGGREGATE = "aggregate"
    """A count-like or numeric aggregate."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The one source of a value.

    `aggregate` is the aggregate that it went through, `maker` the span of the command of that. `collected`:
    the value is one of many that an aggregate kept. `content` is the field behind `min` and `max`, should the
    comparison turn out to be no threshold. `choices` are the `case`s that had a part in making the column.
    """

    field: str
    transforms: tuple[str, ...] = ()
    nature: Nature = Nature.FIELD
    aggregate: Operand | None = None
    maker: Span | None = None
    collected: bool = False
    content: str | None = None
    choices: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `maker` is the command that made it, by name and stage number.

    `test` is what made a column of truth values or of places in a text, read against the columns `scope`; `constant`
    its value where that is the same for all rows; `bin` the width, where the values are times in bins. `stored`:
    documents have it.
    """

    name: str
    origin: Origin
    type: str
    maker: tuple[str, int]
    stored: bool = False
    constant: Folded | None = None
    test: Expression | None = None
    scope: Table | None = None
    bin: str | None = None


class Table:
    """The columns that a command leaves, in order.

    `opener` is the command that brought columns whose names nobody knows, if any did; such a column shows from its
    first use on.
    """

    __slots__ = ("_columns", "_dropped", "_gone", "_kept", "_ordered", "opener")

    def __init__(self, opener: tuple[str, int] | None = None) -> None:
        self.opener = opener
        self._columns: dict[str, Column] = {}
        self._gone: frozenset[str] = frozenset()
        self._dropped: tuple[NamePattern, ...] = ()
        self._kept: tuple[NamePattern, ...] | None = None
        self._ordered = False

    def __iter__(self) -> Iterator[Column]:
        """The columns in the order of the result: those of the documents first, as long as no `keep` said otherwise."""
        columns = self._columns.values()
        if self._ordered:
            yield from columns
        else:
            yield from sorted(columns, key=lambda column: not column.stored)

    def copy(self) -> Table:
        found = Table(self.opener)
        found._columns = dict(self._columns)
        found._gone, found._dropped = self._gone, self._dropped
        found._kept, found._ordered = self._kept, self._ordered
        return found

    def find(self, name: str) -> Column | None:
        """The column of this name; one that an open table may have comes into being."""
        column = self._columns.get(name)
        if column is not None or self.opener is None or name.startswith("?") or not self._may_have(name):
            return column  # the name of `??p` is the caller's
        column = stored(name, self.opener)
        if self.opener[1] > 1:
            column = replace(column, stored=False)
        self._columns[name] = column
        return column

    def _may_have(self, name: str) -> bool:
        if name in self._gone or any(matches(pattern, name) for pattern in self._dropped):
            return False
        return self._kept is None or any(matches(pattern, name) for pattern in self._kept)

    def put(self, column: Column) -> None:
        """Add a column at the end; one of the same name goes."""
        self._columns.pop(column.name, None)
        self._columns[column.name] = column

    def replace(self, column: Column) -> None:
        """Another column in the place of the one with its name."""
        self._columns[column.name] = column

    def add(self, columns: Iterable[Column]) -> None:
        """Columns of another table beside these; names that are here already stay."""
        for column in columns:
            self._columns.setdefault(column.name, column)

    def keep(self, patterns: tuple[NamePattern, ...]) -> None:
        """Names before wildcards before `*`; of equal ones the last (elastic.co, "KEEP")."""
        chosen: dict[str, tuple[int, int]] = {}
        for place, pattern in enumerate(patterns):
            rank = _rank(pattern)
            if rank == 0:
                self.find(pattern.text)
            for name in [pattern.text] if rank == 0 else list(self._columns):
                if name in self._columns and matches(pattern, name):
                    before = chosen.get(name)
                    if before is None or rank <= before[0]:
                        chosen[name] = (rank, place)
        places: dict[int, list[str]] = {}
        for name in self._columns:
            if name in chosen:
                places.setdefault(chosen[name][1], []).append(name)
        self._columns = {name: self._columns[name] for place in sorted(places) for name in places[place]}
        self._ordered = True
        wild = tuple(pattern for pattern in patterns if pattern.is_wild)
        if self.opener is not None:
            if not wild:
                self.opener = None
            elif self._kept is None:
                self._kept = None if any(_rank(pattern) == 2 for pattern in wild) else wild

    def drop(self, patterns: tuple[NamePattern, ...]) -> None:
        for pattern in patterns:
            wild = pattern.is_wild
            for name in [name for name in self._columns if matches(pattern, name)] if wild else [pattern.text]:
                self._columns.pop(name, None)
        self._gone |= {pattern.text for pattern in patterns if not pattern.is_wild}
        self._dropped = (*self._dropped, *(pattern for pattern in patterns if pattern.is_wild))

    def rename(self, old: NamePattern, column: Column) -> None:
        """The column `old` under the name of `column`, in its place."""
        columns = {name: each for name, each in self._columns.items() if name != column.name or name == old.text}
        self._columns = {
            column.name if name == old.text else name: column if name == old.text else each
            for name, each in columns.items()
        }
        self._gone = self._gone | {old.text} - {column.name}


def stored(name: str, maker: tuple[str, int], kind: str = UNKNOWN) -> Column:
    """A column of the documents."""
    nature = Nature.TIME if name in RECORD_TIMES else Nature.FIELD
    if kind == UNKNOWN and nature is Nature.TIME:
        kind = "date"
    return Column(name, Origin(name, nature=nature), kind, maker, stored=True)


def with_name(column: Column, name: str, maker: tuple[str, int]) -> Column:
    """The same values under another name."""
    return replace(column, name=name, maker=maker)


def _rank(pattern: NamePattern) -> int:
    """0 for a name, 1 for a wildcard with text, 2 for `*` alone."""
    if not pattern.is_wild:
        return 0
    return 1 if len(pattern.pieces) > 1 else 2


def matches(pattern: NamePattern, name: str) -> bool:
    """Whether the name is one that the pattern stands for."""
    pieces = pattern.pieces
    if not pattern.is_wild:
        return pattern.text == name
    first, last = pieces[0], pieces[-1]
    start, end = 0, len(name)
    if isinstance(first, str):
        if not name.startswith(first):
            return False
        start = len(first)
    if isinstance(last, str):
        if len(name) - start < len(last) or not name.endswith(last):
            return False
        end = len(name) - len(last)
    for piece in pieces[1:-1]:
        if isinstance(piece, Wild):
            continue
        at = name.find(piece, start, end)
        if at < 0:
            return False
        start = at + len(piece)
    return True
