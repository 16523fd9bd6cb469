"""`top-nested`, `top-hitters`, `sample`, `sample-distinct`: some of the rows, or of the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from detectionary.compiler.lower_operators import limited, row_count
from detectionary.compiler.lowering import Lowering, converted, use
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnId,
    Constant,
    Expr,
    Join,
    JoinKind,
    Limit,
    Measure,
    Plan,
    PlanColumn,
    Project,
    SortKey,
)
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope
from detectionary.languages.kusto.syntax import (
    Sample,
    SampleDistinct,
    ScalarType,
    TopHitters,
    TopNested,
    TopNestedPart,
)
from detectionary.text import Span

BOOL, LONG = ScalarType.BOOL, ScalarType.LONG


def top_nested(low: Lowering, node: TopNested, relation: Relation, scope: Scope) -> Relation:
    """Level by level: the values with the greatest aggregates among the rows of each value of the level above."""
    symbols = low.result(node, scope).columns
    inner = scope.with_row(relation)
    parts = tuple(column for column in relation.plan.columns if column.id in relation.partition)
    keys = [low.expression(part.of, inner) for part in node.parts]
    above: Plan | None = None
    shown: tuple[PlanColumn, ...] = ()
    for level, part in enumerate(node.parts):
        key_symbol, value_symbol = symbols[2 * level : 2 * level + 2]
        names = [symbol.name for symbol in symbols[0 : 2 * level : 2]] + [key_symbol.name]
        rows = _level(low, part, relation, parts, keys[: level + 1], names, value_symbol.name, scope)
        if above is not None:
            rows = _below(low, above, rows, parts, shown, node)
        *before, key, value = rows.columns
        shown = (*before[len(parts) :], key, value)
        if part.count is not None:
            order = _order(part, value.id)
            groups = (*before[: len(parts)], *shown[:-2:2])
            count = row_count(low, part.count, scope)
            rows = _first(low, rows, count, order, tuple(column.id for column in groups), node)
        above = rows
    if above is None:
        raise refuse("top-nested needs a level", node.span)
    width = len(parts)
    return Relation(above, above.columns[width:], partition=tuple(c.id for c in above.columns[:width]))


def _level(
    low: Lowering,
    part: TopNestedPart,
    relation: Relation,
    parts: tuple[PlanColumn, ...],
    keys: list[Expr],
    names: list[str],
    value_name: str,
    scope: Scope,
) -> Plan:
    """A row for all values of the keys so far: the sub-table's columns, the keys, the aggregate."""
    if part.others is not None:
        raise refuse("`with others` is not supported", part.others.span)
    found = Collected()
    value = low.expression(part.by.expression, Scope(scope.frame, scope.names, relation, aggregates=found))
    if value.type is ScalarType.DYNAMIC:
        raise refuse("a dynamic value has no order", part.by.span)
    fixed = (*low.renewed(parts), *(low.column(name, key.type) for name, key in zip(names, keys, strict=True)))
    low.count_node(part.span)
    grouped = Aggregate(
        columns=(*fixed, *found.columns),
        input=relation.plan,
        keys=(*map(use, parts), *keys),
        measures=tuple(found.measures),
        span=part.span,
        stage=low.stage,
    )
    made = low.column(value_name, value.type)
    return Project(columns=(*fixed, made), input=grouped, expressions=(*map(use, fixed), value), span=part.span)


def _below(
    low: Lowering,
    above: Plan,
    rows: Plan,
    parts: tuple[PlanColumn, ...],
    shown: tuple[PlanColumn, ...],
    node: TopNested,
) -> Plan:
    """The rows of a level whose keys are among those that the level above has kept, with its columns."""
    width = len(parts)
    own = (*rows.columns[:width], *rows.columns[width:-2])
    others = (*above.columns[:width], *shown[::2])
    pairs = [pair for one, other in zip(others, own, strict=True) for pair in _same(one, other, node.span)]
    low.count_node(node.span)
    joined = Join(
        columns=(*above.columns, *rows.columns),
        kind=JoinKind.INNER,
        left=above,
        right=rows,
        keys=tuple(pairs),
        span=node.span,
    )
    kept = (*above.columns, *rows.columns[-2:])
    return Project(columns=kept, input=joined, expressions=tuple(map(use, kept)), span=node.span, stage=low.stage)


ANYTHING: Final[Mapping[ScalarType, bool | int | float | str]] = {
    ScalarType.BOOL: False,
    ScalarType.INT: 0,
    ScalarType.LONG: 0,
    ScalarType.REAL: 0.0,
    ScalarType.DATETIME: 0,
    ScalarType.TIMESPAN: 0,
    ScalarType.GUID: "",
}
"""A value of each type, to stand for null where two keys are compared."""


