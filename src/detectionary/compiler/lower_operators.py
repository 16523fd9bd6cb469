"""Operators that filter, compute, choose, order and cut the rows of one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from detectionary.compiler.lower_functions import result_at, results
from detectionary.compiler.lowering import Lowering, converted, null_of, use
from detectionary.compiler.plan import Apply, ColumnUse, Constant, Expr, Limit, PlanColumn, SortKey, Values, WindowCall
from detectionary.compiler.plan import Sequence as SequenceNode
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope, TableName
from detectionary.languages.kusto.bound import ColumnSymbol
from detectionary.languages.kusto.syntax import (
    As,
    Consume,
    DataTable,
    Extend,
    Operator,
    Ordered,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    Range,
    Render,
    ScalarType,
    Serialize,
    Sort,
    Take,
    Top,
    Where,
)
from detectionary.text import Span


def where(low: Lowering, node: Where, relation: Relation, scope: Scope) -> Relation:
    windows = Collected()
    condition = low.expression(node.predicate, scope.with_row(relation, windows))
    relation = low.windowed(relation, windows, node.span)
    return low.filtered(relation, converted(condition, ScalarType.BOOL), node.span)


def shaped(low: Lowering, node: Operator, relation: Relation, scope: Scope) -> Relation:
    """`extend`, `project`, `project-*`, `serialize`: the binder's result columns, each taken over or computed.

    A result column that is an input column keeps its id; a renamed one has the input column as its source; any other
    has the expression that makes it.
    """
    windows = Collected()
    inner = scope.with_row(relation, windows)
    symbols = low.result(node, scope).columns
    chosen = [_shaped(low, symbol, symbols, node, relation, inner) for symbol in symbols]
    relation = low.windowed(relation, windows, node.span)
    return low.project(relation, chosen, node.span)


def _shaped(
    low: Lowering,
    symbol: ColumnSymbol,
    symbols: Sequence[ColumnSymbol],
    node: Operator,
    relation: Relation,
    scope: Scope,
) -> tuple[PlanColumn, Expr]:
    if symbol.maker is node and symbol.expression is not None:
        value = low.expression(symbol.expression, scope)
        count = results(value)
        if count > 1:
            group = [other for other in symbols if other.maker is node and other.expression is symbol.expression]
            if len(group) != count and not isinstance(node, Print):
                raise refuse(f"this gives {count} columns, of which some are hidden by others", symbol.expression.span)
            value = result_at(value, group.index(symbol))
        kind = symbol.type if symbol.type is not ScalarType.UNKNOWN else value.type
        return low.column(symbol.name, kind, symbol.expression.span), converted(value, kind)
    if symbol.maker is node and len(symbol.sources) == 1:
        source = relation.get(symbol.sources[0].name)
        if source is not None:
            return low.column(symbol.name, source.type, node.span), use(source, node.span)
    found = relation.get(symbol.name)
    if found is None:
        raise refuse(f"no column is called {symbol.name}", node.span)
    return found, use(found, node.span)


def print_(low: Lowering, node: Print, relation: Relation | None, scope: Scope) -> Relation:
    one = Relation(Values(columns=(), rows=((),), span=node.span, stage=low.stage), ())
    return shaped(low, node, one, scope)


def datatable(low: Lowering, node: DataTable, scope: Scope) -> Relation:
    """Rows as written; they keep that order until an operator gives them another."""
    columns = tuple(low.column(item.name.text, item.type, item.span) for item in node.schema.columns)
    width = len(columns)
    if len(node.values) % width if width else node.values:
        raise refuse(f"a row of this datatable needs {width} values", node.span)
    place = low.column("place", ScalarType.LONG)
    outside = scope.with_row(None)
    rows: list[tuple[Expr, ...]] = []
    for start in range(0, len(node.values), max(width, 1)):
        values = [
            _cell(low.expression(value, outside), column.type)
            for value, column in zip(node.values[start : start + width], columns, strict=True)
        ]
        rows.append((*values, Constant(ScalarType.LONG, start // width)))
    plan = Values(columns=(*columns, place), rows=tuple(rows), span=node.span, stage=low.stage)
    low.places.add(place.id)
    return Relation(plan, columns, (SortKey(place.id),))


def _cell(value: Expr, kind: ScalarType) -> Expr:
    """A value of a datatable as its column's type; a null fits everywhere."""
    if isinstance(value, Constant) and value.value is None:
        return null_of(kind)
    return converted(value, kind)


def range_(low: Lowering, node: Range, relation: Relation | None, scope: Scope) -> Relation:
    outside = scope.with_row(None)
    symbol = low.result(node, scope).columns[0]
    column = low.column(symbol.name, symbol.type, node.name.span)
    start, stop, step = (low.expression(part, outside) for part in (node.start, node.stop, node.step))
    if column.type in (ScalarType.LONG, ScalarType.REAL, ScalarType.INT):
        start, stop, step = (converted(part, column.type) for part in (start, stop, step))
    plan = SequenceNode(columns=(column,), start=start, stop=stop, step=step, span=node.span, stage=low.stage)
    descending = isinstance(step, Constant) and isinstance(step.value, int | float) and step.value < 0
    return Relation(plan, (column,), (SortKey(column.id, descending, not descending),), sorted=True)


