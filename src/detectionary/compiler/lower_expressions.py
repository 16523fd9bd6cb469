"""Scalar expressions: from the bound tree to plan expressions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final, assert_never

from detectionary.compiler.aliases import canonical
from detectionary.compiler.lower_aggregates import aggregate
from detectionary.compiler.lower_calls import body_value
from detectionary.compiler.lower_functions import bag_pack_columns, pack_all, pack_array
from detectionary.compiler.lower_search import any_column
from detectionary.compiler.lower_windows import WINDOWS, window
from detectionary.compiler.lowering import Lowering, constant_items, converted, use
from detectionary.compiler.plan import (
    Apply,
    Constant,
    Expr,
    InQuery,
    Measure,
    Plan,
    ScalarQuery,
)
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import FunctionName, Relation, ScalarName, Scope, TableName
from detectionary.compiler.rewrites import TIME_COLUMNS
from detectionary.compiler.ticks import datetime_text, timespan_text
from detectionary.languages.kusto.bound import ColumnSymbol, TableSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.functions_scalar import SCALAR_FUNCTIONS
from detectionary.languages.kusto.syntax import (
    BadExpression,
    Between,
    Binary,
    BinaryOperator,
    Call,
    ContextualDataTable,
    DataScope,
    DataTable,
    DynamicLiteral,
    Element,
    EntityGroup,
    Expression,
    ExternalData,
    InList,
    JsonArray,
    JsonObject,
    JsonValue,
    ListOperator,
    Literal,
    Materialize,
    MaterializedViewCombine,
    Name,
    Named,
    NameReference,
    Parenthesized,
    Path,
    Pipeline,
    ScalarType,
    Star,
    ToScalar,
    ToTable,
    Unary,
    WildcardName,
)

BOOL, DYNAMIC, STRING, LONG = ScalarType.BOOL, ScalarType.DYNAMIC, ScalarType.STRING, ScalarType.LONG

NEGATED: Final[Mapping[BinaryOperator, str]] = {
    operator: operator.value.removeprefix("!")
    for operator in BinaryOperator
    if operator.value.startswith("!") and operator not in (BinaryOperator.NOT_EQUAL, BinaryOperator.NOT_EQUAL_FOLD)
} | {
    BinaryOperator.NOT_EQUAL_FOLD: "=~",
    BinaryOperator.NOT_LIKE: "like",
    BinaryOperator.NOT_LIKE_CS: "likecs",
}
"""Operators that are the negation of another one; `!=` is its own, for null is different from a value."""


def lower_expression(low: Lowering, node: Expression, scope: Scope) -> Expr:
    """The value of a scalar expression; refuses what has no value or cannot be had before the run."""
    while isinstance(node, Parenthesized | Named):
        node = node.expression
    match node:
        case NameReference():
            return _name(low, node, scope)
        case Literal():
            return _literal(node)
        case DynamicLiteral():
            return Constant(DYNAMIC, json_text(node.value), node.span)
        case Unary():
            operand = low.expression(node.operand, scope)
            if node.sign == "+":
                return operand
            if isinstance(operand, Constant) and isinstance(operand.value, int | float | Decimal):
                return Constant(operand.type, -operand.value, node.span)
            return Apply("negate", (operand,), low.typed(node, scope), node.span)
        case Binary():
            return _binary(low, node, scope)
        case InList():
            return _in_list(low, node, scope)
        case Between():
            return _between(low, node, scope)
        case Call():
            return _call(low, node, scope)
        case Path():
            return _path(low, node, scope)
        case Element():
            arguments = (low.expression(node.target, scope), low.expression(node.index, scope))
            return Apply("element", arguments, DYNAMIC, node.span)
        case ToScalar() if isinstance(scope.frame.types.get(id(node.pipeline)), ScalarType):
            return low.expression(node.pipeline, scope.with_row(None))
        case ToScalar():
            relation = low.table(node.pipeline, scope.with_row(None))
            kind = low.typed(node, scope)
            return scalar_query(
                low, relation, kind if kind is not ScalarType.UNKNOWN else relation.columns[0].type, node
            )
        case Star() | WildcardName():
            raise refuse("* stands for no single value", node.span)
        case BadExpression():
            raise refuse("an expression is missing", node.span)
        case (
            Pipeline()
            | ToTable()
            | Materialize()
            | DataTable()
            | ContextualDataTable()
            | ExternalData()
            | MaterializedViewCombine()
            | EntityGroup()
            | DataScope()
        ):
            raise refuse("a table stands where a single value is needed", node.span, "use toscalar(…)")
        case _:
            assert_never(node)


def scalar_query(low: Lowering, relation: Relation, kind: ScalarType, node: Expression) -> Expr:
    """The first column of the first row, of which only that column is carried."""
    first = relation.columns[0]
    plan: Plan = relation.plan
    if relation.sorted or relation.order:
        from detectionary.compiler.plan import Limit  # only here is a table cut

        plan = Limit(columns=plan.columns, input=plan, count=1, order=relation.order, span=node.span)
    narrowed = low.project(Relation(plan, relation.columns), [(first, use(first))], node.span)
    return ScalarQuery(narrowed.plan, kind, node.span)


# Names


def _name(low: Lowering, node: NameReference, scope: Scope) -> Expr:
    symbol = scope.frame.symbols.get(id(node))
    if isinstance(symbol, ColumnSymbol) and scope.row is not None:
        for side in (scope.row, scope.right):
            found = side.get(node.name) if side is not None else None
            if found is not None:
                return use(found, node.span)
    local = scope.names.get(node.name)
    match local:
        case ScalarName():
            return local.value
        case TableName():
            return _table_as_value(low, node, scope)
        case FunctionName():
            return body_value(low, node, scope)
        case None:
            pass
    if id(node) in scope.frame.expansions:
        return body_value(low, node, scope)
    if isinstance(symbol, TableSymbol | VariableSymbol) and isinstance(symbol.type, TableType):
        return _table_as_value(low, node, scope)
    raise refuse(f"no column or variable is called {node.name}", node.span)


def _table_as_value(low: Lowering, node: Expression, scope: Scope) -> Expr:
    raise refuse("a table stands where a single value is needed", node.span, "use toscalar(…)")


# Literals


def _literal(node: Literal) -> Constant:
    if node.value is None and node.type is not STRING and node.text and not _says_null(node):
        raise refuse(f"{node.text} is no {node.type.value}", node.span)
    if node.type is ScalarType.TYPE:
        return Constant(STRING, node.value, node.span)
    if node.type is STRING and node.value is None:
        return Constant(STRING, "", node.span)
    return Constant(node.type, node.value, node.span)


def _says_null(node: Literal) -> bool:
    inside = node.text.partition("(")[2].rpartition(")")[0].strip() if "(" in node.text else node.text.strip()
    return inside.lower() in ("null", "")


def json_text(value: JsonValue) -> str | None:
    """The JSON text of a dynamic literal, None for the null of the type."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return None if text == "null" else text


