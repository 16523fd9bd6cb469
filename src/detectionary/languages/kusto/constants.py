"""Constant folding over a bound tree: what an expression is worth when no row has been read.

A value is a `Constant` when the text alone decides it, `Symbolic` when it is the same for all rows but known only at
run time (`ago(7d)`, a `toscalar`), a `Watchlist`, or None when it depends on a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from detectionary.languages.kusto.bound import Bound, FunctionSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.constants_functions import ARITHMETIC, FUNCTIONS, arithmetic, result_type
from detectionary.languages.kusto.lexer import tokenize
from detectionary.languages.kusto.operands import kind_of
from detectionary.languages.kusto.syntax import (
    BadExpression,
    Binary,
    BinaryOperator,
    Call,
    DataScope,
    DataTable,
    DeclareParameters,
    Distinct,
    DynamicLiteral,
    Element,
    Expression,
    Extend,
    FunctionDeclaration,
    JsonArray,
    JsonObject,
    JsonValue,
    Let,
    Literal,
    Materialize,
    Named,
    NameReference,
    Node,
    Parameter,
    Parenthesized,
    Path,
    Pipeline,
    Project,
    ScalarType,
    Summarize,
    ToScalar,
    Unary,
)
from detectionary.languages.kusto.values import (
    NULL,
    Constant,
    Folded,
    JsonData,
    Symbolic,
    Watchlist,
    elements,
    from_json,
    kind_and_scalar,
    query_text,
    to_json,
)
from detectionary.languages.one_line import one_line
from detectionary.model.predicate import Operand

_MAX_DEPTH: Final = 150
"""Deeper expressions are taken as not constant; no rule nests constants so far."""

_NUMBERS: Final = (ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL)

ROW_FUNCTIONS: Final = frozenset(
    {
        "ingestion_time",
        "row_number",
        "row_cumsum",
        "row_rank",
        "row_rank_dense",
        "row_rank_min",
        "row_window_session",
        "extent_id",
        "extent_tags",
        "extentid",
        "extenttags",
        "rand",
        "new_guid",
        "column_ifexists",
        "columnifexists",
        "prev",
        "next",
    }
)
"""Functions whose value differs from row to row though no column is among their arguments."""

_CLOCK_FUNCTIONS: Final = frozenset({"now", "ago"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What the parameters of the functions stand for while one call of them is looked at.

    Keys are the identities of `Parameter` nodes; an argument is read in the scope of its own call.
    """

    arguments: Mapping[int, tuple[Expression, Scope]] = field(default_factory=dict)

    def entered(self, declaration: FunctionDeclaration, call: Call | None, given: int = 0) -> Scope:
        """The scope inside the body of `declaration` when `call` calls it.

        `given` parameters are filled by other means (the table that `invoke` passes on).
        """
        found = dict(self.arguments)
        for parameter in declaration.parameters:
            found.pop(id(parameter), None)
        place = given
        for argument in call.arguments if call is not None else ():
            if isinstance(argument, Named) and len(argument.names) == 1:
                wanted = argument.names[0].text
                named = next((p for p in declaration.parameters if p.name.text == wanted), None)
                if named is not None:
                    found[id(named)] = (argument.expression, self)
                continue
            if place < len(declaration.parameters):
                found[id(declaration.parameters[place])] = (argument, self)
            place += 1
        return Scope(found)


GLOBAL: Final = Scope()


