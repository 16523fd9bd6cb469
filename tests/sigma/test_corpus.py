"""Sigma on the reference corpora: what is read, what is opaque, that no literal is lost."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest

from detectionary.languages.sigma import LANGUAGE
from detectionary.languages.sigma.parser import parse
from detectionary.languages.sigma.printer import condition_text, printed
from detectionary.model.analysis import Analysis
from detectionary.model.rule import Rule
from detectionary.model.schema import Environment
from tests.conftest import needs_shared
from tests.sigma.corpus import corpus_rules
from tests.sigma.literals import lost

pytestmark = needs_shared

FEWEST: Final = 3422
"""Rules of the corpora."""

REFUSED: Final = {
    "net_dns_high_subdomain_rate.yml": "an aggregation without a search before it",
    "sysmon_always_install_elevated_parent_child_correlated.yml": "a condition in words",
    "win_dumping_ntdsdit_via_netsync.yml": "a condition in words",
    "Sec_4624_Info_Logon-Type-4-Batch.yml": "no condition",
}
"""Files with rules that are refused, with the reason; pySigma refuses them too."""

MOST_OPAQUE: Final = 6
"""Opaque predicates in all of them; it only goes down."""


@pytest.fixture(scope="module")
def analyses() -> list[tuple[str, Rule, Analysis]]:
    return [(path, rule, LANGUAGE.analyze(rule.query, Environment())) for path, rule in corpus_rules()]


def test_every_rule_is_read(analyses: list[tuple[str, Rule, Analysis]]) -> None:
    assert len(analyses) >= FEWEST
    refused = {path.rpartition("/")[2] for path, _, analysis in analyses if not analysis.accepted}
    assert refused == REFUSED.keys()


def test_little_is_opaque(analyses: list[tuple[str, Rule, Analysis]]) -> None:
    kinds = Counter(opaque.reason for _, _, analysis in analyses for opaque in analysis.opaques)
    assert kinds.total() <= MOST_OPAQUE, kinds
    assert sum(analysis.predicate_count for _, _, analysis in analyses) > 11_000


def test_no_literal_is_lost(analyses: list[tuple[str, Rule, Analysis]]) -> None:
    missing = {
        path: found
        for path, rule, analysis in analyses
        if analysis.accepted and rule.kind == "rule" and (found := lost(rule.query.text, analysis))
    }
    assert missing == {}


def test_every_part_stands_where_it_says(analyses: list[tuple[str, Rule, Analysis]]) -> None:
    for path, rule, analysis in analyses:
        assert [stage.number for stage in analysis.stages] == list(range(1, len(analysis.stages) + 1)), path
        for stage in analysis.stages:
            assert stage.text == stage.span.of(rule.query.text)
        for row in (*analysis.indicators, *analysis.exclusions):
            stage = analysis.stages[row.stage - 1]
            assert stage.operator == "selection", path
            assert stage.span.start <= row.span.start < row.span.end <= stage.span.end, (path, row)


def test_conditions_are_printed_and_read_alike() -> None:
    for path, rule in corpus_rules():
        found = parse(rule.query.text).rule
        assert found is not None, path
        assert printed(found), path
        for condition in found.conditions:
            if condition.expression is not None:
                text = condition_text(condition)
                again = parse(f"title: t\ndetection:\n  condition: >-\n    {text}\n").rule
                assert again is not None
                assert condition_text(again.conditions[0]) == text, path
