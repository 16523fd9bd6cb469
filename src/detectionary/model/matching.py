"""Whether a predicate holds for one event: an evaluator of what rules filter on, whatever their language.

An event gives its fields by name. A field that is missing or None is null; a list holds a value that a comparison
may be true of; a number and its text are the same (`4688` and `"4688"`). Texts compare without regard to case unless
the transform `cased` stands beside the value. The answer has three values, as Kleene's logic has them: None is "cannot
be told from one event", and decides nothing where another part decides.

Undecided are: time filters, thresholds, opaque parts; values that the rule does not hold (placeholders, watchlists,
sub-queries, `ago(…)`); functions round a field beyond those of `_FUNCTIONS`; columns compared that the event does not
have both; expressions that Python cannot run in bounded time (`matching_text.regex`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias, assert_never

from detectionary.model.matching_text import ENCODINGS, LONGEST, MARKS, pattern, regex
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
    ScalarValue,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)

EventValue: TypeAlias = ScalarValue | Sequence[ScalarValue]
Event: TypeAlias = Mapping[str, EventValue] | Callable[[str], EventValue]
"""Values by dotted field name. A function answers None for what is not there, and cannot be searched by keywords."""

_Number: TypeAlias = int | float
_Known: TypeAlias = str | int | float | bool

_ORDERS: Final[Mapping[Operator, Callable[[_Number, _Number], bool]]] = {
    Operator.GT: lambda given, limit: given > limit,
    Operator.GE: lambda given, limit: given >= limit,
    Operator.LT: lambda given, limit: given < limit,
    Operator.LE: lambda given, limit: given <= limit,
}
_UNKNOWN_KINDS: Final = frozenset(
    {
        *(ValueKind.SYMBOLIC, ValueKind.PLACEHOLDER, ValueKind.WATCHLIST),
        *(ValueKind.JSON, ValueKind.DATETIME, ValueKind.TIMESPAN),
    }
)
_EQUALS: Final = {"=": Operator.EQ, "==": Operator.EQ, "=~": Operator.EQ, "!=": Operator.EQ, "!~": Operator.EQ}
_SIGNS: Final = {">": Operator.GT, ">=": Operator.GE, "<": Operator.LT, "<=": Operator.LE}


def holds(predicate: Predicate, event: Event) -> bool | None:
    """Whether `predicate` is true of `event`; None when the event alone does not tell. Never raises on bad values."""
    match predicate:
        case AllOf(operands):
            return _every(holds(operand, event) for operand in operands)
        case AnyOf(operands):
            return _some(holds(operand, event) for operand in operands)
        case Not(operand):
            return _not(holds(operand, event))
        case Comparison():
            return _compared(predicate, event)
        case ColumnComparison():
            return _columns_compared(predicate, event)
        case TimeFilter() | ThresholdTest() | Opaque():
            return None
        case _:
            assert_never(predicate)


def _every(verdicts: Iterable[bool | None]) -> bool | None:
    found: bool | None = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            found = None
    return found


def _some(verdicts: Iterable[bool | None]) -> bool | None:
    return _not(_every(map(_not, verdicts)))


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


# Comparisons


def _compared(test: Comparison, event: Event) -> bool | None:
    if test.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        null = _is_null(test, event)
        return null if test.operator is Operator.IS_NULL else _not(null)
    given = _given(test.field, event)
    if given is None or not test.values or test.origin is not None:
        return None
    verdicts = (_value_found(test.operator, value, given) for value in test.values)
    return _some(verdicts) if test.quantifier is Quantifier.ANY else _every(verdicts)


def _given(field: str | None, event: Event) -> tuple[_Known, ...] | None:
    """What the event holds in a field, or anywhere; None when that cannot be asked."""
    if isinstance(event, Mapping):
        values = event.values() if field is None else (event.get(field),)
    elif field is None:
        return None
    else:
        values = (event(field),)
    return tuple(_singly(values))


def _singly(values: Iterable[EventValue]) -> Iterator[_Known]:
    for value in values:
        if isinstance(value, (str, int, float)):
            yield value
        elif value is not None:
            yield from _singly(value)


def _is_null(test: Comparison, event: Event) -> bool | None:
    """Nothing, or nothing but empty text. With the transform `exists`: the event does not have the field at all."""
    if test.transforms == ("exists",) and isinstance(event, Mapping):
        return test.field not in event
    given = _given(test.field, event)
    if given is None:
        return None
    functions = [each for each in test.transforms if each != "exists"]
    found = [_under(functions, each) for each in given]
    return None if None in found else all(each == "" for each in found)


def _value_found(operator: Operator, value: Value, given: tuple[_Known, ...]) -> bool | None:
    """Whether one of the given values is what `value` asks for."""
    if value.kind is ValueKind.NULL:
        return not given if operator is Operator.EQ else None
    return _some(_meets(operator, value, each) for each in given)


def _meets(operator: Operator, value: Value, held: _Known) -> bool | None:
    functions = [each for each in value.transforms if each not in ENCODINGS and each not in MARKS]
    given = _under(functions, held) if functions else held
    wanted = value.value
    if given is None or value.kind in _UNKNOWN_KINDS:
        return None
    if value.kind is ValueKind.EMPTY_LIST:
        return False
    if isinstance(wanted, tuple):
        return _between(wanted, given)
    if wanted is None:
        return None
    if operator in _ORDERS:
        return _ordered(operator, wanted, given)
    match operator:
        case Operator.CIDR_MATCH:
            return _in_network(str(wanted), _text(given))
        case Operator.REGEX_MATCH:
            expression = regex(_text(wanted), value.transforms)
            text = _text(given)
            if expression is None or len(text) > LONGEST:
                return None
            found = expression.fullmatch(text) if "whole" in value.transforms else expression.search(text)
            return found is not None
        case Operator.EQ if value.kind is ValueKind.NUMBER:
            return _number(given) == wanted
        case _:
            marks = tuple(each for each in value.transforms if each in ENCODINGS or each in MARKS)
            wanted_pattern = pattern(operator, _text(wanted), marks)
            return None if wanted_pattern is None else wanted_pattern.search(_text(given)) is not None


def _text(value: _Known) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: _Known) -> _Number | None:
    if isinstance(value, (int, float)):
        return value
    if len(value) > 40:  # no number of a log is that long, and texts may be huge
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return None


def _ordered(operator: Operator, wanted: _Known, given: _Known) -> bool | None:
    """Sizes of numbers. A limit that is a text is of an order that only its language knows."""
    limit = _number(wanted)
    if limit is None:
        return None
    number = _number(given)
    return number is not None and _ORDERS[operator](number, limit)


def _between(limits: tuple[ScalarValue, ScalarValue], given: _Known) -> bool | None:
    low, high = (None if limit is None else _number(limit) for limit in limits)
    if low is None or high is None:
        return None
    number = _number(given)
    return number is not None and low <= number <= high


@lru_cache(maxsize=2048)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _in_network(wanted: str, given: str) -> bool | None:
    network = _network(wanted)
    if network is None:
        return None
    try:
        return ip_address(given.strip()) in network
    except ValueError:
        return False


# Functions round a field


def _part_of_time(part: str) -> Callable[[str], _Known | None]:
    def read(text: str) -> _Known | None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment.isocalendar().week if part == "week" else int(getattr(moment, part))

    return read


_FUNCTIONS: Final[Mapping[str, Callable[[str], _Known | None]]] = {
    **dict.fromkeys(("tolower", "to_lower", "strings.to_lower"), str.lower),
    **dict.fromkeys(("toupper", "to_upper", "strings.to_upper"), str.upper),
    **dict.fromkeys(("trim", "strings.trim"), str.strip),
    **dict.fromkeys(("strlen", "length"), len),
    **dict.fromkeys(
        (
            "tostring",
            "to_string",
            "string",
            "tolong",
            "toint",
            "to_integer",
            "to_long",
            "todouble",
            "to_double",
            "number",
        ),
        str,
    ),
    **{part: _part_of_time(part) for part in ("minute", "hour", "day", "week", "month", "year")},
}
"""What functions make of a text, by the names that languages have for them. Casts change nothing here: a number and its
text are compared as the same."""


def _under(functions: Sequence[str], value: _Known) -> _Known | None:
    """A value under functions, the innermost last; None for one that is not known here."""
    for name in reversed(functions):
        function = _FUNCTIONS.get(name.lower())
        found = None if function is None else function(_text(value))
        if found is None:
            return None
        value = found
    return value


# Columns


def _columns_compared(test: ColumnComparison, event: Event) -> bool | None:
    """Two fields of the event. Texts that differ in case alone are equal in some languages only: undecided."""
    left, right = _given(test.left.text, event), _given(test.right.text, event)
    if not left or not right:
        return None
    negated = test.operator.startswith("!")
    found = _some(_pair(test.operator, one, other) for one in left for other in right)
    return _not(found) if negated else found


def _pair(written: str, left: _Known, right: _Known) -> bool | None:
    if written in _SIGNS:
        return _ordered(_SIGNS[written], right, left)
    operator = _EQUALS.get(written) or next((each for each in Operator if each.value == written), None)
    if operator is not None and operator in _ORDERS:
        return _ordered(operator, right, left)
    if operator not in (Operator.EQ, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH):
        return None
    with_case = pattern(operator, _text(right), ("cased",))
    without = pattern(operator, _text(right), ())
    if with_case is None or without is None:
        return None
    text = _text(left)
    if with_case.search(text) is not None:
        return True
    return None if without.search(text) is not None else False
