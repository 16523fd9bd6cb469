"""Every literal of a query's text, and whether its analysis shows it: a walk over the tokens."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from detectionary.languages.lucene.lexer import Token, tokenize, unescaped
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.predicate import Operator
from detectionary.text import Span

_LITERALS: Final = frozenset({"TERM", "PHRASE", "REGEX", "APPROX"})
_END: Final = Token("END", "", Span(0, 0))


def lost(text: str, analysis: Analysis) -> list[Token]:
    """The literals of `text`, fields, values and distances, that no row, time filter or opaque predicate shows."""
    return [
        token
        for token, following in pairwise((*tokenize(text), _END))
        if token.kind in _LITERALS and not _is_shown(token, following.kind == "COLUMN", analysis)
    ]


def _is_shown(token: Token, named: bool, analysis: Analysis) -> bool:
    if token.text in ("*", "_exists_", "~"):
        return True
    spans = [found.span for found in analysis.time_filters] + [found.span for found in analysis.opaques]
    if any(_within(token.span, span) for span in spans):
        return True
    rows = (*analysis.indicators, *analysis.exclusions)
    if named:
        # Rows of a group stand behind the name of its field.
        return any(row.field == unescaped(token.text) and token.span.start < row.span.end for row in rows)
    return any(_within(token.span, row.span) and _holds(row, token) for row in rows)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _holds(row: Indicator, token: Token) -> bool:
    if token.kind == "APPROX":
        return any(f"({token.text[1:]})" in name for value in row.values for name in value.transforms)
    plain = unescaped(token.text[1:-1] if token.kind == "PHRASE" else token.text)
    if token.kind == "REGEX":
        plain = token.text[1:-1].replace("\\/", "/")
    if not plain and row.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return True
    found: list[str] = [row.field or ""]
    for value in row.values:
        parts = value.value if isinstance(value.value, tuple) else (value.value,)
        found += [str(part).lower() if isinstance(part, bool) else str(part) for part in parts]
    if row.operator is Operator.WILDCARD and ("*" in token.text or "?" in token.text):
        return any(_letters(plain) == _letters(text) for text in found)
    return plain in found or plain.lstrip("<>=") in found


def _letters(text: str) -> list[str]:
    """What wildcards and the escapes of two languages leave alike."""
    return [character for character in text if character not in "*?\\"]
