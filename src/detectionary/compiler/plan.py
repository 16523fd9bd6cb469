"""The typed relational plan: what a Kusto query computes, in Kusto's types and with Kusto's meaning, for no engine yet.

A plan is a graph of frozen nodes; a node that two others read is computed once (`materialize`, a `let` of some cost).
Nodes compare by identity. Every node says its output columns: Kusto name, Kusto type and a physical id that is unique
in the whole plan whatever its case, since engines fold case and Kusto does not. Columns beyond those of the query (sort
keys, row numbers) are carried along and left out at the end.

How values are held, on every engine:

    bool int long real    as such, null where Kusto has null
    decimal               as the engine's exact decimal
    string                text that is never null: an absent text is ''
    datetime              a timestamp without zone, UTC, in microseconds (docs/decisions/0008-time.md: the last of
                          Kusto's seven digits is dropped)
    timespan              a 64-bit count of ticks of 100 ns
    guid                  text, lower case with hyphens, or null
    dynamic               the text of a JSON value without needless blanks, or null for the null of the type and for
                          JSON's null
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import NewType, TypeAlias

from detectionary.languages.kusto.syntax import ScalarType
from detectionary.text import Span

ColumnId = NewType("ColumnId", str)

NOWHERE = Span(0, 0)

Value: TypeAlias = bool | int | float | Decimal | str | None


@dataclass(frozen=True, slots=True, eq=False)
class PlanColumn:
    """A column of a node: the name that the query gives it, its Kusto type, and its id in the plan."""

    name: str
    type: ScalarType
    id: ColumnId


# Expressions


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known before the run.

    `value` by type: bool, int (INT, LONG), float, Decimal, str (STRING; GUID; DYNAMIC as JSON text), int (DATETIME:
    ticks of 100 ns since 0001-01-01; TIMESPAN: ticks). None is the null of the type; never of STRING.
    """

    type: ScalarType
    value: Value
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """The value of a column of the node's input (of either side, in a join)."""

    id: ColumnId
    type: ScalarType
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """A scalar function or operator applied: `function` is its canonical Kusto spelling (`strcat`, `+`, `has_cs`).

    `arguments` know their types; conversions that Kusto makes by itself are left to the engine's emitter, which sees
    them. `type` is what the binder says of the result.
    """

    function: str
    arguments: tuple[Expr, ...]
    type: ScalarType
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class ScalarQuery:
    """`toscalar(…)`: the first column of the first row of `plan`, the null of the type (or '') when there is no row."""

    plan: Plan
    type: ScalarType
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class InQuery:
    """Whether `operand` equals a value of the first column of `plan`; `folded` ignores case. Never null."""

    operand: Expr
    plan: Plan
    folded: bool = False
    type: ScalarType = ScalarType.BOOL
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expr: TypeAlias = Constant | ColumnUse | Apply | ScalarQuery | InQuery


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order. Strings compare by code point. Kusto's defaults: descending, nulls last; ascending first."""

    column: ColumnId
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate function over the rows of a group; `order` is the order of the rows that it may rely on, or ().

    `function` is the canonical name (`make_set`, never `makeset`). Conditions stay arguments (`countif(b)`).
    """

    function: str
    arguments: tuple[Expr, ...]
    type: ScalarType
    order: tuple[SortKey, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class WindowCall:
    """A function over the rows around this one (`prev`, `next`, `row_number`, …), within `partition`, by `order`."""

    function: str
    arguments: tuple[Expr, ...]
    type: ScalarType
    partition: tuple[ColumnId, ...] = ()
    order: tuple[SortKey, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


# Nodes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Node:
    """`span` is the stage's in the query's text; `stage` its number in its pipeline, 0 outside of one."""

    columns: tuple[PlanColumn, ...]
    span: Span = NOWHERE
    stage: int = 0

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scan(Node):
    """All rows of a stored table, of which the columns are named by `PlanColumn.name`."""

    table: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Values(Node):
    """Rows written in the query (`datatable`), or the one row without columns that `print` starts from."""

    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sequence(Node):
    """`range`: one column from `start` by `step` until `stop` is passed; no rows when the step leads away."""

    start: Expr
    stop: Expr
    step: Expr


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Filter(Node):
    """The rows for which `condition` is true; null is not true. Columns are the input's."""

    input: Plan
    condition: Expr

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Project(Node):
    """Exactly `columns`, each from the expression at its place; one that is taken over unchanged keeps its id."""

    input: Plan
    expressions: tuple[Expr, ...]

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Aggregate(Node):
    """A row for every group; columns are the keys', then the measures'. Without keys one row, even of no input rows."""

    input: Plan
    keys: tuple[Expr, ...]
    measures: tuple[Measure, ...] = ()

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Window(Node):
    """The input's columns, then one for each call."""

    input: Plan
    calls: tuple[WindowCall, ...]

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


