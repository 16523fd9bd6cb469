"""When a rule looks, how far back, and whether what it found is enough for an alert."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from detectionary.model.rule import Rule, RuleKind, Trigger
from detectionary.repositories.durations import seconds


@dataclass(frozen=True, slots=True)
class Window:
    """The time that one evaluation covers, UTC: from `start`, before `end`. No start: everything before `end`.

    Half open, so that consecutive runs of a rule whose lookback is its frequency see each record once.
    """

    start: datetime | None
    end: datetime

    @property
    def start_text(self) -> str | None:
        """The start as Kusto writes it."""
        return None if self.start is None else time_text(self.start)

    @property
    def end_text(self) -> str:
        """The end as Kusto writes it."""
        return time_text(self.end)


def time_text(time: datetime) -> str:
    """A point in time as Kusto writes it: UTC, seven digits ("2024-01-01T00:00:00.0000000Z")."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "0Z"


NRT_LOOKBACK: Final = timedelta(minutes=1)
"""Near-real-time rules run every minute over what was ingested in the minute before, whatever the file says
[nrt-rules]. Logs on this machine have no ingestion time, so the time of the record stands for it."""


def window_of(rule: Rule, at: datetime) -> Window:
    """The window of the evaluation that ends at `at` (a time with a zone).

    - Scheduled rules look back by their query period [scheduled-rules]. The five minutes by which Sentinel runs later
      than scheduled move the run and not the window: `at` is the scheduled time.
    - Defender XDR's custom detections look back by what belongs to their frequency [custom-detections]: every hour 4
      hours, every 3 hours 12, every 12 hours 48, every 24 hours 30 days; the reader derives it. A continuous one sees
      each record once as it arrives, alone, so that all records at once give the same matches: no start.
    - Without a lookback (hunting and community queries have none) there is no start either.
    """
    if rule.kind == RuleKind.NRT.value:
        return Window(at - NRT_LOOKBACK, at)
    lookback = None if rule.schedule is None or rule.schedule.lookback is None else seconds(rule.schedule.lookback)
    if lookback is None:
        return Window(None, at)
    try:
        return Window(at - timedelta(seconds=lookback), at)
    except OverflowError:  # before the year 1: everything
        return Window(None, at)


_OPERATORS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "gt": operator.gt,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
}


def is_triggered(trigger: Trigger | None, count: int) -> bool:
    """Whether a run with this number of results raises alerts [scheduled-rules, "Alert threshold"].

    The number of rows that the query returned, whatever they aggregate, is held against the threshold, each run by
    itself. Rules without a trigger (near-real-time rules, custom detections, queries) raise on any result.
    """
    if trigger is None:
        return count > 0
    return _OPERATORS[trigger.operator](count, trigger.threshold)
