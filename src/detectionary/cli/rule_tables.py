"""The tables of a rule in the terminal: what it looks for, what it excludes, its thresholds."""

from __future__ import annotations

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from detectionary.model.predicate import ScalarValue
from detectionary.pages.languages import LanguageWords, language_title
from detectionary.pages.rule.context import PageIndicator, PageThreshold, PageValue, RulePage


def section(title: str, content: RenderableType, note: str = "") -> RenderableType:
    """A section of the page under its heading."""
    heading = Text(title.upper(), "heading")
    if note:
        heading.append(f"  {note}", "faint")
    return Lines(Text(), heading, Padding(content, (0, 0, 0, 2)))


def grid(*columns: str) -> Table:
    """A table without lines; `columns` are their headings, none for no heading row."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=bool(columns), header_style="faint")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def thresholds(page: RulePage) -> RenderableType | None:
    """The comparisons on counts and other aggregates."""
    if not page.thresholds:
        return None
    table = grid()
    for threshold in page.thresholds:
        table.add_row(*_threshold(threshold))
    return section("Thresholds", table)


def _threshold(threshold: PageThreshold) -> tuple[Text, Text, Text, Text]:
    return (
        Text(threshold.name, "field"),
        Text(threshold.operator, "operator"),
        Text(value_text(threshold.value), "value"),
        Text(threshold.aggregate or "", "faint"),
    )


def comparisons(title: str, rows: tuple[PageIndicator, ...], words: LanguageWords) -> RenderableType | None:
    """Indicators or exclusions, a value a line; columns that no row fills are left out."""
    if not rows:
        return None
    counted = any(value.corpus is not None for row in rows for value in row.values)
    recorded = any(row.record for row in rows)
    headings = [*(("record",) if recorded else ()), "field", "operator", "value", "transforms"]
    headings += [*(("other rules",) if counted else ()), words.part.lower()]
    table = grid(*headings)
    for row in rows:
        values = row.values or (None,)
        for number, value in enumerate(values):
            first = number == 0
            cells: list[RenderableType] = [
                Text((row.field or "any field") if first else "", "field"),
                Text(_operator(row) if first else "", "operator")
                + Text(" implied" if row.implied and first else "", "faint"),
                _value(value, row.origin),
                Text(", ".join(value.transforms) if value else "", "transform"),
            ]
            if recorded:
                cells.insert(0, Text((row.record or "") if first else "", "code.variable"))
            if counted:
                cells.append(_count(value))
            cells.append(Text(_place(row) if first else "", "faint"))
            table.add_row(*cells)
    note = "other rules: how many look for the same; none means specific to this rule" if counted else ""
    return section(title, table, note)


def _operator(row: PageIndicator) -> str:
    """A list of equal values is shown as `in`, other lists with what is asked of them."""
    several = len(row.values) > 1 or row.origin is not None
    if row.operator == "eq" and several and row.quantifier == "any":
        return "in"
    return f"{row.operator} {row.quantifier}" if several else row.operator


def _place(row: PageIndicator) -> str:
    group = f" {row.group.kind} #{row.group.id}" if row.group else ""
    context = f" ({row.context})" if row.context else ""
    return f"{row.stage or '–'}{group}{context}"


def _value(value: PageValue | None, origin: str | None) -> Text:
    if value is None:
        return Text(f"from {origin}" if origin else "", "faint")
    if value.value is None:
        return Text("null" if value.kind == "null" else value.kind.replace("_", " "), "faint")
    return Text(value_text(value.value), "value")


def _count(value: PageValue | None) -> Text:
    if value is None or value.corpus is None or not value.corpus.total:
        return Text("")
    split = ", ".join(f"{language_title(language)} {count}" for language, count in value.corpus.by_language.items())
    return Text(str(value.corpus.total), "count") + Text(f"  {split}", "faint")


def value_text(value: ScalarValue | tuple[ScalarValue, ScalarValue]) -> str:
    """A value as tables show it; a range by its bounds."""
    match value:
        case (low, high):
            return f"{value_text(low)} .. {value_text(high)}"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