def _plain(value: JsonValue) -> object:
    match value:
        case JsonArray():
            return [_plain(item) for item in value.items]
        case JsonObject():
            return {name: _plain(item) for name, item in value.members}
        case DynamicLiteral():
            return _plain(value.value)
        case Literal(type=ScalarType.DATETIME, value=int(ticks)):
            return datetime_text(ticks)
        case Literal(type=ScalarType.TIMESPAN, value=int(ticks)):
            return timespan_text(ticks)
        case Literal():
            if value.value is None and not _says_null(value):
                raise refuse(f"{value.text} is no {value.type.value}", value.span)
            if isinstance(value.value, Decimal):
                return str(value.value)
            if isinstance(value.value, float) and value.value in (float("inf"), float("-inf")):
                raise refuse("a dynamic value cannot hold this number", value.span)
            return value.value
        case BadExpression():
            raise refuse("a value is missing", value.span)
        case _:
            assert_never(value)


# Operators


def _binary(low: Lowering, node: Binary, scope: Scope) -> Expr:
    if node.operator in (BinaryOperator.AND, BinaryOperator.OR):
        operands = tuple(low.expression(part, scope) for part in _chain(node, node.operator))
        return Apply(node.operator.value, operands, BOOL, node.span)
    positive = NEGATED.get(node.operator)
    if isinstance(node.left, Star):
        value = low.expression(node.right, scope)
        found = any_column(positive or node.operator.value, value, scope.row, node.span)
        return found if positive is None else Apply("not", (found,), BOOL, node.span)
    left, right = low.expression(node.left, scope), low.expression(node.right, scope)
    if positive is not None:
        return Apply("not", (Apply(positive, (left, right), BOOL, node.span),), BOOL, node.span)
    kind = low.typed(node, scope)
    return Apply(node.operator.value, (left, right), kind, node.span)


def _chain(node: Binary, operator: BinaryOperator) -> Iterator[Expression]:
    """The operands of `a and b and c`, in order; the tree nests to the left, and may be deep."""
    pending: list[Expression] = [node]
    while pending:
        part = pending.pop()
        inner = part
        while isinstance(inner, Parenthesized):
            inner = inner.expression
        if isinstance(inner, Binary) and inner.operator is operator:
            pending.extend((inner.right, inner.left))
        else:
            yield part


