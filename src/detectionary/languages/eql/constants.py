"""Values that a query knows before it runs: literals, arithmetic and functions of constants, as Elasticsearch does it.

null goes through every operator and function (`1 + null` is null).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import fmod, isfinite
from typing import Final, TypeAlias

from detectionary.languages.eql.syntax import Arithmetic, Call, Expression, Literal, Sign

Scalar: TypeAlias = str | int | float | bool | None

_LONGEST: Final = 100_000
"""Texts that grow beyond this are not folded."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known, which may be null."""

    value: Scalar


class _NotKnown(Exception):  # noqa: N818  # no error: the value is not constant
    """The expression is not constant, or its value is none."""


def fold(node: Expression) -> Constant | None:
    """The value of an expression that depends on no event; None for all others."""
    match node:
        case Literal():
            return Constant(node.value)
        case Sign() | Arithmetic() | Call():
            try:
                return Constant(_value(node))
            except _NotKnown:
                return None
        case _:
            return None


def _value(node: Expression) -> Scalar:
    match node:
        case Literal(_, value):
            return value
        case Sign(sign, operand):
            value = _number(_value(operand))
            return value if value is None or sign == "+" else -value
        case Arithmetic(first, rest):
            result = _value(first)
            for operator, operand in rest:
                result = _calculated(operator, result, _value(operand))
            return result
        case Call(name, fold_case, arguments):
            function = (_FOLDING_CALLS if fold_case else _CALLS).get(name)
            if function is None:
                raise _NotKnown
            return function(*(_value(argument) for argument in arguments))
        case _:
            raise _NotKnown


def _number(value: Scalar) -> int | float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _NotKnown
    return value


def _calculated(operator: str, left: Scalar, right: Scalar) -> Scalar:
    one, other = _number(left), _number(right)
    if one is None or other is None:
        return None
    if other == 0 and operator in "/%":
        raise _NotKnown
    result: int | float
    match operator:
        case "+":
            result = one + other
        case "-":
            result = one - other
        case "*":
            result = one * other
        case "/":
            # Whole numbers are divided as Java does it: towards zero.
            result = _divided(one, other) if isinstance(one, int) and isinstance(other, int) else one / other
        case _:
            result = (
                one - other * _divided(one, other)
                if isinstance(one, int) and isinstance(other, int)
                else fmod(one, other)
            )
    return _bounded(result)


def _bounded(number: int | float) -> int | float:
    """A number that Elasticsearch has."""
    if abs(number) >= 2**64 if isinstance(number, int) else not isfinite(number):
        raise _NotKnown
    return number


def _divided(one: int, other: int) -> int:
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _text(value: Scalar) -> str:
    """A text whose characters are counted: Elasticsearch counts one beyond U+FFFF twice, and then it is not known."""
    if not isinstance(value, str) or (value and max(value) > "\uffff"):
        raise _NotKnown
    return value


def _in_lower_case(text: str) -> str:
    """Without regard to case, as long as every character keeps its place."""
    lowered = text.lower()
    if len(lowered) != len(text):
        raise _NotKnown
    return lowered


def _written(value: Scalar) -> str:
    """A value as text; Elasticsearch writes very large and very small decimals in another way, as Java does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value and not 1e-3 <= abs(value) < 1e7:
        raise _NotKnown
    return str(value)


def _concat(*values: Scalar) -> Scalar:
    if None in values:
        return None
    result = "".join(map(_written, values))
    if len(result) > _LONGEST:
        raise _NotKnown
    return result


def _length(*values: Scalar) -> Scalar:
    (value,) = _given(values, 1, 1)
    return None if value is None else len(_text(value))


def _string(*values: Scalar) -> Scalar:
    (value,) = _given(values, 1, 1)
    return None if value is None else _written(value)


def _number_of(*values: Scalar) -> Scalar:
    value, *base = _given(values, 1, 2)
    if value is None:
        return None
    text = _text(value).strip()
    if not text.isascii() or "_" in text:
        raise _NotKnown
    radix = _index(base[0]) if base and base[0] is not None else 16 if text[:2] in ("0x", "0X") else None
    try:
        if radix is not None:
            return _bounded(int(text, radix))
        return _bounded(int(text) if text.lstrip("+-").isdigit() else float(text))
    except ValueError:
        raise _NotKnown from None


def _substring(*values: Scalar) -> Scalar:
    source, *limits = _given(values, 2, 3)
    if source is None or None in limits:
        return None
    return _text(source)[slice(*map(_index, limits))] if len(limits) == 2 else _text(source)[_index(limits[0]) :]


def _index_of(*values: Scalar, fold_case: bool = False) -> Scalar:
    source, searched, *start = _given(values, 2, 3)
    if source is None or searched is None or None in start:
        return None
    one, other = _text(source), _text(searched)
    if fold_case:
        one, other = _in_lower_case(one), _in_lower_case(other)
    found = one.find(other, max(0, _index(start[0])) if start else 0)
    return None if found < 0 else found


def _between(*values: Scalar, fold_case: bool = False) -> Scalar:
    source, left, right, *greedy = _given(values, 3, 4)
    if source is None or left is None or right is None:
        return None
    text, first, last = _text(source), _text(left), _text(right)
    folded = text
    if fold_case:
        folded, first, last = _in_lower_case(text), _in_lower_case(first), _in_lower_case(last)
    begin = folded.find(first)
    if begin < 0:
        return ""
    begin += len(first)
    end = folded.rfind(last, begin) if greedy and greedy[0] is True else folded.find(last, begin)
    return text[begin:end] if end >= 0 else ""


def _index(value: Scalar) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _NotKnown
    return value


def _given(values: tuple[Scalar, ...], least: int, most: int) -> tuple[Scalar, ...]:
    if not least <= len(values) <= most:
        raise _NotKnown
    return values


def _calculation(operator: str) -> Callable[..., Scalar]:
    def calculate(*values: Scalar) -> Scalar:
        left, right = _given(values, 2, 2)
        return _calculated(operator, left, right)

    return calculate


_CALLS: Final[dict[str, Callable[..., Scalar]]] = {
    "add": _calculation("+"),
    "subtract": _calculation("-"),
    "multiply": _calculation("*"),
    "divide": _calculation("/"),
    "modulo": _calculation("%"),
    "between": _between,
    "concat": _concat,
    "indexOf": _index_of,
    "length": _length,
    "number": _number_of,
    "string": _string,
    "substring": _substring,
}

_FOLDING_CALLS: Final[dict[str, Callable[..., Scalar]]] = {
    "between": partial(_between, fold_case=True),
    "indexOf": partial(_index_of, fold_case=True),
}
