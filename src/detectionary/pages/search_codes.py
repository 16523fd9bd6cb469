"""How the static search writes numbers: as short texts that need no escape in a script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

DIGITS: Final = "".join(chr(code) for code in range(0x23, 0x7F) if code != 0x5C)
"""Ninety-one characters, printable and ASCII: no blank, quotation mark, exclamation mark or backslash."""
_BASE: Final = len(DIGITS)
# The first digit says how many follow: below 64 none, below 86 one, below 90 two, the last one five.
_ONE: Final = 64
_TWO: Final = _ONE + (86 - 64) * _BASE
_THREE: Final = _TWO + (90 - 86) * _BASE**2


def _code(number: int) -> str:
    if number < _ONE:
        return DIGITS[number]
    if number < _TWO:
        first, last = divmod(number - _ONE, _BASE)
        return DIGITS[64 + first] + DIGITS[last]
    if number < _THREE:
        first, rest = divmod(number - _TWO, _BASE**2)
        return DIGITS[86 + first] + DIGITS[rest // _BASE] + DIGITS[rest % _BASE]
    rest = number
    digits = []
    for _ in range(5):
        rest, digit = divmod(rest, _BASE)
        digits.append(DIGITS[digit])
    if rest:
        raise ValueError(f"{number} is too large for the search's files")
    return DIGITS[90] + "".join(reversed(digits))


CODES: Final[Sequence[str]] = tuple(map(_code, range(_THREE)))
"""The codes of small numbers, by number."""


def code(number: int) -> str:
    """A whole number from 0 on as one to six of `DIGITS`."""
    return CODES[number] if number < _THREE else _code(number)


def codes(numbers: Iterable[int]) -> str:
    """The codes of numbers, one after the other."""
    return "".join(map(code, numbers))


def rising(numbers: Iterable[int]) -> str:
    """The codes of numbers that grow, each as what it exceeds the one before by, less one."""
    found = []
    last = -1
    for number in numbers:
        found.append(code(number - last - 1))
        last = number
    return "".join(found)
