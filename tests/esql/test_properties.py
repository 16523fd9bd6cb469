"""What holds for every text: no character is lost, printing keeps the tree, nothing raises, work is linear."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectionary.languages.esql import LANGUAGE
from detectionary.languages.esql.analyze import analyze
from detectionary.languages.esql.lexer import tokenize
from detectionary.languages.esql.parser import parse
from detectionary.languages.esql.printer import printed
from detectionary.languages.esql.syntax import Node, children, walk
from detectionary.model.analysis import Analysis
from detectionary.model.predicate import leaves
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.bounds import calls
from tests.esql.strategies import QUERIES, mutated

_FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_TEXTS = st.one_of(QUERIES, mutated(), st.text(max_size=60))


@_FEW
@given(_TEXTS)
def test_every_character_is_in_a_token_or_between_two(text: str) -> None:
    tokens = tokenize(text)
    end = 0
    for token in tokens:
        assert token.span.start >= end
        assert token.span.of(text) == token.text
        between = text[end : token.span.start]
        assert not between.strip() or "//" in between or "/*" in between
        end = token.span.end
    assert end == len(text)


@_FEW
@given(QUERIES)
def test_made_queries_are_accepted_and_printed_alike(query: str) -> None:
    parsed = parse(query)
    assert parsed.accepted, parsed.diagnostics
    text = printed(parsed.tree)
    again = parse(text)
    assert again.accepted, (text, again.diagnostics)
    assert again.tree == parsed.tree
    assert printed(again.tree) == text


@_FEW
@given(_TEXTS)
def test_accepted_texts_are_printed_alike(text: str) -> None:
    parsed = parse(text)
    shown = printed(parsed.tree)
    if parsed.accepted:
        assert parse(shown).tree == parsed.tree


@_FEW
@given(_TEXTS)
def test_children_stand_inside_their_parents(text: str) -> None:
    for node in walk(parse(text).tree):
        for child in children(node):
            assert isinstance(child, Node)
            if child.span.start < child.span.end:  # what is missing has no place of its own
                assert node.span.start <= child.span.start <= child.span.end <= node.span.end, (node, child)


@_FEW
@given(_TEXTS)
def test_any_text_is_taken_apart(text: str) -> None:
    source = SourceText(text)
    analysis = analyze(source, Environment())
    assert isinstance(analysis, Analysis)
    assert analysis.accepted is LANGUAGE.check(source).accepted
    shown = {leaf.span for stage in analysis.stages if stage.predicate is not None for leaf in leaves(stage.predicate)}
    nested = any(stage.pipelines for stage in analysis.stages)
    assert nested or {row.span for row in (*analysis.indicators, *analysis.exclusions)} <= shown
    for stage in analysis.stages:
        assert stage.text.endswith(stage.span.of(text).rstrip())
    stretches = LANGUAGE.highlight(source)
    for one, other in pairwise(stretches):
        assert one.span.end <= other.span.start
    for start, end in LANGUAGE.split(text):
        assert text[start:end] == text.strip()


def _work(text: str) -> int:
    def job() -> None:
        source = SourceText(text)
        analyze(source, Environment())
        LANGUAGE.highlight(source)
        LANGUAGE.normalised(source)

    return calls(job)


def test_work_is_linear() -> None:
    """Four times the text takes four times the work, for right texts and for wrong ones."""
    for piece in (
        'where a.b == "x" and not c like "y*" | ',
        "eval a = to_lower(b) | ",
        "where (a == 1 and ( | ",
        "/* x ",
        '"""x ',
        "where a in (from b | ",
        "rename a as b | drop c | ",
        "stats c = count(*) by d, e | where c > 5 | ",
    ):
        small, large = (_work(f"from a | {piece * count}") for count in (400, 1600))
        assert large < 4.1 * small, (piece, small, large)
