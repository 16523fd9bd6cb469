"""One job: some files read to the end, their rows written as parts, everything met accounted for.

A job runs in one process and knows nothing of others: its parts carry its number, so what is written does not depend on
how many processes there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa

from detectionary.logs import cloudtrail, delimited, event_files, parquet_files, windows
from detectionary.logs.batches import Batch, JsonBatch, TextBatch
from detectionary.logs.exports import Route
from detectionary.logs.infer import Spool, SpoolWriter, read_back
from detectionary.logs.json_frames import Fault, Frame, frames
from detectionary.logs.parquet_files import Foreign
from detectionary.logs.parts import Part, PartWriter, Shape, file_name, shape_of
from detectionary.logs.recognize import TELLING, Recognizer, Verdict
from detectionary.logs.sources import Format, InputFile, Skipped, Source, open_file
from detectionary.logs.tables import Broken, LogFile
from detectionary.logs.values import Converted, Tally
from detectionary.logs.windows_records import WindowsRecord, parse, shape_of_record
from detectionary.model.schema import TableSchema

NAMED: Final = 20
"""So many broken records of a file are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a job did."""

    number: int
    parts: tuple[Part, ...]
    files: tuple[tuple[Path, LogFile], ...]
    """What became of each, with the file on disk that it is in."""

    broken: tuple[Broken, ...]
    tally: Tally
    notes: tuple[str, ...] = ()
    spools: tuple[Spool, ...] = ()
    foreign: tuple[Foreign, ...] = ()


@dataclass(slots=True)
class _Account:
    """One source while it is read."""

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

    def fault(self, record: int | None, line: int | None, reason: str) -> None:
        self.broken += 1
        if len(self.named) < NAMED:
            self.named.append(Broken(self.name, line, record, reason))

    def misplaced(self, record: int | None, line: int | None, reason: str) -> None:
        self.unplaced += 1
        self.fault(record, line, reason)

    def close(self) -> LogFile:
        skipped = self.skipped
        if skipped is None and not self.records:
            if self.unplaced == self.broken > 0:
                skipped = f"{self.broken} records: {self.named[0].reason}"
                self.broken, self.named = 0, []
            elif self.named:
                skipped = f"holds no record that can be read: the first {self.named[0].reason}"
            else:
                skipped = "holds no record"
        return LogFile(self.name, self.format, self.records, self.broken, dict(self.rows), skipped)


_OBJECTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)


@dataclass(slots=True)
class Job:
    """Reads files into parts in a folder."""

    number: int
    folder: Path
    recognizer: Recognizer
    table: str | None = None
    tally: Tally = field(default_factory=Tally)
    _writers: dict[str, PartWriter] = field(default_factory=dict)
    _spools: dict[str, SpoolWriter] = field(default_factory=dict)
    _foreign: list[Foreign] = field(default_factory=list)
    _shapes: dict[str, Shape] = field(default_factory=dict)
    _files: list[tuple[Path, LogFile]] = field(default_factory=list)
    _broken: list[Broken] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)

    @property
    def schemas(self) -> Mapping[str, TableSchema]:
        return self.recognizer.schemas

    def read(self, files: Iterable[InputFile]) -> Result:
        for file in files:
            for source in open_file(file):
                if isinstance(source, Skipped):
                    self._files.append((file.path, LogFile(source.name, None, 0, 0, {}, source.reason)))
                    continue
                account = _Account(source.name, source.format.value)
                self._source(source, account)
                self._files.append((file.path, account.close()))
                self._broken += account.named
                self._note(account)
        return self._result()

    def rewrite(self, foreign: Foreign) -> Result:
        """Write the rows of a user's Parquet file as parts, as it cannot be used where it lies."""
        account = _Account(str(foreign.path), Format.PARQUET.value)
        for batch in parquet_files.batches(foreign.path):
            self._export(foreign.table, batch, account)
        return self._result()

    def write_out(self, spool: Spool, schema: TableSchema) -> Result:
        """Write the records of a spool, whose table has a schema by now, and remove it."""
        account = _Account(str(spool.path), "")
        shape = self._shapes[spool.table] = shape_of(schema, unmapped=False)
        route = Route(shape)
        for batch in read_back(spool):
            self._write(spool.table, route.rows(batch), batch.size, account)
        spool.path.unlink()
        return self._result()

    def _result(self) -> Result:
        return Result(
            self.number,
            tuple(writer.close() for writer in self._writers.values()),
            tuple(self._files),
            tuple(self._broken),
            self.tally,
            tuple(self._notes),
            tuple(writer.close() for writer in self._spools.values()),
            tuple(self._foreign),
        )

    def _source(self, source: Source, account: _Account) -> None:
        match source.format:
            case Format.JSON:
                fast = self.table in (None, cloudtrail.TABLE)
                for frame in frames(source.stream, cloudtrail.EVENTS if fast else None):
                    if isinstance(frame, Fault):
                        account.fault(frame.record, frame.line, frame.reason)
                    else:
                        fast = self._frame(frame, account, fast)
            case Format.DELIMITED:
                for batch in delimited.rows(source.stream):
                    if isinstance(batch, Fault):
                        account.fault(batch.record, batch.line, batch.reason)
                    else:
                        self._cells(*batch, account)
            case Format.EVTX:
                for events in event_files.records(source):
                    if isinstance(events, Fault):
                        account.fault(events.record, events.line, events.reason)
                    else:
                        self._events([event for _, event in events], [(number, None) for number, _ in events], account)
            case Format.PARQUET:
                self._parquet(source, account)

    # JSON

    def _frame(self, frame: Frame, account: _Account, fast: bool) -> bool:
        """All records of a frame; whether they were CloudTrail's as documented, as the next ones then are, too."""
        events = frame.typed
        if events is None and fast:
            with suppress(msgspec.DecodeError):  # other records, or other fields, go one by one
                events = cloudtrail.EVENTS.decode(frame.array)
        if events is not None:
            self._write(cloudtrail.TABLE, cloudtrail.rows(events), len(events), account)
            account.records += len(events)
            return fast
        records, places = _objects_of(frame, account)
        groups: dict[str, list[int]] = {}
        verdicts: dict[tuple[object, ...], Verdict] = {}
        for index, record in enumerate(records):
            key: tuple[object, ...] = (tuple(record), *(bytes(record[name]) for name in TELLING if name in record))
            if "Event" in record:
                key += (b'"System"' in bytes(record["Event"]),)
            verdict = verdicts.get(key)
            if verdict is None:
                verdict = verdicts[key] = self._verdict(record)
            if verdict.table is None:
                place = places[index]
                account.misplaced(frame.first + place, frame.lines[place] if frame.lines else None, verdict.reason)
            else:
                groups.setdefault(verdict.table, []).append(index)
        for target, indexes in groups.items():
            chosen = [records[index] for index in indexes]
            if target.startswith(_RAW_WINDOWS):
                self._windows(target.removeprefix(_RAW_WINDOWS), chosen, frame, [places[i] for i in indexes], account)
                continue
            if target == _RAW_CLOUDTRAIL:
                pairs = [cloudtrail.lenient(record) for record in chosen]
                rest = [other for _, other in pairs]
                columns = cloudtrail.rows([event for event, _ in pairs], rest)
                self._write(cloudtrail.TABLE, columns, len(chosen), account)
            else:
                self._export(target, JsonBatch(chosen), account)
            account.records += len(chosen)
        return _RAW_CLOUDTRAIL in groups

    def _verdict(self, record: Mapping[str, msgspec.Raw]) -> Verdict:
        if cloudtrail.is_digest(record):
            return Verdict(None, "is a digest that AWS writes beside its logs, and holds no event")
        if self.table in (None, cloudtrail.TABLE) and cloudtrail.is_record(record):
            return Verdict(_RAW_CLOUDTRAIL)
        if self.table in (None, *windows.TABLES):
            shape = shape_of_record(record)
            if shape is not None:
                return Verdict(_RAW_WINDOWS + shape)
        if self.table is not None:
            return Verdict(self.table)
        for name in TELLING:
            raw = bytes(record.get(name, b""))
            if raw[:1] == b'"':
                named = self.recognizer.named(_TEXT.decode(raw))
                if named is not None:
                    return named
        return _advised(self.recognizer.by_columns(record))

    # Windows events

    def _windows(
        self,
        shape: str,
        chosen: Sequence[Mapping[str, msgspec.Raw]],
        frame: Frame,
        places: Sequence[int],
        account: _Account,
    ) -> None:
        where = [(frame.first + place, frame.lines[place] if frame.lines else None) for place in places]
        self._events([parse(shape, fields) for fields in chosen], where, account)

    def _events(
        self,
        events: Sequence[WindowsRecord | None],
        where: Sequence[tuple[int, int | None]],
        account: _Account,
    ) -> None:
        groups: dict[str, list[WindowsRecord]] = {}
        for index, event in enumerate(events):
            tables = () if event is None else windows.tables_of(event)
            wanted = [table for table in tables if self.table in (None, table)]
            if event is None or not wanted:
                reason = "has no channel and event id" if event is None else f"is no record of {self.table}"
                account.fault(*where[index], reason)
                continue
            account.records += 1
            account.unzoned += not event.zoned
            for table in wanted:
                groups.setdefault(table, []).append(event)
        for table, records in groups.items():
            self._write(table, windows.rows(table, records, self._shape(table).kinds), len(records), account)

    # Parquet

    def _parquet(self, source: Source, account: _Account) -> None:
        try:
            with source.seekable() as file:
                schema, metadata = parquet_files.footer(file)
                verdict = Verdict(self.table) if self.table else _advised(self.recognizer.by_columns(schema.names))
                if verdict.table is None:
                    account.skipped = f"{metadata.num_rows} records: {verdict.reason}"
                    return
                if source.path is not None:
                    known = verdict.table in self.schemas
                    route = Route(self._shape(verdict.table)) if known else None
                    foreign = parquet_files.in_place(verdict.table, source.path, route)
                    if foreign is not None:
                        self._foreign.append(foreign)
                        account.records = foreign.rows
                        account.rows[foreign.table] = foreign.rows
                        return
                for batch in parquet_files.batches(file):
                    self._export(verdict.table, batch, account)
                    account.records += batch.size
        except (pa.ArrowException, OSError) as error:
            account.fault(None, None, f"is damaged Parquet: {error}")

    # Cells

    def _cells(self, batch: TextBatch, lines: Sequence[int], last: int, account: _Account) -> None:
        verdicts: list[Verdict]
        telling = next((name for name in TELLING if name in batch.header), None)
        if self.table is not None:
            verdicts = [Verdict(self.table)] * batch.size
        else:
            general = _advised(self.recognizer.by_columns(batch.header))
            cells = batch.columns[batch.header.index(telling)] if telling else [""] * batch.size
            told = {cell: self.recognizer.named(cell) or general for cell in set(cells)}
            verdicts = [told[cell] for cell in cells]
        groups: dict[str, list[int]] = {}
        for index, verdict in enumerate(verdicts):
            if verdict.table is None:
                account.misplaced(last - batch.size + 1 + index, lines[index], verdict.reason)
            else:
                groups.setdefault(verdict.table, []).append(index)
        for table, indexes in groups.items():
            chosen = (
                batch
                if len(indexes) == batch.size
                else TextBatch(batch.header, [[column[index] for index in indexes] for column in batch.columns])
            )
            self._export(table, chosen, account)
            account.records += len(indexes)

    # Rows

    def _export(self, table: str, batch: Batch, account: _Account) -> None:
        if table not in self.schemas:
            spool = self._spools.get(table)
            if spool is None:
                spool = self._spools[table] = SpoolWriter(table, self.folder / f"spool-{file_name(self.number, table)}")
            spool.add(batch)
            account.rows[table] = account.rows.get(table, 0) + batch.size
            return
        route = account.routes.get(table)
        if route is None:
            route = account.routes[table] = Route(self._shape(table))
        self._write(table, route.rows(batch), batch.size, account)

    def _shape(self, table: str) -> Shape:
        shape = self._shapes.get(table)
        if shape is None:
            shape = self._shapes[table] = shape_of(self.schemas[table])
        return shape

    def _write(self, table: str, columns: Mapping[str, Converted], rows: int, account: _Account) -> None:
        shape = self._shape(table)
        writer = self._writers.get(table)
        if writer is None:
            writer = self._writers[table] = PartWriter(shape, self.folder / file_name(self.number, table))
        for column, converted in columns.items():
            if column in shape.kinds:
                self.tally.add(table, column, shape.kinds[column], converted)
        writer.add({name: column.array for name, column in columns.items()}, rows)
        account.rows[table] = account.rows.get(table, 0) + rows

    def _note(self, account: _Account) -> None:
        if account.unzoned:
            self._notes.append(f"{account.name}: {account.unzoned} records have a time without a zone, taken for UTC")
        for table, route in account.routes.items():
            for key, reading in route.readings():
                if reading.unproved and reading.order is not None:
                    self._notes.append(
                        f"{account.name}: no date of {key} says whether day or month comes first; "
                        f"read as {reading.order.value} into {table}"
                    )


