"""What lowering works with: a table under way, the names in scope, and where an expression stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from detectionary.compiler.plan import ColumnId, Expr, Measure, Plan, PlanColumn, SortKey, WindowCall
from detectionary.languages.kusto.bound import Expansion, Symbol, TableType, Type
from detectionary.languages.kusto.syntax import Expression, FunctionDeclaration


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A table in the middle of a query.

    `columns` are those that the query sees, in order, names unique; `plan` may carry more. `order` is how the rows
    stand, over columns of `plan`: as sorted by the query (`sorted`), or as they come from a place with an order of its
    own (`datatable`, `range`); () when they have none. Inside `mv-apply` and `partition`, `partition` are the columns
    that tell the sub-tables apart: every operator works within rows of equal values there.
    """

    plan: Plan
    columns: tuple[PlanColumn, ...]
    order: tuple[SortKey, ...] = ()
    sorted: bool = False
    partition: tuple[ColumnId, ...] = ()

    def get(self, name: str) -> PlanColumn | None:
        """The column of exactly this name."""
        for column in self.columns:
            if column.name == name:
                return column
        return None

    @property
    def carried(self) -> tuple[PlanColumn, ...]:
        """The columns of `plan` that the query does not see and that order or partition need."""
        seen = {column.id for column in self.columns}
        needed = {key.column for key in self.order} | set(self.partition)
        return tuple(column for column in self.plan.columns if column.id in needed and column.id not in seen)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What the binder found in the body that is being lowered: the query, or one call of a function."""

    symbols: Mapping[int, Symbol]
    types: Mapping[int, Type]
    results: Mapping[int, TableType]
    expansions: Mapping[int, Expansion]
    origin: str = ""
    """The function's name, "" for the query itself; spans inside a function of the environment mean nothing outside."""


@dataclass(frozen=True, slots=True, eq=False)
class ScalarName:
    """A name for one value."""

    value: Expr


@dataclass(slots=True, eq=False)
class TableName:
    """A name for a table: what it is written as, lowered when first used.

    `given` is a table that is lowered already (an argument, `as`).
    """

    node: Expression | None
    scope: Scope
    given: Relation | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FunctionName:
    """A function that a `let` declares, with the names that were in scope there."""

    declaration: FunctionDeclaration
    names: Names


Local: TypeAlias = ScalarName | TableName | FunctionName


class Names:
    """The names that statements have introduced so far; a nested one sees those of its parent."""

    __slots__ = ("_names", "_parent")

    def __init__(self, parent: Names | None = None) -> None:
        self._names: dict[str, Local] = {}
        self._parent = parent

    def get(self, name: str) -> Local | None:
        found = self._names.get(name)
        if found is None and self._parent is not None:
            return self._parent.get(name)
        return found

    def add(self, name: str, local: Local) -> None:
        self._names[name] = local

    def items(self) -> Iterator[tuple[str, Local]]:
        """All names in sight, inner ones first."""
        yield from self._names.items()
        if self._parent is not None:
            yield from self._parent.items()

    def frozen(self) -> Names:
        """The same names, blind to later ones."""
        copy = Names(self._parent.frozen() if self._parent is not None else None)
        copy._names.update(self._names)
        return copy


@dataclass(slots=True, eq=False)
class Collected:
    """Calls inside expressions that need a node of their own below: aggregates, or window functions.

    Each found call gets a column; the expression round it uses that column.
    """

    columns: list[PlanColumn] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    calls: list[WindowCall] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: the body, the names, the row that it sees, the right row of a join.

    `aggregates` collects aggregate calls (inside `summarize` and its like), `windows` the functions over the rows
    around.
    """

    frame: Frame
    names: Names
    row: Relation | None = None
    right: Relation | None = None
    aggregates: Collected | None = None
    windows: Collected | None = None

    def with_row(self, row: Relation | None, windows: Collected | None = None) -> Scope:
        return Scope(self.frame, self.names, row, windows=windows)
