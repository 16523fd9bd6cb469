"""The account of one source while it is read: what was read, what was not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from detectionary.logs.exports import Route
from detectionary.logs.json_frames import Fault
from detectionary.logs.tables import Broken, LogFile

NAMED: Final = 20
"""So many broken records of a file are named; all are counted."""


@dataclass(slots=True)
class Account:
    """One source."""

    name: str
    format: str
    records: int = 0
    broken: int = 0
    named: list[Broken] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    skipped: str | None = None
    routes: dict[str, Route] = field(default_factory=dict)
    unplaced: int = 0
    """Records that no table is known for; they are broken only in a file of which others were read."""

    unzoned: int = 0
    """Records whose time has no zone, and was taken for UTC."""

    def fault(self, fault: Fault) -> None:
        """Count a record that could not be read."""
        self.broken += 1
        if len(self.named) < NAMED:
            self.named.append(Broken(self.name, fault.line, fault.record, fault.reason))

    def misplaced(self, fault: Fault) -> None:
        """Count a record that no table is known for."""
        self.unplaced += 1
        self.fault(fault)

    def wrote(self, table: str, rows: int) -> None:
        """Count rows."""
        self.rows[table] = self.rows.get(table, 0) + rows

    def close(self) -> LogFile:
        """What became of the source. A file of which no record was read is skipped, for the reason of its first."""
        skipped = self.skipped
        if skipped is None and not self.records:
            if self.unplaced == self.broken > 0:
                skipped = f"{self.broken} records: {self.named[0].reason}" if self.broken > 1 else self.named[0].reason
                self.broken, self.named = 0, []
            elif self.named:
                skipped = f"holds no record that can be read: the first {self.named[0].reason}"
            else:
                skipped = "holds no record"
        return LogFile(self.name, self.format, self.records, self.broken, dict(self.rows), skipped)

    def notes(self) -> Iterator[str]:
        """What a user should know of how the source was read."""
        if self.unzoned:
            yield f"{self.name}: {self.unzoned} records have a time without a zone, taken for UTC"
        for table, route in self.routes.items():
            for key, reading in route.readings():
                if reading.unproved and reading.order is not None:
                    yield (
                        f"{self.name}: no date of {key} says whether day or month comes first; "
                        f"read as {reading.order.value} into {table}"
                    )
