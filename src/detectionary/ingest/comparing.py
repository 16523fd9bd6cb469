"""How two texts of a rule differ, as their language tells it: for the catalog's record of what runs changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from detectionary.languages.language import Language
from detectionary.model.analysis import Analysis, Stage
from detectionary.model.change import Change, QueryDifference, change, limit_parameters, limit_spans
from detectionary.model.entry import Entry
from detectionary.model.predicate import Value, ValueKind
from detectionary.model.rule import AddedStage
from detectionary.text import SourceText, Span

_NO_NUMBER: Final = Value(ValueKind.NUMBER, 1)


def comparing(languages: Sequence[Language]) -> Callable[[Entry, Entry], Change]:
    """A function that tells the change from an earlier entry of a rule to a later one."""
    known = {language.name: language for language in languages}

    def compare(before: Entry, after: Entry) -> Change:
        return change(before, after, query_difference(before, after, known.get(after.rule.language)))

    return compare


def query_difference(before: Entry, after: Entry, language: Language | None) -> QueryDifference:
    """How the queries differ, with what the rules add around them."""
    one, other = before.rule, after.rule
    if one.language != other.language or language is None:
        return QueryDifference.LOGIC
    if _texts(before, language, (one.query.text, other.query.text)) and one.additions == other.additions:
        return QueryDifference.NONE
    masked = (without_limits(before, language), without_limits(after, language))
    if _texts(before, language, masked) and _additions(before) == _additions(after):
        return QueryDifference.LIMITS
    return QueryDifference.LOGIC


def _texts(entry: Entry, language: Language, texts: tuple[str, str]) -> bool:
    """Whether two queries differ in blanks, comments and spelling alone."""
    one, other = texts
    if one == other:
        return True
    path = entry.rule.source.path
    return language.normalised(SourceText(one, path)) == language.normalised(SourceText(other, path))


def without_limits(entry: Entry, language: Language) -> str:
    """The query with the same number in place of each that is a limit, and the same span of time likewise.

    Limits are numbers in thresholds, in filters on the record's time and in parameters that these name, the widths of
    time bins, and the window within which records belong together.
    """
    text = entry.rule.query.text
    pieces: list[str] = []
    at = 0
    for span in _limits(entry, language):
        pieces += (text[at : span.start], "1" if _is_number(span.of(text)) else "1s")
        at = span.end
    return "".join((*pieces, text[at:]))


def _limits(entry: Entry, language: Language) -> Iterator[Span]:
    """The tokens that are limits, in order."""
    analysis, text = entry.analysis, entry.rule.query.text
    wanted = limit_parameters(analysis, text)
    inside = [*limit_spans(analysis), *(each.span for each in analysis.parameters if each.name in wanted)]
    binned = [stage.span for stage in _stages(analysis) if stage.bins]
    for token in language.highlight(entry.rule.query):
        said = token.span.of(text)
        if token.kind == "number":
            limits = _within(token.span, inside) or (not _is_number(said) and _within(token.span, binned))
        else:
            limits = False
        if limits or (token.kind in ("number", "string") and said == analysis.window):
            yield token.span


def _stages(analysis: Analysis) -> Iterator[Stage]:
    """All stages, nested ones too."""
    pending = [*analysis.stages, *(stage for binding in analysis.bindings for stage in binding.stages)]
    while pending:
        stage = pending.pop()
        yield stage
        pending += (inner for pipeline in stage.pipelines for inner in pipeline.stages)


def _within(span: Span, spans: Sequence[Span]) -> bool:
    return any(each.start <= span.start and span.end <= each.end for each in spans)


def _is_number(token: str) -> bool:
    """Whether it has no unit: a span of time and a moment do."""
    try:
        float(token)
    except ValueError:
        return False
    return True


def _additions(entry: Entry) -> object:
    """What the rule adds around its query, its thresholds without their numbers."""
    added = entry.rule.additions
    return replace(added, stages=tuple(map(_without_number, added.stages)))


def _without_number(stage: AddedStage) -> AddedStage:
    """The stage as it would be with another threshold; its text repeats the setting and says nothing more."""
    if not stage.thresholds:
        return stage
    tests = tuple(replace(test, value=_NO_NUMBER) for test in stage.thresholds)
    return replace(stage, text="", thresholds=tests)
