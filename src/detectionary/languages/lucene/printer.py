"""One spelling for all queries of the same tokens: copies share it."""

from __future__ import annotations

from typing import Final

from detectionary.languages.lucene.lexer import Token

_SPELLINGS: Final = {"AND_OP": "AND", "OR_OP": "OR", "NOT": "NOT", "MINUS": "NOT"}
_TIGHT_BEFORE: Final = frozenset({"COLUMN", "RPAREN", "RBRACKET", "APPROX", "BOOST"})
_TIGHT_AFTER: Final = frozenset({"COLUMN", "LPAREN", "LBRACKET", "PLUS"})


def printed(tokens: tuple[Token, ...]) -> str:
    """The tokens with one blank between words, and signs that mean the same written alike."""
    found: list[str] = []
    before = "LPAREN"
    for kind, text, _ in tokens:
        if kind not in _TIGHT_BEFORE and before not in _TIGHT_AFTER:
            found.append(" ")
        found.append(_SPELLINGS.get(kind, text))
        before = kind
    return "".join(found)
