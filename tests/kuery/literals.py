"""Every literal of a query's text, and whether its analysis shows it: a walk over the tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from detectionary.languages.kuery.lexer import quoted_value, tokenize, words_value
from detectionary.languages.kuery.tokens import LITERALS, QUOTED, Token
from detectionary.model.analysis import Analysis
from detectionary.model.predicate import Operator
from detectionary.text import Span

_FIELD_BEFORE = frozenset({":", "<", "<=", ">", ">="})


def lost(text: str, analysis: Analysis) -> list[Token]:
    """The literals of `text`, fields and values, that no row, time filter or opaque predicate shows."""
    tokens = tokenize(text)
    return [token for token, named in _literals(tokens) if not _is_shown(token, named, analysis)]


def _literals(tokens: tuple[Token, ...]) -> Iterator[tuple[Token, bool]]:
    """Each literal, and whether it names a field."""
    for token, following in pairwise(tokens):
        if token.kind in LITERALS:
            yield token, following.kind in _FIELD_BEFORE


def _is_shown(token: Token, named: bool, analysis: Analysis) -> bool:
    quoted = token.kind == QUOTED
    value = quoted_value(token.text) if quoted else words_value(token.text).value
    if not quoted and value == "*" and not named:
        return True  # `x: *` has no value; that its field is shown is checked with the field
    spans = [found.span for found in analysis.time_filters] + [found.span for found in analysis.opaques]
    if any(_within(token.span, span) for span in spans):
        return True
    rows = [row for row in (*analysis.indicators, *analysis.exclusions) if _near(token.span, row.span, named)]
    if named:
        return any(row.field is not None and f".{value}." in f".{row.field}." for row in rows) or value in ("*", "null")
    for row in rows:
        if value in ("null", "") and row.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            return True
        if value in [_shown(each.value) for each in row.values]:
            return True
    return False


def _near(inner: Span, outer: Span, named: bool) -> bool:
    """The name of a nested field stands before its rows."""
    return _within(inner, outer) or (named and inner.end <= outer.start)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