class JoinKind(Enum):
    """Relational kinds; Kusto's default `innerunique` is `FirstOf` on the left side, then INNER."""

    INNER = "inner"
    LEFT_OUTER = "leftouter"
    RIGHT_OUTER = "rightouter"
    FULL_OUTER = "fullouter"
    LEFT_SEMI = "leftsemi"
    LEFT_ANTI = "leftanti"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Join(Node):
    """Rows of both sides whose `keys` are equal, pair by pair: (expression over left, expression over right).

    Columns are the left's, then the right's; of the left alone when the kind is semi or anti. A side that has no row
    gives nulls, texts included: the plan puts '' in their place afterwards. Keys that are null match each other.
    """

    kind: JoinKind
    left: Plan
    right: Plan
    keys: tuple[tuple[Expr, Expr], ...] = ()

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UnionAll(Node):
    """The rows of all inputs; column n takes the column `sources[part][n]` of every part, whose types agree."""

    parts: tuple[Plan, ...]
    sources: tuple[tuple[ColumnId, ...], ...]

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return self.parts


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Limit(Node):
    """The first `count` rows by `order` (any rows without one), in every group of equal `partition` values."""

    input: Plan
    count: int
    order: tuple[SortKey, ...] = ()
    partition: tuple[ColumnId, ...] = ()

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sort(Node):
    """The rows in order. Only at the root: elsewhere an order is part of the node that needs it."""

    input: Plan
    order: tuple[SortKey, ...]

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


@dataclass(frozen=True, slots=True)
class Expansion:
    """One array or bag that `Expand` takes apart; the item is converted to `type`."""

    source: Expr
    type: ScalarType


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Expand(Node):
    """A row for every item of the dynamic values `items`, side by side; shorter ones give nulls at their end.

    Columns are the input's, then one for each item, then, when `indexed`, the item's number from 0 as long. An empty
    array, an empty bag or a null gives one row whose item is null when `keeps_empty`, else none. A bag is taken apart
    into bags of one member (`bag_kind` "bag") or arrays [key, value] ("array"). At most `limit` rows of one input row.
    """

    input: Plan
    items: tuple[Expansion, ...]
    indexed: bool = False
    bag_kind: str = "bag"
    keeps_empty: bool = False
    limit: int | None = None

    @property
    def inputs(self) -> tuple[Plan, ...]:
        return (self.input,)


Plan: TypeAlias = (
    Scan | Values | Sequence | Filter | Project | Aggregate | Window | Join | UnionAll | Limit | Sort | Expand
)


def expressions(node: Plan) -> Iterator[Expr]:
    """The expressions that stand directly in `node`."""
    match node:
        case Filter():
            yield node.condition
        case Project():
            yield from node.expressions
        case Aggregate():
            yield from node.keys
            for measure in node.measures:
                yield from measure.arguments
        case Window():
            for call in node.calls:
                yield from call.arguments
        case Join():
            for left, right in node.keys:
                yield left
                yield right
        case Values():
            for row in node.rows:
                yield from row
        case Sequence():
            yield from (node.start, node.stop, node.step)
        case Expand():
            for item in node.items:
                yield item.source
        case Scan() | UnionAll() | Limit() | Sort():
            return


def parts(expression: Expr) -> Iterator[Expr]:
    """`expression` and all expressions below it, outermost first; plans inside are not entered."""
    pending = [expression]
    while pending:
        current = pending.pop()
        yield current
        match current:
            case Apply():
                pending.extend(reversed(current.arguments))
            case InQuery():
                pending.append(current.operand)


def children(node: Plan) -> tuple[Plan, ...]:
    """The plans that `node` reads: its inputs, then those inside its expressions."""
    inner = [
        part.plan
        for expression in expressions(node)
        if not isinstance(expression, ColumnUse | Constant)
        for part in parts(expression)
        if isinstance(part, ScalarQuery | InQuery)
    ]
    return (*node.inputs, *inner) if inner else node.inputs


def nodes(plan: Plan) -> list[Plan]:
    """Every node once, each after all those that it reads; no recursion, so depth costs no stack."""
    result: list[Plan] = []
    done: set[int] = set()
    pending: list[tuple[Plan, bool]] = [(plan, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            result.append(node)
        elif id(node) not in done:
            done.add(id(node))
            pending.append((node, True))
            pending.extend((child, False) for child in reversed(children(node)) if id(child) not in done)
    return result
