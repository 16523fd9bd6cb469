"""What reading logs gives: tables as Parquet files, and an account of every file and record that was met."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from detectionary.model.schema import Column, TableSchema


@dataclass(frozen=True, slots=True)
class LogColumn:
    """A column of a log table and how its Parquet files hold it.

    `type` is a canonical Kusto scalar type: bool, int, long, real, decimal, string, datetime, timespan, guid, dynamic.
    Files written here hold them as bool, int32, int64, float64, string (decimal text), string, timestamp[us] without
    zone (UTC), int64 (ticks of 100 ns), string (lower case), string (minified JSON text). A file used in place may
    hold an int in another width, a datetime with a zone or in another unit, and text as large or dictionary strings.
    """

    name: str
    type: str
    stored: str
    """The column's name in the files: unique whatever its case."""

    nullable: bool
    """Whether the files can hold null there. Text written here never is: it is empty instead."""


@dataclass(frozen=True, slots=True)
class LogTable:
    """A table found in the logs. No file means: known, but empty."""

    name: str
    columns: tuple[LogColumn, ...]
    files: tuple[Path, ...]
    """Parquet, all with the columns `stored`; always in the same order for the same input."""

    rows: int
    first: datetime | None
    """The smallest TimeGenerated (Timestamp where a table has only that), UTC without zone; None without rows."""

    last: datetime | None
    timeless: int = 0
    """Rows whose time is null, as their records had none that could be read: no window of time holds them."""

    @property
    def schema(self) -> TableSchema:
        """The table as queries are bound against it."""
        return TableSchema(self.name, tuple(Column(column.name, column.type) for column in self.columns))


@dataclass(frozen=True, slots=True)
class Broken:
    """One record that could not be read."""

    file: str
    """The path as met; members of archives follow it after "!"."""

    line: int | None
    """Counted from 1, where the format has lines."""

    record: int | None
    """Counted from 1 within the file, where the format has records and the count is known."""

    reason: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """A column some of whose values did not fit its type: each became null."""

    table: str
    column: str
    type: str
    count: int
    example: str
    """The first such value as text, cut to 80 characters."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """What became of one file (or member of an archive)."""

    file: str
    format: str | None
    """A name out of `FORMATS`; None for a file that was skipped."""

    records: int
    """Read well: each became at least one row."""

    broken: int
    rows: Mapping[str, int]
    """Rows by table: a record of a Windows log may give rows in more than one."""

    skipped: str | None = None
    """Why nothing of the file was read."""


@dataclass(frozen=True, slots=True)
class Logs:
    """Everything that `read_logs` found."""

    tables: Mapping[str, LogTable]
    files: tuple[LogFile, ...]
    """Every file met, also those skipped, in the order of the paths given (folders by name)."""

    broken: tuple[Broken, ...] = ()
    """The first ones of each file; `broken_count` counts all."""

    broken_count: int = 0
    misfits: tuple[Misfit, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What a user should know beside the above, a sentence each (a cache that was rebuilt, …)."""

    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables whose rows stand in others, too: Windows events are in WindowsEvent and in one of SecurityEvent, Event."""

    def seen_by(self, names: Collection[str]) -> dict[str, LogTable]:
        """The tables as a query sees them that reads tables of these names: each record in one table only.

        A twin is empty to a query that reads one of the others as well, as unions of both do, which would count every
        event twice.
        """
        return {
            name: replace(table, files=(), rows=0, first=None, last=None, timeless=0)
            if name in names and any(other in names for other in self.twins.get(name, ()))
            else table
            for name, table in self.tables.items()
        }

    @property
    def skipped(self) -> tuple[LogFile, ...]:
        """Files of which nothing was read, each with its reason."""
        return tuple(file for file in self.files if file.skipped is not None)

    @property
    def records(self) -> int:
        return sum(file.records for file in self.files)
