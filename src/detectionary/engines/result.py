"""The rows that a query returned, with Kusto's names and types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

import pyarrow as pa

from detectionary.compiler.ticks import datetime_text, ticks_of, timespan_text

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
"""A value as JSON can hold it; see `Result.rows`."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column by its Kusto name; `type` is a Kusto scalar type ("string", "long", …)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """All rows of a query. `table` holds them as the engine gave them (`compiler.plan` says how), in this order."""

    columns: tuple[ResultColumn, ...]
    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """The rows with values that JSON can hold.

        datetime as `2024-01-31T12:00:00.0000000Z`, timespan as `[-][d.]hh:mm:ss[.fffffff]`, decimal and guid as text,
        dynamic as parsed JSON, a real that is no finite number as "NaN", "Infinity" or "-Infinity". Raises
        `TooDeepError`.
        """
        readers = [_READERS.get(column.type, _same) for column in self.columns]
        for batch in self.table.to_batches(max_chunksize=4096):
            parts = [
                [None if value is None else read(value) for value in batch.column(at).to_pylist()]
                for at, read in enumerate(readers)
            ]
            if parts:
                yield from zip(*parts, strict=True)
            else:
                yield from (() for _ in range(batch.num_rows))


def _same(value: object) -> Value:
    if isinstance(value, bool | int | str):
        return value
    return str(value)


def _real(value: object) -> Value:
    number = float(str(value)) if not isinstance(value, float | int) else float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _datetime(value: object) -> Value:
    return datetime_text(ticks_of(value)) if isinstance(value, datetime) else str(value)


def _timespan(value: object) -> Value:
    return timespan_text(value) if isinstance(value, int) else str(value)


class TooDeepError(Exception):
    """A dynamic value that nests deeper than JSON is read here."""


def _dynamic(value: object) -> Value:
    text = str(value)
    try:
        parsed: Value = json.loads(text)
    except RecursionError as error:
        raise TooDeepError("a dynamic value of the result is nested too deeply to be read") from error
    return parsed


def _decimal(value: object) -> Value:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


_READERS: Final[dict[str, Callable[[object], Value]]] = {
    "real": _real,
    "datetime": _datetime,
    "timespan": _timespan,
    "dynamic": _dynamic,
    "decimal": _decimal,
}