def _between(low: Lowering, node: Between, scope: Scope) -> Expr:
    operand, start, stop = (low.expression(part, scope) for part in (node.operand, node.low, node.high))
    if operand.type is ScalarType.DATETIME and stop.type is ScalarType.TIMESPAN:
        stop = Apply("+", (start, stop), ScalarType.DATETIME, node.span)
    result = Apply("between", (operand, start, stop), BOOL, node.span)
    return Apply("not", (result,), BOOL, node.span) if node.negated else result


_LISTS: Final[Mapping[ListOperator, tuple[str, bool]]] = {
    ListOperator.IN: ("in", False),
    ListOperator.NOT_IN: ("in", True),
    ListOperator.IN_FOLD: ("in~", False),
    ListOperator.NOT_IN_FOLD: ("in~", True),
    ListOperator.HAS_ANY: ("has_any", False),
    ListOperator.HAS_ALL: ("has_all", False),
}


def _in_list(low: Lowering, node: InList, scope: Scope) -> Expr:
    """`in` over values, over one array, or over a table's first column; an array among values stands for its items."""
    operator, negated = _LISTS[node.operator]
    operand = low.expression(node.operand, scope)
    alternatives: list[Expr] = []
    items: list[Expr] = []
    for item in node.items:
        if _is_table(low, item, scope):
            alternatives.append(_in_table(low, operator, operand, item, scope))
            continue
        value = low.expression(item, scope)
        if value.type is not DYNAMIC:
            items.append(value)
        elif isinstance(value, Constant):
            items.extend(constant_items(value))
        else:
            alternatives.append(Apply(f"{operator}_array", (operand, value), BOOL, node.span))
    if items or not alternatives:
        alternatives.insert(0, Apply(operator, (operand, *items), BOOL, node.span))
    joined = "and" if operator == "has_all" else "or"
    result = alternatives[0] if len(alternatives) == 1 else Apply(joined, tuple(alternatives), BOOL, node.span)
    return Apply("not", (result,), BOOL, node.span) if negated else result


def _is_table(low: Lowering, node: Expression, scope: Scope) -> bool:
    inner = node
    while isinstance(inner, Parenthesized | Named):
        inner = inner.expression
    if isinstance(inner, Pipeline | DataTable | ExternalData | Materialize | ToTable):
        return True
    if isinstance(inner, NameReference):
        local = scope.names.get(inner.name)
        if local is not None:
            return isinstance(local, TableName)
        symbol = scope.frame.symbols.get(id(inner))
        if isinstance(symbol, TableSymbol):
            return True
    return isinstance(scope.frame.types.get(id(node)) or scope.frame.types.get(id(inner)), TableType)


def _in_table(low: Lowering, operator: str, operand: Expr, item: Expression, scope: Scope) -> Expr:
    """`x in (T)`: the first column of a table; an array in it stands for its items only for has_any and has_all."""
    relation = low.table(item, scope.with_row(None))
    if not relation.columns:
        raise refuse("this table has no column to look in", item.span)
    first = relation.columns[0]
    if operator not in ("in", "in~"):
        values = _listed(low, relation, item)
        return Apply(f"{operator}_array", (operand, values), BOOL, item.span)
    if first.type is DYNAMIC and operand.type is not DYNAMIC:
        values = _listed(low, relation, item)
        return Apply(f"{operator}_array", (operand, values), BOOL, item.span)
    wanted = operand.type if operand.type is not DYNAMIC else first.type
    narrowed = low.project(
        Relation(relation.plan, relation.columns),
        [(low.column(first.name, wanted), converted(use(first), wanted))],
        item.span,
    )
    return InQuery(converted(operand, wanted), narrowed.plan, operator == "in~", span=item.span)


def _listed(low: Lowering, relation: Relation, item: Expression) -> Expr:
    """The values of the first column as one array."""
    from detectionary.compiler.plan import Aggregate

    first = relation.columns[0]
    made = low.column("values", DYNAMIC)
    plan = Aggregate(
        columns=(made,),
        input=relation.plan,
        keys=(),
        measures=(Measure("make_set", (use(first),), DYNAMIC, (), item.span),),
        span=item.span,
    )
    return ScalarQuery(plan, DYNAMIC, item.span)


# Members of dynamic values


