"""What queries are taken apart into, and what is said of faulty ones, by cases that a detection engineer can review."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.languages.kuery import LANGUAGE
from detectionary.model.schema import Environment
from detectionary.text import SourceText, render
from tests.analysis_lines import FILTERS, OTHERS, lines
from tests.kuery.literals import lost
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "analysis.md"))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks} - {"kuery"}
    assert words, "the case expects nothing"
    assert words <= FILTERS.keys() | OTHERS.keys()
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    analysis = LANGUAGE.analyze(SourceText(case.text("kuery")), Environment())
    show = {**FILTERS, **OTHERS}
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected


@pytest.mark.parametrize("case", parameters(CASES / "syntax-faults.md"))
def test_what_is_said_of_a_faulty_query(case: Case) -> None:
    source = SourceText(case.text("kuery"))
    assert "\n".join(render(each, source) for each in LANGUAGE.check(source).errors) == case.text("faults")


@pytest.mark.parametrize("text", ["a: x", "a > 5", 'a: ("x" and y)', "x", "a: { b: c }", "not a: true"])
def test_a_value_that_is_lost_is_noticed(text: str) -> None:
    """The walk over the literals of a text, which the corpus is held against, can fail."""
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    assert lost(text, analysis) == []
    assert lost(text, replace(analysis, indicators=(), exclusions=())) != []


def test_spans_of_rows_are_those_of_their_conditions() -> None:
    text = 'a: x  and not b : ("y" or z )  and w'
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    assert [row.span.of(text) for row in analysis.indicators] == ["a: x", "w"]
    assert [row.span.of(text) for row in analysis.exclusions] == ['b : ("y" or z )']


@pytest.mark.parametrize("space", ["  ", "\n", "\t\u00a0"])
def test_copies_share_their_normalised_text(space: str) -> None:
    text = space.join(["a", ":", "(", "x", "OR", '"y"', ")", "AND", "NOT", "(", "b", ">=", "5", ")"])
    assert LANGUAGE.normalised(SourceText(text)) == 'a: (x or "y") and not b >= 5'


def test_quotes_are_no_spelling() -> None:
    """On a field of text, words are looked for one by one, a phrase as a whole."""
    assert LANGUAGE.normalised(SourceText("a: b c")) != LANGUAGE.normalised(SourceText('a: "b c"'))


def test_one_text_holds_one_query() -> None:
    assert LANGUAGE.split("  \n a: x\n") == ((4, 8),)
    assert LANGUAGE.split(" \n") == ()


def test_what_each_stretch_is_shown_as() -> None:
    text = 'not a.b: (x* or "y" or 5 or true) and c >= 2 and d: { e: null } and f "g'
    assert [(found.span.of(text), found.kind) for found in LANGUAGE.highlight(SourceText(text))] == [
        ("not", "operator"),
        ("a.b", "column"),
        (":", "operator"),
        ("x*", "string"),
        ("or", "operator"),
        ('"y"', "string"),
        ("or", "operator"),
        ("5", "number"),
        ("or", "operator"),
        ("true", "keyword"),
        ("and", "operator"),
        ("c", "column"),
        (">=", "operator"),
        ("2", "number"),
        ("and", "operator"),
        ("d", "column"),
        (":", "operator"),
        ("e", "column"),
        (":", "operator"),
        ("null", "keyword"),
        ("and", "operator"),
        ("f", "string"),
        ('"g', "error"),
    ]
