"""`join` and `lookup`: the rows of two tables brought together by equal keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from detectionary.compiler.lowering import Lowering, use
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnId,
    ColumnUse,
    Expr,
    Filter,
    JoinKind,
    Limit,
    Plan,
    PlanColumn,
    Project,
    SortKey,
)
from detectionary.compiler.plan import Join as JoinNode
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.syntax import (
    Binary,
    BinaryOperator,
    Expression,
    Join,
    Lookup,
    Name,
    NameReference,
    Node,
    Parenthesized,
    Path,
    ScalarType,
)
from detectionary.text import Span

KINDS: Final = {
    "inner": JoinKind.INNER,
    "innerunique": JoinKind.INNER,
    "leftouter": JoinKind.LEFT_OUTER,
    "rightouter": JoinKind.RIGHT_OUTER,
    "fullouter": JoinKind.FULL_OUTER,
    "leftsemi": JoinKind.LEFT_SEMI,
    "rightsemi": JoinKind.LEFT_SEMI,
    "anti": JoinKind.LEFT_ANTI,
    "leftanti": JoinKind.LEFT_ANTI,
    "leftantisemi": JoinKind.LEFT_ANTI,
    "rightanti": JoinKind.LEFT_ANTI,
    "rightantisemi": JoinKind.LEFT_ANTI,
}
"""Kusto's kinds as the plan knows them (learn.microsoft.com, "join operator"); those of the right side are swapped."""

DEFAULT: Final = "innerunique"

ONE_SIDED: Final = (JoinKind.LEFT_SEMI, JoinKind.LEFT_ANTI)

Keys = list[tuple[PlanColumn, PlanColumn]]


def join(low: Lowering, node: Join, relation: Relation, scope: Scope) -> Relation:
    """Rows of both sides with equal keys. Nulls equal nulls here, and '' equals '', as the engine has it.

    `innerunique`, the default, takes one row of the left side for each key: the first where rows have an order, else
    any one (learn.microsoft.com, "innerunique join"). A row that finds no partner gets nulls, and '' for texts.
    """
    word = option(node.parameters, "kind")
    name = DEFAULT if word is None else str(word)
    kind = KINDS.get(name)
    if kind is None:
        raise refuse(f"there is no join of kind {name}", node.span, f"kinds are {', '.join(KINDS)}")
    if node.where is not None or not node.on:
        raise refuse("a join needs `on` and its keys", node.span)
    right = low.table(node.right, scope.with_row(None))
    keys = _keys(node.on, relation, right)
    if name == DEFAULT:
        relation = first_of(low, relation, [left for left, _ in keys], node.span)
    if kind in ONE_SIDED:
        swapped = name.startswith("right")
        return _one_sided(low, node, kind, relation, right, keys, swapped=swapped)
    return _both_sides(low, node, kind, relation, right, keys, scope)


def _both_sides(
    low: Lowering, node: Join | Lookup, kind: JoinKind, relation: Relation, right: Relation, keys: Keys, scope: Scope
) -> Relation:
    if relation.partition and kind is not JoinKind.INNER and kind is not JoinKind.LEFT_OUTER:
        raise refuse("this kind of join is not supported inside of a sub-query for each row", node.span)
    plan = _node(low, node.span, kind, relation, right, keys)
    missing_left = kind in (JoinKind.RIGHT_OUTER, JoinKind.FULL_OUTER)
    missing_right = kind in (JoinKind.LEFT_OUTER, JoinKind.FULL_OUTER)
    skipped = {other.id for _, other in keys} if isinstance(node, Lookup) else set()
    sides = [(column, missing_left) for column in relation.columns]
    sides += [(column, missing_right) for column in right.columns if column.id not in skipped]
    symbols = low.result(node, scope).columns
    if len(symbols) != len(sides):
        raise refuse("the columns of this join are not known before the run", node.span, code="KQL402")
    chosen: list[tuple[PlanColumn, Expr]] = []
    for symbol, (column, missing) in zip(symbols, sides, strict=True):
        if missing and column.type is ScalarType.STRING:
            value = Apply("text_or_empty", (use(column),), ScalarType.STRING, node.span)
            chosen.append((low.column(symbol.name, column.type), value))
        else:
            chosen.append((PlanColumn(symbol.name, column.type, column.id), use(column)))
    made = Relation(plan, (), partition=relation.partition)
    if missing_left or missing_right:
        return low.project(made, chosen, node.span)
    return Relation(plan, tuple(column for column, _ in chosen), partition=relation.partition)


def _one_sided(
    low: Lowering, node: Join, kind: JoinKind, relation: Relation, right: Relation, keys: Keys, *, swapped: bool
) -> Relation:
    """Semi and anti joins: rows of one side that have a partner, or none."""
    if swapped:
        if relation.partition:
            raise refuse("this kind of join is not supported inside of a sub-query for each row", node.span)
        relation, right = right, relation
        keys = [(other, left) for left, other in keys]
    plan = _node(low, node.span, kind, relation, right, keys)
    return Relation(plan, relation.columns, relation.order, False, relation.partition)


