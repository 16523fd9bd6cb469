"""Patterns inside strings: the columns that `dissect` and `grok` make, and the wildcards of `like`.

Elastic's pages: "Process data with DISSECT and GROK", "LIKE and RLIKE operators".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.model.wildcards import Wild, spelled

_GROK_TYPES: Final = {
    "int": "integer",
    "integer": "integer",
    "long": "long",
    "double": "double",
    "float": "double",
    "boolean": "boolean",
}
_LEFT: Final = "+?*&"


def dissected(pattern: str) -> tuple[str, ...] | None:
    """The names between `%{` and `}`, each once; None when a key does not end.

    `?name` and an empty key are skipped. `+name` joins to the same column, `/n` says in which order, `->` skips blanks.
    """
    names: list[str] = []
    at = pattern.find("%{")
    while at >= 0:
        end = pattern.find("}", at)
        if end < 0:
            return None
        key = pattern[at + 2 : end].removesuffix("->")
        if not key.startswith("?"):
            name = key.lstrip(_LEFT).partition("/")[0]
            if name and name not in names:
                names.append(name)
        at = pattern.find("%{", end)
    return tuple(names)


def grokked(pattern: str) -> tuple[tuple[str, str], ...] | None:
    """The names that a pattern gives, and their types: `%{SYNTAX:name:type}`, `(?<name>…)`; None as above."""
    found: dict[str, str] = {}
    for inner in _grok_parts(pattern):
        if inner is None:
            return None
        name, kind = inner
        found.setdefault(name, kind)
    return tuple(found.items())


def _grok_parts(pattern: str) -> Iterator[tuple[str, str] | None]:
    at = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
        elif pattern.startswith("%{", at):
            end = pattern.find("}", at)
            if end < 0:
                yield None
                return
            _, _, rest = pattern[at + 2 : end].partition(":")
            name, _, kind = rest.partition(":")
            if name:
                yield name, _GROK_TYPES.get(kind, "keyword")
            at = end + 1
        elif pattern.startswith("(?<", at) and pattern[at + 3 : at + 4] not in ("=", "!"):
            end = pattern.find(">", at)
            if end < 0:
                yield None
                return
            yield pattern[at + 3 : end], "keyword"
            at = end + 1
        else:
            at += 1


def wildcard(pattern: str) -> tuple[bool, str]:
    r"""A pattern of `like` in the model's spelling, and whether it has wildcards; otherwise the plain text.

    A backslash takes the meaning from any character behind it, as in Lucene; the model's does so only before `*`, `?`
    and backslashes.
    """
    parts: list[str | Wild] = []
    literal: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern):
            literal.append(pattern[at + 1])
            at += 2
            continue
        at += 1
        if character not in "*?":
            literal.append(character)
            continue
        if literal:
            parts.append("".join(literal))
            literal.clear()
        wild = Wild(character)
        if not (wild is Wild.ANY and parts and parts[-1] is wild):
            parts.append(wild)
    if literal:
        parts.append("".join(literal))
    if any(isinstance(part, Wild) for part in parts):
        return True, spelled(tuple(parts))
    return False, "".join(part for part in parts if isinstance(part, str))
