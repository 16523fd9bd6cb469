"""What holds for every text and every tree."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages.yaral import LANGUAGE
from detectionary.languages.yaral.lexer import tokenize
from detectionary.languages.yaral.parser import parse
from detectionary.languages.yaral.printer import printed
from detectionary.languages.yaral.syntax import Text, walk
from detectionary.languages.yaral.tokens import END
from detectionary.model.analysis import Analysis, Stage
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import SHARED
from tests.yaral.corpus import corpus_rules
from tests.yaral.literals import lost
from tests.yaral.strategies import scraps, texts


@settings(max_examples=100, deadline=None)
@given(texts)
def test_a_printed_tree_is_read_as_the_same_tree(tree: Text) -> None:
    text = printed(tree)
    parsed = parse(text)
    assert parsed.accepted, (text, parsed.diagnostics)
    assert parsed.tree == tree, text


@settings(max_examples=60, deadline=None)
@given(texts)
def test_every_literal_of_a_read_rule_is_somewhere(tree: Text) -> None:
    text = printed(Text(tree.rules[:1]))
    _holds_together(text)
    assert lost(text, LANGUAGE.analyze(SourceText(text), Environment())) == []


@settings(max_examples=100, deadline=None)
@given(scraps)
def test_any_text_is_taken_apart(text: str) -> None:
    _holds_together(text)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_rule_is_taken_apart(data: st.DataObject) -> None:
    if SHARED is not None:
        rules = [text for _, text in corpus_rules()[::9] if len(text) < 6000]
    else:
        rules = ['rule r { events: $e.a = "x" and ($e.b in %l or not $e.c = /y/ nocase) condition: $e }']
    text = data.draw(st.sampled_from(rules))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    put = data.draw(st.sampled_from(("", "(", ")", "}", "{", '"', "`", "/", "not", "/*", "events:", "rule x {")))
    _holds_together(text[:start] + put + text[end:])


def _holds_together(text: str) -> None:
    source = SourceText(text)
    _tokens_cover(text)
    parsed = parse(text)
    for node in walk(parsed.tree):
        if not isinstance(node, Text):
            assert 0 <= node.span.start <= node.span.end <= len(text)
    report = LANGUAGE.check(source)
    analysis = LANGUAGE.analyze(source, Environment())
    assert report.accepted is analysis.accepted is parsed.accepted
    assert [(stage.kind, stage.span) for stage in report.stages] == [(s.operator, s.span) for s in analysis.stages]
    _stages_stand_where_they_say(text, analysis.stages)
    _rows_stand_in_their_stages(analysis)
    _highlights_are_apart(source)
    LANGUAGE.normalised(source)
    for start, end in LANGUAGE.split(text):
        assert 0 <= start < end <= len(text)


def _tokens_cover(text: str) -> None:
    """Tokens in order; between them only blanks and comments."""
    tokens = tokenize(text)
    assert [*tokens][-1].kind == END
    covered = [False] * len(text)
    for token in tokens:
        assert token.span.of(text) == token.text
        covered[token.span.start : token.span.end] = [True] * len(token.text)
    for span in tokens.comments():
        covered[span.start : span.end] = [True] * (span.end - span.start)
    assert not any(
        character.strip("\ufeff \t\r\n\f\v\x1c\x1d\x1e\x1f\x85\xa0") and not done
        for character, done in zip(text, covered, strict=True)
    )


def _stages_stand_where_they_say(text: str, stages: tuple[Stage, ...]) -> None:
    for number, stage in enumerate(stages, start=1):
        assert stage.number == number
        assert stage.text == stage.span.of(text)
        for pipeline in stage.pipelines:
            _stages_stand_where_they_say(text, pipeline.stages)


def _rows_stand_in_their_stages(analysis: Analysis) -> None:
    for row in (*analysis.indicators, *analysis.exclusions):
        span = analysis.stages[row.stage - 1].span
        assert span.start <= row.span.start <= row.span.end <= span.end
    assert analysis.predicate_count >= len(analysis.opaques) + len(analysis.thresholds)


def _highlights_are_apart(source: SourceText) -> None:
    end = 0
    for found in LANGUAGE.highlight(source):
        assert end <= found.span.start < found.span.end <= len(source.text)
        assert found.span.of(source.text).strip()
        end = found.span.end
