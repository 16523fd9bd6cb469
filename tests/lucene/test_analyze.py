"""What queries are taken apart into, and what is said of faulty ones, by cases that a detection engineer can review."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.languages.lucene import LANGUAGE
from detectionary.model.schema import Environment
from detectionary.text import SourceText, render
from tests.analysis_lines import FILTERS, OTHERS, lines
from tests.lucene.literals import lost
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "analysis.md"))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks} - {"lucene"}
    assert words, "the case expects nothing"
    assert words <= FILTERS.keys() | OTHERS.keys()
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    text = case.text("lucene")
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    show = {**FILTERS, **OTHERS}
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected
    assert lost(text, analysis) == []


@pytest.mark.parametrize("case", parameters(CASES / "syntax-faults.md"))
def test_what_is_said_of_a_faulty_query(case: Case) -> None:
    source = SourceText(case.text("lucene"))
    assert "\n".join(render(each, source) for each in LANGUAGE.check(source).errors) == case.text("faults")


@pytest.mark.parametrize("text", ["a:x", "a:[1 TO 5}", 'a:("x" AND /y/)', "x", "x~2", "NOT a:x*"])
def test_a_value_that_is_lost_is_noticed(text: str) -> None:
    """The walk over the literals of a text, which the cases are held against, can fail."""
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    assert lost(text, analysis) == []
    assert lost(text, replace(analysis, indicators=(), exclusions=())) != []


def test_spans_of_rows_are_those_of_their_clauses() -> None:
    text = ' a:x  AND ( b : "y z"~2 OR c:[1  TO 5]^2 ) -d:(p q ) '
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    assert [row.span.of(text).strip() for row in analysis.indicators] == ["a:x", 'b : "y z"~2', "c:[1  TO 5]"]
    assert [row.span.of(text).strip() for row in analysis.exclusions] == ["p q"]


@pytest.mark.parametrize("space", [" ", "\n", " \t\u3000"])
def test_copies_share_their_normalised_text(space: str) -> None:
    text = space.join(["(a:x", "||", "b:y", ")", "&&", "!c:z", "-d:w", "e:[1", "TO", "2", "]"])
    assert LANGUAGE.normalised(SourceText(text)) == "(a:x OR b:y) AND NOT c:z NOT d:w e:[1 TO 2]"


def test_blanks_in_phrases_are_kept_apart() -> None:
    assert LANGUAGE.normalised(SourceText('"a  b"')) != LANGUAGE.normalised(SourceText('"a b"'))


def test_one_text_holds_one_query() -> None:
    assert LANGUAGE.split("  \n a:x\n") == ((4, 7),)
    assert LANGUAGE.split(" \n") == ()


def test_what_each_stretch_is_shown_as() -> None:
    text = 'a.b:(x* OR "y") && !c:[1 TO 5}^2 +d:/e/ f~1 "'
    assert [(found.span.of(text), found.kind) for found in LANGUAGE.highlight(SourceText(text))] == [
        ("a.b", "column"),
        (":", "operator"),
        ("x*", "string"),
        ("OR", "operator"),
        ('"y"', "string"),
        ("&&", "operator"),
        ("!", "operator"),
        ("c", "column"),
        (":", "operator"),
        ("1", "string"),
        ("TO", "keyword"),
        ("5", "string"),
        ("^2", "number"),
        ("+", "operator"),
        ("d", "column"),
        (":", "operator"),
        ("/e/", "string"),
        ("f", "string"),
        ("~1", "number"),
        ('"', "error"),
    ]
