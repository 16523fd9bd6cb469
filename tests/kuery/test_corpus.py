"""KQL on the reference corpus: what is read, what is opaque, and that no literal is lost."""

from __future__ import annotations

import pytest

from detectionary.languages.kuery import LANGUAGE
from detectionary.languages.kuery.parser import parse
from detectionary.languages.kuery.printer import printed
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import needs_shared
from tests.kuery.corpus import corpus_queries
from tests.kuery.literals import lost

pytestmark = needs_shared

FEWEST = 639
"""Queries of the corpus: 632 of rules, 7 that collect indicators; no hunt is in KQL."""

FEWEST_PREDICATES = 3600
MOST_REFUSED = 0
MOST_OPAQUE = 0


@pytest.fixture(scope="module")
def analyses() -> dict[str, tuple[str, Analysis]]:
    return {name: (text, LANGUAGE.analyze(SourceText(text), Environment())) for name, text in corpus_queries()}


def test_every_query_is_read(analyses: dict[str, tuple[str, Analysis]]) -> None:
    assert len(analyses) >= FEWEST
    refused = [name for name, (_, analysis) in analyses.items() if not analysis.accepted]
    assert len(refused) <= MOST_REFUSED, refused


def test_nothing_is_opaque(analyses: dict[str, tuple[str, Analysis]]) -> None:
    assert sum(len(analysis.opaques) for _, analysis in analyses.values()) <= MOST_OPAQUE
    assert sum(analysis.predicate_count for _, analysis in analyses.values()) >= FEWEST_PREDICATES


def test_no_literal_is_lost(analyses: dict[str, tuple[str, Analysis]]) -> None:
    assert {name: found for name, (text, analysis) in analyses.items() if (found := lost(text, analysis))} == {}


def test_a_printed_query_is_read_as_the_same_tree() -> None:
    for name, text in corpus_queries():
        tree = parse(text).tree
        assert tree is not None
        assert parse(printed(tree)).tree == tree, name


def test_every_literal_is_highlighted_as_what_it_is(analyses: dict[str, tuple[str, Analysis]]) -> None:
    for text, _ in analyses.values():
        shown = [found.kind for found in LANGUAGE.highlight(SourceText(text))]
        assert "error" not in shown
        assert "column" in shown
