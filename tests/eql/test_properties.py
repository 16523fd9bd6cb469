"""What holds for every text and every tree."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages.eql import LANGUAGE
from detectionary.languages.eql.lexer import tokenize
from detectionary.languages.eql.parser import parse
from detectionary.languages.eql.printer import printed
from detectionary.languages.eql.syntax import Query, walk
from detectionary.languages.eql.tokens import END
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import SHARED
from tests.eql.corpus import corpus_queries
from tests.eql.strategies import queries, scraps


@settings(max_examples=300, deadline=None)
@given(queries)
def test_a_printed_tree_is_read_as_the_same_tree(tree: Query) -> None:
    text = printed(tree)
    parsed = parse(text)
    assert parsed.accepted, (text, parsed.diagnostics)
    assert parsed.tree == tree, text


@settings(max_examples=200, deadline=None)
@given(queries)
def test_every_leaf_of_a_read_query_is_somewhere(tree: Query) -> None:
    _holds_together(printed(tree))


@settings(max_examples=300, deadline=None)
@given(scraps)
def test_any_text_is_taken_apart(text: str) -> None:
    _holds_together(text)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_query_is_taken_apart(data: st.DataObject) -> None:
    texts = [text for _, text in corpus_queries()[::9]] if SHARED is not None else ["process where a : (1, 2) and b"]
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    _holds_together(text[:start] + data.draw(st.sampled_from(("", "(", ")", "]", '"', "not", "/*", "|"))) + text[end:])


def _holds_together(text: str) -> None:
    source = SourceText(text)
    _tokens_cover(text)
    parsed = parse(text)
    for node in walk(parsed.tree):
        if not isinstance(node, Query):
            assert 0 <= node.span.start <= node.span.end <= len(text)
    report = LANGUAGE.check(source)
    analysis = LANGUAGE.analyze(source, Environment())
    assert report.accepted is analysis.accepted is parsed.accepted
    assert [(stage.kind, stage.span) for stage in report.stages] == [(s.operator, s.span) for s in analysis.stages]
    _rows_stand_in_their_stages(text, analysis)
    _highlights_are_apart(source)
    LANGUAGE.normalised(source)


def _tokens_cover(text: str) -> None:
    """Tokens in order; between them only blanks and comments."""
    tokens = list(tokenize(text))
    comments = list(tokenize(text).comments())
    assert tokens[-1].kind == END
    before = 0
    for token in tokens:
        assert token.span.of(text) == token.text
        assert before <= token.span.start
        gap = text[before : token.span.start]
        for comment in reversed([each for each in comments if before <= each.start < token.span.start]):
            gap = gap[: comment.start - before] + gap[comment.end - before :]
        assert not gap.strip(" \t\r\n"), gap
        before = token.span.end
    assert before == len(text)


def _rows_stand_in_their_stages(text: str, analysis: Analysis) -> None:
    for stage in analysis.stages:
        assert stage.text.endswith(stage.span.of(text))
    for row in (*analysis.indicators, *analysis.exclusions):
        stage = analysis.stages[row.stage - 1]
        assert stage.span.start <= row.span.start <= row.span.end <= stage.span.end
        assert row.values or row.operator.value in ("is_null", "is_not_null")


def _highlights_are_apart(source: SourceText) -> None:
    end = 0
    for found in LANGUAGE.highlight(source):
        assert end <= found.span.start < found.span.end <= len(source.text)
        end = found.span.end
