"""`mv-expand`, `mv-apply`: a row for every item of an array or bag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from detectionary.compiler.lower_operators import numbered_rows, row_count
from detectionary.compiler.lowering import Lowering, converted, use
from detectionary.compiler.plan import Expand, Expansion, Expr, PlanColumn, SortKey
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.bound import TableType
from detectionary.languages.kusto.syntax import (
    ExpandItem,
    MvApply,
    MvExpand,
    Named,
    NameReference,
    ScalarType,
)
from detectionary.languages.kusto.syntax import Expression as SyntaxExpression

LONG, DYNAMIC = ScalarType.LONG, ScalarType.DYNAMIC

OLD_LIMIT: Final = 128
"""Rows that the old spelling `mvexpand` makes of one row unless it says another limit (learn.microsoft.com)."""


def mv_expand(low: Lowering, node: MvExpand, relation: Relation, scope: Scope) -> Relation:
    return expanded(low, node, relation, scope, low.result(node, scope))


def expanded(low: Lowering, node: MvExpand | MvApply, relation: Relation, scope: Scope, result: TableType) -> Relation:
    """The items taken apart side by side, the columns as in `result`; the items of one row stay in order."""
    if relation.sorted:
        # Rows with equal keys must not mingle with their neighbours' items.
        relation = numbered_rows(low, relation, node.span)
    inner = scope.with_row(relation)
    sources = [low.expression(item.expression, inner) for item in node.items]
    for item, source in zip(node.items, sources, strict=True):
        if source.type is not DYNAMIC:
            raise refuse(f"only a dynamic value can be expanded, this is a {source.type.value}", item.span)
    raw = [low.column("item", DYNAMIC, item.span) for item in node.items]
    place = low.column("index", LONG)
    low.count_node(node.span)
    plan = Expand(
        columns=(*relation.plan.columns, *raw, place),
        input=relation.plan,
        items=tuple(Expansion(source, DYNAMIC) for source in sources),
        indexed=True,
        bag_kind=_bag_kind(node),
        limit=_limit(low, node, scope),
        span=node.span,
        stage=low.stage,
    )
    order = (*relation.order, SortKey(place.id)) if relation.order else ()
    wide = Relation(plan, relation.columns, order, relation.sorted, relation.partition)
    return low.project(wide, _columns(low, node, wide, raw, place, result, scope), node.span)


def _columns(
    low: Lowering,
    node: MvExpand | MvApply,
    relation: Relation,
    raw: Sequence[PlanColumn],
    place: PlanColumn,
    result: TableType,
    scope: Scope,
) -> list[tuple[PlanColumn, Expr]]:
    """The binder's columns: those of the input, those that an item made, and the index."""
    by_expression = {id(_value(item)): column for item, column in zip(node.items, raw, strict=True)}
    chosen: list[tuple[PlanColumn, Expr]] = []
    for symbol in result.columns:
        if symbol.maker is not node:
            found = relation.get(symbol.name)
            if found is None:
                raise refuse(f"no column is called {symbol.name}", node.span)
            chosen.append((found, use(found, node.span)))
        elif symbol.expression is None:
            chosen.append((low.column(symbol.name, LONG, node.span), use(place)))
        else:
            item = by_expression.get(id(symbol.expression))
            if item is None:
                raise refuse(f"the items of {symbol.name} are not known", node.span)
            chosen.append((low.column(symbol.name, symbol.type, node.span), _typed(use(item, node.span), symbol.type)))
    return chosen


def _typed(item: Expr, kind: ScalarType) -> Expr:
    return converted(item, kind)


def _value(item: ExpandItem) -> SyntaxExpression:
    """The node that the binder gives as the expression of the column that an item makes."""
    return item.expression.expression if isinstance(item.expression, Named) else item.expression


def _bag_kind(node: MvExpand | MvApply) -> str:
    """`kind=array` or the older `bagexpansion=array`: bags give pairs [key, value]; else bags of one member."""
    for parameter in node.parameters:
        if parameter.name in ("kind", "bagexpansion"):
            value = parameter.value
            text = value.name if isinstance(value, NameReference) else getattr(value, "value", None)
            if text not in ("bag", "array"):
                raise refuse("a bag is expanded into bags or arrays", parameter.span, "write kind=bag or kind=array")
            return str(text)
    return "bag"


def _limit(low: Lowering, node: MvExpand | MvApply, scope: Scope) -> int | None:
    if node.limit is not None:
        return row_count(low, node.limit, scope)
    return OLD_LIMIT if node.keyword == "mvexpand" else None


EXPANDING = {MvExpand: mv_expand}
"""The operators of this file."""
