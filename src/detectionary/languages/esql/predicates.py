"""From ES|QL conditions to the model's predicate tree.

The tree keeps the shape of the condition; every negated spelling becomes `Not` round the positive operator, null checks
excepted (`analysis.md` decision 7). A comparison without a meaning that the model knows is opaque with its text.
"""

from __future__ import annotations

from typing import Final

from detectionary.languages.esql.columns import Nature, Table
from detectionary.languages.esql.constants import Constants, Folded, text_of
from detectionary.languages.esql.functions import FUNCTIONS
from detectionary.languages.esql.lineage import CONDITIONS, Lineage
from detectionary.languages.esql.patterns import wildcard
from detectionary.languages.esql.predicates_comparisons import Comparisons
from detectionary.languages.esql.predicates_operators import (
    FLIPPED,
    PATTERN_FUNCTIONS,
    QUERY_FUNCTIONS,
    TESTS,
    TEXT_TESTS,
    Test,
    negated,
    not_if,
)
from detectionary.languages.esql.syntax import (
    Bad,
    Call,
    Compare,
    Connective,
    Expression,
    InList,
    InQuery,
    IsNull,
    Like,
    Logic,
    MapLiteral,
    Match,
    Name,
    Not,
    Parenthesized,
    bare,
)
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    TimeFilter,
    ValueKind,
    listed,
)
from detectionary.text import Span

_DEEPEST: Final = 70
_EQUAL: Final = TESTS["=="]
_WILDCARD: Final = Test(Operator.WILDCARD, "like")
_REGEX: Final = Test(Operator.REGEX_MATCH, "rlike", extra=("whole",))  # of the whole value, as Lucene has it
_CIDR: Final = Test(Operator.CIDR_MATCH, "cidr_match", cased=False)
_TRUE: Final = Folded(ValueKind.BOOL, True, "boolean")


