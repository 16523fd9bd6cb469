"""From EQL conditions to the model's predicate tree.

The tree keeps the shape of the condition; every negated spelling becomes `Not` round the positive operator, null
checks excepted (`analysis.md` decision 7). A condition without a meaning that the model knows is opaque with its text.
Case: `==`, `in`, `like`, `regex` and plain functions compare with regard to case; `:` and all that ends with `~` do
not (https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-syntax-conditions).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from detectionary.languages.eql.constants import Constant, Scalar, fold
from detectionary.languages.eql.functions import function_named
from detectionary.languages.eql.operands import operand_of
from detectionary.languages.eql.origins import Origin, origin
from detectionary.languages.eql.syntax import (
    Bad,
    Call,
    Compare,
    Expression,
    Field,
    InList,
    Literal,
    LiteralKind,
    Logical,
    Match,
    Not,
    Related,
)
from detectionary.model import wildcards
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.model.predicate import Not as Negation
from detectionary.text import Span

CASED: Final = "cased"
RECORD_TIME: Final = "@timestamp"

_COMPARED: Final = {
    "==": Operator.EQ,
    "!=": Operator.EQ,
    "<": Operator.LT,
    "<=": Operator.LE,
    ">": Operator.GT,
    ">=": Operator.GE,
}
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FLIPPED: Final = {Operator.IS_NULL: Operator.IS_NOT_NULL, Operator.IS_NOT_NULL: Operator.IS_NULL}
_INVERTED: Final = {
    Operator.GT: Operator.LE,
    Operator.LE: Operator.GT,
    Operator.LT: Operator.GE,
    Operator.GE: Operator.LT,
}
_OPPOSITES: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_CONDITIONS: Final = (Compare, InList, Match, Not, Logical, Related)


class Predicates:
    """Builds the predicate trees of one query. `aggregates` are names that a pipe made by counting."""

    def __init__(self, text: str, aggregates: dict[str, Operand] | None = None) -> None:
        self._text = text
        self._aggregates = aggregates or {}

    def condition(self, node: Expression) -> Predicate:
        """The tree of a condition."""
        match node:
            case Logical(operator, operands):
                parts = tuple(self.condition(operand) for operand in operands)
                return AllOf(parts) if operator == "and" else AnyOf(parts)
            case Not(operand):
                return negated(self.condition(operand))
            case Compare():
                return self._compare(node)
            case InList():
                return self._in_list(node)
            case Match():
                return self._match(node)
            case Call():
                return self._call(node)
            case Field():
                return self._against(origin(node), Operator.EQ, True, node.span)
            case Literal(LiteralKind.BOOL, value):
                return AllOf(()) if value else AnyOf(())
            case Related(relation):
                return self._opaque(f"{relation} of", node)
            case Bad():
                return self._opaque("unreadable", node)
            case _:
                return self._opaque("no condition", node)

    def _opaque(self, reason: str, node: Expression) -> Opaque:
        return Opaque(reason, node.span.of(self._text), node.span)

    # Comparisons

    def _compare(self, node: Compare) -> Predicate:
        operator, left, right = node.operator, node.left, node.right
        value, other = fold(right), fold(left)
        if value is None and other is not None:
            left, value, other = right, other, None
            operator = _TURNED.get(operator, operator)
        if value is None:
            return self._two_fields(node)
        if other is not None:
            return self._opaque("no field", node)
        turned = operator == "!="
        if is_condition(left) and isinstance(value.value, bool) and operator in ("==", "!="):
            inner = self.condition(left)
            return inner if value.value is not turned else negated(inner)
        found = self._index_test(left, operator, value, node.span)
        if found is None:
            found = self._against(origin(left), _COMPARED[operator], value.value, node.span)
            found = negated(found) if turned else found
        return found

    def _against(self, source: Origin | None, operator: Operator, value: Scalar, span: Span) -> Predicate:
        """One value compared as it is: `==`, `<` and so on."""
        if source is None:
            return Opaque("no field", span.of(self._text), span)
        if operator is Operator.EQ and value in (None, ""):
            return Comparison(source.field, Operator.IS_NULL, Quantifier.ANY, (), span, transforms=source.transforms)
        if source.field == RECORD_TIME and not source.transforms:
            return TimeFilter(span.of(self._text), span)
        if source.field in self._aggregates and isinstance(value, int | float):
            name = source.field
            return ThresholdTest(Operand(name, OperandKind.NAME), self._aggregates[name], operator, _value(value), span)
        return Comparison(source.field, operator, Quantifier.ANY, (_value(value, source, cased=True),), span)

    def _two_fields(self, node: Compare) -> Predicate:
        if is_condition(node.left) or is_condition(node.right):
            return self._opaque("conditions compared", node)
        return self._columns(node.left, node.operator, node.right, node.span)

    def _columns(self, left: Expression, operator: str, right: Expression, span: Span) -> Predicate:
        return ColumnComparison(operand_of(left), operator, operand_of(right), span.of(self._text), span)

    def _index_test(self, node: Expression, operator: str, constant: Constant, span: Span) -> Predicate | None:
        """`indexOf(x, "a") != null` and its like only ask whether, or where, the text is there: null is "nowhere"."""
        if not isinstance(node, Call) or node.name != "indexOf" or len(node.arguments) != 2:
            return None
        source, searched = origin(node.arguments[0]), fold(node.arguments[1])
        if source is None or searched is None or not isinstance(searched.value, str):
            return None
        asked = (operator, constant.value)
        if isinstance(constant.value, bool):
            return None
        inside = Operator.CONTAINS
        if asked == ("==", 0):
            inside = Operator.STARTS_WITH
        elif asked not in (("!=", None), ("==", None), (">=", 0), (">", -1), ("!=", -1)):
            return None
        value = _value(searched.value, source, cased=not node.fold)
        found = Comparison(source.field, inside, Quantifier.ANY, (value,), span)
        return Negation(found) if asked == ("==", None) else found

    # Lists and patterns

    def _in_list(self, node: InList) -> Predicate:
        found = self._members(node)
        return negated(found) if node.negated else found

    def _members(self, node: InList) -> Predicate:
        values = [fold(item) for item in node.items]
        known = [value.value for value in values if value is not None]
        others = [item for item, value in zip(node.items, values, strict=True) if value is None]
        source = origin(node.operand)
        if source is None:
            # `"x" in (a, b)`: one of the fields has the value.
            constant = fold(node.operand)
            if constant is None or not others or known:
                return self._opaque("no field", node)
            parts = tuple(
                self._listed(origin(item), Operator.EQ, (constant.value,), node.span, not node.fold) for item in others
            )
            return parts[0] if len(parts) == 1 else AnyOf(parts)
        compared = [self._columns(node.operand, "==", item, node.span) for item in others]
        if known:
            compared.insert(0, self._listed(source, Operator.EQ, tuple(known), node.span, not node.fold))
        return compared[0] if len(compared) == 1 else AnyOf(tuple(compared))

    def _listed(
        self, source: Origin | None, operator: Operator, values: tuple[Scalar, ...], span: Span, cased: bool
    ) -> Predicate:
        """A field and values of which one is enough."""
        if source is None:
            return Opaque("no field", span.of(self._text), span)
        if operator is Operator.EQ and len(values) == 1 and values[0] in (None, ""):
            return self._against(source, operator, values[0], span)
        if source.field == RECORD_TIME and not source.transforms:
            return TimeFilter(span.of(self._text), span)
        written = tuple(_value(value, source, cased=cased) for value in values)
        return Comparison(source.field, operator, Quantifier.ANY, written, span)

    def _match(self, node: Match) -> Predicate:
        """`:`, `like` and `regex`; a list that mixes plain values and patterns is parted by operator."""
        cased = node.operator in ("like", "regex")
        source = origin(node.operand)
        if source is None:
            return self._opaque("no field", node)
        folded = [fold(pattern) for pattern in node.patterns]
        if any(value is None for value in folded):
            if len(node.patterns) == 1:
                return self._columns(node.operand, node.operator, node.patterns[0], node.span)
            return self._opaque("no constant", node)
        values = [value.value for value in folded if value is not None]
        if node.operator in ("regex", "regex~"):
            return _whole(self._listed(source, Operator.REGEX_MATCH, tuple(values), node.span, cased))
        return self._patterns(source, values, node.span, cased)

    def _patterns(self, source: Origin, values: list[Scalar], span: Span, cased: bool) -> Predicate:
        plain: list[Scalar] = []
        patterns: list[Scalar] = []
        for value in values:
            if isinstance(value, str) and ("*" in value or "?" in value):
                patterns.append(neutral(value))
            else:
                plain.append(value)
        parts = []
        if plain:
            parts.append(self._listed(source, Operator.EQ, tuple(plain), span, cased))
        if patterns:
            parts.append(self._listed(source, Operator.WILDCARD, tuple(patterns), span, cased))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    # Functions

    def _call(self, node: Call) -> Predicate:
        function = function_named(node.name)
        if function is not None and function.name == "safe" and len(node.arguments) == 1:
            return self.condition(node.arguments[0])
        if function is None or (function.test is None and function.name in ("arraySearch", "arrayCount")):
            return self._opaque("unknown function" if function is None else "array search", node)
        if function.test is None:
            return self._opaque("no condition", node)
        if len(node.arguments) < 2:
            return self._opaque("no field", node)
        subject, *others = node.arguments
        source = origin(subject)
        folded = [fold(other) for other in others]
        if source is None:
            return self._opaque("field inside a literal" if None in folded else "no field", node)
        values = [value.value for value in folded if value is not None]
        if len(values) < len(folded):
            if len(others) == 1:
                return self._columns(subject, f"{function.name}{'~' if node.fold else ''}", others[0], node.span)
            return self._opaque("no constant", node)
        cased = function.cased and not node.fold
        if function.test is Operator.WILDCARD:
            return self._patterns(source, values, node.span, cased)
        return self._listed(source, function.test, tuple(values), node.span, cased)


def is_condition(node: Expression) -> bool:
    """Whether the expression is true or false by itself, fields apart."""
    if isinstance(node, Call):
        function = function_named(node.name)
        if function is not None and function.name == "safe":
            return len(node.arguments) == 1 and is_condition(node.arguments[0])
        return function is not None and (function.test is not None or function.name == "arraySearch")
    return isinstance(node, _CONDITIONS)


def negated(predicate: Predicate) -> Predicate:
    """The opposite: two negations cancel out, null checks turn round."""
    match predicate:
        case Negation(operand):
            return operand
        case Comparison(operator=operator) if operator in _FLIPPED:
            return replace(predicate, operator=_FLIPPED[operator])
        case ThresholdTest(operator=operator, negated=False) if operator in _INVERTED:
            return replace(predicate, operator=_INVERTED[operator])
        case ThresholdTest(negated=before):
            return replace(predicate, negated=not before)
        case TimeFilter(text, span):
            return TimeFilter(f"not ({text})", span)
        case ColumnComparison(operator=operator, text=text):
            return replace(predicate, operator=_opposite(operator), text=f"not ({text})")
        case AllOf(()):
            return AnyOf(())
        case AnyOf(()):
            return AllOf(())
        case _:
            return Negation(predicate)


def _opposite(operator: str) -> str:
    """`!=` for `==`; `not like` for `like`, and back."""
    opposite = _OPPOSITES.get(operator)
    if opposite is None:
        opposite = operator.removeprefix("not ") if operator.startswith("not ") else f"not {operator}"
    return opposite


def neutral(pattern: str) -> str:
    r"""A pattern of EQL in the model's spelling: EQL has no escapes in patterns, every `*` and `?` is a wildcard."""
    found: list[wildcards.Part] = []
    literal = ""
    for character in pattern:
        if character in "*?":
            if literal:
                found.append(literal)
                literal = ""
            found.append(wildcards.Wild(character))
        else:
            literal += character
    if literal:
        found.append(literal)
    return wildcards.spelled(tuple(found))


def _value(value: Scalar, source: Origin | None = None, *, cased: bool = False) -> Value:
    transforms = () if source is None else source.transforms
    match value:
        case bool():
            return Value(ValueKind.BOOL, value, transforms)
        case str():
            return Value(ValueKind.TEXT, value, (*transforms, CASED) if cased else transforms)
        case None:
            return Value(ValueKind.NULL, None, transforms)
        case _:
            return Value(ValueKind.NUMBER, value, transforms)


def _whole(predicate: Predicate) -> Predicate:
    """A `regex` must match the whole value, which few other languages ask for: the transform `whole` says so."""
    if not isinstance(predicate, Comparison):
        return predicate
    values = []
    for value in predicate.values:
        marks = ("cased",) if "cased" in value.transforms else ()
        functions = tuple(each for each in value.transforms if each != "cased")
        values.append(replace(value, transforms=(*functions, "whole", *marks)))
    return replace(predicate, values=tuple(values))
