"""Sets of code points: the classes that regular expressions name, and what can be made of them."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points from … to, both included, in order and apart from each other."""

LAST: Final = 0x10FFFF


class RegexError(ValueError):
    """A text that is no regular expression of Kusto, or one that is not understood here."""


@dataclass(frozen=True, slots=True)
class Named:
    """A class by its name: `d`, `s`, `w`, one of ASCII (`digit`), or a general category or script of Unicode."""

    name: str
    negated: bool = False


SCRIPTS: Final = frozenset({"Arabic", "Armenian", "Cyrillic", "Greek", "Han", "Hangul", "Hebrew", "Hiragana"}) | {
    "Katakana",
    "Latin",
    "Thai",
}


ASCII_CLASSES: Final[dict[str, Ranges]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": ((48, 57),),
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
SPACE: Final[Ranges] = (
    (9, 13),
    (32, 32),
    (0x85, 0x85),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)
"""Unicode's White_Space, which `\\s` is."""

WORD_CATEGORIES: Final = ("L", "M", "Nd", "Nl", "Pc")
WORD_OTHERS: Final[Ranges] = (
    (0x200C, 0x200D),
    (0x24B6, 0x24E9),
    (0x1F130, 0x1F149),
    (0x1F150, 0x1F169),
    (0x1F170, 0x1F189),
)
"""With the categories these make `\\w`: Alphabetic, M, Nd, Pc and Join_Control of Unicode."""


def normal(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges in order, those that touch made one."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def complement(ranges: Ranges) -> Ranges:
    """All other code points, the surrogates aside, which no text holds."""
    result: list[tuple[int, int]] = []
    following = 0
    for low, high in normal((*ranges, (0xD800, 0xDFFF))):
        if low > following:
            result.append((following, low - 1))
        following = high + 1
    if following <= LAST:
        result.append((following, LAST))
    return tuple(result)


def explicit(ranges: Ranges, names: Iterable[Named]) -> Ranges:
    """The set as ranges alone; raises `RegexError` for a script, which Python does not know."""
    found = list(ranges)
    for name in names:
        known = _named(name.name)
        found.extend(complement(known) if name.negated else known)
    return normal(found)


@cache
def _named(name: str) -> Ranges:
    if name == "s":
        return SPACE
    if name == "w":
        return normal((*(part for category in WORD_CATEGORIES for part in _named(category)), *WORD_OTHERS))
    if name == "d":
        return _named("Nd")
    if name in ASCII_CLASSES:
        return ASCII_CLASSES[name]
    if name in SCRIPTS:
        raise RegexError(f"the class {name} is not supported in this place")
    return normal(part for category, parts in _categories().items() if category.startswith(name) for part in parts)


@cache
def _categories() -> dict[str, list[tuple[int, int]]]:
    """The code points of every general category, as the Unicode version of Python has them."""
    result: dict[str, list[tuple[int, int]]] = {}
    for code in range(sys.maxunicode + 1):
        found = result.setdefault(unicodedata.category(chr(code)), [])
        if found and found[-1][1] == code - 1:
            found[-1] = (found[-1][0], code)
        else:
            found.append((code, code))
    return result


def intersection(one: Ranges, other: Ranges) -> Ranges:
    return normal(
        (max(low, begin), min(high, end)) for low, high in one for begin, end in other if low <= end and begin <= high
    )
