"""`mv-expand`, `mv-apply`: a row for every item of an array or bag; `partition`: operators on each part of a table.

`mv-apply` and `partition` run their operators once, on all sub-tables together: the columns that tell these apart are
the relation's `partition`, which every operator allowed there keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from detectionary.compiler.lower_operators import numbered_rows, row_count
from detectionary.compiler.lowering import Lowering, use
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnId,
    ColumnUse,
    Expand,
    Expansion,
    Expr,
    Filter,
    Join,
    JoinKind,
    Limit,
    Plan,
    PlanColumn,
    SortKey,
    Values,
    Window,
    WindowCall,
)
from detectionary.compiler.plan import Project as PlanProject
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope
from detectionary.languages.kusto.bound import TableType
from detectionary.languages.kusto.syntax import (
    Count,
    Distinct,
    ExpandItem,
    Extend,
    MakeSeries,
    MvApply,
    MvExpand,
    Named,
    NameReference,
    Operator,
    Parse,
    ParseKv,
    Partition,
    Pipeline,
    Project,
    ProjectAway,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    ScalarType,
    Serialize,
    Sort,
    Summarize,
    Take,
    Top,
    Where,
)
from detectionary.languages.kusto.syntax import Expression as SyntaxExpression
from detectionary.text import Span

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
    ordered = relation.order or is_one_row(relation.plan, len(relation.partition))
    order = (*relation.order, SortKey(place.id)) if ordered else ()
    wide = Relation(plan, relation.columns, order, relation.sorted, relation.partition)
    return low.project(wide, _columns(low, node, wide, raw, place, result, scope), node.span)


def is_one_row(plan: Plan, parts: int) -> bool:
    """Whether a plan is known to give at most one row (for each value of its first `parts` keys)."""
    while isinstance(plan, PlanProject | Filter | Window):
        plan = plan.input
    match plan:
        case Values():
            return len(plan.rows) == 1
        case Aggregate():
            return len(plan.keys) == parts
        case Limit():
            return plan.count == 1 and len(plan.partition) == parts
        case _:
            return False


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
    """An item as its declared type."""
    return item if kind is DYNAMIC else Apply("item_as", (item,), kind, item.span)


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


# Operators on sub-tables

ROW_WISE: Final = (
    Extend,
    MvExpand,
    Parse,
    ParseKv,
    Project,
    ProjectAway,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    Sort,
    Where,
)
"""Operators that give rows each of which comes from one row before, so that columns can be carried through them."""

IN_PARTS: Final = (*ROW_WISE, Count, Distinct, MakeSeries, MvApply, Serialize, Summarize, Take, Top)
"""Operators that keep sub-tables apart."""


def mv_apply(low: Lowering, node: MvApply, relation: Relation, scope: Scope) -> Relation:
    """The operators on the expanded items of each row, then the row's own columns beside what they give.

    A row without items, or of whose items the operators leave none, is left out.
    """
    starts = scope.frame.results.get(id(node.pipeline))
    if starts is None:
        raise refuse("the columns of the expanded items are not known", node.span, code="KQL402")
    before = _numbered(low, relation, node.span)
    number = before.order[0].column
    row_wise = all(isinstance(stage, ROW_WISE) for stage in node.pipeline.stages)
    own = [column.id for column in before.columns] if row_wise else []
    parts = (*relation.partition, number, *(column for column in own if column not in relation.partition))
    wide = expanded(low, node, replace(before, partition=parts), scope, starts)
    body = _in_parts(low, node.pipeline, wide, scope)
    if not row_wise:
        body, before = _joined_back(low, node, body, before, number)
        number = before.order[0].column
    chosen: list[tuple[PlanColumn, Expr]] = []
    for symbol in low.result(node, scope).columns:
        found = body.get(symbol.name) or before.get(symbol.name)
        if found is None:
            raise refuse(f"no column is called {symbol.name}", node.span)
        chosen.append((found, use(found, node.span)))
    order = tuple(key for key in body.order if key.column != number)
    ordered = (SortKey(number), *order) if relation.order else ()
    return low.project(replace(body, order=ordered, sorted=False, partition=relation.partition), chosen, node.span)


def _numbered(low: Lowering, relation: Relation, span: Span) -> Relation:
    """`relation` with a number for every row that is its own in the whole table, not in its sub-table alone."""
    if not relation.partition:
        return numbered_rows(low, relation, span)
    place = low.column("row", LONG)
    order = (*(SortKey(column) for column in relation.partition), *relation.order)
    numbering = Collected(columns=[place], calls=[WindowCall("row_number", (), LONG, (), order, span)])
    low.places.add(place.id)
    return replace(low.windowed(relation, numbering, span), order=(SortKey(place.id),), sorted=True)


def _joined_back(
    low: Lowering, node: MvApply, body: Relation, before: Relation, number: ColumnId
) -> tuple[Relation, Relation]:
    """The rows of `body`, each beside the row that it comes from; and how that row's columns are called there."""
    row = low.fresh(before, node.span)
    again = row.order[0].column
    low.count_node(node.span)
    key = (ColumnUse(again, LONG), ColumnUse(number, LONG))
    plan = Join(
        columns=(*row.plan.columns, *body.plan.columns),
        kind=JoinKind.INNER,
        left=row.plan,
        right=body.plan,
        keys=(key,),
        span=node.span,
        stage=low.stage,
    )
    return replace(body, plan=plan), row


def partition(low: Lowering, node: Partition, relation: Relation, scope: Scope) -> Relation:
    """The operators on the rows of each value of a column, all results together, in any order."""
    if node.braced:
        raise refuse("a sub-query with a source of its own is not supported here", node.span, "write ( operators )")
    if node.in_list is not None:
        raise refuse("a list of values is not supported here", node.span)
    if not isinstance(node.pipeline, Pipeline):
        raise refuse("operators are needed here", node.pipeline.span)
    value = low.expression(node.by, scope.with_row(relation))
    if not isinstance(value, ColumnUse):
        raise refuse("a table is parted by a column", node.by.span)
    apart = (*relation.partition, value.id) if value.id not in relation.partition else relation.partition
    body = _in_parts(low, node.pipeline, replace(relation, partition=apart), scope)
    return replace(body, order=(), sorted=False, partition=relation.partition)


def _in_parts(low: Lowering, pipeline: Pipeline, relation: Relation, scope: Scope) -> Relation:
    """The operators on all sub-tables; refuses one that does not keep them apart."""
    from detectionary.compiler.lower import run_stages  # it knows the operators, of which these are some

    for stage in pipeline.stages:
        if not isinstance(stage, IN_PARTS):
            keyword = stage.keyword if isinstance(stage, Operator) else "a table"
            raise refuse(f"{keyword} is not supported on parts of a table", stage.span)
    before = low.stage
    body = run_stages(low, list(pipeline.stages), relation, scope)
    low.stage = before
    return body


EXPANDING = {MvApply: mv_apply, MvExpand: mv_expand, Partition: partition}
"""The operators of this file."""
