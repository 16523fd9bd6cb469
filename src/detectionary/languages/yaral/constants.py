"""Constants of a rule, as evaluated: `60 * 60` is 3600 (`analysis.md` decision 3)."""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

from detectionary.languages.yaral.functions import CASE
from detectionary.languages.yaral.syntax import Arithmetic, Call, Expression, Literal, LiteralKind, Sign

Constant: TypeAlias = str | int | float | bool


def fold(node: Expression) -> Constant | None:
    """The value of an expression that reads nothing; None for what is no constant, and for a regular expression."""
    match node:
        case Literal(LiteralKind.REGEX):
            return None
        case Literal():
            return node.value
        case Sign(operand):
            number = fold(operand)
            return -number if _is_number(number) else None
        case Arithmetic(first, rest):
            return _folded(first, rest)
        case Call(name, (only,)) if name in CASE and isinstance(text := fold(only.value), str):
            return CASE[name](text)
        case Call("strings.concat", arguments):
            values = [fold(argument.value) for argument in arguments]
            texts = [value for value in values if isinstance(value, str)]
            return "".join(texts) if len(texts) == len(values) else None
        case _:
            return None


def _folded(first: Expression, rest: tuple[tuple[str, Expression], ...]) -> int | float | None:
    start = fold(first)
    if not _is_number(start):
        return None
    total: int | float = start
    for operator, operand in rest:
        value = fold(operand)
        if not _is_number(value):
            return None
        match operator:
            case "+":
                total += value
            case "-":
                total -= value
            case "*":
                total *= value
            case _ if not value:
                return None
            case "%":
                total %= value
            case _:
                quotient = total / value
                total = int(quotient) if quotient == int(quotient) else quotient
        if abs(total) > 1e300:
            return None
    return total


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
