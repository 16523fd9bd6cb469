"""Rules and rows of a case file, evaluated without an engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from detectionary.alerts import Evaluation, evaluate, to_json, window_of
from detectionary.model.rule import Rule
from detectionary.text import Diagnostic
from tests.repositories.reading import read_rule

AT: Final = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
"""When rules are evaluated here."""

_SENTINEL: Final = {
    "id": "11111111-2222-3333-4444-555555555555",
    "name": "Rule's own name",
    "description": "Rule's own description.",
    "kind": "Scheduled",
    "severity": "Medium",
    "tactics": "[Discovery]",
    "relevantTechniques": "[T1087]",
    "queryFrequency": "1h",
    "queryPeriod": "1h",
    "triggerOperator": "gt",
    "triggerThreshold": "0",
    "query": "T",
}


def rule_of(text: str) -> Rule:
    """A rule of which a case writes only what matters to it; the other keys are those above."""
    if "queryCondition:" not in text:
        written = set(re.findall(r"^(\w+):", text, re.MULTILINE))
        own = "".join(f"{key}: {value}\n" for key, value in _SENTINEL.items() if key not in written)
        text = own + text
    return read_rule("Detections/case.yaml", text)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A result: what a case has in its table, or rows made by a test."""

    columns: tuple[Column, ...]
    data: tuple[tuple[object, ...], ...]

    def rows(self) -> Iterator[tuple[object, ...]]:
        return iter(self.data)


def table(columns: str, *rows: tuple[object, ...]) -> Table:
    """`"Name:type Name:type"` and the rows; the type is string where none is written."""
    named = (each.partition(":") for each in columns.split())
    return Table(tuple(Column(name, kind or "string") for name, _, kind in named), rows)


def table_of(lines: list[tuple[str, ...]]) -> Table:
    """The rows of a case: a header `Name:type | …`, then cells.

    A text stands as it is, an empty cell is the empty text; other values stand as JSON does, and empty is null.
    """
    head, *rows = lines
    columns = tuple(Column(name, kind or "string") for name, _, kind in (cell.partition(":") for cell in head))
    return Table(
        columns,
        tuple(tuple(_value(cell, column.type) for cell, column in zip(row, columns, strict=True)) for row in rows),
    )


def _value(cell: str, kind: str) -> object:
    if kind == "string":
        return cell
    if not cell:
        return None
    return cell if kind in ("datetime", "timespan", "guid") else json.loads(cell)


def evaluated(rule: Rule, result: Table) -> Evaluation:
    return evaluate(rule, result, window_of(rule, AT))


def shown(alerts: Evaluation, keys: list[str]) -> list[dict[str, object]]:
    """The alerts as JSON, with these keys only."""
    whole = (json.loads(json.dumps(to_json(alert))) for alert in alerts.alerts)
    return [{key: each[key] for key in keys} for each in whole]


def line(finding: Diagnostic) -> str:
    """`place: CODE level: message (help)`"""
    advice = f" ({finding.help})" if finding.help else ""
    return f"{finding.place}: {finding.code} {finding.level.value}: {finding.message}{advice}"