def sort(low: Lowering, node: Sort, relation: Relation, scope: Scope) -> Relation:
    relation, keys = sort_keys(low, node.by, relation, scope, node.span)
    return Relation(relation.plan, relation.columns, keys, True, relation.partition)


def sort_keys(
    low: Lowering, items: Sequence[Ordered], relation: Relation, scope: Scope, span: Span
) -> tuple[Relation, tuple[SortKey, ...]]:
    """The keys of `sort by`, with carried columns for those that are computed.

    Descending is the default; nulls stand last when descending and first when ascending (learn.microsoft.com, "sort
    operator").
    """
    inner = scope.with_row(relation)
    computed: list[tuple[PlanColumn, Expr]] = []
    keys: list[SortKey] = []
    for item in items:
        value = low.expression(item.expression, inner)
        if value.type is ScalarType.DYNAMIC:
            raise refuse(
                "rows cannot be sorted by a dynamic value", item.span, "convert it, with tostring() for example"
            )
        if isinstance(value, Constant):
            continue
        if isinstance(value, ColumnUse):
            column = value.id
        else:
            made = low.column("key", value.type, item.span)
            computed.append((made, value))
            column = made.id
        descending = item.descending is not False
        first = item.nulls_first if item.nulls_first is not None else not descending
        keys.append(SortKey(column, descending, first))
    # Rows of equal keys stay in the order that they have, if any.
    given = {key.column for key in keys}
    keys.extend(key for key in relation.order if key.column not in given)
    return low.extended(relation, computed, span), tuple(keys)


def take(low: Lowering, node: Take, relation: Relation, scope: Scope) -> Relation:
    return limited(low, relation, row_count(low, node.count, scope), node.span)


def top(low: Lowering, node: Top, relation: Relation, scope: Scope) -> Relation:
    relation, keys = sort_keys(low, (node.by,), relation, scope, node.span)
    kept = Relation(relation.plan, relation.columns, keys, True, relation.partition)
    return limited(low, kept, row_count(low, node.count, scope), node.span)


def limited(low: Lowering, relation: Relation, count: int, span: Span) -> Relation:
    """The first rows, of every sub-table where there are several."""
    low.count_node(span)
    plan = Limit(
        columns=relation.plan.columns,
        input=relation.plan,
        count=count,
        order=relation.order,
        partition=relation.partition,
        span=span,
        stage=low.stage,
    )
    return Relation(plan, relation.columns, relation.order, relation.sorted, relation.partition)


def row_count(low: Lowering, node: object, scope: Scope) -> int:
    """A number of rows, which must be known before the run."""
    value = low.expression(node, scope.with_row(None))  # type: ignore[arg-type]  # an expression of the tree
    if isinstance(value, Constant) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return max(0, value.value)
    raise refuse("a number of rows must be a constant", value.span)


def serialize(low: Lowering, node: Serialize, relation: Relation, scope: Scope) -> Relation:
    """Fix the order of the rows: from here on it is that of their numbers, so that ties stay as they are."""
    numbered = numbered_rows(low, relation, node.span)
    return shaped(low, node, numbered, scope) if node.expressions else numbered


def numbered_rows(low: Lowering, relation: Relation, span: Span) -> Relation:
    """`relation` with a carried number for every row, which is its order now."""
    if len(relation.order) == 1 and relation.order[0].column in low.places:
        return replace(relation, sorted=True)
    collected = Collected()
    place = low.column("row", ScalarType.LONG)
    collected.columns.append(place)
    collected.calls.append(WindowCall("row_number", (), ScalarType.LONG, relation.partition, relation.order, span))
    low.places.add(place.id)
    return replace(low.windowed(relation, collected, span), sorted=True)


def as_(low: Lowering, node: As, relation: Relation, scope: Scope) -> Relation:
    """`as name`: the table has a name from here on."""
    scope.names.add(node.name.text, TableName(None, scope, relation))
    return relation


def unchanged(low: Lowering, node: Render | Consume, relation: Relation, scope: Scope) -> Relation:
    """`render` says how a client draws the rows, which stay as they are."""
    return relation


def text_or_empty(column: PlanColumn) -> Expr:
    """A column of a join's empty side: a text that is not there is ''."""
    return Apply("text_or_empty", (use(column),), ScalarType.STRING)


SIMPLE = {
    As: as_,
    Consume: unchanged,
    Extend: shaped,
    Print: print_,
    Project: shaped,
    ProjectAway: shaped,
    ProjectByNames: shaped,
    ProjectKeep: shaped,
    ProjectRename: shaped,
    ProjectReorder: shaped,
    Range: range_,
    Render: unchanged,
    Serialize: serialize,
    Sort: sort,
    Take: take,
    Top: top,
    Where: where,
}
"""The operators of this file."""
