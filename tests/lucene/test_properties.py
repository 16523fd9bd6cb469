"""What holds for every Lucene text, right or wrong."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages.lucene import LANGUAGE
from detectionary.languages.lucene.lexer import BLANKS, tokenize
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.schema import Environment
from detectionary.text import SourceText, Span
from tests.lucene.literals import lost
from tests.lucene.strategies import queries, scraps


@settings(max_examples=300, deadline=None)
@given(queries)
def test_a_normalised_query_asks_for_the_same(text: str) -> None:
    analysis = _analysis(text)
    assert analysis.accepted, (text, analysis.diagnostics)
    again = LANGUAGE.normalised(SourceText(text))
    assert LANGUAGE.normalised(SourceText(again)) == again
    assert _rows(_analysis(again)) == _rows(analysis)


@settings(max_examples=300, deadline=None)
@given(queries)
def test_no_literal_of_a_query_is_lost(text: str) -> None:
    assert lost(text, _analysis(text)) == []
    _holds_together(text)


@settings(max_examples=300, deadline=None)
@given(scraps)
def test_any_text_is_taken_apart(text: str) -> None:
    _holds_together(text)


@settings(max_examples=150, deadline=None)
@given(queries, st.integers(0, 60), st.integers(0, 20), st.sampled_from(("", "(", ")", '"', " NOT ", "\\", ":", "[")))
def test_a_damaged_query_is_taken_apart(text: str, start: int, length: int, scrap: str) -> None:
    _holds_together(text[:start] + scrap + text[start + length :])


def _analysis(text: str) -> Analysis:
    return LANGUAGE.analyze(SourceText(text), Environment())


def _rows(analysis: Analysis) -> tuple[tuple[Indicator, ...], ...]:
    """The rows without their places."""
    nowhere = Span(0, 0)
    return tuple(
        tuple(replace(row, span=nowhere) for row in rows) for rows in (analysis.indicators, analysis.exclusions)
    )


def _holds_together(text: str) -> None:
    source = SourceText(text)
    before = 0
    edges = {0, len(text)}
    for token in tokenize(text):
        assert token.span.of(text) == token.text
        assert not text[before : token.span.start].strip(BLANKS)
        before = token.span.end
        edges |= {*token.span}
    assert not text[before:].strip(BLANKS)
    report = LANGUAGE.check(source)
    analysis = _analysis(text)
    assert report.accepted is analysis.accepted is not bool(analysis.diagnostics)
    assert [(stage.kind, stage.span) for stage in report.stages] == [(s.operator, s.span) for s in analysis.stages]
    for row in (*analysis.indicators, *analysis.exclusions):
        assert {*row.span} <= edges
        assert row.span.start < row.span.end
        assert row.values or row.operator.value in ("is_null", "is_not_null")
    end = 0
    for found in LANGUAGE.highlight(source):
        assert end <= found.span.start < found.span.end <= len(text)
        end = found.span.end
    LANGUAGE.normalised(source)
