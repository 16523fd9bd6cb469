"""EQL on the reference corpus: what is read, what is opaque, that no literal is lost, and how long it takes."""

from __future__ import annotations

from collections import Counter
from time import process_time

import pytest

from detectionary.languages.eql import LANGUAGE
from detectionary.languages.eql.lexer import tokenize
from detectionary.languages.eql.parser import parse
from detectionary.languages.eql.printer import printed
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import needs_shared
from tests.eql.corpus import corpus_queries
from tests.eql.literals import lost

pytestmark = needs_shared

FEWEST = 879
"""Queries of the corpus."""

MOST_REFUSED = 0
MOST_OPAQUE = 0
"""Opaque predicates in all of them; it only goes down."""

MOST_MILLISECONDS = 2.0
"""A query may take so long on average; it takes about half of one millisecond."""


@pytest.fixture(scope="module")
def analyses() -> dict[str, tuple[str, Analysis]]:
    return {name: (text, LANGUAGE.analyze(SourceText(text), Environment())) for name, text in corpus_queries()}


def test_every_query_is_read(analyses: dict[str, tuple[str, Analysis]]) -> None:
    assert len(analyses) >= FEWEST
    refused = [name for name, (_, analysis) in analyses.items() if not analysis.accepted]
    assert len(refused) <= MOST_REFUSED, refused


def test_nothing_is_said_of_queries_that_elasticsearch_runs(analyses: dict[str, tuple[str, Analysis]]) -> None:
    assert {name: analysis.diagnostics for name, (_, analysis) in analyses.items() if analysis.diagnostics} == {}


def test_little_is_opaque(analyses: dict[str, tuple[str, Analysis]]) -> None:
    kinds = Counter(opaque.reason for _, analysis in analyses.values() for opaque in analysis.opaques)
    assert kinds.total() <= MOST_OPAQUE, kinds
    assert sum(analysis.predicate_count for _, analysis in analyses.values()) > 9000


def test_no_literal_is_lost(analyses: dict[str, tuple[str, Analysis]]) -> None:
    missing = {name: found for name, (text, analysis) in analyses.items() if (found := lost(text, analysis))}
    assert missing == {}


def test_every_part_stands_where_it_says(analyses: dict[str, tuple[str, Analysis]]) -> None:
    for text, analysis in analyses.values():
        assert [stage.number for stage in analysis.stages] == list(range(1, len(analysis.stages) + 1))
        for stage in analysis.stages:
            assert stage.text
            assert stage.text.endswith(stage.span.of(text))
        for row in (*analysis.indicators, *analysis.exclusions):
            assert analysis.stages[row.stage - 1].span.start <= row.span.start < row.span.end
            assert row.span.end <= analysis.stages[row.stage - 1].span.end
            assert row.values or row.operator.value in ("is_null", "is_not_null")


def test_printing_and_tokens_keep_everything() -> None:
    for name, text in corpus_queries():
        tree = parse(text).tree
        again = printed(tree)
        assert parse(again).tree == tree, name
        tokens = tokenize(text)
        edges = zip([0, *tokens.ends], [*tokens.starts, len(text)], strict=True)
        assert all(before <= after for before, after in edges)


def test_it_is_fast_enough() -> None:
    queries = corpus_queries()
    started = process_time()
    for _, text in queries:
        LANGUAGE.analyze(SourceText(text), Environment())
    assert (process_time() - started) / len(queries) * 1000 < MOST_MILLISECONDS
