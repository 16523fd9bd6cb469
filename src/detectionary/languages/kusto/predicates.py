"""From Kusto conditions to the model's predicate tree.

The tree keeps the shape of the condition; every negated spelling becomes `Not` round the positive operator, null checks
excepted (`analysis.md` decision 7). A comparison without a meaning that the model knows is opaque with its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from detectionary.languages.kusto.bound import Bound, ColumnSymbol, FunctionSymbol, VariableSymbol
from detectionary.languages.kusto.constants import GLOBAL, Constants, Scope
from detectionary.languages.kusto.lineage import Lineage, Nature
from detectionary.languages.kusto.predicates_comparisons import CHOOSING, Comparisons, bare_of, negated, not_if
from detectionary.languages.kusto.predicates_operators import (
    FLIPPED,
    LIST_TESTS,
    NULL_CHECKS,
    PRIVATE_RANGES,
    TESTS,
    Test,
)
from detectionary.languages.kusto.syntax import (
    BadExpression,
    Between,
    Binary,
    BinaryOperator,
    Call,
    Element,
    Expression,
    FunctionDeclaration,
    InList,
    Let,
    ListOperator,
    Literal,
    Named,
    NameReference,
    Parameter,
    Parenthesized,
    Parse,
    ParseColumn,
    Path,
    ScalarType,
    Star,
)
from detectionary.languages.kusto.values import Constant, Folded, kind_and_scalar
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Opaque,
    Operator,
    Predicate,
    Quantifier,
    TimeFilter,
    Value,
    ValueKind,
    listed,
)
from detectionary.text import Span

_MAX_DEPTH: Final = 100
_LOGIC: Final = (BinaryOperator.AND, BinaryOperator.OR)
_BOOLEANS: Final = frozenset({"tobool", "toboolean"})
_FINDING: Final = frozenset({"indexof", "array_index_of", "has_any_index"})


class Predicates:
    """Builds predicate trees for the conditions of one bound query."""

    def __init__(self, bound: Bound, constants: Constants, lineage: Lineage) -> None:
        self._bound = bound
        self._constants = constants
        self._lineage = lineage
        self.comparisons = Comparisons(bound, constants, lineage)
        self._depth = 0

    def condition(self, expression: Expression, scope: Scope = GLOBAL, search: bool = False) -> Predicate:
        """The tree of a filter's condition; in a `search`, a bare string is looked for in every column."""
        if self._depth >= _MAX_DEPTH:
            return self.comparisons.opaque("too deep", expression)
        self._depth += 1
        try:
            return self._condition(expression, scope, search)
        finally:
            self._depth -= 1

    def parsed_where(self, operator: Parse, scope: Scope = GLOBAL) -> Predicate:
        """What `parse-where` keeps: rows that fit the pattern; a wildcard when the pattern has literal text."""
        has_literal = any(isinstance(part, Literal) and part.value for part in operator.pattern)
        kind = next((p.value for p in operator.parameters if p.name == "kind"), None)
        simple = kind is None or (isinstance(kind, NameReference) and kind.name in ("simple", "relaxed"))
        origin = self._lineage.trace(operator.expression, scope)
        if not has_literal or not simple or origin is None:
            return Opaque("parse-where", self.comparisons.text(operator.span), operator.span)
        pattern = ""
        for part in operator.pattern:
            match part:
                case Star() | ParseColumn():
                    pattern += "" if pattern.endswith("*") else "*"
                case Literal():
                    pattern += str(part.value)
                case _:
                    return Opaque("parse-where", self.comparisons.text(operator.span), operator.span)
        value = Value(ValueKind.TEXT, pattern, (*origin.transforms, "cased"))
        return Comparison(origin.field, Operator.WILDCARD, Quantifier.ANY, (value,), operator.span)

    # Structure

    def _condition(self, expression: Expression, scope: Scope, search: bool) -> Predicate:
        match expression:
            case Parenthesized(inner):
                return self.condition(inner, scope, search)
            case Binary(operator) if operator in _LOGIC:
                parts = tuple(self.condition(part, scope, search) for part in _chain(expression, operator))
                return AllOf(parts) if operator is BinaryOperator.AND else AnyOf(parts)
            case Binary():
                return self._binary(expression, scope, search)
            case InList():
                return self._in_list(expression, scope)
            case Between():
                return self.comparisons.between(expression, scope)
            case Call():
                return self._call(expression, scope, search)
            case Literal(ScalarType.STRING, str(text)) if search:
                return self.comparisons.searched(text, expression.span)
            case NameReference() | Path() | Element():
                return self._truth(expression, scope)
            case BadExpression():
                return Opaque("unreadable", self.comparisons.text(expression.span), expression.span)
            case Star() if search:
                return AllOf(())
            case _:
                return self.comparisons.opaque("no field", expression)

    def _truth(self, expression: Expression, scope: Scope) -> Predicate:
        """A boolean column by itself: the condition that made it, or `column == true`."""
        behind = self._behind(expression, scope)
        if behind is not None:
            return self.condition(*behind)
        true = (Constant(ScalarType.BOOL, True),)
        return self.comparisons.compare(expression, TESTS[BinaryOperator.EQUAL], true, expression.span, scope)

    def _behind(self, expression: Expression, scope: Scope) -> tuple[Expression, Scope] | None:
        """The condition that an expression is, or that the column, parameter or `let` it names stands for."""
        if self._is_condition(expression):
            return expression, scope
        match self._bound.symbols.get(id(bare_of(expression))):
            case ColumnSymbol(expression=made, aggregate=False, expanded=False) if made is not None:
                found = (made, scope)
            case VariableSymbol(declaration=Parameter() as parameter) if id(parameter) in scope.arguments:
                found = scope.arguments[id(parameter)]
            case VariableSymbol(declaration=Let(_, value)) if not isinstance(value, FunctionDeclaration):
                found = (value, scope)
            case _:
                return None
        return found if self._is_condition(found[0]) else None

    def _is_condition(self, expression: Expression) -> bool:
        """Whether the expression is a condition of its own rather than a value."""
        while isinstance(expression, Parenthesized):
            expression = expression.expression
        match expression:
            case Binary(operator):
                return operator in _LOGIC or operator in TESTS
            case InList() | Between():
                return True
            case Call(name) if name.text in _BOOLEANS and len(expression.arguments) == 1:
                return self._is_condition(expression.arguments[0])
            case Call(name):
                if name.text in NULL_CHECKS or name.text in _CALLS or name.text == "not":
                    return True
                symbol = self._bound.symbols.get(id(expression))
                if isinstance(symbol, FunctionSymbol) and isinstance(symbol.definition, Let):
                    function = symbol.definition.value
                    body = function.expression if isinstance(function, FunctionDeclaration) else None
                    return body is not None and self._is_condition(body)
                return False
            case _:
                return False

    # Comparisons

    def _binary(self, node: Binary, scope: Scope, search: bool) -> Predicate:
        test = TESTS.get(node.operator)
        if test is None:
            return self.comparisons.opaque("arithmetic", node)
        left, right = node.left, node.right
        value = self._constants.fold(right, scope)
        if isinstance(bare_of(left), Star):
            if value is None:
                return self.comparisons.opaque("all columns", node)
            return not_if(test.negated, self.comparisons.values(None, test, (value,), node.span))
        if value is None:
            other = self._constants.fold(left, scope)
            if other is None:
                return self._two_columns(node, scope)
            if node.operator not in FLIPPED:
                return self.comparisons.opaque("column inside a literal", node)
            left, value, test = right, other, TESTS[FLIPPED[node.operator]]
        elif self._constants.fold(left, scope) is not None:
            return self.comparisons.opaque("no field", node)
        # `== 0` of a condition is `== false`.
        truth = bool(value.value) if isinstance(value, Constant) and value.value in (False, True) else None
        if truth is not None and test.operator is Operator.EQ:
            behind = self._behind(left, scope)
            if behind is not None:
                return not_if(truth is test.negated, self.condition(*behind))
        found = self._position(left, test, value, node.span, scope)
        if found is not None:
            return found
        if search and node.operator is BinaryOperator.SEARCH and isinstance(value, Constant):
            return self.comparisons.searched(
                str(kind_and_scalar(value)[1]), node.span, self._lineage.trace(left, scope)
            )
        return self.comparisons.compare(left, test, (value,), node.span, scope)

    def _two_columns(self, node: Binary, scope: Scope) -> Predicate:
        if self._is_time_against_clock(node, scope):
            return TimeFilter(self.comparisons.text(node.span), node.span)
        return ColumnComparison(
            self._constants.operand(node.left),
            node.operator.value,
            self._constants.operand(node.right),
            self.comparisons.text(node.span),
            node.span,
        )

    def _is_time_against_clock(self, node: Binary, scope: Scope) -> bool:
        """Both sides hold the record's time and nothing else, and one of them the clock (`now() - Time < 1h + …`)."""
        sources = [*self._lineage.sources(node.left, scope), *self._lineage.sources(node.right, scope)]
        same = {(source.field, source.nature) for source in sources}
        return len(same) == 1 and sources[0].nature is Nature.TIME and self.comparisons.has_clock(node)

    # Lists

    def _in_list(self, node: InList, scope: Scope) -> Predicate:
        test = LIST_TESTS[node.operator]
        if isinstance(bare_of(node.operand), Star):
            values = self._constants.items(node.items, scope)
            if values is None:
                return self.comparisons.opaque("all columns", node)
            return not_if(test.negated, self.comparisons.values(None, test, values, node.span))
        operand = self._constants.fold(node.operand, scope)
        if operand is not None:
            return self._literal_among(node, test, operand, scope)
        values, origin, rest = self.comparisons.members(node.items, scope)
        if rest:
            left, items = self._constants.operand(node.operand), listed(map(self._constants.operand, node.items))
            return ColumnComparison(left, node.operator.value, items, self.comparisons.text(node.span), node.span)
        return self.comparisons.compare(node.operand, test, values, node.span, scope, origin)

    def _literal_among(self, node: InList, test: Test, operand: Folded, scope: Scope) -> Predicate:
        """`"x" in (A, B)`: one of the columns has the value."""
        if node.operator in (ListOperator.HAS_ANY, ListOperator.HAS_ALL):
            return self.comparisons.opaque("column inside a literal", node)
        parts: list[Predicate] = []
        positive = Test(test.operator, test.spelling, cased=test.cased)
        for item in node.items:
            if self._constants.fold(item, scope) is not None or self.comparisons.is_table(item):
                return self.comparisons.opaque("no field", node)
            parts.append(self.comparisons.compare(item, positive, (operand,), node.span, scope))
        return not_if(test.negated, parts[0] if len(parts) == 1 else AnyOf(tuple(parts)))

    # Calls

    def _call(self, call: Call, scope: Scope, search: bool) -> Predicate:
        name = call.name.text
        symbol = self._bound.symbols.get(id(call))
        if isinstance(symbol, FunctionSymbol) and symbol.definition is not None:
            return self._user_function(call, symbol, scope)
        arguments = tuple(a.expression if isinstance(a, Named) else a for a in call.arguments)
        if name == "not" and len(arguments) == 1:
            return negated(self.condition(arguments[0], scope, search))
        if name in NULL_CHECKS and len(arguments) == 1:
            return self.comparisons.null_check(call, arguments[0], NULL_CHECKS[name], scope)
        if name in CHOOSING:
            return self.comparisons.opaque("case", call)
        if name in _BOOLEANS and len(arguments) == 1 and self._is_condition(arguments[0]):
            return self.condition(arguments[0], scope)
        build = _CALLS.get(name)
        if build is not None:
            found = build(self, call, arguments, scope)
            if found is not None:
                return found
        return self._truth(call, scope)

    def _user_function(self, call: Call, symbol: FunctionSymbol, scope: Scope) -> Predicate:
        """A function of the query is read in place of its call; one of the environment stays closed."""
        if isinstance(symbol.definition, Let) and isinstance(symbol.definition.value, FunctionDeclaration):
            function = symbol.definition.value
            if function.expression is not None:
                inner = scope.entered(function, call)
                if self._is_condition(function.expression) or not call.arguments:
                    return self.condition(function.expression, inner)
                return self._truth(call, scope)
        return self.comparisons.opaque("user function", call)

    def _cidr(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        """`ipv4_is_match(a, b)` and its kin: whichever side is constant is the range."""
        if len(arguments) < 2:
            return None
        test = Test(Operator.CIDR_MATCH, call.name.text)
        values, origin, rest = self.comparisons.members(arguments[1:2], scope)
        if call.name.text.endswith("_in_any_range"):
            values, origin, rest = self.comparisons.members(arguments[1:], scope)
        if not rest:
            if self._constants.fold(arguments[0], scope) is not None:
                return self.comparisons.opaque("no field", call)
            return self.comparisons.compare(arguments[0], test, values, call.span, scope, origin)
        value = self._constants.fold(arguments[0], scope)
        if value is not None and call.name.text.endswith("_is_match"):
            return self.comparisons.compare(arguments[1], test, (value,), call.span, scope)
        return self._related(call, arguments)

    def _private(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        if len(arguments) != 1:
            return None
        test = Test(Operator.CIDR_MATCH, call.name.text)
        values = tuple(Constant(ScalarType.STRING, network) for network in PRIVATE_RANGES)
        return self.comparisons.compare(arguments[0], test, values, call.span, scope)

    def _has_address(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        """`has_ipv4(text, address)`, `has_any_ipv4_prefix(text, prefix, …)`."""
        if len(arguments) < 2:
            return None
        operator = Operator.STARTS_WITH if call.name.text.endswith("_prefix") else Operator.MATCH
        values, origin, rest = self.comparisons.members(arguments[1:], scope)
        if rest:
            return self._related(call, arguments)
        test = Test(operator, call.name.text, term=True)
        return self.comparisons.compare(arguments[0], test, values, call.span, scope, origin)

    def _set_element(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        if len(arguments) != 2:
            return None
        return self._element_of(call, arguments[0], arguments[1], scope)

    def _element_of(self, call: Call, listed: Expression, item: Expression, scope: Scope) -> Predicate:
        """An array holds a value: the constant side gives the values, the other is the field."""
        test = TESTS[BinaryOperator.EQUAL]
        value = self._constants.fold(item, scope)
        if value is not None:
            if self._constants.fold(listed, scope) is not None:
                return self.comparisons.opaque("no field", call)
            return self.comparisons.compare(listed, test, (value,), call.span, scope)
        values, origin, rest = self.comparisons.members((listed,), scope)
        if rest:
            return self._related(call, (listed, item))
        return self.comparisons.compare(item, test, values, call.span, scope, origin)

    def _related(self, call: Call, arguments: tuple[Expression, ...]) -> ColumnComparison:
        left, *others = map(self._constants.operand, arguments)
        return ColumnComparison(left, call.name.text, listed(others), self.comparisons.text(call.span), call.span)

    # Positions: `indexof(x, "y") != -1` is `x contains "y"`

    def _position(self, left: Expression, test: Test, value: Folded, span: Span, scope: Scope) -> Predicate | None:
        call = bare_of(left)
        if not isinstance(call, Call) or call.name.text not in _FINDING or len(call.arguments) != 2:
            return None
        found = _is_found(test, value)
        if found is None:
            return None
        first, second = call.arguments
        match call.name.text:
            case "array_index_of":
                inner = self._element_of(call, first, second, scope)
            case "indexof":
                needle = self._constants.fold(second, scope)
                if needle is None:
                    return None
                contains = TESTS[BinaryOperator.CONTAINS_CS]
                inner = self.comparisons.compare(first, contains, (needle,), span, scope)
            case _:
                values, origin, rest = self.comparisons.members((second,), scope)
                if rest:
                    return None
                inner = self.comparisons.compare(first, LIST_TESTS[ListOperator.HAS_ANY], values, span, scope, origin)
        return not_if(not found, inner)


_Build = Callable[[Predicates, Call, "tuple[Expression, ...]", Scope], "Predicate | None"]
_CALLS: Final[Mapping[str, _Build]] = {
    "ipv4_is_private": Predicates._private,
    "ipv4_is_match": Predicates._cidr,
    "ipv4_is_in_range": Predicates._cidr,
    "ipv4_is_in_any_range": Predicates._cidr,
    "ipv6_is_match": Predicates._cidr,
    "ipv6_is_in_range": Predicates._cidr,
    "ipv6_is_in_any_range": Predicates._cidr,
    "has_ipv4": Predicates._has_address,
    "has_ipv4_prefix": Predicates._has_address,
    "has_any_ipv4": Predicates._has_address,
    "has_any_ipv4_prefix": Predicates._has_address,
    "set_has_element": Predicates._set_element,
}
"""Boolean functions that are comparisons of a field with values."""


def _chain(expression: Expression, operator: BinaryOperator) -> list[Expression]:
    """The operands of a left-leaning chain of one operator, from left to right."""
    found: list[Expression] = []
    current = expression
    while isinstance(current, Binary) and current.operator is operator:
        found.append(current.right)
        current = current.left
    found.append(current)
    found.reverse()
    return found


def _is_found(test: Test, value: Folded) -> bool | None:
    """What a comparison of a position says: found, not found, or something else."""
    if not isinstance(value, Constant) or not isinstance(value.value, int):
        return None
    match test.operator, test.negated, value.value:
        case (Operator.EQ, negated, -1):
            return negated
        case (Operator.GT, False, -1) | (Operator.GE, False, 0):
            return True
        case (Operator.LT, False, 0) | (Operator.LE, False, -1):
            return False
        case _:
            return None
