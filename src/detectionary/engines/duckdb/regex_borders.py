"""Borders of words at the ends of a regular expression, which RE2 has only for ASCII.

Before a letter or digit a border is the same as the start of the text or a character that belongs to no word; so it
can be written as that, and RE2 takes a character more. That suits a single match, whose group tells the rest apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence as Parts
from dataclasses import replace
from typing import assert_never

from detectionary.compiler.regex import (
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
)

FRONT, BACK = 0, -1


def stripped(expression: Expression) -> tuple[bool, bool, Expression] | None:
    """Whether the expression begins and ends with a border of a word, and itself without these; None when others stay.

    Only beside what surely is part of a word can a border be taken off.
    """
    tree = expression.tree
    front, tree = _stripped(tree, FRONT)
    back, tree = _stripped(tree, BACK)
    if (front and not _sure(tree, FRONT)) or (back and not _sure(tree, BACK)):
        return None
    rest = Expression(tree, expression.groups)
    return None if rest.borders & {Border.WORD, Border.NOT_WORD} else (front, back, rest)


def _stripped(tree: Regex, end: int) -> tuple[bool, Regex]:
    """Whether every way through the tree has a border at this end, and the tree without it."""
    match tree:
        case Border.WORD:
            return True, Sequence(())
        case Group():
            found, body = _stripped(tree.body, end)
            return found, replace(tree, body=body)
        case Sequence() if tree.parts:
            found, part = _stripped(tree.parts[end], end)
            return found, Sequence((part, *tree.parts[1:]) if end == FRONT else (*tree.parts[:-1], part))
        case Choice():
            parts = [_stripped(part, end) for part in tree.parts]
            return (
                (True, Choice(tuple(part for _, part in parts))) if all(found for found, _ in parts) else (False, tree)
            )
        case _:
            return False, tree


def _sure(tree: Regex, end: int) -> bool:
    """Whether what the tree matches has a character of a word at this end."""
    return not matches_nothing(tree) and _is_word(tree, end)


def _is_word(tree: Regex, end: int) -> bool:
    """The same, or it matches nothing."""
    match tree:
        case Character():
            return unicodedata.category(chr(tree.code)) in ("Nd", "Nl", "Pc") or chr(tree.code).isalpha()
        case CharacterSet():
            known = all(name.name in ("w", "d", "Nd", "L", "Ll", "Lu") and not name.negated for name in tree.names)
            plain = all(
                any(low >= begin and high <= stop for begin, stop in ((48, 57), (65, 90), (95, 95), (97, 122)))
                for low, high in tree.ranges
            )
            return known and plain and not tree.negated
        case AnyCharacter() | Border():
            return False
        case Group() | Repeat():
            return _is_word(tree.body, end)
        case Choice():
            return all(_is_word(part, end) for part in tree.parts)
        case Sequence():
            return _are_words(tree.parts if end == FRONT else tree.parts[::-1], end)
        case _:
            assert_never(tree)


def _are_words(parts: Parts[Regex], end: int) -> bool:
    for part in parts:
        if not _is_word(part, end):
            return False
        if not matches_nothing(part):
            return True
    return True
