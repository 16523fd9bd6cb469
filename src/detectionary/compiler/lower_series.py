"""`make-series`: aggregates over the bins of an axis, as arrays without gaps.

The plan rests on nodes that every engine has. Bins are numbered from the start of the axis (or, without a start, from
the axis' origin); the rows of the bins that have data are united with a row of defaults for every bin, of both the one
with data stays, and arrays are made of them in the order of the bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.compiler.lower_aggregates import plain
from detectionary.compiler.lowering import Lowering, converted, null_of, use
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    Constant,
    Expr,
    Join,
    JoinKind,
    Measure,
    Plan,
    PlanColumn,
    Project,
    ScalarQuery,
    Sequence,
    SortKey,
    UnionAll,
)
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.syntax import Call, MakeSeries, ScalarType, SeriesAggregate

BOOL, LONG, DYNAMIC = ScalarType.BOOL, ScalarType.LONG, ScalarType.DYNAMIC
NUMBERS: Final = frozenset({ScalarType.INT, LONG, ScalarType.REAL})
AXES: Final = NUMBERS | {ScalarType.DATETIME, ScalarType.TIMESPAN}
ZERO, ONE = Constant(LONG, 0), Constant(LONG, 1)


@dataclass(frozen=True, slots=True)
class _Axis:
    """The axis: the value of a row on it, where it starts and ends (None: where a series' data does), its step."""

    value: Expr
    start: Expr | None
    stop: Expr | None
    step: Constant

    @property
    def origin(self) -> Expr:
        """Where bins are counted from."""
        return self.start if self.start is not None else Constant(self.value.type, 0)

    @property
    def bin(self) -> Expr:
        return Apply("axis_index", (self.value, self.origin, self.step), LONG)

    def at(self, index: Expr) -> Expr:
        """The start of a bin."""
        return Apply("axis_value", (self.origin, self.step, index), self.value.type)


def make_series(low: Lowering, node: MakeSeries, relation: Relation, scope: Scope) -> Relation:
    if node.in_range:
        raise refuse("how `in range(…)` bins its rows is not documented", node.span, "write from … to … step …")
    symbols = low.result(node, scope).columns
    inner = scope.with_row(relation)
    axis = _axis(low, node, inner)
    relation = low.filtered(relation, _within(axis), node.span)
    inner = scope.with_row(relation)
    parts = [(column, use(column)) for column in relation.plan.columns if column.id in relation.partition]
    keys = [(symbol, low.expression(item, inner)) for symbol, item in zip(symbols, node.by, strict=False)]
    named = [(low.column(symbol.name, value.type, node.span), value) for symbol, value in keys]
    found = Collected()
    grouping = Scope(scope.frame, scope.names, relation, aggregates=found)
    values = [_value(low, item, grouping) for item in node.aggregates]
    shown = symbols[len(named) :]
    if len(shown) != len(values) + 1:
        raise refuse("an aggregate of several columns cannot make a series", node.span)
    place = low.column("bin", LONG)
    low.count_node(node.span)
    rows: Plan = Aggregate(
        columns=(*(c for c, _ in parts), *(c for c, _ in named), place, *found.columns),
        input=relation.plan,
        keys=(*(v for _, v in parts), *(v for _, v in named), axis.bin),
        measures=tuple(found.measures),
        span=node.span,
        stage=low.stage,
    )
    fixed = [column for column, _ in (*parts, *named)]
    items = [low.column(symbol.name, value.type) for symbol, value in zip(shown, values, strict=False)]
    seen = low.column("seen", BOOL)
    rows = Project(
        columns=(*fixed, place, seen, *items),
        input=rows,
        expressions=(*map(use, fixed), use(place), Constant(BOOL, True), *values),
        span=node.span,
    )
    defaults = tuple(
        _default(low, item, value.type, scope) for item, value in zip(node.aggregates, values, strict=True)
    )
    grid = _grid(low, node, rows, fixed, place, axis)
    blank = Project(
        columns=(*fixed, place, seen, *items),
        input=grid,
        expressions=(*map(use, fixed), use(place), Constant(BOOL, False), *defaults),
        span=node.span,
    )
    filled = _filled(low, rows, blank, len(fixed) + 1, node)
    *before, number = filled.columns[: len(fixed) + 1]
    width = len(parts)
    # The columns that tell sub-tables apart keep their ids.
    fixed_keys = (*(column for column, _ in parts), *low.renewed(before[width:]))
    result = _arrays(low, filled, before, fixed_keys, number, [symbol.name for symbol in shown], axis, node)
    return Relation(result, result.columns[width:], partition=tuple(c.id for c in result.columns[:width]))


def _axis(low: Lowering, node: MakeSeries, scope: Scope) -> _Axis:
    outside = scope.with_row(None)
    value = low.expression(node.on, scope)
    if value.type not in AXES:
        raise refuse(f"a {value.type.value} is no axis of a series", node.on.span)
    if value.type is ScalarType.INT:
        value = converted(value, LONG)
    start = low.expression(node.start, outside) if node.start is not None else None
    stop = low.expression(node.stop, outside) if node.stop is not None else None
    if start is None and stop is not None:
        raise refuse("where a series without a start has its bins is not documented", node.span, "write from …")
    step = low.expression(node.step, outside)
    wanted = ScalarType.TIMESPAN if value.type is ScalarType.DATETIME else value.type
    if isinstance(step, Constant) and wanted is ScalarType.REAL and isinstance(step.value, int):
        step = Constant(wanted, float(step.value), step.span)
    if isinstance(step, Constant) and wanted is LONG and step.type is ScalarType.INT:
        step = Constant(wanted, step.value, step.span)
    if not isinstance(step, Constant) or step.type is not wanted or not isinstance(step.value, int | float):
        raise refuse(f"the step must be a constant {wanted.value}", node.step.span)
    if step.value <= 0:
        raise refuse("the step must be positive", node.step.span)
    for end in (start, stop):
        if end is not None and end.type is not value.type and not {end.type, value.type} <= NUMBERS:
            raise refuse(f"the ends of the axis must be of its type, {value.type.value}", node.span)
        if end is not None and end.type is ScalarType.REAL and value.type is not ScalarType.REAL:
            raise refuse(f"the ends of the axis must be of its type, {value.type.value}", node.span)
    if start is not None:
        start = converted(start, value.type)
    if stop is not None:
        stop = converted(stop, value.type)
    return _Axis(value, start, stop, step)


def _within(axis: _Axis) -> Expr:
    """The rows that the axis has room for."""
    conditions: list[Expr] = [Apply("isnotnull", (axis.value,), BOOL)]
    if axis.start is not None:
        conditions.append(Apply(">=", (axis.value, axis.start), BOOL))
    if axis.stop is not None:
        conditions.append(Apply("<", (axis.value, axis.stop), BOOL))
    return Apply("and", tuple(conditions), BOOL)


def _value(low: Lowering, item: SeriesAggregate, scope: Scope) -> Expr:
    call = plain(item.expression)
    if isinstance(call, Call) and call.name.text.startswith("percentiles"):
        raise refuse("an aggregate of several columns cannot make a series", item.span)
    value = low.expression(item.expression, scope)
    if value.type not in NUMBERS:
        raise refuse(f"a series cannot hold a {value.type.value}", item.span)
    return value


def _default(low: Lowering, item: SeriesAggregate, kind: ScalarType, scope: Scope) -> Expr:
    """What a bin without rows holds; 0 unless something else is said."""
    if item.default is None:
        return converted(ZERO, kind)
    value = low.expression(item.default, scope.with_row(None))
    if isinstance(value, Constant) and value.value is None:
        return null_of(kind)
    if value.type not in NUMBERS or (value.type is ScalarType.REAL and kind is not ScalarType.REAL):
        raise refuse(f"a {value.type.value} among values of type {kind.value} is not supported", item.default.span)
    return converted(value, kind)


def _grid(low: Lowering, node: MakeSeries, rows: Plan, fixed: list[PlanColumn], place: PlanColumn, axis: _Axis) -> Plan:
    """A row for every bin of every series: `fixed` and `place`."""
    count = low.column("count", LONG)
    measures = [Measure("count", (), LONG)]
    ends = [count]
    if axis.start is None:
        ends.append(low.column("first", LONG))
        measures.append(Measure("min", (use(place),), LONG))
    if axis.stop is None:
        ends.append(low.column("last", LONG))
        measures.append(Measure("max", (use(place),), LONG))
    groups: Plan = Aggregate(
        columns=(*fixed, *ends),
        input=rows,
        keys=tuple(map(use, fixed)),
        measures=tuple(measures),
        span=node.span,
    )
    some = Apply(">", (use(count), ZERO), BOOL)
    kind = option(node.parameters, "kind")
    if kind is None:
        groups = low.filtered(Relation(groups, ()), some, node.span).plan
    elif kind != "nonempty" or fixed or axis.start is None or axis.stop is None:
        raise refuse("this kind of make-series is supported only from … to …, and without by", node.span)
    first: Expr = ZERO if axis.start is not None else use(ends[1])
    if axis.start is not None and axis.stop is not None:
        size: Expr = Apply("axis_count", (axis.start, axis.stop, axis.step), LONG)
        longest = size
    else:
        last = use(ends[-1]) if axis.stop is None else first
        size = Apply("+", (Apply("-", (last, first), LONG), ONE), LONG)
        longest = ScalarQuery(_maximum(low, groups, size, node), LONG, node.span)
    step = low.column("step", LONG)
    last = Apply("axis_last", (longest,), LONG)
    steps = Sequence(columns=(step,), start=ZERO, stop=last, step=ONE, span=node.span, stage=low.stage)
    low.count_node(node.span)
    pairs: Plan = Join(columns=(*groups.columns, step), kind=JoinKind.CROSS, left=groups, right=steps, span=node.span)
    if axis.start is None or axis.stop is None:
        pairs = low.filtered(Relation(pairs, ()), Apply("<", (use(step), size), BOOL), node.span).plan
    return Project(
        columns=(*fixed, place),
        input=pairs,
        expressions=(*map(use, fixed), Apply("+", (first, use(step)), LONG)),
        span=node.span,
    )


def _maximum(low: Lowering, groups: Plan, size: Expr, node: MakeSeries) -> Plan:
    """The size of the longest series; 0 when there is none."""
    value = low.column("size", LONG)
    sized = Project(columns=(value,), input=groups, expressions=(size,), span=node.span)
    most = low.column("longest", LONG)
    return Aggregate(
        columns=(most,), input=sized, keys=(), measures=(Measure("max", (use(value),), LONG),), span=node.span
    )


def _filled(low: Lowering, rows: Plan, blank: Plan, width: int, node: MakeSeries) -> Plan:
    """Of the rows with data and those of defaults, one for each bin; the first `width` columns tell bins apart."""
    both = low.renewed(rows.columns)
    united = UnionAll(
        columns=both,
        parts=(rows, blank),
        sources=(tuple(c.id for c in rows.columns), tuple(c.id for c in blank.columns)),
        span=node.span,
    )
    seen = use(both[width])
    made = low.renewed((*both[:width], *both[width + 1 :]))
    low.count_node(node.span)
    return Aggregate(
        columns=made,
        input=united,
        keys=tuple(map(use, both[:width])),
        measures=tuple(Measure("arg_max", (seen, use(column)), column.type) for column in both[width + 1 :]),
        span=node.span,
    )


def _arrays(
    low: Lowering,
    filled: Plan,
    before: list[PlanColumn],
    keys: tuple[PlanColumn, ...],
    number: PlanColumn,
    names: list[str],
    axis: _Axis,
    node: MakeSeries,
) -> Plan:
    """A row for every series: `before` as `keys`, its values and the starts of its bins in arrays, the axis last."""
    items = filled.columns[len(before) + 1 :]
    order = (SortKey(number.id),)
    listed = [use(column) for column in items] + [axis.at(use(number))]
    columns = [low.column(name, DYNAMIC) for name in names]
    measures = tuple(Measure("make_list_with_nulls", (value,), DYNAMIC, order) for value in listed)
    if before:
        return Aggregate(
            columns=(*keys, *columns),
            input=filled,
            keys=tuple(map(use, before)),
            measures=measures,
            span=node.span,
            stage=low.stage,
        )
    # Without keys an aggregate has a row even of nothing: a constant key keeps an empty input empty.
    one = low.column("one", LONG)
    grouped = Aggregate(columns=(one, *columns), input=filled, keys=(ONE,), measures=measures, span=node.span)
    return Project(
        columns=tuple(columns), input=grouped, expressions=tuple(map(use, columns)), span=node.span, stage=low.stage
    )


SERIES = {MakeSeries: make_series}
"""The operators of this file."""
