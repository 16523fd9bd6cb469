"""Real rules, compiled and run: on empty tables of their types, and on rows made from their own literals.

The rules are those of ../shared that Microsoft's own binder finds nothing wrong with. `data/rule-gaps.tsv` lists those
that are refused, by the first digits of the query's SHA-1, with the reason; a listed gap that is healed fails too.
Write it anew with `python -m tools.rule_run --gaps tests/compiler/data/rule-gaps.tsv`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import pytest

from detectionary.engines.duckdb.session import ENGINE
from tests.conftest import needs_shared
from tools.rule_rows import Outcome
from tools.rule_rows import run as run_on_rows
from tools.rule_run import WINDOW, Verdict
from tools.rule_run import run as run_on_empty_tables

pytestmark = needs_shared

GAPS: Final = Path(__file__).parent / "data" / "rule-gaps.tsv"

BAR: Final = 0.95
"""The share of rules that must run, on empty tables and on their own rows."""

SAMPLE: Final = 12
"""Rows are made for one rule in so many; `python -m tools.rule_rows` does it for all."""


@cache
def verdicts() -> tuple[Verdict, ...]:
    return tuple(run_on_empty_tables(ENGINE, WINDOW))


def of_outcome(outcome: str) -> list[tuple[str, str]]:
    return [(verdict.rule.path, verdict.why) for verdict in verdicts() if verdict.outcome == outcome]


def test_no_rule_crashes_the_compiler_fails_in_the_engine_or_has_other_columns() -> None:
    assert of_outcome("crashed") == []
    assert of_outcome("failed") == []
    assert of_outcome("wrong") == []


def test_the_rules_that_are_refused_are_the_listed_ones() -> None:
    listed = {line.split("\t")[0] for line in GAPS.read_text(encoding="utf-8").splitlines()}
    refused = {verdict.rule.key[:16] for verdict in verdicts() if verdict.outcome == "refused"}
    assert refused == listed
    assert 1 - len(refused) / len(verdicts()) >= BAR


def test_every_gap_has_a_reason() -> None:
    lines = [line.split("\t") for line in GAPS.read_text(encoding="utf-8").splitlines()]
    assert all(len(line) == 2 and line[1].startswith("KQL") for line in lines)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return list(run_on_rows(ENGINE, every=SAMPLE))


def test_rules_run_on_rows_made_from_their_literals(outcomes: list[Outcome]) -> None:
    bad = [(each.rule.path, each.outcome, each.why) for each in outcomes if each.outcome in ("failed", "not made")]
    assert bad == []
    ran = [each for each in outcomes if each.outcome in ("ran", "checked")]
    assert len(ran) / len(outcomes) >= BAR - 0.02  # a sample: one rule more or less is half a percent


def test_filter_rules_return_the_rows_made_to_match_and_not_the_near_misses(outcomes: list[Outcome]) -> None:
    assert [(each.rule.path, each.why) for each in outcomes if each.outcome == "wrong"] == []
    assert len([each for each in outcomes if each.outcome == "checked"]) >= len(outcomes) // 5
