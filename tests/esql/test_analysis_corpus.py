"""ES|QL on Elastic's own rules and hunts: all are read, nothing that they filter on is lost, little is opaque."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import pytest

from detectionary.languages.esql import LANGUAGE
from detectionary.languages.esql.analyze import analyze
from detectionary.languages.esql.parser import parse
from detectionary.languages.esql.patterns import wildcard
from detectionary.languages.esql.printer import printed
from detectionary.languages.esql.syntax import Literal, TimeSpan, walk
from detectionary.languages.esql.syntax_commands import Where
from detectionary.model.analysis import Analysis, Indicator, Stage
from detectionary.model.predicate import Comparison, Leaf, Operator, ThresholdTest, ValueKind, leaves
from detectionary.model.schema import Environment
from detectionary.text import SourceText, Span
from tests.bounds import calls
from tests.conftest import needs_shared
from tests.esql.corpus import corpus_queries

pytestmark = needs_shared

FAULTY: Final = {
    "hunting/aws/queries/servicequotas_discovery_multi_region_get_service_quota_calls.toml",
    "hunting/azure/queries/entra_authentication_attempts_behind_rare_user_agents.toml",
    "hunting/okta/queries/credential_access_rapid_reset_password_requests_for_different_users.toml",
    "hunting/windows/queries/execution_via_windows_scheduled_task_with_low_occurrence_frequency.toml",
}
"""Hunts that Elasticsearch's grammar refuses, looked at: `=` for `==`, `or )`, `= by`, `now(-)`."""

MOST_OPAQUE: Final = 0.0166
"""The share of opaque predicates among all; it only goes down. Half are `kql(…)`, a query in another language."""


@pytest.fixture(scope="module")
def analyses() -> dict[str, Analysis]:
    return {query: analyze(SourceText(query), Environment()) for _, query in corpus_queries()}


def test_every_query_is_accepted_or_wrong() -> None:
    assert len(corpus_queries()) > 250
    refused = {path for path, query in corpus_queries() if not parse(query).accepted}
    assert {path.rpartition("/")[2] for path in refused} == {path.rpartition("/")[2] for path in FAULTY}


def test_what_is_printed_is_the_same_query() -> None:
    for path, query in corpus_queries():
        parsed = parse(query)
        if parsed.accepted:
            again = parse(printed(parsed.tree))
            assert again.accepted, path
            assert again.tree == parsed.tree, path


def test_little_is_opaque_and_its_kinds_are_known(analyses: dict[str, Analysis]) -> None:
    kinds = Counter(opaque.reason for analysis in analyses.values() for opaque in analysis.opaques)
    count = sum(analysis.predicate_count for analysis in analyses.values())
    assert kinds.keys() <= {"case", "kql", "unreadable"}
    assert kinds.total() <= MOST_OPAQUE * count, (kinds, count)


def test_functions_columns_and_patterns_are_those_of_elastic(analyses: dict[str, Analysis]) -> None:
    """Warnings stand only where the query is broken."""
    for query, analysis in analyses.items():
        if analysis.accepted:
            assert analysis.diagnostics == (), query


def _all_stages(stages: tuple[Stage, ...]) -> Iterator[Stage]:
    for stage in stages:
        yield stage
        for pipeline in stage.pipelines:
            yield from _all_stages(pipeline.stages)


def test_every_part_stands_where_it_says(analyses: dict[str, Analysis]) -> None:
    for query, analysis in analyses.items():
        assert [stage.number for stage in analysis.stages] == list(range(1, len(analysis.stages) + 1))
        assert analysis.tables or query.lower().lstrip().startswith("row")
        for stage in _all_stages(analysis.stages):
            assert stage.text.endswith(stage.span.of(query).rstrip())
        for row in (*analysis.indicators, *analysis.exclusions):
            assert analysis.stages[row.stage - 1].operator in ("where", "fork")
            assert row.values or row.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL)
        for field in analysis.output_fields:
            assert analysis.stages[field.stage - 1].operator == field.source
        assert len({field.name for field in analysis.output_fields}) == len(analysis.output_fields)


def _conditions(query: str) -> Iterator[tuple[Span, str]]:
    """Every string, number and time span of a filter, as it is worth."""
    for command in walk(parse(query).tree):
        if isinstance(command, Where):
            for node in walk(command):
                match node:
                    case Literal(str() | int() | float() as value) if not isinstance(value, bool):
                        yield node.span, str(value)
                    case TimeSpan():
                        yield node.span, node.span.of(query)


def _says(leaf: Leaf | Indicator, value: str) -> bool:
    """Whether a leaf shows a value that stands in it."""
    match leaf:
        case Comparison() | Indicator():
            shown = [str(each.value) for each in leaf.values]
            functions = [function for each in leaf.values for function in each.transforms] + list(leaf.transforms)
            null = not value and leaf.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL)
            plain = value.replace("\\", "\\\\").replace('"', '\\"')
            inside = any(value in function or plain in function for function in functions)
            symbolic = any(each.kind is ValueKind.SYMBOLIC and value in str(each.value) for each in leaf.values)
            there = leaf.operator is Operator.CONTAINS and value == "0"  # `locate(…) > 0`
            return null or there or value in shown or wildcard(value)[1] in shown or inside or symbolic
        case ThresholdTest():
            return value == str(leaf.value.value) or value in leaf.name.text
        case _:
            return True  # kept with its text


def test_no_literal_of_a_filter_is_lost(analyses: dict[str, Analysis]) -> None:
    asked = 0
    for query, analysis in analyses.items():
        kept: tuple[Leaf | Indicator, ...] = (
            *analysis.indicators,
            *analysis.exclusions,
            *analysis.thresholds,
            *analysis.time_filters,
            *analysis.column_comparisons,
            *analysis.opaques,
        )
        for span, value in _conditions(query):
            asked += 1
            holding = [leaf for leaf in kept if leaf.span.start <= span.start and span.end <= leaf.span.end]
            assert any(_says(leaf, value) for leaf in holding), (value, query)
    assert asked > 3400


def test_stages_hold_the_predicates_that_the_rows_come_from(analyses: dict[str, Analysis]) -> None:
    for analysis in analyses.values():
        found = [
            leaf
            for stage in _all_stages(analysis.stages)
            if stage.predicate is not None
            for leaf in leaves(stage.predicate)
        ]
        spans = {leaf.span for leaf in found}
        assert {row.span for row in (*analysis.indicators, *analysis.exclusions)} <= spans


def test_highlighting_covers_every_query_without_overlap() -> None:
    for path, query in corpus_queries():
        found = LANGUAGE.highlight(SourceText(query))
        for one, other in pairwise(found):
            assert one.span.end <= other.span.start, path
        assert path.rpartition("/")[2] in {each.rpartition("/")[2] for each in FAULTY} or not any(
            each.kind == "error" for each in found
        ), path


def test_a_query_takes_a_millisecond_of_work() -> None:
    """In calls, which every machine counts the same: a millisecond a query is five calls a character."""
    queries = [SourceText(query) for _, query in corpus_queries()]
    made = calls(lambda: [analyze(query, Environment()) for query in queries])
    assert made < 7 * sum(len(query.text) for query in queries)
