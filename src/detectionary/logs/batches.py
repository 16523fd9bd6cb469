"""Records of one file, a batch at a time, by columns: the same whether they came as JSON or as cells of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import msgspec
import pyarrow as pa

from detectionary.logs.kinds import kind_of, kind_of_text
from detectionary.logs.values import Json, from_json, minified


class Batch(Protocol):
    """Records with fields of any names."""

    @property
    def keys(self) -> Sequence[str]:
        """The fields that any record has, in order of their appearance."""
        ...

    @property
    def size(self) -> int:
        """How many records there are."""
        ...

    def values(self, key: str, kind: str) -> Sequence[object]:
        """A field of all records, for a column of a Kusto type (see `values.convert`)."""
        ...

    def json(self, key: str) -> Sequence[bytes | None]:
        """A field of all records as JSON; None where a record has it not."""
        ...

    def kinds(self, key: str) -> set[str]:
        """The types that the values of a field have by themselves (see `infer`)."""
        ...

    def direct(self, key: str, kind: str) -> pa.Array | None:
        """The field as a finished column of a Kusto type, where it is one already."""
        ...


@dataclass(frozen=True, slots=True)
class JsonBatch:
    """Records that are JSON objects."""

    records: Sequence[Mapping[str, msgspec.Raw]]

    @property
    def keys(self) -> Sequence[str]:
        return list(dict.fromkeys(chain.from_iterable(self.records)))

    @property
    def size(self) -> int:
        return len(self.records)

    def values(self, key: str, kind: str) -> Sequence[object]:
        return from_json(kind, [record.get(key) for record in self.records])

    def json(self, key: str) -> Sequence[bytes | None]:
        return [None if raw is None else minified(bytes(raw)) for raw in (record.get(key) for record in self.records)]

    def kinds(self, key: str) -> set[str]:
        found = from_json("long", [record.get(key) for record in self.records])
        return {kind for value in found if (kind := _kind(value)) is not None}

    def direct(self, key: str, kind: str) -> None:  # noqa: ARG002  # never is one
        return None


def _kind(value: object) -> str | None:
    if not isinstance(value, Json):
        return kind_of(value)
    try:
        return kind_of(msgspec.json.decode(value.encode()))
    except msgspec.DecodeError:  # a number that no float holds
        return "string" if value[:1] not in "[{" else "dynamic"


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Rows of a text table. An empty cell is the empty text in a text column, and null in any other."""

    header: Sequence[str]
    columns: Sequence[Sequence[str]]

    @property
    def keys(self) -> Sequence[str]:
        return self.header

    @property
    def size(self) -> int:
        return len(self.columns[0])

    def values(self, key: str, kind: str) -> Sequence[object]:
        cells = self.columns[self.header.index(key)]
        return cells if kind == "string" else [cell or None for cell in cells]

    def json(self, key: str) -> Sequence[bytes | None]:
        return [msgspec.json.encode(cell) if cell else None for cell in self.columns[self.header.index(key)]]

    def kinds(self, key: str) -> set[str]:
        return {kind for cell in self.columns[self.header.index(key)] if (kind := kind_of_text(cell)) is not None}

    def take(self, indexes: Sequence[int]) -> TextBatch:
        """Some of the rows."""
        if len(indexes) == self.size:
            return self
        return TextBatch(self.header, [[column[index] for index in indexes] for column in self.columns])

    def direct(self, key: str, kind: str) -> None:  # noqa: ARG002  # never is one
        return None


def objects(batch: Batch, keys: Sequence[str]) -> list[str | None]:
    """For each record a JSON object of those of its fields; None for one that has none of them."""
    parts: list[list[bytes]] = [[] for _ in range(batch.size)]
    for key in keys:
        name = msgspec.json.encode(key)
        for row, value in zip(parts, batch.json(key), strict=True):
            if value is not None:
                row.append(name + b":" + value)
    return [(b"{" + b",".join(row) + b"}").decode() if row else None for row in parts]
