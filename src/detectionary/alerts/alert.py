"""The alert as a value, and as the JSON that `run --format json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from detectionary.alerts.rows import Row
from detectionary.model.rule import Severity


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of an alert. A field without a value stands with None; at least one has a value."""

    type: str
    fields: tuple[tuple[str, str | None], ...]
    """(identifier, value) in the order of the rule's mapping."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. The fields are the keys of its JSON, in order; times are UTC with seven digits, as Kusto writes them.

    `start_time` and `end_time` are the times of the first and the last event [alert-schema]. Events without a time
    leave the window's: `start_time` is None when that has no start.
    """

    rule_id: str
    rule_title: str
    title: str
    description: str
    severity: Severity | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    time_generated: str
    start_time: str | None
    end_time: str
    entities: tuple[Entity, ...]
    custom_details: tuple[tuple[str, tuple[str, ...]], ...]
    """(name, distinct values) in the order of the rule; values in order of appearance."""
    result_count: int
    rows: tuple[Row, ...]


def to_json(alert: Alert) -> Mapping[str, object]:
    """The object of `run --format json`: plain dicts, lists, texts and numbers."""
    return {
        "rule_id": alert.rule_id,
        "rule_title": alert.rule_title,
        "title": alert.title,
        "description": alert.description,
        "severity": None if alert.severity is None else alert.severity.value,
        "tactics": list(alert.tactics),
        "techniques": list(alert.techniques),
        "time_generated": alert.time_generated,
        "start_time": alert.start_time,
        "end_time": alert.end_time,
        "entities": [{"type": entity.type, "fields": dict(entity.fields)} for entity in alert.entities],
        "custom_details": {name: list(values) for name, values in alert.custom_details},
        "result_count": alert.result_count,
        "rows": [dict(row) for row in alert.rows],
    }
