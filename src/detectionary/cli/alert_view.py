"""An alert, laid out for a terminal."""

from __future__ import annotations

import json

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from detectionary.alerts import Alert, Evaluation, Window
from detectionary.model.rule import Rule

MOST_ROWS = 3
"""Of the rows of an alert a terminal shows this many."""

MOST_TEXT = 240
"""Of a long value a terminal shows this many characters; `--format json` has it whole."""


def alert_view(alert: Alert, window: Window) -> list[RenderableType]:
    """The alert as an analyst reads it: what, how bad, who, which details, and the rows behind it."""
    severity = alert.severity.value if alert.severity is not None else "no severity"
    head = Text("ALERT  ", "heading") + Text(severity, f"severity.{severity}") + Text(f"  {alert.title}", "bold")
    facts = _grid()
    facts.add_row("rule", alert.rule_title)
    facts.add_row("window", f"{window.start_text or 'everything'} to {window.end_text}")
    facts.add_row("events", f"{alert.start_time or '?'} to {alert.end_time}")
    if alert.tactics or alert.techniques:
        facts.add_row("ATT&CK", ", ".join((*alert.tactics, *alert.techniques)))
    shown: list[RenderableType] = [head, Padding(facts, (0, 0, 0, 2))]
    if alert.description:
        shown.append(Padding(Text(alert.description), (0, 0, 0, 2)))
    if alert.entities:
        grid = _grid()
        for entity in alert.entities:
            grid.add_row(
                entity.type, ", ".join(f"{name} {value}" for name, value in entity.fields if value is not None)
            )
        shown.append(_section("Entities", grid))
    if alert.custom_details:
        grid = _grid()
        for name, values in alert.custom_details:
            grid.add_row(name, ", ".join(map(_short, values)))
        shown.append(_section("Custom details", grid))
    shown.append(_section(f"Rows ({alert.result_count})", _rows(alert)))
    return shown


def _rows(alert: Alert) -> RenderableType:
    parts: list[RenderableType] = []
    for number, row in enumerate(alert.rows[:MOST_ROWS], 1):
        grid = _grid()
        for name, value in dict(row).items():
            if value not in (None, ""):
                grid.add_row(name, _short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
        parts.extend((Text(f"{number}", "faint"), Padding(grid, (0, 0, 0, 2))))
    if len(alert.rows) > MOST_ROWS:
        parts.append(Text(f"… {len(alert.rows) - MOST_ROWS} more; --format json writes all", "faint"))
    return Lines(*parts)


def _short(text: str) -> str:
    rest = len(text) - MOST_TEXT
    return text if rest <= 0 else f"{text[:MOST_TEXT]}… ({rest} more)"


def quiet_view(rule: Rule, window: Window, outcome: Evaluation) -> RenderableType:
    """A rule that raised nothing, and why."""
    rows = f"{outcome.result_count} row{'' if outcome.result_count == 1 else 's'}"
    span = f"{window.start_text or 'everything'} to {window.end_text}"
    return Text("no alert  ", "faint") + Text(rule.title) + Text(f"  {rows} in {span}", "faint")


def _grid() -> Table:
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column(style="field", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _section(title: str, content: RenderableType) -> RenderableType:
    return Lines(Padding(Text(title, "heading"), (0, 0, 0, 2)), Padding(content, (0, 0, 0, 4)))
