"""Conditions as predicate trees.

`=` compares texts with regard to case unless `nocase` follows; an empty text and 0 are what a field that is not there
gives (https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax#zero_values), so that `!= ""` asks for a
value. A regular expression matches anywhere in a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from detectionary.languages.yaral.constants import fold
from detectionary.languages.yaral.functions import FUNCTIONS, NOW
from detectionary.languages.yaral.operands import operand_of
from detectionary.languages.yaral.origins import Origin, Origins, fields, is_now
from detectionary.languages.yaral.printer import expression
from detectionary.languages.yaral.scope import Scope, placeholder
from detectionary.languages.yaral.syntax import (
    Arithmetic,
    Array,
    Bad,
    Call,
    Compare,
    Expression,
    InList,
    Item,
    Join,
    Literal,
    LiteralKind,
    Logical,
    NoCase,
    Not,
    Quantified,
    Reference,
    SomeOf,
    walk,
)
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Leaf,
    Opaque,
    Operand,
    Operator,
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
    listed,
)
from detectionary.model.predicate import Not as Negated
from detectionary.text import Span

CASED: Final = "cased"

RECORD_TIMES: Final = frozenset(
    f"metadata.{name}{part}"
    for name in ("event_timestamp", "collected_timestamp", "ingested_timestamp")
    for part in ("", ".seconds")
) | {"window_start", "window_end"}

_OPERATORS: Final = {
    "=": Operator.EQ,
    "!=": Operator.EQ,
    "<": Operator.LT,
    "<=": Operator.LE,
    ">": Operator.GT,
    ">=": Operator.GE,
}
_SWAPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INVERTED: Final = {
    Operator.LT: Operator.GE,
    Operator.LE: Operator.GT,
    Operator.GT: Operator.LE,
    Operator.GE: Operator.LT,
}
_MODES: Final = {"": Operator.EQ, "regex": Operator.REGEX_MATCH, "cidr": Operator.CIDR_MATCH}


class Predicates:
    """Reads the conditions of one scope. `outcome`: they stand where variables of `outcome` may be compared."""

    def __init__(self, text: str, scope: Scope, outcome: bool) -> None:
        self._text = text
        self._scope = scope
        self._outcome = outcome
        self._origins = Origins(scope)

    def item(self, node: Item) -> Predicate | None:
        """A line of `events` or `condition`; None where it filters on nothing (a binding, `$e`)."""
        if isinstance(node, Compare) and (binding := self._scope.binding_at(node)) is not None:
            first = self._scope.bindings[binding.name][0]
            return None if binding is first else self._columns(first.value, "=", binding.value, node)
        if isinstance(node, Logical) and node.operator == "and":
            return _connected(AllOf, [self.item(operand) for operand in node.operands])
        return self.condition(node)  # type: ignore[arg-type]  # the sections asked have no other items

    def condition(self, node: Expression, nocase: bool = False) -> Predicate | None:
        match node:
            case Logical(operator, operands):
                found = [self.condition(operand, nocase) for operand in operands]
                return _connected(AllOf if operator == "and" else AnyOf, found)
            case Not(operand):
                return _negated(self.condition(operand, nocase))
            case NoCase(operand):
                return self.condition(operand, True)
            case Compare():
                return self._compare(node, nocase or node.nocase)
            case InList():
                return self._membership(node, nocase or node.nocase)
            case Call():
                return self._call(node, node.span, nocase)
            case Reference():
                return self._alone(node)
            case Quantified(operand=operand) if not isinstance(operand, Reference):
                return self.condition(operand, nocase)
            case SomeOf(int(count), items):
                items_of = listed(map(operand_of, items))
                value = Value(ValueKind.NUMBER, count)
                return ThresholdTest(
                    Operand(f"of [{items_of.text}]", items_of.kind), None, Operator.GE, value, node.span
                )
            case SomeOf(items=items):
                plain = all(isinstance(item, Reference) and not item.steps for item in items)
                return None if plain else self._opaque("of", node)
            case Join(kind, (Compare("=", left, right), *_)):
                return self._columns(left, f"{kind} join", right, node)
            case Join():
                return None
            case Bad():
                return self._opaque("unreadable", node)
            case _:
                return self._opaque("no condition", node)

    # Kinds of conditions

    def _compare(self, node: Compare, nocase: bool) -> Predicate:
        left, operator, right = node.left, node.operator, node.right
        if self._is_constant(left) and not self._is_constant(right):
            left, operator, right = right, _SWAPPED.get(operator, operator), left
        elif isinstance(left, Reference) and left.is_list:
            left, right = right, left
        found = self._compared(left, operator, right, node, nocase)
        if operator != "!=":
            return found
        if isinstance(found, ColumnComparison | TimeFilter | Opaque):
            return found
        return _not(found)

    def _is_constant(self, node: Expression) -> bool:
        return fold(node) is not None or isinstance(node, Literal | Array)

    def _compared(self, left: Expression, operator: str, right: Expression, node: Compare, nocase: bool) -> Predicate:
        value = fold(right)
        if self._is_constant(left):
            return self._opaque("constants compared", node)
        if isinstance(value, bool) and operator in ("=", "!="):
            asked = self._asked(left, nocase)
            if asked is not None:
                return asked if value else _not(asked)
        if isinstance(right, Reference) and right.is_list:
            return self._listed(left, Operator.EQ, right, node.span) or self._opaque("no field", node)
        regex = isinstance(right, Literal) and right.kind is LiteralKind.REGEX
        if value is None and not regex:
            if is_now(right) or is_now(left):
                return self._with_now(left, operator, right, node)
            if isinstance(right, Array) and operator in ("=", "!="):
                return self._whole_array(left, right, node)
            return self._columns(left, operator, right, node)
        threshold = self._threshold(left, operator, value, node)
        if threshold is not None:
            return threshold
        source = self._source(left)
        if source is None:
            return self._opaque("no field", node)
        if self._is_time(source, left):
            return TimeFilter(node.span.of(self._text), node.span)
        if source.mixed:
            if isinstance(left, Arithmetic):
                return self._columns(left, operator, right, node)
            if _chooses(left):
                return self._opaque("if", node)
        if value == "" and operator in ("=", "!="):
            return _comparison(source, Operator.IS_NULL, (), node.span)
        meant = Operator.REGEX_MATCH if regex else _OPERATORS[operator]
        text = right.value if regex and isinstance(right, Literal) else value
        return _comparison(source, meant, (_value(text, source, meant, nocase),), node.span)

    def _asked(self, node: Expression, nocase: bool) -> Predicate | None:
        """The condition that is compared with `true`."""
        if isinstance(node, Call) and node.name in FUNCTIONS and FUNCTIONS[node.name].returns == "bool":
            return None if node.name == "cast.as_bool" else self._call(node, node.span, nocase)
        if isinstance(node, Compare | InList | Logical | Not):
            return self.condition(node, nocase)
        return None

    def _with_now(self, left: Expression, operator: str, right: Expression, node: Compare) -> Leaf:
        other = self._source(left) or self._source(right)
        if other is not None and other.field in RECORD_TIMES:
            return TimeFilter(node.span.of(self._text), node.span)
        if other is None:
            return self._opaque("no field", node)
        return self._columns(left, operator, right, node)

    def _is_time(self, source: Origin, node: Expression) -> bool:
        """Whether the record's own time, as it is or as a distance from now, is compared."""
        if source.field not in RECORD_TIMES:
            return False
        calls = {found.name for found in walk(node) if isinstance(found, Call)}
        return not source.transforms or (calls <= NOW | {"math.abs"} and not isinstance(node, Quantified))

    def _whole_array(self, left: Expression, right: Array, node: Compare) -> Leaf:
        source = self._source(left)
        if source is None or fields(right):
            return self._opaque("no field", node) if source is None else self._columns(left, "=", right, node)
        value = Value(ValueKind.JSON, expression(right), source.transforms)
        return _comparison(source, Operator.EQ, (value,), node.span)

    def _membership(self, node: InList, nocase: bool) -> Predicate:
        operator = _MODES[node.mode]
        values = node.values
        if isinstance(values, Reference) and values.is_list:
            return self._listed(node.operand, operator, values, node.span) or self._opaque("no field", node)
        if isinstance(values, Array):
            return self._one_of(node, operator, values, nocase)
        constant = fold(node.operand)
        source = self._source(values)
        if constant is not None and source is not None:
            return _comparison(source, operator, (_value(constant, source, operator, nocase),), node.span)
        if constant is None and self._source(node.operand) is not None and source is not None:
            return self._columns(node.operand, f"in {node.mode}".rstrip(), values, node)
        return self._opaque("no field", node)

    def _one_of(self, node: InList, operator: Operator, values: Array, nocase: bool) -> Predicate:
        source = self._source(node.operand)
        if source is None:
            return self._opaque("no field", node)
        if source.mixed and _chooses(node.operand):
            return self._opaque("if", node)
        plain: list[Value] = []
        others: list[Predicate] = []
        for item in values.items:
            own = nocase or isinstance(item, NoCase)
            item = item.operand if isinstance(item, NoCase) else item
            constant = fold(item)
            if constant is not None:
                plain.append(_value(constant, source, operator, own))
            elif isinstance(item, Literal):
                value = _value(item.value, source, Operator.REGEX_MATCH, own)
                others.append(_comparison(source, Operator.REGEX_MATCH, (value,), item.span))
            else:
                others.append(self._columns(node.operand, "in", item, node))
        if not values.items:
            plain.append(Value(ValueKind.EMPTY_LIST, None, source.transforms))
        found: list[Predicate | None] = []
        if plain:
            found.append(_comparison(source, operator, tuple(plain), node.span))
        return _connected(AnyOf, [*found, *others]) or self._opaque("no field", node)

    def _listed(self, operand: Expression, operator: Operator, values: Reference, span: Span) -> Predicate | None:
        """A reference list, or a column of a data table, whose entries the rule does not hold."""
        source = self._source(operand)
        if source is None:
            return None
        origin = operand_of(values)
        value = Value(ValueKind.WATCHLIST, origin.text[1:], source.transforms)
        return Comparison(source.field, operator, Quantifier.ANY, (value,), span, origin=origin, record=source.record)

    def _call(self, node: Call, span: Span, nocase: bool) -> Predicate:
        function = FUNCTIONS.get(node.name)
        arguments = tuple(argument.value for argument in node.arguments)
        if function is None or function.test is None or len(arguments) != 2:
            return self._other_call(node, arguments)
        subject, pattern = arguments
        if isinstance(pattern, Reference) and pattern.is_list:
            return self._listed(subject, function.test, pattern, span) or self._opaque("no field", node)
        constant = pattern.value if isinstance(pattern, Literal) else fold(pattern)
        source = self._source(subject)
        if constant is None and self._source(pattern) is not None and source is not None:
            return self._columns(subject, node.name, pattern, node)
        if constant is None or source is None:
            return self._opaque("no field", node)
        value = _value(constant, source, function.test, nocase)
        return _comparison(source, function.test, (value,), span)

    def _other_call(self, node: Call, arguments: tuple[Expression, ...]) -> Leaf:
        if node.name == "math.is_increasing" and len(arguments) > 1:
            first, *rest = map(operand_of, arguments)
            return ColumnComparison(first, "is increasing to", listed(rest), node.span.of(self._text), node.span)
        if node.name == "cast.as_bool" and (source := self._source(node)) is not None and not source.mixed:
            return _comparison(source, Operator.EQ, (Value(ValueKind.BOOL, True, source.transforms),), node.span)
        reason = {"if": "if", "optimization.sample_rate": "sampling"}.get(node.name, "function")
        return self._opaque(reason, node)

    def _alone(self, node: Reference) -> Predicate | None:
        """A variable by itself: that an event exists; a field by itself: that it is true."""
        if not node.is_field:
            return None
        source = self._origins.of(node)
        if source is None:
            return None
        return _comparison(source, Operator.EQ, (Value(ValueKind.BOOL, True, source.transforms),), node.span)

    # Parts

    def _source(self, node: Expression) -> Origin | None:
        """Where a value comes from; a variable of `outcome` is the field whose values it holds."""
        name = placeholder(node, self._scope) if self._outcome else None
        made = self._scope.outcomes.get(name) if name is not None else None
        if name is None or made is None:
            return self._origins.of(node)
        if isinstance(made, Call) and made.name in FUNCTIONS and FUNCTIONS[made.name].aggregate:
            held = made.arguments[0].value if len(made.arguments) == 1 else None
        else:
            held = made
        if held is None or (isinstance(held, Reference) and held.root in self._scope.outcomes):
            return Origin(name, mixed=True)
        source = self._origins.of(held)
        return Origin(name, mixed=True) if source is None or source.mixed else source

    def _threshold(self, left: Expression, operator: str, value: object, node: Compare) -> ThresholdTest | None:
        """A count, or a number that `outcome` works out, compared with a number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        counts = [found for found in walk(left) if isinstance(found, Reference) and found.is_count]
        made = [*self._made(left)]
        measures = any(isinstance(found, Call) and self._measures(found) for found in walk(left))
        if not counts and not made and not measures:
            return None
        number = Value(ValueKind.NUMBER, value)
        name = operand_of(left)
        aggregate = operand_of(made[0]) if made else name
        if isinstance(left, Reference) and left.is_variable:
            name = replace(name, text=name.text[1:])
        return ThresholdTest(name, aggregate, _OPERATORS[operator], number, node.span)

    def _made(self, left: Expression) -> Iterator[Expression]:
        """What the variables of `outcome`, or of an earlier stage, are made from."""
        for found in walk(left):
            if not isinstance(found, Reference):
                continue
            if self._outcome and not found.steps and found.root in self._scope.outcomes:
                yield self._scope.outcomes[found.root]
            made = self._scope.made_by_stage(found)
            if isinstance(made, Call) and self._measures(made):
                yield made

    def _measures(self, node: Call) -> bool:
        return node.name in FUNCTIONS and FUNCTIONS[node.name].numeric

    def _columns(self, left: Expression, operator: str, right: Expression, node: Expression) -> ColumnComparison:
        return ColumnComparison(operand_of(left), operator, operand_of(right), node.span.of(self._text), node.span)

    def _opaque(self, reason: str, node: Expression) -> Opaque:
        return Opaque(reason, node.span.of(self._text), node.span)


def _comparison(source: Origin, operator: Operator, values: tuple[Value, ...], span: Span) -> Comparison:
    transforms = () if values else source.transforms
    return Comparison(source.field, operator, Quantifier.ANY, values, span, transforms=transforms, record=source.record)


def _value(value: object, source: Origin, operator: Operator, nocase: bool) -> Value:
    match value:
        case bool():
            return Value(ValueKind.BOOL, value, source.transforms)
        case int() | float():
            return Value(ValueKind.NUMBER, value, source.transforms)
        case str():
            folds = nocase or operator is Operator.CIDR_MATCH
            if operator is Operator.REGEX_MATCH:
                folds = folds or _ignores_case(value)
            return Value(ValueKind.TEXT, value, source.transforms if folds else (*source.transforms, CASED))
        case _:
            return Value(ValueKind.NULL, None, source.transforms)


def _chooses(node: Expression) -> bool:
    """Whether the value depends on conditions, which are shown as they stand (`analysis.md` decision 9)."""
    return any(isinstance(found, Call) and found.name == "if" for found in walk(node))


def _ignores_case(pattern: str) -> bool:
    """`(?i)` and the like at the start of a regular expression."""
    if not pattern.startswith("(?"):
        return False
    flags = pattern[2:].partition(")")[0]
    return flags.isalpha() and "i" in flags


def _connected(kind: type[AllOf] | type[AnyOf], parts: list[Predicate | None]) -> Predicate | None:
    found = [part for part in parts if part is not None]
    if not found:
        return None
    return found[0] if len(found) == 1 else kind(tuple(found))


def _not(found: Predicate) -> Predicate:
    if isinstance(found, ThresholdTest):
        return _turned(found)
    return found.operand if isinstance(found, Negated) else Negated(found)


def _negated(found: Predicate | None) -> Predicate | None:
    return None if found is None else _not(found)


def _turned(test: ThresholdTest) -> ThresholdTest:
    """`not #e > 5` is `#e <= 5`."""
    operator = _INVERTED.get(test.operator)
    if operator is None:
        return ThresholdTest(test.name, test.aggregate, test.operator, test.value, test.span, not test.negated)
    return ThresholdTest(test.name, test.aggregate, operator, test.value, test.span, test.negated)
