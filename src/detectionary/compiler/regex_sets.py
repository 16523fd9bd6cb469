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


class _Reader:
    """One method a production; `flags` are those in force, and a group hands them back as they were before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups: list[str | None] = []
        self._depth = 0

    def _peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def _take(self, wanted: str) -> bool:
        if self.text.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def choice(self, flags: _Flags) -> Regex:
        """`sequence ("|" sequence)*`; flags set inside hold to the end of the group."""
        self._depth += 1
        if self._depth > 100:
            raise RegexError("it is nested too deeply")
        parts: list[Regex] = []
        items: list[Regex] = []
        while self.at < len(self.text) and self._peek() != ")":
            if self._take("|"):
                parts.append(_sequence(items))
                items = []
                continue
            found, flags = self._item(flags)
            if found is not None:
                items.append(found)
        parts.append(_sequence(items))
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _item(self, flags: _Flags) -> tuple[Regex | None, _Flags]:
        """`atom repetition*`; a group of flags alone gives none."""
        if self._take("("):
            atom, flags = self._group(flags)
            if atom is None:
                return None, flags
        else:
            atom = self._atom(flags)
        while True:
            bounds = self._bounds()
            if bounds is None:
                return atom, flags
            lazy = self._take("?") != flags.swapped
            atom = Repeat(atom, *bounds, lazy)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        found = _COUNT.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        low = int(found[1])
        high = low if found[2] is None else int(found[3]) if found[3] else None
        if high is not None and high < low:
            raise RegexError("a repetition whose bounds are the wrong way round")
        return low, high

    def _group(self, flags: _Flags) -> tuple[Regex | None, _Flags]:
        """`"(" ("?:" | "?P<name>" | "?<name>" | "?flags:")? choice ")" | "(?flags)"`"""
        number, name, inner = 0, None, flags
        if self._take("?:"):
            pass
        elif self._text_at("?=", "?!", "?<=", "?<!", "?>", "?#", "?("):
            raise RegexError("looking around is no part of these expressions")
        elif self._take("?P<") or self._take("?<"):
            found = _NAME.match(self.text, self.at)
            if found is None or self.text[found.end() : found.end() + 1] != ">":
                raise RegexError("a group has no valid name")
            name, self.at = found[0], found.end() + 1
            if name in self.groups:
                raise RegexError(f"two groups are called {name}")
            self.groups.append(name)
            number = len(self.groups)
        elif self._take("?"):
            inner = self._flags(flags)
            if self._take(")"):
                return None, inner
            if not self._take(":"):
                raise RegexError("a group does not say what it is")
        else:
            self.groups.append(None)
            number = len(self.groups)
        body = self.choice(inner)
        if not self._take(")"):
            raise RegexError("a parenthesis is not closed")
        return Group(body, number, name), flags

    def _text_at(self, *wanted: str) -> bool:
        return any(self.text.startswith(part, self.at) for part in wanted)

    def _flags(self, flags: _Flags) -> _Flags:
        on = True
        while self._peek().isalpha() or self._peek() == "-":
            letter = self._peek()
            self.at += 1
            if letter == "-":
                on = False
            else:
                flags = flags.with_(letter, on)
        return flags

    def _atom(self, flags: _Flags) -> Regex:
        letter = self._peek()
        match letter:
            case ".":
                self.at += 1
                return AnyCharacter(flags.dot_all)
            case "^":
                self.at += 1
                return Border.LINE_START if flags.lines else Border.START
            case "$":
                self.at += 1
                return Border.LINE_END if flags.lines else Border.END
            case "[":
                return self._set(flags)
            case "\\":
                return self._escape(flags)
            case "*" | "+" | "?":
                raise RegexError("a repetition of nothing")
            case _:
                self.at += 1
                return Character(ord(letter), flags.folded)

    def _escape(self, flags: _Flags) -> Regex:
        following = self._peek(1)
        borders = {"A": Border.START, "z": Border.END, "b": Border.WORD, "B": Border.NOT_WORD}
        if following in borders:
            self.at += 2
            if following == "b" and self._text_at("{start", "{end"):
                raise RegexError("\\b{…} is not supported")
            if flags.ascii and following in "bB":
                return Border.ASCII_WORD if following == "b" else Border.NOT_ASCII_WORD
            return borders[following]
        found = self._escaped(flags)
        if isinstance(found, Named):
            return CharacterSet((), (found,), False, flags.folded)
        return Character(found, flags.folded)

    def _escaped(self, flags: _Flags) -> int | Named:
        """An escaped character or class, outside and inside of brackets alike."""
        self.at += 1
        letter = self._peek()
        if not letter:
            raise RegexError("a backslash at its end")
        self.at += 1
        if letter in "dswDSW":
            if flags.ascii and letter.isupper():
                raise RegexError(f"\\{letter} without Unicode is not supported")
            return Named(_PERL[letter] if flags.ascii else letter.lower(), letter.isupper())
        if letter in "pP":
            return self._property(letter == "P")
        octal = _OCTAL.match(self.text, self.at - 1)
        if octal is not None:
            self.at = octal.end()
            return int(octal[0], 8)
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter in _HEX_WIDTHS:
            return self._hexadecimal(_HEX_WIDTHS[letter])
        if letter.isascii() and not letter.isalnum() and letter not in "<>":
            return ord(letter)
        raise RegexError(f"\\{letter} means nothing")

    def _hexadecimal(self, width: int) -> int:
        if self._take("{"):
            end = self.text.find("}", self.at)
            digits = self.text[self.at : end] if end >= 0 else ""
            self.at = end + 1
        else:
            digits = self.text[self.at : self.at + width]
            self.at += width
            if len(digits) < width:
                digits = ""
        if not re.fullmatch(r"[0-9A-Fa-f]{1,8}", digits) or int(digits, 16) > LAST:
            raise RegexError("a character by its number has no valid number")
        return int(digits, 16)

    def _property(self, negated: bool) -> Named:
        if self._take("{"):
            end = self.text.find("}", self.at)
            name = self.text[self.at : end] if end >= 0 else ""
            self.at = end + 1
        else:
            name = self._peek()
            self.at += 1
        if name.startswith("^"):
            name, negated = name[1:], not negated
        name = _CATEGORIES.get(name, name)
        if not (_CATEGORY.match(name) or name in SCRIPTS):
            raise RegexError(f"the class {name} of characters is not supported")
        return Named(name, negated)

    # Sets

    def _set(self, flags: _Flags) -> CharacterSet:
        """`"[" "^"? union (("&&" | "--" | "~~") union)* "]"`"""
        self.at += 1
        negated = self._take("^")
        left: CharacterSet | None = None
        operator = ""
        while True:
            union = self._union(flags, first=left is None)
            left = union if left is None else _combined(left, operator, union)
            for sign in ("&&", "--", "~~"):
                if self._take(sign):
                    operator = sign
                    break
            else:
                if not self._take("]"):
                    raise RegexError("a bracket is not closed")
                return CharacterSet(left.ranges, left.names, negated, flags.folded)

    def _union(self, flags: _Flags, first: bool) -> CharacterSet:
        ranges: list[tuple[int, int]] = []
        names: list[Named] = []
        while self.at < len(self.text):
            letter = self._peek()
            if letter == "]" and not first:
                break
            if self._text_at("&&", "~~") or (self._text_at("--") and not first):
                break
            if letter == "[":
                self._inner(flags, ranges, names)
                first = False
                continue
            first = False
            low = self._member(flags)
            if isinstance(low, Named):
                names.append(low)
                continue
            # A hyphen before the bracket's end or behind a class stands for itself.
            if self._peek() == "-" and self._peek(1) not in ("]", "", "-"):
                before = self.at
                self.at += 1
                high = self._member(flags) if self._peek() != "[" else None
                if isinstance(high, int):
                    if high < low:
                        raise RegexError("a range of characters is the wrong way round")
                    ranges.append((low, high))
                    continue
                self.at = before
            ranges.append((low, low))
        return CharacterSet(normal(ranges), tuple(dict.fromkeys(names)), False, flags.folded)

    def _member(self, flags: _Flags) -> int | Named:
        if self._peek() == "\\":
            if self._peek(1) == "b":
                raise RegexError("\\b means nothing in brackets")
            return self._escaped(flags)
        self.at += 1
        return ord(self.text[self.at - 1])

    def _inner(self, flags: _Flags, ranges: list[tuple[int, int]], names: list[Named]) -> None:
        """`[:alpha:]` or a set within the set."""
        found = re.compile(r"\[:(\^?)([a-z]+):\]").match(self.text, self.at)
        if found is not None:
            known =

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
