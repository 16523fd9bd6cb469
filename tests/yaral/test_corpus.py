"""YARA-L on the reference corpus: what is read, what is opaque, that no literal is lost, and how long it takes."""

from __future__ import annotations

from collections import Counter
from time import process_time

import pytest

from detectionary.languages.yaral import LANGUAGE
from detectionary.languages.yaral.lexer import tokenize
from detectionary.languages.yaral.parser import parse
from detectionary.languages.yaral.printer import printed
from detectionary.languages.yaral.syntax import Assignment, Section
from detectionary.languages.yaral.tokens import LITERALS
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import needs_shared
from tests.yaral.corpus import corpus_rules
from tests.yaral.literals import lost

pytestmark = needs_shared

FEWEST = 719
"""Rules of the corpus."""

MOST_REFUSED = 0
MOST_OPAQUE = 0
"""Opaque predicates in all of them; it only goes down."""

MOST_MILLISECONDS = 2.0
"""A rule may take so long on average; it takes a little more than one millisecond."""


@pytest.fixture(scope="module")
def analyses() -> dict[str, tuple[str, Analysis]]:
    return {name: (text, LANGUAGE.analyze(SourceText(text), Environment())) for name, text in corpus_rules()}


def test_every_rule_is_read(analyses: dict[str, tuple[str, Analysis]]) -> None:
    assert len(analyses) >= FEWEST
    refused = [name for name, (_, analysis) in analyses.items() if not analysis.accepted]
    assert len(refused) <= MOST_REFUSED, refused


def test_nothing_is_said_of_rules_that_google_runs(analyses: dict[str, tuple[str, Analysis]]) -> None:
    """But of one backslash in a description."""
    codes = Counter(found.code for _, analysis in analyses.values() for found in analysis.diagnostics)
    assert codes == {"YAR002": 1}


def test_little_is_opaque(analyses: dict[str, tuple[str, Analysis]]) -> None:
    kinds = Counter(opaque.reason for _, analysis in analyses.values() for opaque in analysis.opaques)
    assert kinds.total() <= MOST_OPAQUE, kinds
    assert sum(analysis.predicate_count for _, analysis in analyses.values()) >= 6075


def test_no_literal_is_lost(analyses: dict[str, tuple[str, Analysis]]) -> None:
    missing = {name: found for name, (text, analysis) in analyses.items() if (found := lost(text, analysis))}
    assert missing == {}
    walked = sum(token.kind in LITERALS for _, text in corpus_rules() for token in tokenize(text))
    assert walked >= 14_218


def test_every_variable_of_the_outcome_is_an_output_field(analyses: dict[str, tuple[str, Analysis]]) -> None:
    count = 0
    for name, (text, analysis) in analyses.items():
        (rule,) = parse(text).tree.rules
        made = {
            item.name.removeprefix("$")
            for part in rule.parts
            if isinstance(part, Section) and part.kind == "outcome"
            for item in part.items
            if isinstance(item, Assignment)
        }
        count += len(made)
        assert made == {field.name for field in analysis.output_fields if field.source == "outcome"}, name
        assert {*analysis.group_by} == {field.name for field in analysis.output_fields if field.source == "match"}, name
    assert count > 3000


def test_every_part_stands_where_it_says(analyses: dict[str, tuple[str, Analysis]]) -> None:
    for text, analysis in analyses.values():
        assert [stage.number for stage in analysis.stages] == list(range(1, len(analysis.stages) + 1))
        for stage in analysis.stages:
            assert stage.text == stage.span.of(text)
            assert stage.text.startswith(f"{stage.operator}:")
        for row in (*analysis.indicators, *analysis.exclusions):
            assert analysis.stages[row.stage - 1].span.start <= row.span.start < row.span.end
            assert row.span.end <= analysis.stages[row.stage - 1].span.end
            assert row.values or row.operator.value in ("is_null", "is_not_null")


def test_printing_and_tokens_keep_everything() -> None:
    for name, text in corpus_rules():
        tree = parse(text).tree
        assert parse(printed(tree)).tree == tree, name
        tokens = tokenize(text)
        edges = zip([0, *tokens.ends], [*tokens.starts, len(text)], strict=True)
        assert all(before <= after for before, after in edges)


def test_a_file_is_one_rule() -> None:
    for name, text in corpus_rules():
        ((start, end),) = LANGUAGE.split(text)
        assert text[start:].startswith("rule "), name
        assert text[end - 1] == "}", name
        assert parse(text[start:end]).tree == parse(text).tree


def test_it_is_fast_enough() -> None:
    rules = corpus_rules()
    started = process_time()
    for _, text in rules:
        LANGUAGE.analyze(SourceText(text), Environment())
    assert (process_time() - started) / len(rules) * 1000 < MOST_MILLISECONDS
