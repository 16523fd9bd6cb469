"""Every literal of a rule's text, and whether its analysis shows it: a walk over the tokens."""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.languages.yaral.lexer import string_value, tokenize
from detectionary.languages.yaral.tokens import DURATION, LITERALS, NUMBERS, REGEX, STRINGS, Token
from detectionary.model.analysis import Analysis, Indicator, Stage
from detectionary.model.predicate import Operator
from detectionary.text import Span

_NULL_CHECKS = (Operator.IS_NULL, Operator.IS_NOT_NULL)
_STAGE_ONLY = ("outcome", "options", "order", "limit", "dedup", "select", "unselect", "export")


def lost(text: str, analysis: Analysis) -> list[Token]:
    """The literals of `text` that nothing of the analysis shows."""
    tokens = [*tokenize(text)]
    first = min((stage.span.start for stage in analysis.stages), default=len(text))
    metadata = [value for _, value in analysis.metadata]
    found: list[Token] = []
    for token in _literals(tokens):
        if token.span.start < first:
            shown = token.kind in STRINGS and string_value(token.text).value in metadata
        else:
            shown = _is_shown(token, analysis)
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
    texts = [found.span for found in (*analysis.time_filters, *analysis.column_comparisons, *analysis.opaques)]
    texts += [found.span for found in analysis.thresholds]
    texts += [found.span for found in analysis.parameters]
    texts += [stage.span for stage in _stages(analysis.stages) if stage.operator in _STAGE_ONLY]
    if any(_within(token.span, span) for span in texts):
        return True
    return token.kind == DURATION and token.text in (analysis.window, *analysis.bins)


def _stages(stages: tuple[Stage, ...]) -> Iterator[Stage]:
    for stage in stages:
        yield stage
        for pipeline in stage.pipelines:
            yield from _stages(pipeline.stages)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _holds(row: Indicator, token: Token) -> bool:
    """Whether the row has the literal as a value, as a part of its field, or in the text of a transform."""
    transforms = [*row.transforms, *(name for value in row.values for name in value.transforms)]
    values = [value.value for value in row.values]
    if token.kind in STRINGS or token.kind == REGEX:
        value = string_value(token.text).value
        if row.operator in _NULL_CHECKS and value == "":
            return True
        printed = value.replace("\\", "\\\\").replace('"', '\\"')
        return value in values or value in (row.field or "") or any(printed in name or token.text in name for name in transforms)
    if token.kind in NUMBERS:
        number = float(token.text)
        numeric = [abs(each) for each in values if isinstance(each, int | float)]
        return number in numeric or any(token.text in name for name in transforms)
    return (token.kind == "true") in values or token.kind == DURATION
