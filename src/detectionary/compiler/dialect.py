"""What an engine says of itself to the compiler: a row for every function, and how the nodes of a plan are written.

An engine's dialect is data plus functions from arguments to SQL trees. A function that an engine cannot do exactly has
a row too, a `Gap` with its reason; a name without a row is a gap without a reason, and refused as well. The support
matrix of the documentation is made from these rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    Constant,
    Expand,
    Measure,
    PlanColumn,
    Scan,
    Sequence,
    WindowCall,
)
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.syntax import ScalarType

if TYPE_CHECKING:
    from detectionary.compiler.emit import Emission


class EmitFunction(Protocol):
    """From a call and its arguments in SQL to SQL; raises `UnsupportedError` for arguments it cannot treat exactly."""

    def __call__(self, call: Apply, arguments: tuple[Sql, ...], emission: Emission, /) -> Sql: ...


class EmitMeasure(Protocol):
    """The same for an aggregate function; `measure.order` is the order of the rows, () when they have none."""

    def __call__(self, call: Measure, arguments: tuple[Sql, ...], emission: Emission, /) -> Sql: ...


class EmitWindow(Protocol):
    """The same for a window function; the result has its OVER clause (`emission.over(call)`)."""

    def __call__(self, call: WindowCall, arguments: tuple[Sql, ...], emission: Emission, /) -> Sql: ...


@dataclass(frozen=True, slots=True)
class Scalar:
    """A row of a scalar function or operator by its canonical name.

    `note` says which part is not supported or deviates (for the documentation); `approximate` marks a result that the
    real engine also only estimates, and says how ours differs.
    """

    name: str
    emit: EmitFunction
    note: str = ""
    approximate: str = ""


@dataclass(frozen=True, slots=True)
class Aggregated:
    """A row of an aggregate function; see `Scalar`."""

    name: str
    emit: EmitMeasure
    note: str = ""
    approximate: str = ""


@dataclass(frozen=True, slots=True)
class Windowed:
    """A row of a window function; see `Scalar`."""

    name: str
    emit: EmitWindow
    note: str = ""
    approximate: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A function that this engine is known not to do exactly, and why."""

    name: str
    reason: str


ScalarRow: TypeAlias = Scalar | Gap
AggregateRow: TypeAlias = Aggregated | Gap
WindowRow: TypeAlias = Windowed | Gap


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """How a column of a table lies in its store: the name there, its Kusto type, whether nulls may lie there."""

    name: str
    type: ScalarType
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class StoredTable:
    """Where the rows of a table lie: a relation of the engine, by a name that the engine made, and its columns."""

    relation: str
    columns: Mapping[str, StoredColumn]


@dataclass(frozen=True, slots=True)
class Dialect:
    """An engine's side of the compiler.

    `printed_as` is sqlglot's name of the SQL dialect. `types` are the SQL types that hold Kusto's (see `plan`). `scan`
    gives the SELECT of a stored table with the columns under their plan ids; `sequence` that of `range`; `expand` that
    of an `Expand` over the named relation, with all its columns. `materialized`: whether a shared part may be marked to
    be computed once. `grouped` changes what an `Aggregate` reads, its source and condition: an engine whose aggregates
    do not see rows in order can number them there.
    """

    name: str
    printed_as: str
    types: Mapping[ScalarType, str]
    scalars: Mapping[str, ScalarRow]
    aggregates: Mapping[str, AggregateRow]
    windows: Mapping[str, WindowRow]
    constant: Callable[[Constant], Sql]
    scan: Callable[[Scan, Emission], Sql]
    sequence: Callable[[Sequence, PlanColumn, Emission], Sql]
    expand: Callable[[Expand, str, Emission], Sql]
    materialized: bool = True
    grouped: Callable[[Aggregate, Sql, Sql | None], tuple[Sql, Sql | None]] | None = None
