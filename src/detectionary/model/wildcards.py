"""Patterns of the operator `wildcard`, spelled in one way whatever the language: `*` is any text, `?` one character.

A backslash takes the meaning from a following `*`, `?` or backslash, and is a plain character before anything else.
(Sigma writes its patterns so; readers of other languages translate theirs.)
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from detectionary.model.predicate import Operator


class Wild(Enum):
    """A part of a pattern that is no literal text."""

    ANY = "*"
    ONE = "?"


Part: TypeAlias = str | Wild
"""A stretch of literal text, or a wildcard."""


def parts(pattern: str) -> tuple[Part, ...]:
    """The pattern as literal texts and wildcards, in order; neighbouring `*` are one."""
    if "*" not in pattern and "?" not in pattern:
        return (pattern.replace("\\\\", "\\"),) if pattern else ()
    found: list[Part] = []
    literal: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and pattern[at + 1 : at + 2] in ("*", "?", "\\"):
            literal.append(pattern[at + 1])
            at += 2
            continue
        at += 1
        if character not in "*?":
            literal.append(character)
            continue
        if literal:
            found.append("".join(literal))
            literal.clear()
        wild = Wild(character)
        if wild is Wild.ONE or not found or found[-1] is not Wild.ANY:
            found.append(wild)
    if literal:
        found.append("".join(literal))
    return tuple(found)


def spelled(pattern: tuple[Part, ...]) -> str:
    """The pattern as text: `parts` of it gives the same parts."""
    return "".join(part.value if isinstance(part, Wild) else escaped(part) for part in pattern)


def escaped(text: str) -> str:
    r"""Literal text as a pattern that only `text` matches: `50%*` is `50%\*`; a backslash is doubled where it must."""
    found = []
    for at, character in enumerate(text):
        if character in "*?":
            found.append(f"\\{character}")
        elif character == "\\" and (at + 1 == len(text) or text[at + 1] in "*?\\"):
            found.append("\\\\")
        else:
            found.append(character)
    return "".join(found)


def plain(pattern: str) -> tuple[Operator, str] | None:
    r"""The pattern as an operator without wildcards, where there is one: `*\cmd.exe` is `ends_with` `\cmd.exe`.

    None for a pattern that needs its wildcards (`a*b`, `?`), and for one that anything matches.
    """
    match parts(pattern):
        case ():
            return Operator.EQ, ""
        case (str(text),):
            return Operator.EQ, text
        case (Wild.ANY, str(text)):
            return Operator.ENDS_WITH, text
        case (str(text), Wild.ANY):
            return Operator.STARTS_WITH, text
        case (Wild.ANY, str(text), Wild.ANY):
            return Operator.CONTAINS, text
        case _:
            return None
