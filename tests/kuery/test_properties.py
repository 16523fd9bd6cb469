"""What holds for every KQL text, right or wrong."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages.kuery import LANGUAGE
from detectionary.languages.kuery.lexer import BLANKS, tokenize
from detectionary.languages.kuery.parser import parse
from detectionary.languages.kuery.printer import printed
from detectionary.languages.kuery.syntax import Node, walk
from detectionary.languages.kuery.tokens import END
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import SHARED
from tests.kuery.corpus import corpus_queries
from tests.kuery.literals import lost
from tests.kuery.strategies import queries, scraps


@settings(max_examples=400, deadline=None)
@given(queries)
def test_a_printed_tree_is_read_as_the_same_tree(tree: Node) -> None:
    text = printed(tree)
    parsed = parse(text)
    assert parsed.accepted, (text, parsed.diagnostics)
    assert parsed.tree == tree, text


@settings(max_examples=200, deadline=None)
@given(queries)
def test_no_literal_of_a_read_query_is_lost(tree: Node) -> None:
    text = printed(tree)
    assert lost(text, LANGUAGE.analyze(SourceText(text), Environment())) == []


@settings(max_examples=300, deadline=None)
@given(scraps)
def test_any_text_is_taken_apart(text: str) -> None:
    _holds_together(text)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_query_is_taken_apart(data: st.DataObject) -> None:
    texts = [text for _, text in corpus_queries()[::9]] if SHARED is not None else ['a:(b or "c") and not d:{e > 5}']
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    _holds_together(
        text[:start] + data.draw(st.sampled_from(("", "(", ")", "{", '"', " not ", "\\", ":"))) + text[end:]
    )


def _holds_together(text: str) -> None:
    source = SourceText(text)
    before = 0
    tokens = tokenize(text)
    for token in tokens:
        assert token.span.of(text) == token.text
        assert not text[before : token.span.start].strip(BLANKS)
        before = token.span.end
    assert tokens[-1].kind == END
    assert before == len(text)
    parsed = parse(text)
    for node in () if parsed.tree is None else walk(parsed.tree):
        assert 0 <= node.span.start <= node.span.end <= len(text)
    report = LANGUAGE.check(source)
    analysis = LANGUAGE.analyze(source, Environment())
    assert report.accepted is analysis.accepted is parsed.accepted
    assert [(stage.kind, stage.span) for stage in report.stages] == [(s.operator, s.span) for s in analysis.stages]
    assert analysis.accepted or analysis.diagnostics
    for row in (*analysis.indicators, *analysis.exclusions):
        assert analysis.stages[0].span.start <= row.span.start <= row.span.end <= analysis.stages[0].span.end
        assert row.values or row.operator.value in ("is_null", "is_not_null")
    end = 0
    for found in LANGUAGE.highlight(source):
        assert end <= found.span.start < found.span.end <= len(text)
        end = found.span.end
    LANGUAGE.normalised(source)
