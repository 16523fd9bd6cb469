"""Where a record goes: which table, and by which mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from detectionary.logs import cloudtrail, windows
from detectionary.logs.raw_logs import RAW_LOGS, RawLog
from detectionary.logs.recognize import TELLING, Recognizer, Verdict
from detectionary.logs.windows_records import shape_of_record

_TEXT: Final = msgspec.json.Decoder(str)

Record = Mapping[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class ToCloudTrail:
    """AWS's own fields, to AWSCloudTrail."""

    looked_up: bool = False
    """The record is an answer of LookupEvents, which holds the event as text."""


@dataclass(frozen=True, slots=True)
class ToWindows:
    """A Windows event in one of the shapes of `windows_records`, to the tables of Windows events."""

    shape: str


@dataclass(frozen=True)
class ToRaw:
    """A record of a Microsoft service in its interface's own fields."""

    log: RawLog
    table: str

    def __hash__(self) -> int:
        return hash((self.log.name, self.table))


@dataclass(frozen=True, slots=True)
class ToTable:
    """A record in the columns of its table."""

    table: str


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A record that no table is known for."""

    reason: str


Target = ToCloudTrail | ToWindows | ToRaw | ToTable | Nowhere


@dataclass(slots=True)
class Targets:
    """Tells where records go; `table` is the one that the user named for all of them."""

    recognizer: Recognizer
    table: str | None = None

    @property
    def cloudtrail(self) -> bool:
        """Whether CloudTrail's records are wanted."""
        return self.table in (None, cloudtrail.TABLE) and cloudtrail.TABLE in self.recognizer.schemas

    def windows(self, tables: Sequence[str]) -> list[str]:
        """Those of the tables that Windows events are wanted in."""
        return [name for name in tables if self.table in (None, name) and name in self.recognizer.schemas]

    def of(self, records: Sequence[Record]) -> list[Target]:
        """Where each record goes. Records of the same fields go the same way, so it is worked out once for them."""
        known: dict[tuple[object, ...], Target] = {}
        found = []
        for record in records:
            key: tuple[object, ...] = (tuple(record), *(bytes(record[name]) for name in _CHOOSING if name in record))
            if "Event" in record:
                key += (b'"System"' in bytes(record["Event"]),)
            target = known.get(key)
            if target is None:
                target = known[key] = self._one(record)
            found.append(target)
        return found

    def _one(self, record: Record) -> Target:
        if cloudtrail.is_digest(record):
            return Nowhere("is a digest that AWS writes beside its logs, and holds no event")
        if self.cloudtrail and cloudtrail.is_record(record):
            return ToCloudTrail()
        if self.cloudtrail and cloudtrail.is_looked_up(record):
            return ToCloudTrail(looked_up=True)
        if self.windows(windows.TABLES):
            shape = shape_of_record(record)
            if shape is not None:
                return ToWindows(shape)
        for log in RAW_LOGS:
            table = log.table(record)
            if table is not None and self.table in (None, table) and table in self.recognizer.schemas:
                return ToRaw(log, table)
        if self.table is not None:
            return ToTable(self.table)
        for name in TELLING:
            raw = bytes(record.get(name, b""))
            if raw[:1] == b'"':
                named = self.recognizer.named(_TEXT.decode(raw))
                if named is not None:
                    return _target(named)
        return self.by_columns(tuple(record))

    def by_columns(self, names: Sequence[str]) -> ToTable | Nowhere:
        """Where records with these fields go."""
        if self.table is not None:
            return ToTable(self.table)
        return _target(self.recognizer.by_columns(names))

    def by_cells(self, names: Sequence[str], columns: Sequence[Sequence[str]]) -> list[ToTable | Nowhere]:
        """Where each row of a text table goes."""
        general = self.by_columns(names)
        count = len(columns[0])
        telling = next((name for name in TELLING if name in names), None)
        if self.table is not None or telling is None:
            return [general] * count
        cells = columns[names.index(telling)]
        told = {cell: _target(named) if (named := self.recognizer.named(cell)) else general for cell in set(cells)}
        return [told[cell] for cell in cells]


_CHOOSING: Final = (*TELLING, *dict.fromkeys(log.chooser for log in RAW_LOGS if log.chooser is not None))
"""Fields whose values decide, beside which fields there are."""


def _target(verdict: Verdict) -> ToTable | Nowhere:
    if verdict.table is not None:
        return ToTable(verdict.table)
    return Nowhere(f"{verdict.reason}: name its table with --table")
