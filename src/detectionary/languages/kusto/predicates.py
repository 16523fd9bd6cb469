"""From Kusto conditions to the model's predicate tree.

The tree keeps the shape of the condition; every negated spelling becomes `Not` round the positive operator, null checks
excepted (`analysis.md` decision 7). A comparison without a meaning that the model knows is opaque with its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from detectionary.languages.kusto.bound import Bound, ColumnSymbol, FunctionSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.constants import GLOBAL, Constants, Scope, is_number
from detectionary.languages.kusto.lineage import Lineage, Nature, Origin
from detectionary.languages.kusto.predicates_operators import (
    FLIPPED,
    INVERTED,
    LIST_TESTS,
    NULL_CHECKS,
    PRIVATE_RANGES,
    TESTS,
    Test,
    opposite,
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
    walk,
)
from detectionary.languages.kusto.values import Constant, Folded, Symbolic, Watchlist, kind_and_scalar, model_value
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operator,
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.text import Span

_MAX_DEPTH: Final = 100
_LOGIC: Final = (BinaryOperator.AND, BinaryOperator.OR)
_BOOLEANS: Final = frozenset({"tobool", "toboolean"})
_CHOOSING: Final = frozenset({"case", "iff", "iif"})
_FINDING: Final = frozenset({"indexof", "array_index_of", "has_any_index"})


class Predicates:
    """Builds predicate trees for the conditions of one bound query."""

    def __init__(self, bound: Bound, constants: Constants, lineage: Lineage) -> None:
        self._bound = bound
        self._constants = constants
        self._lineage = lineage
        self._depth = 0
        self.tables: dict[tuple[object, object], tuple[str, ...]] = {}
        """The tables behind the field of a comparison, by span and field."""
        self.makers: dict[tuple[Span, str], Span] = {}
        """The stage that made the aggregate of a threshold, by the threshold's span and name."""
        self.chosen: dict[int, Opaque] = {}
        """The `case`/`iff` expressions behind compared columns, by the identity of the expression."""

    def condition(self, expression: Expression, scope: Scope = GLOBAL, search: bool = False) -> Predicate:
        """The tree of a filter's condition; in a `search`, a bare string is looked for in every column."""
        if self._depth >= _MAX_DEPTH:
            return self._opaque("too deep", expression)
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
            return Opaque("parse-where", self._text(operator.span), operator.span)
        pattern = ""
        for part in operator.pattern:
            match part:
                case Star() | ParseColumn():
                    pattern += "" if pattern.endswith("*") else "*"
                case Literal():
                    pattern += str(part.value)
                case _:
                    return Opaque("parse-where", self._text(operator.span), operator.span)
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
                return self._between(expression, scope)
            case Call():
                return self._call(expression, scope, search)
            case Literal(ScalarType.STRING, str(text)) if search:
                return self._searched(text, expression.span)
            case NameReference() | Path() | Element():
                return self._truth(expression, scope)
            case BadExpression():
                return Opaque("unreadable", self._text(expression.span), expression.span)
            case Star() if search:
                return AllOf(())
            case _:
                return self._opaque("no field", expression)

    def _truth(self, expression: Expression, scope: Scope) -> Predicate:
        """A boolean column by itself: the condition that made it, or `column == true`."""
        behind = self._behind(expression, scope)
        if behind is not None:
            return self.condition(*behind)
        true = (Constant(ScalarType.BOOL, True),)
        return self._compare(expression, TESTS[BinaryOperator.EQUAL], true, expression.span, scope)

    def _behind(self, expression: Expression, scope: Scope) -> tuple[Expression, Scope] | None:
        """The condition that an expression is, or that the column, parameter or `let` it names stands for."""
        if self._is_condition(expression):
            return expression, scope
        match self._bound.symbols.get(id(_bare(expression))):
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
            return self._opaque("arithmetic", node)
        left, right = node.left, node.right
        value = self._constants.fold(right, scope)
        if isinstance(_bare(left), Star):
            if value is None:
                return self._opaque("all columns", node)
            return _not_if(test.negated, self._values(None, test, (value,), node.span))
        if value is None:
            other = self._constants.fold(left, scope)
            if other is None:
                return self._two_columns(node, scope)
            if node.operator not in FLIPPED:
                return self._opaque("column inside a literal", node)
            left, value, test = right, other, TESTS[FLIPPED[node.operator]]
        elif self._constants.fold(left, scope) is not None:
            return self._opaque("no field", node)
        truth = value.value if isinstance(value, Constant) and isinstance(value.value, bool) else None
        if truth is not None and test.operator is Operator.EQ:
            behind = self._behind(left, scope)
            if behind is not None:
                return _not_if(truth is test.negated, self.condition(*behind))
        found = self._position(left, test, value, node.span, scope)
        if found is not None:
            return found
        if search and node.operator is BinaryOperator.SEARCH and isinstance(value, Constant):
            return self._searched(str(kind_and_scalar(value)[1]), node.span, self._lineage.trace(left, scope))
        return self._compare(left, test, (value,), node.span, scope)

    def _two_columns(self, node: Binary, scope: Scope) -> Predicate:
        if self._is_time_against_clock(node, scope):
            return TimeFilter(self._text(node.span), node.span)
        return ColumnComparison(
            self._constants.source(node.left),
            node.operator.value,
            self._constants.source(node.right),
            self._text(node.span),
            node.span,
        )

    def _is_time_against_clock(self, node: Binary, scope: Scope) -> bool:
        """Both sides hold the record's time and nothing else, and one of them the clock (`now() - Time < 1h + …`)."""
        sources = [*self._lineage.sources(node.left, scope), *self._lineage.sources(node.right, scope)]
        same = {(source.field, source.nature) for source in sources}
        return len(same) == 1 and sources[0].nature is Nature.TIME and self._has_clock(node)

    def _has_clock(self, expression: Expression) -> bool:
        return any(isinstance(node, Call) and node.name.text in ("now", "ago") for node in walk(expression))

    def _compare(
        self,
        left: Expression,
        test: Test,
        values: tuple[Folded, ...],
        span: Span,
        scope: Scope,
        origin: str | None = None,
    ) -> Predicate:
        """`left` compared with values that are known; `origin` names a sub-query that gives more of them."""
        source = self._lineage.trace(left, scope)
        if source is None:
            return self._several(left, test, values, span, scope, origin)
        if source.nature is Nature.TIME and (_is_time(values) or (values and self._has_clock(left))):
            return TimeFilter(self._text(span), span)
        if source.nature is Nature.AGGREGATE and _is_quantity(values, origin):
            return self._threshold(left, source, test, values, span)
        if source.nature is Nature.INTERVAL:
            return self._interval(left, test, values, span)
        if source.nature is Nature.AGGREGATE and source.content is not None:
            source = Origin(source.content, source.transforms)
        if source.condition is not None:
            self.chosen.setdefault(
                id(source.condition),
                Opaque("case", self._text(source.condition.span), source.condition.span),
            )
        return _not_if(test.negated, self._values(source, test, values, span, origin))

    def _interval(self, left: Expression, test: Test, values: tuple[Folded, ...], span: Span) -> ColumnComparison:
        """The difference of two columns (`end - start < 5m`): they are compared with each other, at a distance."""
        distance = ", ".join(str(kind_and_scalar(value)[1]) for value in values)
        return ColumnComparison(self._name(left), test.spelling, distance, self._text(span), span)

    def _several(
        self, left: Expression, test: Test, values: tuple[Folded, ...], span: Span, scope: Scope, origin: str | None
    ) -> Predicate:
        """A value of several fields, or of none, compared with constants."""
        bare = _bare(left)
        if isinstance(bare, Call) and bare.name.text in _CHOOSING:
            return Opaque("case", self._text(span), span)
        sources = self._lineage.sources(left, scope)
        if not sources:
            return Opaque("no field", self._text(span), span)
        natures = {source.nature for source in sources}
        if Nature.AGGREGATE in natures and _is_quantity(values, origin):
            counted = next(source for source in sources if source.nature is Nature.AGGREGATE)
            return self._threshold(left, counted, test, values, span)
        text = self._constants.source(left)
        if natures <= {Nature.TIME, Nature.INTERVAL} or isinstance(bare, Binary):
            return self._interval(left, test, values, span)
        return _not_if(test.negated, self._values(Origin(text), test, values, span, origin))

    def _threshold(
        self, left: Expression, source: Origin, test: Test, values: tuple[Folded, ...], span: Span
    ) -> Predicate:
        name = self._name(left)
        if source.maker is not None:
            self.makers[(span, name)] = source.maker.span
        tests = tuple(
            ThresholdTest(name, source.aggregate, test.operator, model_value(value), span) for value in values
        )
        return _not_if(test.negated, tests[0] if len(tests) == 1 else AnyOf(tests))

    def _values(
        self, source: Origin | None, test: Test, values: tuple[Folded, ...], span: Span, origin: str | None = None
    ) -> Comparison:
        """The comparison itself, null checks normalised."""
        field = None if source is None else source.field
        functions = () if source is None else source.transforms
        if source is not None and source.tables:
            self.tables[(span, field)] = source.tables
        only = values[0] if len(values) == 1 and origin is None else None
        if test.operator is Operator.EQ and isinstance(only, Constant) and only.value in (None, ""):
            return Comparison(field, Operator.IS_NULL, Quantifier.ANY, (), span, transforms=functions)
        if not values and origin is None:
            empty = (Value(ValueKind.EMPTY_LIST, None, functions),)
            return Comparison(field, test.operator, test.quantifier, empty, span)
        written = tuple(model_value(value, (*functions, *test.transforms(value))) for value in values)
        transforms = functions if origin is not None and not written else ()
        return Comparison(field, test.operator, test.quantifier, written, span, origin, transforms=transforms)

    def _searched(self, text: str, span: Span, source: Origin | None = None) -> Comparison:
        """A search term; a star at an end makes it a prefix or suffix (learn.microsoft.com, "search operator")."""
        inner = text.strip("*")
        functions = () if source is None else source.transforms
        field = None if source is None else source.field
        operator, value = Operator.MATCH, inner
        term: tuple[str, ...] = ("term",)
        match text.startswith("*"), text.endswith("*"):
            case _ if "*" in inner:
                operator, value, term = Operator.WILDCARD, text, ()
            case True, True:
                operator, value, term = Operator.CONTAINS, inner, ()
            case True, False:
                operator = Operator.ENDS_WITH
            case False, True:
                operator = Operator.STARTS_WITH
            case _:
                pass
        written = Value(ValueKind.TEXT, value, (*functions, *term))
        return Comparison(field, operator, Quantifier.ANY, (written,), span)

    def _between(self, node: Between, scope: Scope) -> Predicate:
        low, high = self._constants.fold(node.low, scope), self._constants.fold(node.high, scope)
        source = self._lineage.trace(node.operand, scope)
        text = self._text(node.span)
        if low is None or high is None:
            if source is not None and source.nature is Nature.TIME and self._has_clock(node):
                return TimeFilter(text, node.span)
            return self._column_between(
                node, f"{self._constants.source(node.low)} .. {self._constants.source(node.high)}"
            )
        if source is not None and source.nature is Nature.TIME and _is_time((low, high)):
            return TimeFilter(text, node.span)
        limits = (kind_and_scalar(low)[1], kind_and_scalar(high)[1])
        sources = self._lineage.sources(node.operand, scope) if source is None else [source]
        if any(each.nature is Nature.AGGREGATE for each in sources) and _is_quantity((low, high), None):
            counted = next(each for each in sources if each.nature is Nature.AGGREGATE)
            name = self._name(node.operand)
            if counted.maker is not None:
                self.makers[(node.span, name)] = counted.maker.span
            pair = Value(ValueKind.RANGE, limits)
            return ThresholdTest(name, counted.aggregate, Operator.BETWEEN, pair, node.span, node.negated)
        if not sources:
            return self._opaque("no field", node)
        if all(each.nature is Nature.INTERVAL or (each.nature is Nature.TIME and source is None) for each in sources):
            return self._column_between(node, f"{limits[0]} .. {limits[1]}")
        if source is None:
            source = Origin(self._constants.source(node.operand))
        written = Value(ValueKind.RANGE, limits, source.transforms)
        return _not_if(node.negated, Comparison(source.field, Operator.BETWEEN, Quantifier.ANY, (written,), node.span))

    def _column_between(self, node: Between, limits: str) -> ColumnComparison:
        spelling = "!between" if node.negated else "between"
        return ColumnComparison(self._name(node.operand), spelling, limits, self._text(node.span), node.span)

    # Lists

    def _in_list(self, node: InList, scope: Scope) -> Predicate:
        test = LIST_TESTS[node.operator]
        if isinstance(_bare(node.operand), Star):
            values = self._constants.items(node.items, scope)
            if values is None:
                return self._opaque("all columns", node)
            return _not_if(test.negated, self._values(None, test, values, node.span))
        operand = self._constants.fold(node.operand, scope)
        if operand is not None:
            return self._literal_among(node, test, operand, scope)
        values, origin, rest = self._members(node.items, scope)
        if rest:
            listed = ", ".join(self._constants.source(item) for item in node.items)
            left = self._constants.source(node.operand)
            return ColumnComparison(left, node.operator.value, listed, self._text(node.span), node.span)
        return self._compare(node.operand, test, values, node.span, scope, origin)

    def _literal_among(self, node: InList, test: Test, operand: Folded, scope: Scope) -> Predicate:
        """`"x" in (A, B)`: one of the columns has the value."""
        if node.operator in (ListOperator.HAS_ANY, ListOperator.HAS_ALL):
            return self._opaque("column inside a literal", node)
        parts: list[Predicate] = []
        positive = Test(test.operator, test.spelling, cased=test.cased)
        for item in node.items:
            if self._constants.fold(item, scope) is not None or self._is_table(item):
                return self._opaque("no field", node)
            parts.append(self._compare(item, positive, (operand,), node.span, scope))
        return _not_if(test.negated, parts[0] if len(parts) == 1 else AnyOf(tuple(parts)))

    def _members(
        self, items: tuple[Expression, ...], scope: Scope
    ) -> tuple[tuple[Folded, ...], str | None, list[Expression]]:
        """The known values of a list, the name of the sub-query among them, and the items that depend on the row."""
        values: list[Folded] = []
        origin: str | None = None
        rest: list[Expression] = []
        for item in items:
            known = self._constants.items((item,), scope)
            if known is not None:
                values.extend(value for value in known if not _is_unread_list(value))
                if any(isinstance(value, Watchlist) or _is_unread_list(value) for value in known):
                    origin = self._name(item)
            elif self._is_table(item):
                origin = self._name(item)
            else:
                rest.append(item)
        return tuple(values), origin, rest

    def _is_table(self, expression: Expression) -> bool:
        return isinstance(self._bound.types.get(id(_bare(expression))), TableType)

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
            return self._null_check(call, arguments[0], NULL_CHECKS[name], scope)
        if name in _CHOOSING:
            return self._opaque("case", call)
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
        return self._opaque("user function", call)

    def _null_check(self, call: Call, argument: Expression, null: bool, scope: Scope) -> Predicate:
        source = self._lineage.trace(argument, scope)
        if source is None:
            if not self._lineage.sources(argument, scope):
                return self._opaque("no field", call)
            source = Origin(self._constants.source(argument))
        if source.condition is not None:
            self.chosen.setdefault(
                id(source.condition), Opaque("case", self._text(source.condition.span), source.condition.span)
            )
        operator = Operator.IS_NULL if null else Operator.IS_NOT_NULL
        if source.tables:
            self.tables[(call.span, source.field)] = source.tables
        return Comparison(source.field, operator, Quantifier.ANY, (), call.span, transforms=source.transforms)

    def _cidr(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        """`ipv4_is_match(a, b)` and its kin: whichever side is constant is the range."""
        if len(arguments) < 2:
            return None
        test = Test(Operator.CIDR_MATCH, call.name.text)
        values, origin, rest = self._members(arguments[1:2], scope)
        if call.name.text.endswith("_in_any_range"):
            values, origin, rest = self._members(arguments[1:], scope)
        if not rest:
            if self._constants.fold(arguments[0], scope) is not None:
                return self._opaque("no field", call)
            return self._compare(arguments[0], test, values, call.span, scope, origin)
        value = self._constants.fold(arguments[0], scope)
        if value is not None and call.name.text.endswith("_is_match"):
            return self._compare(arguments[1], test, (value,), call.span, scope)
        return self._related(call, arguments)

    def _private(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        if len(arguments) != 1:
            return None
        test = Test(Operator.CIDR_MATCH, call.name.text)
        values = tuple(Constant(ScalarType.STRING, network) for network in PRIVATE_RANGES)
        return self._compare(arguments[0], test, values, call.span, scope)

    def _has_address(self, call: Call, arguments: tuple[Expression, ...], scope: Scope) -> Predicate | None:
        """`has_ipv4(text, address)`, `has_any_ipv4_prefix(text, prefix, …)`."""
        if len(arguments) < 2:
            return None
        operator = Operator.STARTS_WITH if call.name.text.endswith("_prefix") else Operator.MATCH
        values, origin, rest = self._members(arguments[1:], scope)
        if rest:
            return self._related(call, arguments)
        return self._compare(arguments[0], Test(operator, call.name.text, term=True), values, call.span, scope, origin)

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
                return self._opaque("no field", call)
            return self._compare(listed, test, (value,), call.span, scope)
        values, origin, rest = self._members((listed,), scope)
        if rest:
            return self._related(call, (listed, item))
        return self._compare(item, test, values, call.span, scope, origin)

    def _related(self, call: Call, arguments: tuple[Expression, ...]) -> ColumnComparison:
        left, *others = (self._constants.source(argument) for argument in arguments)
        return ColumnComparison(left, call.name.text, ", ".join(others), self._text(call.span), call.span)

    # Positions: `indexof(x, "y") != -1` is `x contains "y"`

    def _position(self, left: Expression, test: Test, value: Folded, span: Span, scope: Scope) -> Predicate | None:
        call = _bare(left)
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
                inner = self._compare(first, contains, (needle,), span, scope)
            case _:
                values, origin, rest = self._members((second,), scope)
                if rest:
                    return None
                inner = self._compare(first, LIST_TESTS[ListOperator.HAS_ANY], values, span, scope, origin)
        return _not_if(not found, inner)

    def _name(self, expression: Expression) -> str:
        """A column's name without brackets; the text of anything else."""
        bare = _bare(expression)
        return bare.name if isinstance(bare, NameReference) else self._constants.source(bare)

    def _text(self, span: Span) -> str:
        return span.of(self._constants.text)

    def _opaque(self, reason: str, expression: Expression) -> Opaque:
        return Opaque(reason, self._text(expression.span), expression.span)


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


def negated(predicate: Predicate) -> Predicate:
    """The opposite: two negations cancel out, null checks, thresholds and comparisons of columns turn round."""
    match predicate:
        case Not(operand):
            return operand
        case Comparison(operator=Operator.IS_NULL):
            return replace(predicate, operator=Operator.IS_NOT_NULL)
        case Comparison(operator=Operator.IS_NOT_NULL):
            return replace(predicate, operator=Operator.IS_NULL)
        case ThresholdTest(operator=operator, negated=False) if operator in INVERTED:
            return replace(predicate, operator=INVERTED[operator])
        case ThresholdTest(negated=already):
            return replace(predicate, negated=not already)
        case TimeFilter(text, span):
            return TimeFilter(f"not({text})", span)
        case ColumnComparison(operator=operator, text=text):
            return replace(predicate, operator=opposite(operator), text=f"not({text})")
        case _:
            return Not(predicate)


def _not_if(condition: bool, predicate: Predicate) -> Predicate:
    return negated(predicate) if condition else predicate


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


def _bare(expression: Expression) -> Expression:
    while isinstance(expression, Parenthesized):
        expression = expression.expression
    return expression


def _is_unread_list(value: Folded) -> bool:
    """A list that only a run can read: `toscalar(T | summarize make_set(x))`."""
    return isinstance(value, Symbolic) and value.type is ScalarType.DYNAMIC and not value.clock


def _is_time(values: tuple[Folded, ...]) -> bool:
    """Whether the values are points in time: a datetime, the clock, or a name that is worth one at run time."""
    return bool(values) and all(
        isinstance(value, Constant | Symbolic)
        and (
            value.type is ScalarType.DATETIME
            or (isinstance(value, Symbolic) and (value.clock or value.type is ScalarType.UNKNOWN))
        )
        for value in values[:1]
    )


def _is_quantity(values: tuple[Folded, ...], origin: str | None) -> bool:
    """Whether the values are numbers, or durations, or at least no text."""
    return (
        origin is None
        and bool(values)
        and all(
            is_number(value)
            or (
                isinstance(value, Constant | Symbolic)
                and value.type in (ScalarType.TIMESPAN, ScalarType.DATETIME, ScalarType.BOOL)
            )
            or (isinstance(value, Symbolic) and value.type in (ScalarType.UNKNOWN, ScalarType.DYNAMIC))
            for value in values
        )
    )


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
