"""Every literal of a rule's text, and whether its analysis shows it: a walk over the tokens."""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.languages.yaral.lexer import string_value, tokenize
from detectionary.languages.yaral.tokens import LITERALS, NUMBERS, REGEX, STRINGS, Token
from detectionary.model.analysis import Analysis, Indicator, Stage
from detectionary.model.predicate import Operator
from detectionary.text import Span

_NULL_CHECKS = (Operator.IS_NULL, Operator.IS_NOT_NULL)
_STAGE_ONLY = ("meta", "match", "outcome", "options", "order", "limit", "dedup", "select", "unselect", "export")


def lost(text: str, analysis: Analysis) -> list[Token]:
    """The literals of `text` that nothing of the analysis shows."""
    tokens = [*tokenize(text)]
    metadata = [value for _, value in analysis.metadata]
    found: list[Token] = []
    for token in _literals(tokens):
        if any(_within(token.span, stage.span) for stage in analysis.stages):
            shown = _is_shown(token, analysis)
        else:
            quoted = token.kind in STRINGS or token.kind == REGEX
            shown = (string_value(token.text).value if quoted else token.text) in metadata
        if not shown:
            found.append(token)
    return found


def _literals(tokens: list[Token]) -> Iterator[Token]:
    for at, token in enumerate(tokens):
        index = token.kind in NUMBERS and at > 0 and tokens[at - 1].kind == "[" and tokens[at + 1].kind == "]"
        if token.kind in LITERALS and not index:
            yield token


def _is_shown(token: Token, analysis: Analysis) -> bool:
    rows = (*analysis.indicators, *analysis.exclusions)
    if any(_within(token.span, row.span) and _holds(row, token) for row in rows):
        return True
    # The key of a map in the operand of a list of values: the rows stand at the values.
    key = string_value(token.text).value if token.kind in STRINGS else ""
    if any((key or token.text) in (row.field or "") and token.span.end <= row.span.start for row in rows):
        return True
    texts = [found.span for found in analysis.time_filters]
    texts += [found.span for found in analysis.column_comparisons]
    texts += [found.span for found in analysis.opaques]
    texts += [found.span for found in analysis.thresholds]
    texts += [found.span for found in analysis.parameters]
    texts += [stage.span for stage in _stages(analysis.stages) if stage.operator in _STAGE_ONLY]
    return any(_within(token.span, span) for span in texts)


def _stages(stages: tuple[Stage, ...]) -> Iterator[Stage]:
    for stage in stages:
        yield stage
        for pipeline in stage.pipelines:
            yield from _stages(pipeline.stages)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _holds(row: Indicator, token: Token) -> bool:
    """Whether the row has the literal as a value, as a part of its field, or in the text of a transform."""
    names = [row.field or "", *row.transforms, *(name for value in row.values for name in value.transforms)]
    values = [value.value for value in row.values]
    if token.kind in STRINGS or token.kind == REGEX:
        value = string_value(token.text).value
        if row.operator in _NULL_CHECKS and value == "":
            return True
        printed = value.replace("\\", "\\\\").replace('"', '\\"')
        return value in values or any(
            text in str(name) for name in (*names, *values) for text in (value, printed, token.text) if text
        )
    if token.kind in NUMBERS and float(token.text) in [abs(each) for each in values if isinstance(each, int | float)]:
        return True
    listed = [str(each) for each in values]
    known = (token.kind == "true") in values or token.text in listed
    return known or any(token.text in name for name in (*names, *listed))