def _path(low: Lowering, node: Path, scope: Scope) -> Expr:
    target = node.target
    if isinstance(target, NameReference) and target.name in ("$left", "$right") and isinstance(node.member, Name):
        side = scope.row if target.name == "$left" else scope.right
        found = side.get(node.member.text) if side is not None else None
        if found is None:
            raise refuse(f"{target.name} has no column {node.member.text}", node.span)
        return use(found, node.span)
    if not isinstance(node.member, Name):
        raise refuse("a member of a value is meant by its name", node.span)
    arguments = (low.expression(target, scope), Constant(STRING, node.member.text, node.member.span))
    return Apply("member", arguments, DYNAMIC, node.span)


# Calls


def _call(low: Lowering, node: Call, scope: Scope) -> Expr:
    name = node.name.text
    if scope.aggregates is not None and name in AGGREGATES:
        return aggregate(low, node, scope)
    if id(node) in scope.frame.expansions:
        return body_value(low, node, scope)
    if isinstance(scope.names.get(name), FunctionName):
        raise refuse(f"{name} is not taken apart: functions are called too deeply or too often", node.span)
    definition = low.environment.functions.get(name)
    if definition is not None and definition.body is not None and name not in SCALAR_FUNCTIONS:
        raise refuse(f"{name} calls itself, or is called too often", node.span)
    function = canonical(name)
    if function in WINDOWS:
        return window(low, node, function, scope)
    special = SPECIAL.get(function)
    if special is not None:
        return special(low, node, scope)
    kind = low.typed(node, scope)
    arguments = tuple(low.expression(argument, scope) for argument in node.arguments)
    if kind is ScalarType.UNKNOWN:
        raise refuse(f"the type of {name}(…) is not known before the run", node.span, code="KQL402")
    return Apply(function, arguments, kind, node.span)


def _column_ifexists(low: Lowering, node: Call, scope: Scope) -> Expr:
    """The column of this name when there is one, else the default (learn.microsoft.com, "column_ifexists()")."""
    if len(node.arguments) != 2:
        raise refuse("column_ifexists takes a name and a default", node.span)
    name = low.expression(node.arguments[0], scope)
    if not (isinstance(name, Constant) and isinstance(name.value, str)):
        raise refuse("column_ifexists needs a constant name", node.arguments[0].span)
    found = scope.row.get(name.value) if scope.row is not None else None
    if found is not None:
        return use(found, node.span)
    return low.expression(node.arguments[1], scope)


def _now(low: Lowering, node: Call, scope: Scope) -> Expr:
    """`now(offset)` and `ago(span)`: the clock is a parameter of the run."""
    clock = Apply("now", (), ScalarType.DATETIME, node.span)
    if not node.arguments:
        return clock
    offset = low.expression(node.arguments[0], scope)
    sign = "-" if node.name.text == "ago" else "+"
    return Apply(sign, (clock, offset), ScalarType.DATETIME, node.span)


def _is_column(low: Lowering, node: Call, scope: Scope) -> Expr:
    """`iscolumnexists`: whether the row has a column of this name."""
    name = low.expression(node.arguments[0], scope) if node.arguments else None
    if not (isinstance(name, Constant) and isinstance(name.value, str)):
        raise refuse("iscolumnexists needs a constant name", node.span)
    return Constant(BOOL, scope.row is not None and scope.row.get(name.value) is not None, node.span)


def _ingestion_time(low: Lowering, node: Call, scope: Scope) -> Expr:
    """When a record came into the table: logs read from files do not say, so it is taken to be the record's own time.

    Null where the table has none, as in the service when the table keeps no such times (learn.microsoft.com,
    "ingestion_time()"). See docs/decisions/0008-time.md.
    """
    for name in TIME_COLUMNS:
        found = scope.row.get(name) if scope.row is not None else None
        if found is not None and found.type is ScalarType.DATETIME:
            return use(found, node.span)
    return Constant(ScalarType.DATETIME, None, node.span)


def _materialize(low: Lowering, node: Call, scope: Scope) -> Expr:
    raise refuse("a table stands where a single value is needed", node.span, "use toscalar(…)")


SPECIAL: Final[Mapping[str, Callable[[Lowering, Call, Scope], Expr]]] = {
    "ago": _now,
    "bag_pack_columns": bag_pack_columns,
    "column_ifexists": _column_ifexists,
    "ingestion_time": _ingestion_time,
    "iscolumnexists": _is_column,
    "materialize": _materialize,
    "now": _now,
    "pack_all": pack_all,
    "pack_array": pack_array,
}
"""Functions that are no functions of their arguments' values alone."""