_RAW_CLOUDTRAIL: Final = "\0cloudtrail"
_RAW_WINDOWS: Final = "\0windows "
"""Marks for records in AWS's own fields and in those of Windows' collectors, beside tables by name."""


def _advised(verdict: Verdict) -> Verdict:
    if verdict.table is not None:
        return verdict
    return Verdict(None, f"{verdict.reason}: name its table with --table")


def _objects_of(frame: Frame, account: _Account) -> tuple[list[dict[str, msgspec.Raw]], Sequence[int]]:
    """The objects of a frame and their places in it; anything else is a fault."""
    try:
        return _OBJECTS.decode(frame.array), range(frame.count)
    except msgspec.DecodeError:
        records, places = [], []
        for place, raw in enumerate(_RAWS.decode(frame.array)):
            if bytes(raw)[:1] == b"{":
                records += _OBJECTS.decode(b"[" + bytes(raw) + b"]")
                places.append(place)
            else:
                account.fault(frame.first + place, frame.lines[place] if frame.lines else None, "is no object")
        return records, places


def split(files: Sequence[InputFile], size: int) -> list[tuple[InputFile, ...]]:
    """Files in jobs of about so many bytes, in their order: never by how many processes there are."""
    jobs: list[list[InputFile]] = []
    room = 0
    for file in files:
        if not jobs or file.size > room:
            jobs.append([])
            room = size
        jobs[-1].append(file)
        room -= file.size
    return [tuple(job) for job in jobs]


def merged(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for (table, column), (kind, count, example) in chain.from_iterable(tally.found.items() for tally in tallies):
        known = total.found.get((table, column))
        total.found[table, column] = (kind, count + (known[1] if known else 0), known[2] if known else example)
    return total