def _same(one: PlanColumn, other: PlanColumn, span: Span) -> Iterable[tuple[Expr, Expr]]:
    """Keys of a join that are equal when the columns are, or are both null."""
    if one.type is ScalarType.STRING:
        yield use(one), use(other)
        return
    if one.type not in ANYTHING:
        raise refuse(f"top-nested of a {one.type.value} is not supported", span)
    some = Constant(one.type, ANYTHING[one.type])
    yield Apply("isnull", (use(one),), BOOL), Apply("isnull", (use(other),), BOOL)
    yield Apply("coalesce", (use(one), some), one.type), Apply("coalesce", (use(other), some), one.type)


def _order(part: TopNestedPart, column: ColumnId) -> tuple[SortKey, ...]:
    descending = part.by.descending is not False
    first = part.by.nulls_first if part.by.nulls_first is not None else not descending
    return (SortKey(column, descending, first),)


def _first(
    low: Lowering, rows: Plan, count: int, order: tuple[SortKey, ...], groups: tuple[ColumnId, ...], node: TopNested
) -> Plan:
    low.count_node(node.span)
    return Limit(
        columns=rows.columns, input=rows, count=count, order=order, partition=groups, span=node.span, stage=low.stage
    )


def top_hitters(low: Lowering, node: TopHitters, relation: Relation, scope: Scope) -> Relation:
    """The values that stand most often, or have the greatest sum, counted exactly; the least of them first.

    The service estimates them, and says nothing of values that stand equally often.
    """
    symbols = low.result(node, scope).columns
    inner = scope.with_row(relation)
    value = low.expression(node.of, inner)
    if value.type is ScalarType.DYNAMIC:
        raise refuse("dynamic values cannot be compared", node.of.span, "convert them, with tostring() for example")
    parts = tuple(column for column in relation.plan.columns if column.id in relation.partition)
    key = low.column(symbols[0].name, value.type)
    if node.by is None:
        measure = Measure("top-hitters", (), LONG, span=node.span)
    else:
        weight = low.expression(node.by.expression, inner)
        kind = LONG if weight.type is ScalarType.INT else weight.type
        measure = Measure("top-hitters by", (weight,), kind, span=node.span)
    total = low.column(symbols[1].name, measure.type)
    low.count_node(node.span)
    grouped = Aggregate(
        columns=(*parts, key, total),
        input=relation.plan,
        keys=(*map(use, parts), value),
        measures=(measure,),
        span=node.span,
        stage=low.stage,
    )
    most = (SortKey(total.id, True, False), SortKey(key.id, True, False))
    found = Relation(grouped, (key, total), most, True, relation.partition)
    found = limited(low, found, row_count(low, node.count, scope), node.span)
    kind = symbols[1].type if symbols[1].type is not ScalarType.UNKNOWN else total.type
    least = (SortKey(total.id), SortKey(key.id, True, False))
    shown = total if kind is total.type else low.column(total.name, kind)
    result = Relation(found.plan, found.columns, least, True, relation.partition)
    if shown is total:
        return result
    return low.project(result, [(key, use(key)), (shown, converted(use(total), kind))], node.span)


def sample(low: Lowering, node: Sample, relation: Relation, scope: Scope) -> Relation:
    """Any rows: the first ones, so that a query gives the same rows each time."""
    cut = limited(low, relation, row_count(low, node.count, scope), node.span)
    return Relation(cut.plan, cut.columns, partition=cut.partition)


def sample_distinct(low: Lowering, node: SampleDistinct, relation: Relation, scope: Scope) -> Relation:
    """Any distinct values: the least ones, so that a query gives the same rows each time."""
    symbol = low.result(node, scope).columns[0]
    value = low.expression(node.of, scope.with_row(relation))
    if value.type is ScalarType.DYNAMIC:
        raise refuse("dynamic values cannot be compared", node.of.span, "convert them, with tostring() for example")
    column = low.column(symbol.name, value.type, node.span)
    parts = tuple(column for column in relation.plan.columns if column.id in relation.partition)
    low.count_node(node.span)
    grouped = Aggregate(
        columns=(*parts, column), input=relation.plan, keys=(*map(use, parts), value), span=node.span, stage=low.stage
    )
    found = Relation(grouped, (column,), (SortKey(column.id),), partition=relation.partition)
    cut = limited(low, found, row_count(low, node.count, scope), node.span)
    return Relation(cut.plan, cut.columns, partition=cut.partition)


TOPS = {Sample: sample, SampleDistinct: sample_distinct, TopHitters: top_hitters, TopNested: top_nested}
"""The operators of this file."""
