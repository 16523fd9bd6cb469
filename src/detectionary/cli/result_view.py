"""The rows of a query, its plan and the tables of logs: for a terminal, and as files."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from detectionary.cli import output
from detectionary.cli.output import ResultFormat
from detectionary.cli.trouble import Trouble
from detectionary.compiler.compile import CompiledQuery
from detectionary.compiler.explain import plan_lines
from detectionary.engines.result import Result, Value
from detectionary.logs import Logs

MOST_ROWS = 50
"""Of a long result a terminal shows this many rows, and says how many there are."""

WIDE = 8
"""A result of more columns is shown as one block a row."""


def result_table(result: Result, most: int = MOST_ROWS) -> list[RenderableType]:
    """The first rows: as a table, or, with many columns, as a list of fields for each row."""
    names = [column.name for column in result.columns]
    shown: list[RenderableType] = []
    rows = [row for row, _ in zip(result.rows(), range(most), strict=False)]
    if len(names) > WIDE:
        for number, row in enumerate(rows, 1):
            grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
            grid.add_column(style="field", no_wrap=True)
            grid.add_column(overflow="fold")
            for name, value in zip(names, row, strict=True):
                grid.add_row(name, cell(value))
            shown.extend((Text(f"row {number}", "faint"), grid))
    else:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="heading")
        for column in result.columns:
            number_like = column.type in ("int", "long", "real", "decimal")
            table.add_column(column.name, justify="right" if number_like else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(cell, row))
        shown.append(table)
    rest = len(result) - len(rows)
    count = f"{len(result):,} row{'' if len(result) == 1 else 's'}"
    shown.append(Text(f"{count}; {rest:,} not shown, --format writes all" if rest else count, "faint"))
    return shown


def cell(value: Value) -> Text:
    """A value for people: null and empty text can be told apart."""
    if value is None:
        return Text("null", "faint")
    if isinstance(value, str):
        return Text(value)
    return Text(json.dumps(value, ensure_ascii=False))


def schema_view(logs: Logs) -> list[RenderableType]:
    """The tables found in logs, with their columns."""
    shown: list[RenderableType] = []
    for table in logs.tables.values():
        times = f", {table.first:%Y-%m-%d %H:%M:%S} to {table.last:%Y-%m-%d %H:%M:%S}" if table.first else ""
        shown.append(Text(table.name, "code.table") + Text(f"  {table.rows:,} rows{times}", "faint"))
        grid = Table(box=None, show_header=False, padding=(0, 2, 0, 2), pad_edge=False)
        for column in table.columns:
            grid.add_row(Text(column.name, "field"), Text(column.type, "faint"))
        shown.append(grid)
    return shown or [Text("no table: give logs with --logs", "faint")]


def explained(compiled: CompiledQuery) -> list[RenderableType]:
    """The plan, a node a line, and the SQL."""
    plan = Text("\n".join(plan_lines(compiled.plan)))
    statement = Syntax(compiled.text(pretty=True), "sql", background_color="default", word_wrap=True)
    return [Text("PLAN", "heading"), plan, Text(), Text("SQL", "heading"), statement]


def write_rows(result: Result, kind: ResultFormat, path: Path | None) -> None:
    """The whole result in a format for machines, to a file or stdout."""
    try:
        match kind:
            case ResultFormat.PARQUET:
                _parquet(result, path)
            case ResultFormat.CSV:
                _write(_csv(result), path)
            case ResultFormat.NDJSON:
                names = [column.name for column in result.columns]
                _write((_line(dict(zip(names, row, strict=True))) for row in result.rows()), path)
            case ResultFormat.JSON | ResultFormat.TEXT:
                columns = [{"name": column.name, "type": column.type} for column in result.columns]
                _write([_line({"columns": columns, "rows": [list(row) for row in result.rows()]})], path)
    except OSError as error:
        raise Trouble(f"cannot write {path}: {error.strerror}") from None


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _csv(result: Result) -> Iterable[str]:
    """RFC 4180 with a header; null and empty text are both empty, dynamic values are JSON text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.name for column in result.columns])
    for row in result.rows():
        writer.writerow([_csv_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _csv_cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _write(parts: Iterable[str], path: Path | None) -> None:
    if path is None:
        output.stream(parts)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


def _parquet(result: Result, path: Path | None) -> None:
    """The rows as the engine holds them, with Kusto's names; the Kusto type of a column is in its field's metadata."""
    if path is None and sys.stdout.isatty():
        raise Trouble("Parquet is no text for a terminal", "add --output FILE")
    fields = [
        pa.field(column.name, field.type, metadata={"kusto": column.type})
        for column, field in zip(result.columns, result.table.schema, strict=True)
    ]
    table = pa.Table.from_arrays(result.table.columns, schema=pa.schema(fields))
    if path is None:
        pq.write_table(table, pa.PythonFile(sys.stdout.buffer, "w"))
    else:
        pq.write_table(table, path)
