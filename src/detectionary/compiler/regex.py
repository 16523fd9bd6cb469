r"""Kusto's regular expressions as a tree.

The syntax and its meaning are those of learn.microsoft.com, "Regex syntax": classes are Unicode's (`\d` is any decimal
digit), `^` and `$` are the ends of the text unless `m` is on, and there is no way to look around or back. Flags are
resolved while reading, so that a tree says by itself what it matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import Final, TypeAlias

from detectionary.compiler.regex_sets import (
    ASCII_CLASSES,
    LAST,
    SCRIPTS,
    Named,
    Ranges,
    RegexError,
    complement,
    explicit,
    intersection,
    normal,
)

class Border(Enum):
    """A place between characters."""

    START = "the start of the text"
    END = "the end of the text"
    LINE_START = "the start of a line"
    LINE_END = "the end of a line"
    WORD = "a border of a word"
    NOT_WORD = "no border of a word"
    ASCII_WORD = "a border of a word of ASCII's letters, digits and _"
    NOT_ASCII_WORD = "no border of such a word"


@dataclass(frozen=True, slots=True)
class Character:
    """One character; `folded`: in either case."""

    code: int
    folded: bool


@dataclass(frozen=True, slots=True)
class AnyCharacter:
    """Any character; the line feed only when `all`."""

    all: bool


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """A character of the ranges or the named classes; `negated`: of none of them."""

    ranges: Ranges
    names: tuple[Named, ...]
    negated: bool
    folded: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group that captures, by its number from 1, or one that only holds together (0)."""

    body: Regex
    number: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`body` at least `low` times, at most `high` times (None: without end); `lazy` prefers few."""

    body: Regex
    low: int
    high: int | None
    lazy: bool


Regex: TypeAlias = Character | AnyCharacter | CharacterSet | Border | Group | Sequence | Choice | Repeat


@dataclass(frozen=True, slots=True)
class Expression:
    """A whole regular expression: its tree, and the names of its groups that capture, None where they have none."""

    tree: Regex
    groups: tuple[str | None, ...]

    @property
    def borders(self) -> frozenset[Border]:
        return frozenset(part for part in walk(self.tree) if isinstance(part, Border))


def walk(tree: Regex) -> Iterable[Regex]:
    """The tree and all below it."""
    pending = [tree]
    while pending:
        current = pending.pop()
        yield current
        match current:
            case Group() | Repeat():
                pending.append(current.body)
            case Sequence() | Choice():
                pending.extend(reversed(current.parts))


@cache
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
ASCII_CLASSES.get(found[2])
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
