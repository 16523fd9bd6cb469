"""Every literal of a query's text, and whether its analysis shows it: a walk over the tokens."""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.languages.eql.lexer import string_value, tokenize
from detectionary.languages.eql.predicates import neutral
from detectionary.languages.eql.tokens import DECIMAL, INTEGER, LITERALS, STRINGS, Token
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.predicate import Operator
from detectionary.text import Span

_NULL_CHECKS = (Operator.IS_NULL, Operator.IS_NOT_NULL)
_STAGE_ONLY = ("head", "tail", "unique", "sort", "count", "unique_count")


def lost(text: str, analysis: Analysis) -> list[Token]:
    """The literals of `text` that no row, threshold, time filter, column comparison or opaque predicate shows."""
    found = [*tokenize(text)]
    return [token for token in _literals(found) if not _is_shown(token, text, analysis)]


def _literals(tokens: list[Token]) -> Iterator[Token]:
    for at, token in enumerate(tokens):
        index = at and tokens[at - 1].kind == "[" and tokens[at + 1].kind == "]"
        if token.kind in LITERALS and not index:
            yield token


def _is_shown(token: Token, text: str, analysis: Analysis) -> bool:
    rows = (*analysis.indicators, *analysis.exclusions)
    if any(_within(token.span, row.span) and _holds(row, token) for row in rows):
        return True
    texts: list[Span] = [found.span for found in analysis.time_filters]
    texts += [found.span for found in analysis.column_comparisons]
    texts += [found.span for found in analysis.opaques]
    texts += [found.span for found in analysis.thresholds]
    texts += [stage.span for stage in analysis.stages if stage.operator in _STAGE_ONLY]
    if any(_within(token.span, span) for span in texts):
        return True
    window = analysis.window is not None and analysis.window.startswith(token.text)
    return window and any(_within(token.span, stage.span) for stage in analysis.stages if stage.operator == "sequence")


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _holds(row: Indicator, token: Token) -> bool:
    """Whether the row has the literal as a value, or in the text of a transform."""
    transforms = [*row.transforms, *(name for value in row.values for name in value.transforms)]
    values = [value.value for value in row.values]
    if token.kind in STRINGS:
        value = string_value(token.text).value
        if row.operator in _NULL_CHECKS:
            return value == ""
        return value in values or neutral(value) in values or any(token.text in name for name in transforms)
    if token.kind == "null":
        return row.operator in _NULL_CHECKS or None in values
    if token.kind in (INTEGER, DECIMAL):
        number = float(token.text)
        numeric = [abs(each) for each in values if isinstance(each, int | float)]
        return number in numeric or any(token.text in name for name in transforms)
    return (token.kind == "true") in values