class Constants:
    """Folds expressions of one bound query."""

    def __init__(self, bound: Bound, text: str) -> None:
        self._bound = bound
        self.text = text
        self._global: dict[int, Folded | None] = {}
        self._depth = 0

    def fold(self, expression: Expression, scope: Scope = GLOBAL) -> Folded | None:
        """The value of a scalar expression, or None when it depends on a row."""
        if isinstance(expression, Literal):
            if is_clock(expression):
                return Symbolic("now()", ScalarType.DATETIME, clock=True)
            return Constant(expression.type, expression.value)
        memo = scope is GLOBAL
        if memo and id(expression) in self._global:
            return self._global[id(expression)]
        if self._depth >= _MAX_DEPTH:
            return None
        self._depth += 1
        try:
            result = self._fold(expression, scope)
        finally:
            self._depth -= 1
        if memo:
            self._global[id(expression)] = result
        return result

    def items(self, expressions: tuple[Expression, ...], scope: Scope = GLOBAL) -> tuple[Folded, ...] | None:
        """The values of a list in parentheses, lists inside it spread out; None when one of them is no constant."""
        found: list[Folded] = []
        for expression in expressions:
            folded = self.fold(expression, scope)
            if folded is None:
                listed = self.column(expression, scope)
                if listed is None:
                    return None
                found.extend(listed)
            else:
                found.extend(elements(folded))
        return tuple(found)

    def column(self, expression: Expression, scope: Scope = GLOBAL) -> tuple[Folded, ...] | None:
        """The values of the first column of a table that the text alone decides (a `datatable`, a watchlist)."""
        if self._depth >= _MAX_DEPTH:
            return None
        self._depth += 1
        try:
            return self._column(expression, scope)
        finally:
            self._depth -= 1

    def source(self, expression: Expression) -> str:
        """The text of an expression as it is written, on one line and without comments."""
        written = expression.span.of(self.text)
        return one_line(written, tokenize(written).comments() if "//" in written else ())

    def operand(self, expression: Expression) -> Operand:
        """The expression as one side of a comparison, or as what is counted."""
        return Operand(self.source(expression), kind_of(expression))

    def _fold(self, expression: Expression, scope: Scope) -> Folded | None:
        match expression:
            case Parenthesized(inner):
                return self.fold(inner, scope)
            case DynamicLiteral(json):
                data = _json(json)
                return None if data is None else from_json(data[0])
            case NameReference():
                return self._name(expression, scope)
            case Unary(sign, operand):
                value = self.fold(operand, scope)
                return value if sign == "+" else _negated(value)
            case Binary(operator, left, right):
                return self._binary(operator, left, right, scope)
            case Call():
                return self._call(expression, scope)
            case Element(target, index):
                return _element(self.fold(target, scope), self.fold(index, scope))
            case Path(target, member) if not isinstance(member, Call) and hasattr(member, "text"):
                return _element(self.fold(target, scope), Constant(ScalarType.STRING, member.text))
            case ToScalar():
                return self._toscalar(expression, None, scope)
            case _:
                return None

    def _name(self, node: NameReference, scope: Scope) -> Folded | None:
        symbol = self._bound.symbols.get(id(node))
        if isinstance(symbol, FunctionSymbol) and isinstance(symbol.definition, Let):
            return self._function(symbol.definition, None, scope)
        if not isinstance(symbol, VariableSymbol) or isinstance(symbol.type, TableType):
            return None
        match symbol.declaration:
            case Let(_, FunctionDeclaration()):
                return self._function(symbol.declaration, None, scope)
            case Let(_, ToScalar() as value):
                return self._toscalar(value, symbol, scope)
            case Let(_, value) if not isinstance(value, FunctionDeclaration):
                return self.fold(value, scope)
            case Parameter() as parameter:
                return self._parameter(parameter, symbol, scope)
            case DeclareParameters(parameters):
                declared = next((p for p in parameters if p.name.text == node.name), None)
                return None if declared is None else self._parameter(declared, symbol, scope)
        return None

    def _parameter(self, parameter: Parameter, symbol: VariableSymbol, scope: Scope) -> Folded | None:
        given = scope.arguments.get(id(parameter))
        if given is not None:
            return self.fold(*given)
        if parameter.default is not None:
            return self.fold(parameter.default, scope)
        return Symbolic(symbol.name, parameter.type or ScalarType.UNKNOWN)

    def _function(self, let: Let, call: Call | None, scope: Scope) -> Folded | None:
        declaration = let.value
        if not isinstance(declaration, FunctionDeclaration) or declaration.expression is None:
            return None
        return self.fold(declaration.expression, scope.entered(declaration, call))

    def _binary(self, operator: BinaryOperator, left: Expression, right: Expression, scope: Scope) -> Folded | None:
        if operator not in ARITHMETIC:
            return None
        first = self.fold(left, scope)
        if first is None:
            return None
        second = self.fold(right, scope)
        if second is None:
            return None
        if isinstance(first, Constant) and isinstance(second, Constant):
            return arithmetic(operator, first, second)
        if isinstance(first, Watchlist) or isinstance(second, Watchlist):
            return None
        clock = any(isinstance(side, Symbolic) and side.clock for side in (first, second))
        text = f"{_operand(first)} {operator.value} {_operand(second)}"
        return Symbolic(text, result_type(operator, first.type, second.type), clock)

    def _call(self, call: Call, scope: Scope) -> Folded | None:
        symbol = self._bound.symbols.get(id(call))
        if isinstance(symbol, FunctionSymbol) and symbol.definition is not None:
            return self._function(symbol.definition, call, scope) if isinstance(symbol.definition, Let) else None
        name = call.name.text
        if name in ROW_FUNCTIONS or isinstance(self._bound.types.get(id(call)), TableType) or name == "_GetWatchlist":
            return None
        arguments: list[Folded] = []
        for argument in call.arguments:
            value = argument.expression if isinstance(argument, Named) else argument
            folded = self.fold(value, scope)
            if folded is None or isinstance(folded, Watchlist):
                return folded
            arguments.append(folded)
        constants = [argument for argument in arguments if isinstance(argument, Constant)]
        function = FUNCTIONS.get(name)
        if function is not None and len(constants) == len(arguments):
            result = function(constants)
            if result is not None:
                return result
        kind = self._bound.types.get(id(call))
        clock = is_clock(call) or any(isinstance(a, Symbolic) and a.clock for a in arguments)
        text = f"{name}({', '.join(query_text(argument) for argument in arguments)})"
        return Symbolic(text, kind if isinstance(kind, ScalarType) else ScalarType.UNKNOWN, clock)

    def _toscalar(self, node: ToScalar, symbol: VariableSymbol | None, scope: Scope) -> Folded | None:
        values = self.column(node.pipeline, scope)
        if values is not None and len(values) == 1:
            return values[0]
        kind = self._bound.types.get(id(node))
        if not isinstance(kind, ScalarType):
            kind = ScalarType.UNKNOWN
        return Symbolic(symbol.name if symbol is not None else self.source(node), kind)

    def _column(self, expression: Expression, scope: Scope) -> tuple[Folded, ...] | None:
        match expression:
            case Parenthesized(inner) | Materialize(inner) | DataScope(inner):
                return self.column(inner, scope)
            case DataTable(schema=schema, values=values) if schema.columns:
                return self._cells(values[:: len(schema.columns)], scope)
            case Call(name, arguments) if name.text == "_GetWatchlist" and arguments:
                first = arguments[0]
                alias = self.fold(first.expression if isinstance(first, Named) else first, scope)
                return (Watchlist(str(kind_and_scalar(alias)[1])),) if isinstance(alias, Constant) else None
            case NameReference() | Call():
                return self._tabular_name(expression, scope)
            case Pipeline(stages):
                return self._piped(stages, scope)
            case _:
                return None

    def _tabular_name(self, node: NameReference | Call, scope: Scope) -> tuple[Folded, ...] | None:
        symbol = self._bound.symbols.get(id(node))
        let: object = None
        if isinstance(symbol, VariableSymbol):
            if isinstance(symbol.declaration, Parameter):
                given = scope.arguments.get(id(symbol.declaration))
                return None if given is None else self.column(*given)
            let = symbol.declaration
        elif isinstance(symbol, FunctionSymbol):
            let = symbol.definition
        if not isinstance(let, Let):
            return None
        if isinstance(let.value, FunctionDeclaration):
            if let.value.expression is None:
                return None
            call = node if isinstance(node, Call) else None
            return self.column(let.value.expression, scope.entered(let.value, call))
        return self.column(let.value, scope)

    def _piped(self, stages: tuple[Node, ...], scope: Scope) -> tuple[Folded, ...] | None:
        """A datatable or watchlist whose values pass unchanged: one column picked, or made a list."""
        source, *operators = stages
        values = self.column(source, scope) if isinstance(source, Expression) else None
        if values is None:
            return None
        only = values[0] if len(values) == 1 else None
        if isinstance(only, Watchlist):
            return values
        table = self._table(source, scope) if isinstance(source, Expression) else None
        for operator in operators:
            picked = _picked(operator)
            if table is None or picked is None:
                return None
            name, as_list = picked
            if name not in table:
                return None
            values = table[name]
            if as_list:
                constants = [value for value in values if isinstance(value, Constant)]
                if len(constants) != len(values):
                    return None
                return (Constant(ScalarType.DYNAMIC, tuple(to_json(constant) for constant in constants)),)
            table = {name: values}
        return values

    def _table(self, expression: Expression, scope: Scope) -> dict[str, tuple[Folded, ...]] | None:
        """The columns of a `datatable`, behind names and parentheses."""
        match expression:
            case Parenthesized(inner) | Materialize(inner):
                return self._table(inner, scope)
            case DataTable(schema=schema, values=values):
                width = len(schema.columns)
                found: dict[str, tuple[Folded, ...]] = {}
                for place, column in enumerate(schema.columns):
                    cells = self._cells(values[place::width], scope)
                    if cells is None:
                        return None
                    found[column.name.text] = cells
                return found
            case NameReference():
                symbol = self._bound.symbols.get(id(expression))
                if isinstance(symbol, VariableSymbol) and isinstance(symbol.declaration, Let):
                    value = symbol.declaration.value
                    if not isinstance(value, FunctionDeclaration):
                        return self._table(value, scope)
        return None

    def _cells(self, values: tuple[Expression, ...], scope: Scope) -> tuple[Folded, ...] | None:
        found = [self.fold(value, scope) for value in values]
        cells = tuple(cell for cell in found if cell is not None)
        return cells if len(cells) == len(found) else None


