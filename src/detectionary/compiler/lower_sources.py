"""Tables that are no plain names: `externaldata`, `table("T")`, tables of other places, rows that the caller gives."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.lower_calls import body_table, given_rows, named_table, stored_table
from detectionary.compiler.lowering import Lowering
from detectionary.compiler.plan import Constant, Expr, SortKey, Values
from detectionary.compiler.refused import MissingTableError, refuse
from detectionary.compiler.relation import FunctionName, Relation, Scope, TableName
from detectionary.languages.kusto.bind_calls import PLACES
from detectionary.languages.kusto.bind_names import external_name
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.syntax import (
    Call,
    Expression,
    ExternalData,
    GetSchema,
    Invoke,
    Name,
    Path,
    ScalarType,
)
from detectionary.model.schema import Column
from detectionary.text import Span

TABLE: Final = "table"

UNKNOWN_PLACES: Final = {
    "external_table": "an external table",
    "materialized_view": "a materialized view",
    "stored_query_result": "a stored query result",
    "entity_group": "an entity group",
}
"""Functions that name what only a Kusto cluster holds."""


def called_table(low: Lowering, node: Call, scope: Scope, given: Relation | None = None) -> Relation:
    """The table that a call gives: a function with a body, `table("T")`, or a function whose rows the caller gives."""
    if id(node) in scope.frame.expansions:
        return body_table(low, node, scope, given)
    name = node.name.text
    local = scope.names.get(name)
    if isinstance(local, TableName):
        return named_table(low, node, name, scope)
    if isinstance(local, FunctionName):
        raise refuse(f"{name} is not taken apart: functions are called too deeply or too often", node.span)
    if name == "materialize" and len(node.arguments) == 1:
        return low.table(node.arguments[0], scope)
    if name == TABLE:
        return _by_text(low, node, scope)
    if name in UNKNOWN_PLACES:
        raise refuse(f"{UNKNOWN_PLACES[name]} cannot be read", node.span)
    definition = low.environment.functions.get(name)
    if definition is None:
        raise refuse(f"no function is called {name}", node.name.span)
    if definition.body is not None:
        raise refuse(f"{name} calls itself, or is called too often", node.span)
    return _given_function(low, node, scope)


def _by_text(low: Lowering, node: Call, scope: Scope) -> Relation:
    """`table("T")`: a local name or a stored table, by a text that is known before the run."""
    value = low.expression(node.arguments[0], scope.with_row(None)) if node.arguments else None
    if not (isinstance(value, Constant) and isinstance(value.value, str)):
        raise refuse("the name of a table must be a constant", node.span)
    if isinstance(scope.names.get(value.value), TableName):
        return named_table(low, node, value.value, scope)
    return _stored(low, value.value, node.span)


def _stored(low: Lowering, name: str, span: Span) -> Relation:
    schema = low.environment.tables.get(name)
    if schema is None:
        raise MissingTableError(name, span)
    return stored_table(low, schema, span)


def _given_function(low: Lowering, node: Call, scope: Scope) -> Relation:
    """A function without a body: its rows are given under the name that the binder has for the call."""
    first = low.expression(node.arguments[0], scope.with_row(None)) if len(node.arguments) == 1 else None
    alias = first.value if isinstance(first, Constant) else None
    return given_rows(low, external_name(node, alias), None, node.span)


def external_data(low: Lowering, node: ExternalData, scope: Scope) -> Relation:
    """`externaldata`: the rows that the caller gives for its first address, under the columns that the query declares.

    Nothing is fetched, and no path is opened.
    """
    if not node.sources:
        raise refuse("externaldata needs an address", node.span)
    value = low.expression(node.sources[0], scope.with_row(None))
    if not (isinstance(value, Constant) and isinstance(value.value, str)):
        raise refuse("the address of externaldata must be a constant", node.sources[0].span)
    columns = tuple(Column(item.name.text, item.type.value) for item in node.schema.columns)
    return given_rows(low, value.value, columns, node.span)


def placed_table(low: Lowering, node: Path, scope: Scope) -> Relation:
    """`workspace("w").T`, `cluster("c").database("d").f()`: the environment's table or function of that name."""
    target: Expression = node.target
    while isinstance(target, Path) and isinstance(target.member, Call):
        if target.member.name.text not in PLACES:
            raise refuse("this kind of table is not supported", node.span)
        target = target.target
    if not (isinstance(target, Call) and target.name.text in PLACES):
        raise refuse("a table stands for no member of a value", node.span)
    match node.member:
        case Name():
            return _stored(low, node.member.text, node.span)
        case Call():
            return called_table(low, node.member, scope.with_row(None))
        case _:
            raise refuse("a wildcard can stand only in a list of tables", node.span)


def invoke(low: Lowering, node: Invoke, relation: Relation, scope: Scope) -> Relation:
    """`invoke f(…)`: the table so far is the function's first argument."""
    call = node.call
    while isinstance(call, Path) and isinstance(call.member, Call):
        call = call.member
    if not isinstance(call, Call) or id(call) not in scope.frame.expansions:
        raise refuse("invoke needs a function with a body", node.span)
    return body_table(low, call, scope.with_row(None), relation)


SYSTEM_TYPES: Final = {
    ScalarType.BOOL: "System.SByte",
    ScalarType.INT: "System.Int32",
    ScalarType.LONG: "System.Int64",
    ScalarType.REAL: "System.Double",
    ScalarType.DECIMAL: "System.Data.SqlTypes.SqlDecimal",
    ScalarType.STRING: "System.String",
    ScalarType.DATETIME: "System.DateTime",
    ScalarType.TIMESPAN: "System.TimeSpan",
    ScalarType.GUID: "System.Guid",
    ScalarType.DYNAMIC: "System.Object",
}
"""How the engine calls the types that hold its values (learn.microsoft.com, "Scalar data types")."""


def get_schema(low: Lowering, node: GetSchema, relation: Relation, scope: Scope) -> Relation:
    """A row for every column of the table."""
    if option(node.parameters, "kind") is not None:
        raise refuse("this form of getschema is not supported", node.span)
    symbols = low.result(node, scope).columns
    columns = tuple(low.column(symbol.name, symbol.type) for symbol in symbols)
    place = low.column("place", ScalarType.LONG)
    rows: list[tuple[Expr, ...]] = []
    for at, column in enumerate(relation.columns):
        kind = column.type
        texts = (column.name, SYSTEM_TYPES[kind], kind.value)
        name, system, own = (Constant(ScalarType.STRING, text) for text in texts)
        number = Constant(ScalarType.LONG, at)
        rows.append((name, number, system, own, number))
    plan = Values(columns=(*columns, place), rows=tuple(rows), span=node.span, stage=low.stage)
    return Relation(plan, columns, (SortKey(place.id),))


SOURCES = {GetSchema: get_schema, Invoke: invoke}
"""The operators of this file."""
