"""Windows and triggers, by kind of rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from detectionary.alerts import Window, is_triggered, window_of
from detectionary.model.rule import Rule, Trigger
from tests.alerts.evaluating import AT, rule_of


def detection(period: str) -> Rule:
    return rule_of(f"displayName: D\nqueryCondition:\n  queryText: T\nschedule:\n  period: {period}\n")


@pytest.mark.parametrize(
    ("rule", "lookback"),
    [
        (rule_of("queryFrequency: 5m\nqueryPeriod: 14d\n"), timedelta(days=14)),
        (rule_of("queryFrequency: PT1H\nqueryPeriod: PT90M\n"), timedelta(minutes=90)),
        (rule_of("kind: NRT\nqueryFrequency:\nqueryPeriod:\n"), timedelta(minutes=1)),
        (rule_of("kind: NRT\nqueryFrequency: 5m\nqueryPeriod: 1h\n"), timedelta(minutes=1)),
        (rule_of("kind: Hunting\nqueryFrequency:\nqueryPeriod:\n"), None),
        (rule_of("kind: Scheduled\nqueryPeriod:\n"), None),
        (rule_of("queryPeriod: soon\n"), None),
        (rule_of("queryPeriod: 9999999d\n"), None),
        (detection("1H"), timedelta(hours=4)),
        (detection("3H"), timedelta(hours=12)),
        (detection("12H"), timedelta(hours=48)),
        (detection("24H"), timedelta(days=30)),
        (detection("0"), None),
    ],
    ids=lambda value: f"{value.kind} {value.schedule}" if isinstance(value, Rule) else str(value),
)
def test_how_far_a_rule_looks_back(rule: Rule, lookback: timedelta | None) -> None:
    assert window_of(rule, AT) == Window(None if lookback is None else AT - lookback, AT)


@pytest.mark.parametrize(
    ("trigger", "counts"),
    [
        (None, {0: False, 1: True}),
        (Trigger("gt", 3), {3: False, 4: True}),
        (Trigger("lt", 3), {2: True, 3: False}),
        (Trigger("eq", 3), {2: False, 3: True, 4: False}),
        (Trigger("ne", 3), {2: True, 3: False, 4: True}),
    ],
    ids=str,
)
def test_what_triggers(trigger: Trigger | None, counts: dict[int, bool]) -> None:
    assert {count: is_triggered(trigger, count) for count in counts} == counts


def test_times_are_written_in_utc_with_seven_digits() -> None:
    east = timezone(timedelta(hours=2))
    window = Window(datetime(999, 1, 1, tzinfo=UTC), datetime(2024, 5, 1, 1, 2, 3, 4, tzinfo=east))
    assert (window.start_text, window.end_text) == ("0999-01-01T00:00:00.0000000Z", "2024-04-30T23:02:03.0000040Z")