def _picked(operator: Node) -> tuple[str, bool] | None:
    """The one column that an operator leaves, and whether as one list."""
    match operator:
        case Project((only,)) | Distinct((only,)) | Extend((only,)):
            column, as_list = only, False
        case Summarize((only,), None):
            column, as_list = only, True
        case _:
            return None
    if isinstance(column, Named):
        column = column.expression
    if as_list:
        if not isinstance(column, Call) or column.name.text not in _LIST_AGGREGATES or not column.arguments:
            return None
        column = column.arguments[0]
    return (column.name, as_list) if isinstance(column, NameReference) else None


_LIST_AGGREGATES: Final = frozenset({"make_set", "makeset", "make_list", "makelist"})


def _json(value: JsonValue) -> tuple[JsonData] | None:
    """The JSON data of a dynamic literal in a tuple of one; None when a part of it could not be read."""
    match value:
        case JsonArray(items):
            parts = [_json(item) for item in items]
            kept = tuple(part[0] for part in parts if part is not None)
            return (kept,) if len(kept) == len(parts) else None
        case JsonObject(members):
            found: dict[str, JsonData] = {}
            for name, member in members:
                part = _json(member)
                if part is None:
                    return None
                found[name] = part[0]
            return (found,)
        case DynamicLiteral(inner):
            return _json(inner)
        case Literal():
            return (to_json(Constant(value.type, value.value)),)
        case BadExpression():
            return None


