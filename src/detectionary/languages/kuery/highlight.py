"""What each stretch of a query is, from its tokens: words before a colon or a range sign are fields."""

from __future__ import annotations

from typing import Final

from detectionary.languages.kuery.tokens import Kind, Token, tokenize
from detectionary.languages.language import Highlight
from detectionary.text import SourceText, Span

_RANGES: Final = frozenset({Kind.LESS, Kind.LESS_EQUAL, Kind.GREATER, Kind.GREATER_EQUAL})
_VALUE: Final = frozenset({Kind.WORD, Kind.STRING})


def highlight(source: SourceText) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks are left out."""
    tokens = [token for token in tokenize(source.text) if token.kind is not Kind.BLANK]
    found: list[Highlight] = []
    for at, token in enumerate(tokens):
        found.append(Highlight(Span(token.start, token.end), _kind(token, tokens, at)))
    return tuple(found)


def _kind(token: Token, tokens: list[Token], at: int) -> str:
    if token.kind not in _VALUE:
        return "keyword" if token.kind in (Kind.AND, Kind.OR, Kind.NOT) else "operator"
    following = tokens[at + 1].kind if at + 1 < len(tokens) else None
    if following is Kind.COLON or following in _RANGES:
        return "column"
    bare = token.text.lower()
    return "number" if bare in ("true", "false") or bare.lstrip("-").replace(".", "", 1).isdecimal() else "string"
