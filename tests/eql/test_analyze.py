"""What queries are taken apart into, by cases that a detection engineer can review."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.languages.eql import LANGUAGE
from detectionary.languages.eql.functions import FUNCTIONS
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.analysis_lines import FILTERS, OTHERS, lines
from tests.eql.literals import lost
from tests.mdcases import Case, parameters, read_cases

CASES = sorted((Path(__file__).parent / "cases").glob("analysis-*.md"))


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks} - {"eql"}
    assert words, "the case expects nothing"
    assert words <= FILTERS.keys() | OTHERS.keys()
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    analysis = LANGUAGE.analyze(SourceText(case.text("eql")), Environment())
    show = {**FILTERS, **OTHERS}
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected


def test_every_function_has_a_case() -> None:
    texts = [case.text("eql") for path in CASES for case in read_cases(path)]
    for function in FUNCTIONS:
        assert any(f"{function.name}(" in text for text in texts), function.name
        assert not function.folds or any(f"{function.name}~(" in text for text in texts), function.name


@pytest.mark.parametrize(
    ("operator", "count"), {"==": 1, "!=": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, ":": 1, "in": 1, "in~": 1}.items()
)
def test_a_value_that_is_lost_is_noticed(operator: str, count: int) -> None:
    """The walk over the literals of a text, which the corpus is held against, can fail."""
    listed = '("x")' if operator.startswith("in") else '"x"'
    text = f"any where a {operator} {listed}"
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    assert lost(text, analysis) == []
    assert len(lost(text, replace(analysis, indicators=(), exclusions=()))) == count


def test_spans_of_rows_are_those_of_their_comparisons() -> None:
    text = 'process where a == "x" and not b in ("y", "z")'
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    category, indicator = analysis.indicators
    assert (category.field, category.implied, category.span.of(text)) == ("event.category", True, "process")
    assert indicator.span.of(text) == 'a == "x"'
    assert not indicator.implied
    assert [row.span.of(text) for row in analysis.exclusions] == ['b in ("y", "z")']


def test_the_window_of_a_sequence() -> None:
    text = "sequence by a with maxspan=90s [any where x] [any where y]"
    assert LANGUAGE.analyze(SourceText(text), Environment()).window == "90s"
    assert LANGUAGE.analyze(SourceText("any where x"), Environment()).window is None


@pytest.mark.parametrize("space", [" ", "\n", "  /* c */ ", " // c\n"])
def test_copies_share_their_normalised_text(space: str) -> None:
    text = space.join(["process", "where", "not", "(", "a", ":", "(", '"x"', ")", ")", "and", "Length(b)", ">", "1"])
    wanted = 'process where not a : "x" and length(b) > 1'
    assert LANGUAGE.normalised(SourceText(text)) == wanted


def test_one_text_holds_one_query() -> None:
    assert LANGUAGE.split("  \n any where true\n") == ((4, 18),)
    assert LANGUAGE.split(" \n") == ()
