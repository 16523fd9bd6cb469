"""Parquet files of users: used where they lie when every column can be read as it is, else rewritten.

A column can be read as it is when it holds its table's type already: whole numbers of any width for int and long,
floating point for real, text for string, timestamps of any unit and zone for datetime, bool for bool. Text for dynamic
or guid cannot (it may be no JSON, or in capitals), nor can durations, decimals, dates, binary or nested values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectionary.logs.exports import Route
from detectionary.logs.kinds import kind_of
from detectionary.logs.parts import TIME_COLUMNS
from detectionary.logs.tables import LogColumn
from detectionary.logs.values import Json

_ROWS: Final = 10_000

Footer = tuple[pa.Schema, pq.FileMetaData]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A Parquet file of the user's that can be read as it is."""

    table: str
    path: Path
    columns: tuple[LogColumn, ...]
    rows: int
    first: datetime | None
    last: datetime | None
    timeless: int


def footer(file: Path | IO[bytes]) -> Footer:
    """Schema and metadata; raises `pa.ArrowInvalid` or OSError for what is no Parquet."""
    opened = pq.ParquetFile(file)
    return opened.schema_arrow, opened.metadata


def in_place(table: str, path: Path, route: Route | None) -> Foreign | None:
    """The file as it lies, or None when it must be rewritten. `route` leads to the table's schema, if one is known."""
    schema, metadata = footer(path)
    names = schema.names
    if len({name.lower() for name in names}) != len(names):
        return None  # engines do not tell names apart that differ only in case
    columns = []
    for index, held in enumerate(schema):
        kind = _kind(held.type)
        name = held.name if route is None else route.column(held.name)
        if kind is None or name is None:
            return None
        wanted = kind if route is None else route.shape.kinds[name]
        if kind != wanted and not (kind in ("int", "long") and wanted in ("int", "long")):
            return None
        columns.append(LogColumn(name, kind, held.name, _nullable(metadata, index)))
    if len({column.name for column in columns}) != len(columns):
        return None
    return Foreign(
        table,
        path,
        tuple(columns),
        metadata.num_rows,
        *_span(path, {column.name: column for column in columns}),
    )


def _kind(held: pa.DataType) -> str | None:
    kinds = pa.types
    if kinds.is_dictionary(held):
        held = held.value_type
        if not kinds.is_string(held):
            return None
    if kinds.is_boolean(held):
        return "bool"
    if kinds.is_string(held) or kinds.is_large_string(held):
        return "string"
    if kinds.is_timestamp(held):
        return "datetime"
    if kinds.is_float32(held) or kinds.is_float64(held):
        return "real"
    if kinds.is_integer(held) and not kinds.is_uint64(held):
        return "long" if kinds.is_int64(held) or kinds.is_uint32(held) else "int"
    return None


def _nullable(metadata: pq.FileMetaData, index: int) -> bool:
    """Whether a column can hold null: what the row groups count, or True where they do not."""
    for number in range(metadata.num_row_groups):
        statistics = metadata.row_group(number).column(index).statistics
        if statistics is None or not statistics.has_null_count or statistics.null_count:
            return True
    return False


def _span(path: Path, columns: Mapping[str, LogColumn]) -> tuple[datetime | None, datetime | None, int]:
    """The first and last time, and how many rows have none."""
    column = next((columns[name] for name in TIME_COLUMNS if name in columns), None)
    if column is None or column.type != "datetime":
        return None, None, 0
    lows, highs, timeless = [], [], 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1 << 20, columns=[column.stored]):
            timeless += batch.column(0).null_count
            extremes = pc.min_max(_utc(batch.column(0)))
            if extremes["min"].is_valid:
                lows.append(extremes["min"].as_py())
                highs.append(extremes["max"].as_py())
    return min(lows, default=None), max(highs, default=None), timeless


def _utc(times: pa.Array) -> pa.Array:
    """Timestamps of any kind as microseconds without zone, UTC; finer ones are cut."""
    zone = times.type.tz
    times = times.cast(pa.timestamp("us", tz=zone), safe=False)
    return times.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us")) if zone else times


@dataclass(frozen=True)
class ArrowBatch:
    """Rows of a Parquet file, by columns."""

    batch: pa.RecordBatch

    @cached_property
    def keys(self) -> Sequence[str]:
        return list(self.batch.schema.names)

    @property
    def size(self) -> int:
        return int(self.batch.num_rows)

    def direct(self, key: str, kind: str) -> pa.Array | None:
        column = self.batch.column(self.keys.index(key))
        if kind == "datetime" and pa.types.is_timestamp(column.type):
            return _utc(column)
        if kind == "string" and pa.types.is_string(column.type):
            return column.fill_null("")
        return None

    def values(self, key: str, kind: str) -> Sequence[object]:  # noqa: ARG002  # values have types of their own
        return [_plain(value) for value in self.batch.column(self.keys.index(key)).to_pylist()]

    def json(self, key: str) -> Sequence[bytes | None]:
        return [
            None if value is None else str(value).encode() if isinstance(value, Json) else msgspec.json.encode(value)
            for value in self.values(key, "dynamic")
        ]

    def kinds(self, key: str) -> set[str]:
        held = self.batch.column(self.keys.index(key)).type
        for told, kind in _KINDS:
            if told(held):
                return {kind}
        return {found for value in self.values(key, "dynamic") if (found := kind_of(value)) is not None}


_KINDS: Final = (
    (pa.types.is_nested, "dynamic"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_date, "datetime"),
    (pa.types.is_timestamp, "datetime"),
    (pa.types.is_duration, "timespan"),
)
"""Types of columns that say more than their values as JSON do."""


def _plain(value: Any) -> object:
    """A value of Arrow as one that `values.convert` takes."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return Json(str(value))
        case datetime():
            aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            return aware.replace(tzinfo=None).isoformat() + "Z"
        case date():
            return value.isoformat()
        case timedelta():
            return _timespan(value)
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case _:
            return Json(msgspec.json.encode(value, enc_hook=str).decode())


def _timespan(value: timedelta) -> str:
    sign, span = ("-", -value) if value < timedelta(0) else ("", value)
    clock = span - timedelta(days=span.days)
    hours, rest = divmod(clock.seconds, 3600)
    return f"{sign}{span.days}.{hours:02}:{rest // 60:02}:{rest % 60:02}.{clock.microseconds:06}"


def batches(file: Path | IO[bytes]) -> Iterator[ArrowBatch]:
    """The rows of a file in batches; raises as `footer` does, also on the way."""
    with pq.ParquetFile(file) as opened:
        for batch in opened.iter_batches(_ROWS):
            yield ArrowBatch(batch)
