"""The rows of one evaluation, and what of them goes into an alert: text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Row = Mapping[str, object]
"""A row by column name, in the order of the columns. Values are ready for JSON."""


class ResultColumn(Protocol):
    """A column of a result: its name, and the name of its Kusto type."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...


class Result(Protocol):
    """What the query returned.

    Values: None, bool, int, float, text; datetime as "2024-01-01T00:00:00.0000000Z", timespan and guid as Kusto writes
    them, dynamic as parsed JSON.
    """

    @property
    def columns(self) -> Sequence[ResultColumn]: ...
    def rows(self) -> Iterator[tuple[object, ...]]: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """The result, read once. `types` maps a column to its type, in the order of the columns."""

    types: Mapping[str, str]
    all: tuple[Row, ...]

    @classmethod
    def of(cls, result: Result) -> Rows:
        """All rows of a result, in its order."""
        types = {column.name: column.type for column in result.columns}
        names = tuple(column.name for column in result.columns)
        return cls(types, tuple(dict(zip(names, row, strict=True)) for row in result.rows()))

    def text(self, row: Row, column: str) -> str | None:
        """The value of a column as text; None when it is null or empty, or when there is no such column."""
        value = row.get(column)
        return (value or None) if isinstance(value, str) else as_text(value, self.types.get(column, "string"))


def as_text(value: object, kusto_type: str) -> str | None:
    """A value as Kusto's `tostring()` writes it; None when that is empty.

    Alerts hold text: Sentinel casts whatever a column has. A dynamic value that is a text is that text, without
    quotes; any other is JSON without blanks.
    """
    match value:
        case None | "":
            return None
        case str():
            return value
        case bool() if kusto_type != "dynamic":
            return str(value)  # "True", as Kusto writes it; inside a dynamic it is JSON's `true`
        case float() if kusto_type != "dynamic":
            return json.dumps(value).replace("e", "E")  # also "NaN" and "Infinity", as Kusto writes them
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_size(value: object) -> int:
    """The length of a value as JSON without blanks, in bytes of UTF-8: how sizes are measured here."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
