"""Tables of which no schema is known: their records are set aside as JSON while the types of their columns are learned
over all of them, and only then written as columns. So no type is guessed from the first rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from detectionary.logs.batches import Batch, JsonBatch, objects
from detectionary.logs.exports import TIME_FIELDS
from detectionary.logs.kinds import DAY, unify
from detectionary.logs.parts import TIME_COLUMNS
from detectionary.logs.recognize import split_name
from detectionary.logs.times import zone_of
from detectionary.model.schema import Column, TableSchema


@dataclass(slots=True)
class Inference:
    """The types met in each column of a table, columns in the order of their appearance."""

    kinds: dict[str, set[str]] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        for key in batch.keys:
            name, zone = column_name(key)
            seen = self.kinds.setdefault(name, set())
            if zone:
                seen.add("datetime")
            else:
                seen |= batch.kinds(key)

    def merge(self, other: Inference) -> None:
        for name, kinds in other.kinds.items():
            self.kinds.setdefault(name, set()).update(kinds)

    def schema(self, table: str) -> TableSchema:
        """The table; with TimeGenerated, if any of its columns is known to hold a record's own time. A column of that
        name, or Timestamp, holds times if any of its values is one: others, which are misfits, do not make it text.
        """
        columns = [
            Column(name, "datetime" if name in TIME_COLUMNS and kinds & {"datetime", DAY} else unify(kinds))
            for name, kinds in self.kinds.items()
        ]
        timed = {column.name.lower() for column in columns if column.type == "datetime"}
        if "TimeGenerated" not in self.kinds and not timed.isdisjoint(TIME_FIELDS):
            columns.insert(0, Column("TimeGenerated", "datetime"))
        return TableSchema(table, tuple(columns))


def column_name(key: str) -> tuple[str, bool]:
    """A column's name without the time zone that an export puts after it, and whether there was one."""
    name, zone = split_name(key)
    return (name, True) if zone is not None and zone_of(zone) is not None else (key.strip(), False)


@dataclass(frozen=True, slots=True)
class Spool:
    """Records of one table set aside by one job."""

    table: str
    path: Path
    inference: Inference


_SCHEMA: Final = pa.schema([pa.field("record", pa.string(), nullable=False)])
_OBJECTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_ROWS: Final = 10_000


@dataclass(slots=True)
class SpoolWriter:
    """Sets records of one table aside."""

    table: str
    path: Path
    inference: Inference = field(default_factory=Inference)
    _writer: pq.ParquetWriter | None = None

    def add(self, batch: Batch) -> None:
        self.inference.add(batch)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, _SCHEMA, compression="zstd", use_dictionary=False)
        texts = [text or "{}" for text in objects(batch, batch.keys)]
        self._writer.write_table(pa.table({"record": pa.array(texts, pa.string())}, schema=_SCHEMA))

    def close(self) -> Spool:
        if self._writer is not None:
            self._writer.close()
        return Spool(self.table, self.path, self.inference)


def read_back(spool: Spool) -> Iterator[JsonBatch]:
    """The records of a spool."""
    with pq.ParquetFile(spool.path) as file:
        for batch in file.iter_batches(_ROWS):
            texts = batch.column(0).to_pylist()
            yield JsonBatch(_OBJECTS.decode("[" + ",".join(texts) + "]"))


def schemas_of(spools: Iterable[Spool]) -> Mapping[str, TableSchema]:
    """The schema of each table, over all its spools."""
    found: dict[str, Inference] = {}
    for spool in spools:
        found.setdefault(spool.table, Inference()).merge(spool.inference)
    return {table: inference.schema(table) for table, inference in found.items()}
