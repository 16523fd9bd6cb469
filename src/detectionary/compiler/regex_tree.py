"""The tree of a regular expression of Kusto, which `regex.parse_regex` reads; flags are resolved in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from detectionary.compiler.regex_sets import Named, Ranges


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


def matches_nothing(tree: Regex) -> bool:
    """Whether the tree can match without taking a character."""
    match tree:
        case Character() | AnyCharacter() | CharacterSet():
            return False
        case Border():
            return True
        case Group():
            return matches_nothing(tree.body)
        case Sequence():
            return all(map(matches_nothing, tree.parts))
        case Choice():
            return any(map(matches_nothing, tree.parts))
        case Repeat():
            return tree.low == 0 or matches_nothing(tree.body)
        case _:
            assert_never(tree)
