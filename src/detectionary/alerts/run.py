"""One evaluation of a rule: the alerts over its rows, and what is to be said of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detectionary.alerts import findings, limits
from detectionary.alerts.alert import Alert, Entity
from detectionary.alerts.details import Details, custom_details
from detectionary.alerts.entities import SENTINEL_ENTITIES, Source, assets, entities_of, sources
from detectionary.alerts.overrides import Overrides, Presented, overrides
from detectionary.alerts.rows import Result, Row, Rows
from detectionary.alerts.schedule import Window, is_triggered
from detectionary.checks.alert_contract import missing_columns
from detectionary.model.rule import Rule, RuleKind
from detectionary.text import Diagnostic, Level


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one run of a rule gave. `triggered` says whether the number of results is enough, `result_count` is it.

    Diagnostics stand once each, whatever the number of alerts that they are about.
    """

    alerts: tuple[Alert, ...]
    diagnostics: tuple[Diagnostic, ...]
    triggered: bool
    result_count: int


def evaluate(rule: Rule, result: Result, window: Window) -> Evaluation:
    """The alerts that the rule raises over what its query returned for `window`.

    A contract that cannot be kept (a column that the result lacks, a type that does not exist) is a diagnostic; the
    alert is raised without it, as the platform does.
    """
    rows = Rows.of(result)
    run = _Run.of(rule, rows, window)
    triggered = is_triggered(rule.trigger, len(rows.all))
    alerts: tuple[Alert, ...] = ()
    if triggered:
        detects = rule.kind == RuleKind.CUSTOM_DETECTION.value
        alerts = tuple(run.alerts_of_detection() if detects else run.alerts_of_rule())
    return Evaluation(alerts, tuple(run.said), triggered, len(rows.all))


@dataclass(frozen=True, slots=True)
class _Run:
    """A rule's contract, made ready for its rows. `said` collects what is found on the way."""

    rule: Rule
    rows: Rows
    window: Window
    sources: tuple[Source, ...]
    declared: int
    overrides: Overrides
    time_column: str | None
    said: dict[Diagnostic, None]

    @classmethod
    def of(cls, rule: Rule, rows: Rows, window: Window) -> _Run:
        contract = rule.alert
        said = dict.fromkeys(missing_columns(contract, tuple(rows.types)))
        mapped, mapping_faults = sources(contract)
        said.update(dict.fromkeys(mapping_faults))
        if len(contract.custom_details) > limits.DETAILS:
            count = len(contract.custom_details)
            said[findings.over_limit("customDetails", "custom details", count, limits.DETAILS)] = None
        read, override_faults = overrides(rule, rows)
        said.update(dict.fromkeys(override_faults))
        declared = len(contract.entities) + sum(name == SENTINEL_ENTITIES for name, _ in contract.details)
        return cls(
            rule, rows, window, (*mapped, *assets(contract)), declared, read, _time_column(rows, rule.kind), said
        )

    def alerts_of_rule(self) -> Iterator[Alert]:
        """The alerts of a Sentinel rule [scheduled-rules, "Event grouping"].

        All events in one alert, unless the rule asks for one alert a result. Of those there are 150 at most (30 for
        near-real-time rules [nrt-rules]): with more results the last one summarises them all.
        """
        every = self.rows.all
        kind = self.rule.alert.event_grouping
        if kind is None or kind.lower() != "alertperresult":
            if kind is not None and kind.lower() != "singlealert":
                message = f'"{kind}" is no way of grouping events; all are in one alert'
                self._say(findings.unread("eventGroupingSettings", message, "write SingleAlert or AlertPerResult"))
            yield self._alert(every)
            return
        if not every:
            message = "without results there is no alert for a result, although the trigger holds"
            self._say(findings.unread("eventGroupingSettings", message, level=Level.NOTE))
        most = limits.ALERTS_PER_NRT_RUN if self.rule.kind == RuleKind.NRT.value else limits.ALERTS_PER_RUN
        if len(every) <= most:
            yield from (self._alert((row,)) for row in every)
            return
        message = f"{len(every)} results, {most} alerts at most: the last one is about all of them"
        self._say(findings.excess("eventGroupingSettings", message))
        yield from (self._alert((row,)) for row in every[: most - 1])
        yield self._alert(every)

    def alerts_of_detection(self) -> Iterator[Alert]:
        """The alerts of a custom detection [custom-detections, "How custom detections handle duplicate alerts"].

        Events with the same entities, custom details and dynamic title and description are one alert, in which
        identical events stand once. 150 alerts a run at most; the others are not raised.
        """
        groups: dict[tuple[object, ...], dict[str, Row]] = {}
        for row in self.rows.all:
            groups.setdefault(self._parts((row,)), {}).setdefault(json.dumps(row), row)
        if len(groups) > limits.ALERTS_PER_RUN:
            message = f"{len(groups)} alerts, {limits.ALERTS_PER_RUN} a run at most: the others are not raised"
            self._say(findings.excess("queryCondition", message))
        for events in list(groups.values())[: limits.ALERTS_PER_RUN]:
            yield self._alert(tuple(events.values()))

    def _alert(self, chosen: tuple[Row, ...]) -> Alert:
        presented, entities, details = self._parts(chosen)
        start, end = self._times(chosen)
        return Alert(
            rule_id=self.rule.id,
            rule_title=self.rule.title,
            title=presented.title,
            description=presented.description,
            severity=presented.severity,
            tactics=presented.tactics,
            techniques=presented.techniques,
            time_generated=self.window.end_text,
            start_time=start,
            end_time=end,
            entities=entities,
            custom_details=details,
            result_count=len(chosen),
            rows=chosen,
        )

    def _parts(self, chosen: Sequence[Row]) -> tuple[Presented, tuple[Entity, ...], Details]:
        """What an alert over these rows says."""
        presented = self.overrides.of(chosen[0] if chosen else None, self.said)
        entities, dropped = entities_of(self.sources, self.declared, self.rows, chosen)
        details, cut = custom_details(self.rule.alert.custom_details, self.rows, chosen)
        self.said.update(dict.fromkeys((*dropped, *cut)))
        return presented, entities, details

    def _times(self, chosen: Sequence[Row]) -> tuple[str | None, str]:
        """The times of the first and last event [alert-schema, "StartTime", "EndTime"]; else those of the window."""
        column = self.time_column
        times = [] if column is None else [str(row[column]) for row in chosen if row[column]]
        return (min(times), max(times)) if times else (self.window.start_text, self.window.end_text)

    def _say(self, finding: Diagnostic) -> None:
        self.said[finding] = None


def _time_column(rows: Rows, kind: str) -> str | None:
    """The column with the time of the event: TimeGenerated; in Defender's tables Timestamp [custom-detections]."""
    names = ("TimeGenerated", "Timestamp")
    wanted = names[::-1] if kind == RuleKind.CUSTOM_DETECTION.value else names
    return next((name for name in wanted if rows.types.get(name) == "datetime"), None)
