"""What the arguments of a plug-in are: columns, constants, names."""

from __future__ import annotations

from detectionary.compiler.lowering import Lowering, constant_items
from detectionary.compiler.plan import ColumnUse, Constant, PlanColumn
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Scope
from detectionary.languages.kusto.syntax import Call, Expression, Named, NameReference, Parenthesized


def named_arguments(call: Call, names: tuple[str, ...]) -> dict[str, Expression]:
    """The arguments by the name of their parameter; those without a name come in order."""
    given: dict[str, Expression] = {}
    at = 0
    for argument in call.arguments:
        if isinstance(argument, Named) and argument.names[0].text in names:
            given[argument.names[0].text] = argument.expression
            continue
        if at >= len(names):
            raise refuse(f"{call.name.text} does not take this argument", argument.span)
        given[names[at]] = argument
        at += 1
    return given


def constant_argument(low: Lowering, node: Expression | None, scope: Scope) -> Constant | None:
    if node is None:
        return None
    value = low.expression(node, scope.with_row(None))
    if not isinstance(value, Constant):
        raise refuse("this must be known before the run", node.span)
    return value


def texts_of(value: Constant | None) -> tuple[str, ...]:
    """The strings of a constant array."""
    items = constant_items(value) if value is not None else ()
    return tuple(item.value for item in items if isinstance(item, Constant) and isinstance(item.value, str))


def column_argument(low: Lowering, node: Expression, scope: Scope) -> PlanColumn:
    """The column that an argument is."""
    value = low.expression(node, scope)
    if isinstance(value, ColumnUse) and scope.row is not None:
        for column in scope.row.columns:
            if column.id == value.id:
                return column
    raise refuse("a column is needed here", node.span)


def plain(node: Expression) -> Expression:
    while isinstance(node, Parenthesized | Named):
        node = node.expression
    return node


def name_of(node: Expression) -> str:
    if isinstance(node, NameReference):
        return node.name
    raise refuse("a column is needed here", node.span)
