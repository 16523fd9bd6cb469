"""Rows of tables as Parquet: the columns of a table, their names in files, and the writer of one part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectionary.logs.tables import LogColumn, LogTable
from detectionary.logs.values import PHYSICAL
from detectionary.model.schema import TableSchema

UNMAPPED: Final = "UnmappedFields"
"""The dynamic column for fields of a record that its table has no column for. No known table has one of this name."""

TIME_COLUMNS: Final = ("TimeGenerated", "Timestamp")
"""The column of a record's own time: the second counts where a table has no first."""

_ROWS: Final = 100_000
_BYTES: Final = 96 << 20
"""A row group is written when it has so many rows or bytes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is written here."""

    name: str
    columns: tuple[LogColumn, ...]
    time: str | None
    """The name of its column of `TIME_COLUMNS`, if it has one."""

    kinds: Mapping[str, str]
    """Types by column name."""

    @property
    def arrow(self) -> pa.Schema:
        return pa.schema(
            [pa.field(column.stored, PHYSICAL[column.type], nullable=column.nullable) for column in self.columns]
        )


def shape_of(schema: TableSchema, *, unmapped: bool = True) -> Shape:
    """The shape for a table's schema; with `unmapped`, the column for other fields at its end."""
    pairs = [(column.name, column.type if column.type in PHYSICAL else "string") for column in schema.columns]
    if unmapped and UNMAPPED not in {name for name, _ in pairs}:
        pairs.append((UNMAPPED, "dynamic"))
    stored = stored_names(name for name, _ in pairs)
    columns = tuple(LogColumn(name, kind, stored[name], nullable=kind != "string") for name, kind in pairs)
    kinds = dict(pairs)
    time = next((name for name in TIME_COLUMNS if kinds.get(name) == "datetime"), None)
    return Shape(schema.name, columns, time, kinds)


def stored_names(names: Iterable[str]) -> dict[str, str]:
    """A name for each column in files: its own, or with a number where another differs only in case."""
    taken: set[str] = set()
    stored = {}
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate.lower())
        stored[name] = candidate
    return stored


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a table."""

    table: str
    path: Path
    rows: int
    first: datetime | None
    last: datetime | None
    timeless: int


def file_name(number: int, table: str) -> str:
    """The name of a table's file in a job: no name of a stranger becomes a path."""
    safe = re.sub(r"[^A-Za-z0-9]+", "_", table)[:60]
    return f"{number:06}-{safe}.parquet"


@dataclass(slots=True)
class PartWriter:
    """Writes one part, a row group at a time; `close` gives the facts about it."""

    shape: Shape
    path: Path
    _pending: list[pa.RecordBatch] = field(default_factory=list)
    _pending_rows: int = 0
    _pending_bytes: int = 0
    _writer: pq.ParquetWriter | None = None
    _rows: int = 0
    _first: datetime | None = None
    _last: datetime | None = None
    _timeless: int = 0

    def add(self, arrays: Mapping[str, pa.Array], rows: int) -> None:
        """Rows by column name; a column that is not given is empty or null."""
        schema = self.shape.arrow
        batch = pa.RecordBatch.from_arrays(
            [arrays[column.name] if column.name in arrays else blank(column, rows) for column in self.shape.columns],
            schema=schema,
        )
        self._rows += rows
        self._pending.append(batch)
        self._pending_rows += rows
        self._pending_bytes += batch.nbytes
        if self.shape.time is not None:
            self._note_time(arrays.get(self.shape.time), rows)
        if self._pending_rows >= _ROWS or self._pending_bytes >= _BYTES:
            self._flush()

    def _note_time(self, times: pa.Array | None, rows: int) -> None:
        if times is None:
            self._timeless += rows
            return
        self._timeless += times.null_count
        extremes = pc.min_max(times).as_py()
        if extremes["min"] is not None:
            self._first = extremes["min"] if self._first is None else min(self._first, extremes["min"])
            self._last = extremes["max"] if self._last is None else max(self._last, extremes["max"])

    def _flush(self) -> None:
        if not self._pending:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, self.shape.arrow, compression="zstd", compression_level=1)
        self._writer.write_table(pa.Table.from_batches(self._pending), row_group_size=self._pending_rows)
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def close(self) -> Part:
        self._flush()
        if self._writer is not None:
            self._writer.close()
        return Part(self.shape.name, self.path, self._rows, self._first, self._last, self._timeless)


def blank(column: LogColumn, rows: int) -> pa.Array:
    """A column that no record has a value for."""
    if column.nullable:
        return pa.nulls(rows, PHYSICAL[column.type])
    return pa.repeat(pa.scalar("", pa.string()), rows)


def table_of(shape: Shape, parts: Iterable[Part]) -> LogTable:
    """The table that parts make together."""
    parts = [part for part in parts if part.rows]
    firsts = [part.first for part in parts if part.first is not None]
    lasts = [part.last for part in parts if part.last is not None]
    return LogTable(
        shape.name,
        shape.columns,
        tuple(part.path for part in parts),
        sum(part.rows for part in parts),
        min(firsts, default=None),
        max(lasts, default=None),
        sum(part.timeless for part in parts),
    )
