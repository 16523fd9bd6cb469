"""How the static search writes numbers: as short texts that need no escape in a script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

DIGITS: Final = "".join(chr(code) for code in range(0x23, 0x7F) if code != 0x5C)
"""Ninety-one characters, printable and ASCII: no blank, quotation mark, exclamation mark or backslash."""
_BASE: Final = len(DIGITS)
# The first digit says how many follow: below 64 none, below 80 one, below 88 two, below 90 three, the last one five.
_ONE: Final = 64
_TWO: Final = _ONE + (80 - 64) * _BASE
_THREE: Final = _TWO + (88 - 80) * _BASE**2
_FOUR: Final = _THREE + (90 - 88) * _BASE**3


def _code(number: int) -> str:
    if number < _ONE:
        return DIGITS[number]
    if number < _TWO:
        return _digits(number - _ONE, 1, 64)
    if number < _THREE:
        return _digits(number - _TWO, 2, 80)
    if number < _FOUR:
        return _digits(number - _THREE, 3, 88)
    if number >= _BASE**5:
        raise ValueError(f"{number} is too large for the search's files")
    return _digits(number, 5, 90)


def _digits(rest: int, more: int, first: int) -> str:
    """`more` digits, behind the one of `first` and what does not go into them."""
    found = []
    for _ in range(more):
        rest, digit = divmod(rest, _BASE)
        found.append(DIGITS[digit])
    return DIGITS[first + rest] + "".join(reversed(found))


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


_DIGIT_BYTES: Final = np.frombuffer(DIGITS.encode("ascii"), np.uint8)
_CLASSES: Final = (
    (0, 0, 0, 0),
    (_ONE, _ONE, 1, 64),
    (_TWO, _TWO, 2, 80),
    (_THREE, _THREE, 3, 88),
    (_FOUR, 0, 5, 90),
)
"""By length of a code: its least number, what is taken off of numbers, digits behind the first, the first digit."""


def code_bytes(numbers: Integers, free: int = 0) -> tuple[Bytes, Integers]:
    """The codes of numbers one after the other, with so many bytes left `free` behind each, and where each then ends.

    What `code` does, for millions of numbers.
    """
    if numbers.size and int(numbers.max()) >= _BASE**5:
        raise ValueError(f"{numbers.max()} is too large for the search's files")
    kinds = np.searchsorted([least for least, *_ in _CLASSES[1:]], numbers, side="right")
    mores = np.array([more for _, _, more, _ in _CLASSES])[kinds]
    ends = np.cumsum(mores + (1 + free))
    found = np.zeros(int(ends[-1]) if ends.size else 0, np.uint8)
    for kind, (_, taken, more, first) in enumerate(_CLASSES):
        chosen = np.flatnonzero(kinds == kind)
        if chosen.size:
            rest, last = numbers[chosen] - taken, ends[chosen] - (1 + free)
            for place in range(more):
                found[last - place] = _DIGIT_BYTES[rest % _BASE]
                rest //= _BASE
            found[last - more] = _DIGIT_BYTES[first + rest]
    return found, ends