def _node(low: Lowering, span: Span, kind: JoinKind, relation: Relation, right: Relation, keys: Keys) -> Plan:
    low.count_node(span)
    columns = relation.plan.columns if kind in ONE_SIDED else (*relation.plan.columns, *right.plan.columns)
    return JoinNode(
        columns=columns,
        kind=kind,
        left=relation.plan,
        right=right.plan,
        keys=tuple((use(left), use(other)) for left, other in keys),
        span=span,
        stage=low.stage,
    )


def lookup(low: Lowering, node: Lookup, relation: Relation, scope: Scope) -> Relation:
    """A join without the right side's keys; left rows stay, without a partner too, unless `kind=inner`."""
    word = option(node.parameters, "kind")
    name = "leftouter" if word is None else str(word)
    if name not in ("leftouter", "inner"):
        raise refuse(f"there is no lookup of kind {name}", node.span, "kinds are leftouter and inner")
    right = low.table(node.right, scope.with_row(None))
    if node.on:
        keys = _keys(node.on, relation, right)
    else:
        raise refuse("a lookup needs `on` and its keys", node.span)
    return _both_sides(low, node, KINDS[name], relation, right, keys, scope)


# Keys


def _keys(conditions: Iterable[Expression], left: Relation, right: Relation) -> Keys:
    """The pairs of columns that are compared: `k`, `$left.a == $right.b`, joined by commas or `and`."""
    pairs: Keys = []
    pending = list(reversed(list(conditions)))
    while pending:
        condition = pending.pop()
        while isinstance(condition, Parenthesized):
            condition = condition.expression
        match condition:
            case Binary(operator=BinaryOperator.AND):
                pending.extend((condition.right, condition.left))
            case Binary(operator=BinaryOperator.EQUAL):
                pair = _side(condition.left, "$left", left), _side(condition.right, "$right", right)
                pairs.append(_checked(pair, condition))
            case NameReference():
                pair = _found(left, condition.name, condition), _found(right, condition.name, condition)
                pairs.append(_checked(pair, condition))
            case _:
                raise refuse("a join compares columns: a common name, or $left.a == $right.b", condition.span)
    return pairs


def _side(node: Expression, side: str, relation: Relation) -> PlanColumn:
    while isinstance(node, Parenthesized):
        node = node.expression
    if isinstance(node, Path) and isinstance(node.target, NameReference) and node.target.name == side:
        member = node.member
        if isinstance(member, Name):
            return _found(relation, member.text, node)
    raise refuse(f"this side of the comparison must be {side}.Column", node.span)


def _found(relation: Relation, name: str, node: Node) -> PlanColumn:
    found = relation.get(name)
    if found is None:
        raise refuse(f"{name} must be a column of both sides of the join", node.span)
    return found


def _checked(pair: tuple[PlanColumn, PlanColumn], node: Node) -> tuple[PlanColumn, PlanColumn]:
    """Keys are of one type; int and long are one. The binder says so too where it knows the types."""
    kinds = {ScalarType.LONG if column.type is ScalarType.INT else column.type for column in pair}
    if ScalarType.DYNAMIC in kinds:
        raise refuse("a join key cannot be dynamic", node.span, "convert it before, with tostring() for example")
    if len(kinds) > 1:
        left, right = pair
        raise refuse(f"{left.type.value} and {right.type.value} cannot be join keys together", node.span)
    return pair


# innerunique


def first_of(low: Lowering, relation: Relation, keys: Sequence[PlanColumn], span: Span) -> Relation:
    """One row for each value of the keys: the first in order, any one of rows without an order."""
    wanted = [*dict.fromkeys(column.id for column in keys)]
    if _is_unique(relation.plan, set(wanted) | set(relation.partition)):
        return relation
    low.count_node(span)
    plan = Limit(
        columns=relation.plan.columns,
        input=relation.plan,
        count=1,
        order=relation.order,
        partition=(*relation.partition, *wanted),
        span=span,
        stage=low.stage,
    )
    order: tuple[SortKey, ...] = relation.order
    return Relation(plan, relation.columns, order, relation.sorted, relation.partition)


def _is_unique(plan: Plan, columns: set[ColumnId]) -> bool:
    """Whether no two rows have the same values in `columns`: they hold all keys of a grouping below."""
    while True:
        match plan:
            case Filter():
                plan = plan.input
            case Project():
                values = dict(zip((column.id for column in plan.columns), plan.expressions, strict=True))
                sources = (values.get(column) for column in columns)
                columns = {source.id for source in sources if isinstance(source, ColumnUse)}
                plan = plan.input
            case Aggregate():
                return {column.id for column in plan.columns[: len(plan.keys)]} <= columns
            case _:
                return False


JOINS = {Join: join, Lookup: lookup}
"""The operators of this file."""
