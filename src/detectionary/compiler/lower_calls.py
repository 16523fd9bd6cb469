"""Names, lets, calls of functions with bodies, and stored tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detectionary.compiler.lower_other import check_option
from detectionary.compiler.lowering import CHEAP, Lowering, converted
from detectionary.compiler.plan import Expr, Scan, nodes
from detectionary.compiler.refused import MissingTableError, refuse
from detectionary.compiler.relation import Frame, FunctionName, Local, Names, Relation, ScalarName, Scope, TableName
from detectionary.languages.kusto.bound import Expansion, TableType
from detectionary.languages.kusto.syntax import (
    Call,
    DeclareParameters,
    Expression,
    ExpressionStatement,
    FunctionDeclaration,
    Let,
    Materialize,
    NameReference,
    Node,
    Parameter,
    Parenthesized,
    SetOption,
    Statement,
)
from detectionary.languages.kusto.types import scalar_type
from detectionary.model.schema import Column, TableSchema
from detectionary.text import Span

MAX_DEPTH = 40
"""How deep functions may call functions."""


# Statements


def declare(low: Lowering, statements: Iterable[Statement], scope: Scope) -> Expression | None:
    """Take the names of the statements into scope; the expression of the last expression statement, if any."""
    last: Expression | None = None
    for statement in statements:
        match statement:
            case Let():
                scope.names.add(statement.name.text, _let(low, statement, scope))
            case ExpressionStatement():
                last = statement.expression
            case DeclareParameters():
                for parameter in statement.parameters:
                    scope.names.add(parameter.name.text, _default(low, parameter, scope))
            case SetOption():
                check_option(statement)
            case _:
                raise refuse("this statement is not supported", statement.span)
    return last


def _let(low: Lowering, node: Let, scope: Scope) -> Local:
    value = node.value
    if isinstance(value, FunctionDeclaration):
        return FunctionName(value, scope.names.frozen())
    outside = scope.with_row(None)
    if names_table(value, scope):
        return TableName(value, Scope(scope.frame, scope.names.frozen()))
    return ScalarName(low.expression(value, outside))


def names_table(node: Expression, scope: Scope) -> bool:
    """Whether an expression that a `let` names is a table."""
    inner = node
    while isinstance(inner, Parenthesized):
        inner = inner.expression
    if isinstance(inner, NameReference):
        local = scope.names.get(inner.name)
        if local is not None:
            return isinstance(local, TableName)
    if isinstance(inner, Materialize):
        return True
    for found in (scope.frame.types.get(id(inner)), scope.frame.types.get(id(node))):
        if found is not None:
            return isinstance(found, TableType)
    return id(inner) in scope.frame.results


def _default(low: Lowering, parameter: Parameter, scope: Scope) -> Local:
    if parameter.default is None:
        raise refuse(f"the parameter {parameter.name.text} has no value", parameter.span)
    return ScalarName(low.expression(parameter.default, scope.with_row(None)))


# Calls of functions with bodies


def _entered(low: Lowering, node: Node, scope: Scope, given: Relation | None) -> tuple[Expansion, Scope]:
    """The body that a call means, and the scope inside, parameters bound to this call's arguments."""
    expansion = scope.frame.expansions[id(node)]
    frame = Frame(expansion.symbols, expansion.types, expansion.results, expansion.expansions, origin=expansion.name)
    local = scope.names.get(expansion.name) if isinstance(node, Call | NameReference) else None
    outer = local.names if isinstance(local, FunctionName) else Names()
    low.depth += 1
    if low.depth > MAX_DEPTH:
        raise refuse(f"{expansion.name} is called too deeply", node.span)
    inner = Scope(frame, Names(outer))
    for parameter in expansion.parameters:
        name = parameter.name.text
        argument = expansion.arguments.get(name)
        inner.names.add(name, _argument(low, parameter, argument, node, scope, inner, given))
    return expansion, inner


