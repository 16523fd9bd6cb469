r"""Tokens of Kibana KQL: a lexer that keeps every character.

After Kibana's grammar (packages/kbn-es-query/src/kuery/grammar/grammar.peg): the characters `\ ( ) : < > " * { }` are
special, a backslash takes the meaning from one of them, writes white space (`\t`, `\n`, `\r`), a character by its number
(`\uXXXX`), or keeps a word from being a keyword (`\and`).
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


class Kind(Enum):
    """What a token is."""

    BLANK = "blank"
    WORD = "word"
    STRING = "string"
    """A text in double quotes; one that is never closed reaches to the end."""
    AND = "and"
    OR = "or"
    NOT = "not"
    OPEN = "("
    CLOSE = ")"
    OPEN_NESTED = "{"
    CLOSE_NESTED = "}"
    COLON = ":"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


class Token(NamedTuple):
    """A stretch of the text."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """One after its last character."""
        return self.start + len(self.text)


_SIGNS: Final = {
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    "{": Kind.OPEN_NESTED,
    "}": Kind.CLOSE_NESTED,
    ":": Kind.COLON,
}
_KEYWORDS: Final = {"and": Kind.AND, "or": Kind.OR, "not": Kind.NOT}
_WORD_ENDS: Final = frozenset('():<>"{}')


def tokenize(text: str) -> list[Token]:
    """All tokens; their texts, blanks included, are the text."""
    found: list[Token] = []
    at, length = 0, len(text)
    while at < length:
        start = at
        character = text[at]
        if character.isspace():
            while at < length and text[at].isspace():
                at += 1
            kind = Kind.BLANK
        elif character in _SIGNS:
            at += 1
            kind = _SIGNS[character]
        elif character in "<>":
            equal = text.startswith("=", at + 1)
            at += 1 + equal
            less = Kind.LESS_EQUAL if equal else Kind.LESS
            greater = Kind.GREATER_EQUAL if equal else Kind.GREATER
            kind = less if character == "<" else greater
        elif character == '"':
            at = _string_end(text, at)
            kind = Kind.STRING
        else:
            while at < length and text[at] not in _WORD_ENDS and not text[at].isspace():
                at += 2 if text[at] == "\\" and at + 1 < length else 1
            kind = _KEYWORDS.get(text[start:at].lower(), Kind.WORD)
        found.append(Token(kind, text[start:at], start))
    return found


def _string_end(text: str, start: int) -> int:
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == '"':
            return at + 1
        at += 1
    return len(text)