def _negated(value: Folded | None) -> Folded | None:
    match value:
        case Constant(kind, int() | float() | Decimal() as number) if not isinstance(number, bool):
            return Constant(kind, -number)
        case Symbolic(text, kind, clock):
            return Symbolic(f"-{text}", kind, clock)
        case _:
            return None


def _operand(folded: Folded) -> str:
    text = query_text(folded)
    return f"({text})" if isinstance(folded, Symbolic) and " " in text and not text.endswith(")") else text


def _element(target: Folded | None, index: Folded | None) -> Folded | None:
    if not isinstance(target, Constant) or not isinstance(index, Constant):
        return None
    match target.value, index.value:
        case tuple(items), int(at) if -len(items) <= at < len(items):
            return from_json(items[at])
        case dict(members), str(name) if name in members:
            return from_json(members[name])
        case (tuple() | dict(), _):
            return NULL
        case _:
            return None


def is_clock(node: Node) -> bool:
    """Whether the node reads the clock: `now()`, `ago(1d)`, `datetime(now)`."""
    match node:
        case Call(name):
            return name.text in _CLOCK_FUNCTIONS
        case Literal(ScalarType.DATETIME, None, text):
            return "now" in text.lower()
        case _:
            return False


def is_number(folded: Folded) -> bool:
    """Whether the value is a number or, for want of anything better, of numeric type."""
    return isinstance(folded, Constant | Symbolic) and folded.type in _NUMBERS