def _argument(
    low: Lowering,
    parameter: Parameter,
    argument: Expression | None,
    node: Node,
    scope: Scope,
    inner: Scope,
    given: Relation | None,
) -> Local:
    if argument is None:
        if parameter.default is None:
            raise refuse(f"the call gives no value for {parameter.name.text}", node.span)
        value = low.expression(parameter.default, inner)
        return ScalarName(converted(value, parameter.type or value.type))
    if argument is node:
        if given is None:
            raise refuse("a table is needed here", node.span)
        return TableName(None, scope, given)
    if parameter.schema is not None:
        return TableName(argument, Scope(scope.frame, scope.names))
    value = low.expression(argument, scope)
    kind = parameter.type
    return ScalarName(value if kind is None or kind is value.type else converted(value, kind))


def body_table(low: Lowering, node: Node, scope: Scope, given: Relation | None = None) -> Relation:
    """The table that a call of a function with a body gives."""
    expansion, inner = _entered(low, node, scope, given)
    last = declare(low, expansion.statements, inner)
    body = expansion.expression if expansion.expression is not None else last
    if body is None:
        raise refuse(f"{expansion.name} has no result", node.span)
    result = low.table(body, inner)
    low.depth -= 1
    return result


def body_value(low: Lowering, node: Node, scope: Scope) -> Expr:
    """The value that a call of a function with a scalar body gives."""
    expansion, inner = _entered(low, node, scope, None)
    last = declare(low, expansion.statements, inner)
    body = expansion.expression if expansion.expression is not None else last
    if body is None:
        raise refuse(f"{expansion.name} has no result", node.span)
    result = low.expression(body, inner)
    low.depth -= 1
    return result


# Tables by name


def named_table(low: Lowering, node: Expression, name: str, scope: Scope) -> Relation:
    """What a name means where a table is needed: a `let`, a function without parameters, a stored table."""
    local = scope.names.get(name)
    match local:
        case TableName():
            return _behind(low, local, node.span)
        case FunctionName() if id(node) in scope.frame.expansions:
            return body_table(low, node, scope)
        case ScalarName():
            raise refuse(f"{name} is a value, not a table", node.span)
        case _:
            pass
    if id(node) in scope.frame.expansions:
        return body_table(low, node, scope)
    schema = low.environment.tables.get(name)
    if schema is None:
        definition = low.environment.functions.get(name)
        if definition is not None and definition.body is None:
            return given_rows(low, name, None, node.span)
        raise MissingTableError(name, node.span)
    return stored_table(low, schema, node.span)


def stored_table(low: Lowering, schema: TableSchema, span: Span) -> Relation:
    """A scan of all columns of a table; those that nobody uses are dropped by a rewrite."""
    columns = tuple(low.column(column.name, scalar_type(column.type), span) for column in schema.columns)
    low.count_node(span)
    return Relation(Scan(columns=columns, table=schema.name, span=span, stage=low.stage), columns)


def given_rows(low: Lowering, name: str, columns: Sequence[Column] | None, span: Span) -> Relation:
    """The rows that the caller gives for `name`, under these columns or else their own: a watchlist, `externaldata`."""
    schema = low.external.get(name)
    if schema is None:
        advice = f'name a file for it: --external "{name}=FILE"'
        raise refuse(f"nobody gave the rows of {name}", span, advice, "KQL403")
    chosen = schema.columns if columns is None else columns
    made = tuple(low.column(column.name, scalar_type(column.type), span) for column in chosen)
    low.count_node(span)
    return Relation(Scan(columns=made, table=external_scan(name), span=span, stage=low.stage), made)


def external_scan(name: str) -> str:
    """The table of a `Scan` over rows that the caller gives for `name`."""
    return f"external:{name}"


def _behind(low: Lowering, name: TableName, span: Span) -> Relation:
    """The table behind a name. One of some cost is computed once for all readers; a cheap one is written out again."""
    if name.given is not None:
        return low.fresh(name.given, span)
    found = low.shared.get(id(name))
    if found is not None:
        return low.fresh(found[1], span)
    if name.node is None:
        raise refuse("this name stands for no table", span)
    relation = low.table(name.node, name.scope)
    if _is_materialized(name.node) or not _is_cheap(relation):
        low.shared[id(name)] = (name, relation)
        return low.fresh(relation, span)
    return relation


def _is_materialized(node: Expression) -> bool:
    while isinstance(node, Parenthesized):
        node = node.expression
    return isinstance(node, Materialize) or (isinstance(node, Call) and node.name.text == "materialize")


def _is_cheap(relation: Relation) -> bool:
    return all(isinstance(node, CHEAP) for node in nodes(relation.plan))