class Predicates:
    """Builds predicate trees for the conditions of one query."""

    def __init__(self, constants: Constants, lineage: Lineage, comparisons: Comparisons) -> None:
        self._constants = constants
        self._lineage = lineage
        self._comparisons = comparisons
        self._depth = 0

    def condition(self, expression: Expression, table: Table) -> Predicate:
        """The tree of a filter's condition."""
        if self._depth >= _DEEPEST:
            return self._comparisons.opaque("too deep", expression.span)
        self._depth += 1
        try:
            return self._condition(expression, table)
        finally:
            self._depth -= 1

    def _condition(self, expression: Expression, table: Table) -> Predicate:
        match expression:
            case Parenthesized(inner):
                return self.condition(inner, table)
            case Logic(connective, operands):
                parts = tuple(self.condition(operand, table) for operand in operands)
                return AllOf(parts) if connective is Connective.AND else AnyOf(parts)
            case Not(operand):
                return negated(self.condition(operand, table))
            case Compare():
                return self._compare(expression, table)
            case InList():
                return not_if(expression.negated, self._in_list(expression, table))
            case InQuery():
                return not_if(expression.negated, self._in_query(expression, table))
            case Like(operand, patterns, regex, is_negated):
                return not_if(is_negated, self._like(operand, patterns, regex, expression.span, table))
            case IsNull(operand, is_negated):
                return self._comparisons.null_check(operand, not is_negated, expression.span, table)
            case Match(operand, query):
                return self._tested(operand, query, TEXT_TESTS["match"], expression, table)
            case Call():
                return self._call(expression, table)
            case Name():
                return self._truth(expression, table)
            case Bad():
                return self._comparisons.opaque("unreadable", expression.span)
            case _:
                return self._comparisons.opaque("no field", expression.span)

    def _truth(self, expression: Expression, table: Table) -> Predicate:
        """A truth value by itself: the condition that made the column, or `column == true`."""
        behind = self._behind(expression, table)
        if behind is not None:
            return self.condition(*behind)
        return self._comparisons.compare(expression, _EQUAL, (_TRUE,), expression.span, table)

    def _behind(self, expression: Expression, table: Table) -> tuple[Expression, Table] | None:
        """The condition that an expression is, or that the column it names stands for."""
        plain = bare(expression)
        if isinstance(plain, CONDITIONS) or (isinstance(plain, Call) and _is_condition(plain.name)):
            return plain, table
        if isinstance(plain, Name):
            column = table.find(plain.text)
            if column is not None and column.test is not None and column.scope is not None:
                return self._behind(column.test, column.scope)
        return None

    # Comparisons

    def _compare(self, node: Compare, table: Table) -> Predicate:
        test = TESTS[node.operator]
        left, right = node.left, node.right
        value = self._constants.fold(right, table)
        if value is None:
            other = self._constants.fold(left, table)
            if other is None:
                return self._two_columns(node, table)
            left, value, test = right, other, TESTS[FLIPPED.get(node.operator, node.operator)]
        elif self._constants.fold(left, table) is not None:
            return self._comparisons.opaque("no field", node.span)
        if isinstance(value.value, bool) and test.operator is Operator.EQ:
            behind = self._behind(left, table)
            if behind is not None:
                return not_if(value.value is test.negated, self.condition(*behind))
        found = self._position(left, test, value, node.span, table)
        if found is not None:
            return found
        return self._comparisons.compare(left, test, value.elements, node.span, table)

    def _two_columns(self, node: Compare, table: Table) -> Predicate:
        sources = [*self._lineage.sources(node.left, table), *self._lineage.sources(node.right, table)]
        clock = self._lineage.has_clock(node, table)
        same = {(source.field, source.nature) for source in sources}
        if clock and len(same) == 1 and sources[0].nature is Nature.TIME:
            return TimeFilter(self._comparisons.text(node.span), node.span)
        return self._comparisons.column_comparison(
            node.left, node.operator, self._comparisons.operand(node.right), node.span
        )

    def _position(self, left: Expression, test: Test, value: Folded, span: Span, table: Table) -> Predicate | None:
        """`locate(field, "text") > 0` asks whether the text is there."""
        call = bare(left)
        if isinstance(call, Name):
            column = table.find(call.text)
            if column is None or column.test is None or column.scope is None:
                return None
            call, table = column.test, column.scope
        if not isinstance(call, Call) or call.name != "locate" or len(call.arguments) != 2:
            return None
        text = self._constants.fold(call.arguments[1], table)
        if text is None or not text.is_text or value.kind is not ValueKind.NUMBER:
            return None
        present: bool
        match test.operator, test.negated, value.value:
            case (Operator.GT, _, 0) | (Operator.GE, _, 1) | (Operator.EQ, True, 0):
                present = True
            case (Operator.EQ, False, 0) | (Operator.LT, _, 1) | (Operator.LE, _, 0):
                present = False
            case _:
                return None
        found = self._comparisons.compare(call.arguments[0], TEXT_TESTS["contains"], (text,), span, table)
        return not_if(not present, found)

    # Lists

    def _in_list(self, node: InList, table: Table) -> Predicate:
        operand = self._constants.fold(node.operand, table)
        if operand is not None:
            return self._literal_among(node, operand, table)
        values: list[Folded] = []
        for item in node.items:
            value = self._constants.fold(item, table)
            if isinstance(bare(item), Bad):
                return self._comparisons.opaque("unreadable", node.span)
            if value is None:
                items = listed(map(self._constants.operand, node.items))
                return self._comparisons.column_comparison(node.operand, "in", items, node.span)
            values.extend(value.elements)
        return self._comparisons.compare(node.operand, _EQUAL, tuple(values), node.span, table)

    def _literal_among(self, node: InList, operand: Folded, table: Table) -> Predicate:
        """`"x" in (a, b)`: one of the columns has the value; `true in (…)`: one of the conditions holds."""
        parts: list[Predicate] = []
        for item in node.items:
            behind = self._behind(item, table) if isinstance(operand.value, bool) else None
            if behind is not None:
                parts.append(not_if(not operand.value, self.condition(*behind)))
                continue
            if self._constants.fold(item, table) is not None:
                return self._comparisons.opaque("no field", node.span)
            parts.append(self._comparisons.compare(item, _EQUAL, operand.elements, node.span, table))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _in_query(self, node: InQuery, table: Table) -> Predicate:
        origin = Operand(self._constants.source_of(node.query.span), OperandKind.CALCULATION)
        parts = [self._comparisons.compare(each, _EQUAL, (), node.span, table, origin) for each in node.operands]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    # Patterns

    def _like(
        self, operand: Expression, patterns: tuple[Expression, ...], regex: bool, span: Span, table: Table
    ) -> Predicate:
        """Patterns with wildcards are one comparison, plain texts another."""
        wild: list[Folded] = []
        plain: list[Folded] = []
        for pattern in patterns:
            if isinstance(pattern, Bad):
                return self._comparisons.opaque("unreadable", span)
            value = self._constants.fold(pattern, table)
            if value is None:
                spelling = "rlike" if regex else "like"
                right = self._constants.operand(pattern)
                return self._comparisons.column_comparison(operand, spelling, right, span)
            for each in value.elements:
                if regex or not each.is_text:
                    wild.append(each)
                else:
                    has_wildcards, text = wildcard(str(each.value))
                    (wild if has_wildcards else plain).append(text_of(text))
        if self._constants.fold(operand, table) is not None:
            return self._comparisons.opaque("column inside a literal", span)
        test = _REGEX if regex else _WILDCARD
        parts = [
            self._comparisons.compare(operand, each, tuple(values), span, table)
            for each, values in ((test, wild), (_EQUAL, plain))
            if values
        ]
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    # Functions

    def _call(self, call: Call, table: Table) -> Predicate:
        name, arguments = call.name, call.arguments
        span = call.span
        if name == "case":
            return self._comparisons.opaque("case", span)
        if name in QUERY_FUNCTIONS:
            return self._comparisons.opaque(name, span)
        if name == "trange":
            return TimeFilter(self._comparisons.text(span), span)
        if name in TEXT_TESTS and len(arguments) >= 2:
            return self._text_test(call, TEXT_TESTS[name], table)
        if name in PATTERN_FUNCTIONS and len(arguments) == 2:
            return self._like(arguments[0], arguments[1:], name == "mv_rlike", span, table)
        if name == "cidr_match" and len(arguments) >= 2:
            return self._cidr(call, table)
        if name == "multi_match" and len(arguments) >= 2:
            return self._multi_match(call, table)
        return self._truth_of_call(call, table)

    def _truth_of_call(self, call: Call, table: Table) -> Predicate:
        if any(isinstance(bare(argument), CONDITIONS) for argument in call.arguments):
            return self._comparisons.opaque(call.name, call.span)
        return self._comparisons.compare(call, _EQUAL, (_TRUE,), call.span, table)

    def _text_test(self, call: Call, test: Test, table: Table) -> Predicate:
        options = tuple(self._constants.source(each) for each in call.arguments[2:] if isinstance(each, MapLiteral))
        if options:
            test = Test(test.operator, test.spelling, cased=test.cased, extra=(*test.extra, *options))
        left, right = call.arguments[:2]
        if test.operator is Operator.EQ and self._constants.fold(left, table) is not None:
            # all values of the column are among those listed
            left, right, test = right, left, _EQUAL
        return self._tested(left, right, test, call, table)

    def _tested(self, left: Expression, right: Expression, test: Test, node: Expression, table: Table) -> Predicate:
        value = self._constants.fold(right, table)
        span = node.span
        if value is None:
            return self._comparisons.column_comparison(left, test.spelling, self._comparisons.operand(right), span)
        if self._constants.fold(left, table) is not None:
            return self._comparisons.opaque("column inside a literal", span)
        return self._comparisons.compare(left, test, value.elements, span, table)

    def _cidr(self, call: Call, table: Table) -> Predicate:
        values: list[Folded] = []
        for argument in call.arguments[1:]:
            value = self._constants.fold(argument, table)
            if isinstance(argument, Bad):
                return self._comparisons.opaque("unreadable", call.span)
            if value is None:
                right = listed(map(self._constants.operand, call.arguments[1:]))
                return self._comparisons.column_comparison(call.arguments[0], "cidr_match", right, call.span)
            values.extend(value.elements)
        return self._comparisons.compare(call.arguments[0], _CIDR, tuple(values), call.span, table)

    def _multi_match(self, call: Call, table: Table) -> Predicate:
        """`multi_match("text", a, b)`: one of the fields has it."""
        value = self._constants.fold(call.arguments[0], table)
        fields = [each for each in call.arguments[1:] if not isinstance(each, MapLiteral)]
        options = tuple(self._constants.source(each) for each in call.arguments[1:] if isinstance(each, MapLiteral))
        if value is None or not fields:
            return self._comparisons.opaque("multi_match", call.span)
        test = Test(Operator.MATCH, "multi_match", cased=False, extra=options)
        parts = [self._comparisons.compare(each, test, (value,), call.span, table) for each in fields]
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _is_condition(name: str) -> bool:
    """Whether a function is a test that has a model of its own."""
    row = FUNCTIONS.get(name)
    return (
        name in TEXT_TESTS
        or name in PATTERN_FUNCTIONS
        or (row is not None and row.returns == "boolean" and not name.startswith(("to_", "coalesce")))
    )
