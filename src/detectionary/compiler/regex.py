r"""Kusto's regular expressions as a tree.

The syntax and its meaning are those of learn.microsoft.com, "Regex syntax": classes are Unicode's (`\d` is any decimal
digit), `^` and `$` are the ends of the text unless `m` is on, and there is no way to look around or back. Flags are
resolved while reading, so that a tree says by itself what it matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from detectionary.compiler.regex_sets import (
    ASCII_CLASSES,
    LAST,
    SCRIPTS,
    Named,
    RegexError,
    complement,
    explicit,
    intersection,
    normal,
)
from detectionary.compiler.regex_tree import (
    AnyCharacter,
    Border,
    Character,
    CharacterSet,
    Choice,
    Expression,
    Group,
    Regex,
    Repeat,
    Sequence,
    matches_nothing,
    walk,
)

__all__ = [
    "AnyCharacter",
    "Border",
    "Character",
    "CharacterSet",
    "Choice",
    "Expression",
    "Group",
    "Regex",
    "Repeat",
    "Sequence",
    "matches_nothing",
    "parse_regex",
    "walk",
]


@lru_cache(maxsize=512)
def parse_regex(text: str) -> Expression:
    """The tree of a regular expression; raises `RegexError`."""
    reader = _Reader(text)
    tree = reader.choice(_Flags())
    if reader.at < len(text):
        raise RegexError("a closing parenthesis without an opening one")
    return Expression(tree, tuple(reader.groups))


@dataclass(frozen=True, slots=True)
class _Flags:
    folded: bool = False
    lines: bool = False
    dot_all: bool = False
    swapped: bool = False
    ascii: bool = False

    def with_(self, letter: str, on: bool) -> _Flags:
        match letter:
            case "i":
                return replace(self, folded=on)
            case "m":
                return replace(self, lines=on)
            case "s":
                return replace(self, dot_all=on)
            case "U":
                return replace(self, swapped=on)
            case "u":
                return replace(self, ascii=not on)
            case _:
                raise RegexError(f"the flag {letter} is not supported")


_ESCAPES: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PERL: Final = {"d": "digit", "s": "space", "w": "word"}
_HEX_WIDTHS: Final = {"x": 2, "u": 4, "U": 8}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]]*")
_COUNT: Final = re.compile(r"\{(\d{1,6})(,(\d{1,6})?)?\}")
_OCTAL: Final = re.compile(r"[0-7]{1,3}")
_CATEGORY: Final = re.compile(r"(?:L[ulmto]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cf]?)\Z")
_CATEGORIES: Final = {
    "Decimal_Number": "Nd",
    "Letter": "L",
    "Lowercase_Letter": "Ll",
    "Mark": "M",
    "Number": "N",
    "Punctuation": "P",
    "Separator": "Z",
    "Symbol": "S",
    "Uppercase_Letter": "Lu",
}


class _NotClosedError(RegexError):
    pass


class _Reader:
    """One method a production; `flags` are those in force, and a group hands them back as they were before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups: list[str | None] = []
        self._depth = 0
        self._nesting = True

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
                return self._outer_set(flags)
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

    def _outer_set(self, flags: _Flags) -> CharacterSet:
        """A set; one that is not closed when `[` in it opens another has it for itself, as older expressions do."""
        start = self.at
        try:
            return self._set(flags)
        except _NotClosedError:
            self.at, self._nesting = start, False
            found = self._set(flags)
            self._nesting = True
            return found

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
                    raise _NotClosedError("a bracket is not closed")
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
            if letter == "[" and (self._nesting or self._peek(1) == ":"):
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
            known = ASCII_CLASSES.get(found[2])
            if known is None:
                raise RegexError(f"[:{found[2]}:] means nothing")
            self.at = found.end()
            ranges.extend(complement(known) if found[1] else known)
            return
        inner = self._set(flags)
        if inner.negated:
            if flags.folded:
                raise RegexError("a negated set within a set that ignores case is not supported")
            ranges.extend(complement(explicit(inner.ranges, inner.names)))
        else:
            ranges.extend(inner.ranges)
            names.extend(inner.names)


def _sequence(items: list[Regex]) -> Regex:
    return items[0] if len(items) == 1 else Sequence(tuple(items))


def _combined(left: CharacterSet, operator: str, right: CharacterSet) -> CharacterSet:
    if left.folded:
        raise RegexError(f"{operator} in a set that ignores case is not supported")
    one, other = explicit(left.ranges, left.names), explicit(right.ranges, right.names)
    match operator:
        case "&&":
            made = intersection(one, other)
        case "--":
            made = intersection(one, complement(other))
        case _:
            made = normal((*intersection(one, complement(other)), *intersection(other, complement(one))))
    return CharacterSet(made, (), False, False)
