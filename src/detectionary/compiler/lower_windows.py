"""Functions over the rows around (`prev`, `row_number`, …): each call becomes a column of a `Window` below its stage.

Kusto computes them over serialized rows; which operators give or keep that is told in learn.microsoft.com, "serialize
operator". A call may stand inside another's arguments (`row_number(1, k != prev(k))`), so calls build on one another,
and `Lowering.windowed` makes a node for each level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from detectionary.compiler.lowering import Lowering, converted, null_of, use
from detectionary.compiler.plan import Apply, ColumnUse, Constant, Expr, SortKey, WindowCall, parts
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope
from detectionary.languages.kusto.syntax import Call, ScalarType
from detectionary.text import Span

BOOL, LONG = ScalarType.BOOL, ScalarType.LONG
ONE: Final = Constant(LONG, 1)


def window(low: Lowering, node: Call, function: str, scope: Scope) -> Expr:
    """The value of a window call, over columns that `scope.windows` collects."""
    if scope.windows is None or scope.row is None or not scope.row.sorted:
        raise refuse(
            f"{function} can stand only where rows have an order", node.span, "put serialize before this stage"
        )
    inner = Scope(scope.frame, scope.names, scope.row, windows=scope.windows)
    arguments = [low.expression(argument, inner) for argument in node.arguments]
    return _FUNCTIONS[function](_Rows(low, scope.row, scope.windows, node.span), function, arguments)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows that one call of the query looks at, and where the columns that it needs are collected."""

    low: Lowering
    row: Relation
    found: Collected
    span: Span

    def column(
        self, function: str, arguments: tuple[Expr, ...], kind: ScalarType, within: ColumnUse | None = None
    ) -> ColumnUse:
        """The column of a window call: in every sub-table, and among the rows of equal values of `within`."""
        parts = (*self.row.partition, within.id) if within is not None else self.row.partition
        return self.collected(WindowCall(function, arguments, kind, parts, self.places(), self.span))

    def places(self) -> tuple[SortKey, ...]:
        """The order of the rows, by a number of their own: all windows must see rows of equal keys in one order."""
        order = self.row.order
        if len(order) == 1 and order[0].column in self.low.places:
            return order
        made = self.collected(WindowCall("row_number", (), LONG, self.row.partition, order, self.span))
        self.low.places.add(made.id)
        return (SortKey(made.id),)

    def collected(self, call: WindowCall) -> ColumnUse:
        """The column of a call; equal calls have one column."""
        for column, other in zip(self.found.columns, self.found.calls, strict=True):
            if other == call:
                return use(column, self.span)
        column = self.low.column(call.function, call.type, self.span)
        self.found.columns.append(column)
        self.found.calls.append(call)
        return use(column, self.span)

    def restarts(self, arguments: list[Expr], at: int) -> ColumnUse | None:
        """A column whose values tell apart the runs of rows that a restart condition begins; None without one."""
        if len(arguments) <= at:
            return None
        condition = converted(arguments[at], BOOL)
        if isinstance(condition, Constant) and condition.value is not True:
            return None
        return self.column("count_so_far", (condition,), LONG)


def _neighbour(rows: _Rows, function: str, arguments: list[Expr]) -> Expr:
    """`prev(x, offset, default)` and `next`: null (or '') where there is no such row, unless a default is given."""
    value = arguments[0]
    offset = arguments[1] if len(arguments) > 1 else ONE
    if not isinstance(offset, Constant) or not isinstance(offset.value, int) or offset.value < 0:
        raise refuse("how many rows away must be a constant that is not negative", rows.span)
    default = converted(arguments[2], value.type) if len(arguments) > 2 else null_of(value.type)
    if any(isinstance(part, ColumnUse) for part in parts(default)):
        raise refuse("the default must be a constant", rows.span)
    return rows.column(function, (value, Constant(LONG, offset.value), default), value.type)


def _row_number(rows: _Rows, function: str, arguments: list[Expr]) -> Expr:
    """`row_number(start, restart)`."""
    start = converted(arguments[0], LONG) if arguments else ONE
    number = rows.column(function, (), LONG, rows.restarts(arguments, 1))
    if start == ONE:
        return number
    return Apply("+", (number, Apply("-", (start, ONE), LONG, rows.span)), LONG, rows.span)


def _row_cumsum(rows: _Rows, function: str, arguments: list[Expr]) -> Expr:
    """`row_cumsum(term, restart)`."""
    return rows.column(function, (arguments[0],), arguments[0].type, rows.restarts(arguments, 1))


def _row_rank(rows: _Rows, function: str, arguments: list[Expr]) -> Expr:
    """`row_rank_dense` counts the changes of the term so far, `row_rank_min` tells the row of the last change."""
    run = rows.restarts(arguments, 1)
    changed = rows.column("changed", (arguments[0],), BOOL, run)
    if function == "row_rank_dense":
        return rows.column("count_so_far", (changed,), LONG, run)
    number = rows.column("row_number", (), LONG, run)
    return rows.column("last_where", (number, changed), LONG, run)


def _session(rows: _Rows, function: str, arguments: list[Expr]) -> Expr:
    """`row_window_session(x, from first, between neighbours, restart)`.

    A session starts at a restart, and where x has reached the distance that neighbours may not have, or where there is
    no x before it to tell; the runs of rows between fall into sessions by the distance from the first of each
    (learn.microsoft.com, "row_window_session()").
    """
    moment, from_first, between = arguments[:3]
    before = rows.column("prev", (moment, ONE, null_of(moment.type)), moment.type)
    far = Apply(">=", (moment, Apply("+", (before, between), moment.type)), BOOL)
    new: list[Expr] = [Apply("isnull", (value,), BOOL) for value in (before, moment)]
    new.append(far)
    if len(arguments) > 3:
        new.append(converted(arguments[3], BOOL))
    run = rows.column("count_so_far", (Apply("or", tuple(new), BOOL),), LONG)
    spans = rows.column("run_spans", (moment, from_first), BOOL, run)
    number = rows.column("row_number", (), LONG, run)
    size = rows.column("run_size", (), LONG, run)
    starts = rows.column("session_starts", (moment, from_first, spans, number, size), ScalarType.DYNAMIC, run)
    return rows.column("session_start", (moment, spans, number, starts), moment.type, run)


_FUNCTIONS: Final[Mapping[str, Callable[[_Rows, str, list[Expr]], Expr]]] = {
    "next": _neighbour,
    "prev": _neighbour,
    "row_cumsum": _row_cumsum,
    "row_number": _row_number,
    "row_rank_dense": _row_rank,
    "row_rank_min": _row_rank,
    "row_window_session": _session,
}

WINDOWS: Final = frozenset(_FUNCTIONS)
"""Functions over the rows around (learn.microsoft.com, "Window functions overview")."""
