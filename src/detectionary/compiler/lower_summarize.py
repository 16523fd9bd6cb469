"""`summarize`, `distinct`, `count`: rows brought together in groups."""

from __future__ import annotations

from detectionary.compiler.lower_aggregates import aggregated, plain
from detectionary.compiler.lowering import Lowering, converted, use
from detectionary.compiler.plan import Aggregate, Expr, Measure, PlanColumn
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope
from detectionary.languages.kusto.bound import ColumnSymbol
from detectionary.languages.kusto.syntax import (
    Call,
    Count,
    Distinct,
    Element,
    Expression,
    Literal,
    ScalarType,
    Star,
    Summarize,
    Unary,
)

LONG = ScalarType.LONG


def summarize(low: Lowering, node: Summarize, relation: Relation, scope: Scope) -> Relation:
    """A row for every group: keys first, then the aggregates, which may stand inside expressions."""
    if node.legacy_bin is not None:
        raise refuse("the old form `by x bin = …` is not supported", node.legacy_bin.span, "write bin(x, …)")
    inner = scope.with_row(relation)
    symbols = low.result(node, scope).columns
    keys = [_key(low, symbol, relation, inner) for symbol in symbols if symbol.key]
    found = Collected()
    aggregating = Scope(scope.frame, scope.names, relation, aggregates=found)
    aggregates = [symbol for symbol in symbols if not symbol.key]
    for item in node.aggregates:
        _named(item)
    made = aggregated(low, aggregates, relation, aggregating, node)
    result = grouped(low, relation, keys, found, node)
    visible = [(column, use(column)) for column, _ in keys] + made
    return low.project(result, visible, node.span)


def _named(item: Expression) -> None:
    """Refuse `make_list(d[k])` without a name: the service gives such a column a random one."""
    if not isinstance(item, Call) or not item.arguments:
        return
    inner = plain(item.arguments[0])
    while isinstance(inner, Call) and inner.arguments:
        inner = plain(inner.arguments[0])
    if isinstance(inner, Element) and not isinstance(plain(inner.index), Literal | Unary):
        raise refuse("this column has no name of its own", item.span, "give it one: Name = …")


def _key(low: Lowering, symbol: ColumnSymbol, relation: Relation, scope: Scope) -> tuple[PlanColumn, Expr]:
    if symbol.expression is not None:
        value = low.expression(symbol.expression, scope)
        kind = symbol.type if symbol.type is not ScalarType.UNKNOWN else value.type
        return low.column(symbol.name, kind, symbol.expression.span), converted(value, kind)
    source = relation.get(symbol.sources[0].name) if symbol.sources else relation.get(symbol.name)
    if source is None:
        raise refuse(f"no column is called {symbol.name}", scope.row.plan.span if scope.row else relation.plan.span)
    return low.column(symbol.name, source.type), use(source)


def grouped(
    low: Lowering,
    relation: Relation,
    keys: list[tuple[PlanColumn, Expr]],
    found: Collected,
    node: Summarize | Distinct | Count,
) -> Relation:
    """An `Aggregate` by `keys` (and by the sub-table, where there are several); its measures are carried columns."""
    low.count_node(node.span)
    parts = [column for column in relation.plan.columns if column.id in relation.partition]
    plan = Aggregate(
        columns=(*parts, *(column for column, _ in keys), *found.columns),
        input=relation.plan,
        keys=(*(use(column) for column in parts), *(value for _, value in keys)),
        measures=tuple(found.measures),
        span=node.span,
        stage=low.stage,
    )
    return Relation(plan, tuple(column for column, _ in keys), partition=relation.partition)


def distinct(low: Lowering, node: Distinct, relation: Relation, scope: Scope) -> Relation:
    symbols = low.result(node, scope).columns
    inner = scope.with_row(relation)
    keys: list[tuple[PlanColumn, Expr]]
    if any(isinstance(item, Star) for item in node.expressions):
        keys = [(low.column(column.name, column.type), use(column)) for column in relation.columns]
    else:
        keys = [_key(low, symbol, relation, inner) for symbol in symbols]
    if any(column.type is ScalarType.DYNAMIC for column, _ in keys):
        raise refuse("distinct cannot compare dynamic values", node.span, "convert them, with tostring() for example")
    return grouped(low, relation, keys, Collected(), node)


def count(low: Lowering, node: Count, relation: Relation, scope: Scope) -> Relation:
    symbol = low.result(node, scope).columns[0]
    column = low.column(symbol.name, LONG, node.span)
    measures = Collected([column], [Measure("count", (), LONG, (), node.span)])
    result = grouped(low, relation, [], measures, node)
    return low.project(result, [(column, use(column))], node.span)


GROUPS = {Count: count, Distinct: distinct, Summarize: summarize}
"""The operators of this file."""
