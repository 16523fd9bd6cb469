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
from typing import Any, Final, assert_never

import msgspec
import pyarrow as pa

from detectionary.logs import cloudtrail, delimited, event_files, parquet_files, windows
from detectionary.logs.account import Account
from detectionary.logs.batches import Batch, JsonBatch, TextBatch
from detectionary.logs.exports import Route
from detectionary.logs.infer import Spool, SpoolWriter, read_back
from detectionary.logs.json_frames import Fault, Frame, frames
from detectionary.logs.parquet_files import Foreign
from detectionary.logs.parts import Part, PartWriter, Shape, file_name, shape_of
from detectionary.logs.sources import Format, InputFile, Skipped, Source, open_file
from detectionary.logs.tables import Broken, LogFile
from detectionary.logs.targets import Nowhere, Target, Targets, ToCloudTrail, ToRaw, ToTable, ToWindows
from detectionary.logs.values import Converted, Tally, one_from_json
from detectionary.logs.windows_records import WindowsRecord, parse
from detectionary.model.schema import TableSchema


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


_TOGETHER: Final = 1_000
"""So many CloudTrail events at least are made columns together."""

_OBJECTS: Final = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_VALUES: Final = msgspec.json.Decoder(list[Any])


@dataclass(slots=True)
class Job:
    """Reads files into parts in a folder."""

    number: int
    folder: Path
    targets: Targets
    tally: Tally = field(default_factory=Tally)
    _writers: dict[str, PartWriter] = field(default_factory=dict)
    _spools: dict[str, SpoolWriter] = field(default_factory=dict)
    _foreign: list[Foreign] = field(default_factory=list)
    _shapes: dict[str, Shape] = field(default_factory=dict)
    _files: list[tuple[Path, LogFile]] = field(default_factory=list)
    _broken: list[Broken] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _pending: list[cloudtrail.Event] = field(default_factory=list)
    """Events that are not written yet: most of AWS's files hold few, and columns of few cost several times more."""

    @property
    def schemas(self) -> Mapping[str, TableSchema]:
        return self.targets.recognizer.schemas

    def read(self, files: Iterable[InputFile]) -> Result:
        """Read files to their ends."""
        for file in files:
            for source in open_file(file):
                if isinstance(source, Skipped):
                    self._files.append((file.path, LogFile(source.name, None, 0, 0, {}, source.reason)))
                    continue
                account = Account(source.name, source.format.value)
                self._source(source, account)
                self._files.append((file.path, account.close()))
                self._broken += account.named
                self._notes += account.notes()
        return self._result()

    def rewrite(self, foreign: Foreign) -> Result:
        """Write the rows of a user's Parquet file as parts, as it cannot be used where it lies."""
        account = Account(str(foreign.path), Format.PARQUET.value)
        for batch in parquet_files.batches(foreign.path):
            self._export(foreign.table, batch, account)
        return self._result()

    def write_out(self, spool: Spool, schema: TableSchema) -> Result:
        """Write the records of a spool, whose table has a schema by now, and remove it."""
        account = Account(spool.table, "")
        route = Route(self._shapes.setdefault(spool.table, shape_of(schema, unmapped=False)), others=False)
        for batch in read_back(spool):
            self._write(spool.table, route.rows(batch), batch.size, account)
        account.routes[spool.table] = route
        self._notes += account.notes()
        spool.path.unlink()
        return self._result()

    def _result(self) -> Result:
        self._write_pending()
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

    def _source(self, source: Source, account: Account) -> None:
        match source.format:
            case Format.JSON:
                self._json(source, account)
            case Format.DELIMITED:
                for rows in delimited.rows(source.stream):
                    if isinstance(rows, Fault):
                        account.fault(rows)
                    else:
                        self._cells(*rows, account)
            case Format.EVTX:
                for events in event_files.records(source):
                    if isinstance(events, Fault):
                        account.fault(events)
                    else:
                        self._events([event for _, event in events], [(number, None) for number, _ in events], account)
            case Format.PARQUET:
                self._parquet(source, account)

    # JSON

    def _json(self, source: Source, account: Account) -> None:
        fast = self.targets.cloudtrail
        for frame in frames(source.stream, cloudtrail.EVENTS if fast else None):
            if isinstance(frame, Fault):
                account.fault(frame)
                continue
            events = frame.typed
            if events is None and fast:
                with suppress(msgspec.DecodeError):  # other records, or other fields, go one by one
                    events = cloudtrail.EVENTS.decode(frame.array)
            if events is not None:
                self._pending += events
                account.wrote(cloudtrail.TABLE, len(events))
                account.records += len(events)
                if len(self._pending) >= _TOGETHER:
                    self._write_pending()
            else:
                fast = self._frame(frame, account)

    def _write_pending(self) -> None:
        events, self._pending = self._pending, []
        if events:
            self._add(cloudtrail.TABLE, cloudtrail.rows(events), len(events))

    def _frame(self, frame: Frame, account: Account) -> bool:
        """All records of a frame, whatever they are; whether any were CloudTrail's, as the next ones then may be."""
        records, places = _objects_of(frame, account)
        groups: dict[Target, list[int]] = {}
        for index, target in enumerate(self.targets.of(records)):
            groups.setdefault(target, []).append(index)
        for target, indexes in groups.items():
            chosen = [records[index] for index in indexes]
            where = [frame.where(places[index]) for index in indexes]
            match target:
                case ToCloudTrail(looked_up):
                    self._cloudtrail([cloudtrail.looked_up(it) if looked_up else it for it in chosen], where, account)
                case ToWindows(shape):
                    self._events([parse(shape, _plain(record)) for record in chosen], where, account)
                case ToRaw(log, table):
                    self._export(table, JsonBatch([log.fields(record) for record in chosen]), account)
                    account.records += len(chosen)
                case ToTable(table):
                    self._export(table, JsonBatch(chosen), account)
                    account.records += len(chosen)
                case Nowhere(reason):
                    for record, line in where:
                        account.misplaced(Fault(record, line, reason))
                case _:
                    assert_never(target)
        return ToCloudTrail() in groups

    # CloudTrail, one by one

    def _cloudtrail(
        self,
        records: Sequence[Mapping[str, msgspec.Raw] | None],
        where: Sequence[tuple[int, int | None]],
        account: Account,
    ) -> None:
        pairs = []
        for record, place in zip(records, where, strict=True):
            if record is None:
                account.fault(Fault(*place, "holds no event in CloudTrailEvent"))
            else:
                pairs.append(cloudtrail.lenient(record))
        if pairs:
            columns = cloudtrail.rows([event for event, _ in pairs], [rest for _, rest in pairs])
            self._write(cloudtrail.TABLE, columns, len(pairs), account)
            account.records += len(pairs)

    # Windows events

    def _events(
        self,
        events: Sequence[WindowsRecord | None],
        where: Sequence[tuple[int, int | None]],
        account: Account,
    ) -> None:
        groups: dict[str, list[WindowsRecord]] = {}
        for event, place in zip(events, where, strict=True):
            wanted = [] if event is None else self.targets.windows(windows.tables_of(event))
            if event is None:
                account.fault(Fault(*place, "has no channel and event id"))
            elif not wanted:
                account.fault(Fault(*place, f"is no record of {self.targets.table}"))
            else:
                account.records += 1
                account.unzoned += not event.zoned
                for table in wanted:
                    groups.setdefault(table, []).append(event)
        for table, records in groups.items():
            self._write(table, windows.rows(table, records, self._shape(table).kinds), len(records), account)

    # Parquet

    def _parquet(self, source: Source, account: Account) -> None:
        try:
            with source.seekable() as file:
                schema, metadata = parquet_files.footer(file)
                target = self.targets.by_columns(schema.names)
                if isinstance(target, Nowhere):
                    account.skipped = f"{metadata.num_rows} records: {target.reason}"
                    return
                if source.path is not None:
                    route = Route(self._shape(target.table)) if target.table in self.schemas else None
                    foreign = parquet_files.in_place(target.table, source.path, route)
                    if foreign is not None:
                        self._foreign.append(foreign)
                        account.records = foreign.rows
                        account.wrote(foreign.table, foreign.rows)
                        return
                for batch in parquet_files.batches(file):
                    self._export(target.table, batch, account)
                    account.records += batch.size
        except (pa.ArrowException, OSError) as error:
            account.fault(Fault(None, None, f"is damaged Parquet: {error}"))

    # Cells

    def _cells(self, batch: TextBatch, lines: Sequence[int], last: int, account: Account) -> None:
        groups: dict[ToTable | Nowhere, list[int]] = {}
        for index, target in enumerate(self.targets.by_cells(batch.header, batch.columns)):
            groups.setdefault(target, []).append(index)
        for target, indexes in groups.items():
            if isinstance(target, Nowhere):
                for index in indexes:
                    account.misplaced(Fault(last - batch.size + 1 + index, lines[index], target.reason))
            else:
                self._export(target.table, batch.take(indexes), account)
                account.records += len(indexes)

    # Rows

    def _export(self, table: str, batch: Batch, account: Account) -> None:
        if table not in self.schemas:
            spool = self._spools.get(table)
            if spool is None:
                spool = self._spools[table] = SpoolWriter(table, self.folder / f"spool-{file_name(self.number, table)}")
            spool.add(batch)
            account.wrote(table, batch.size)
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

    def _write(self, table: str, columns: Mapping[str, Converted], rows: int, account: Account) -> None:
        if table == cloudtrail.TABLE:
            self._write_pending()  # rows stay in the order of their records
        self._add(table, columns, rows)
        account.wrote(table, rows)

    def _add(self, table: str, columns: Mapping[str, Converted], rows: int) -> None:
        shape = self._shape(table)
        writer = self._writers.get(table)
        if writer is None:
            writer = self._writers[table] = PartWriter(shape, self.folder / file_name(self.number, table))
        for column, converted in columns.items():
            if column in shape.kinds:
                self.tally.add(table, column, shape.kinds[column], converted)
        writer.add({name: column.array for name, column in columns.items()}, rows)


def _plain(record: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """A record's values; decoded together, which takes a third of the time that one by one does."""
    try:
        return dict(zip(record, _VALUES.decode(b"[" + b",".join(record.values()) + b"]"), strict=True))
    except msgspec.DecodeError:  # a number that no float holds
        values = {name: one_from_json(bytes(raw)) for name, raw in record.items()}
        return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}


def _objects_of(frame: Frame, account: Account) -> tuple[list[dict[str, msgspec.Raw]], Sequence[int]]:
    """The objects of a frame and their places in it; anything else is a fault."""
    with suppress(msgspec.ValidationError):
        return _OBJECTS.decode(frame.array), range(frame.count)
    records, places = [], []
    for place, raw in enumerate(_RAWS.decode(frame.array)):
        if bytes(raw)[:1] == b"{":
            records += _OBJECTS.decode(b"[" + bytes(raw) + b"]")
            places.append(place)
        else:
            account.fault(Fault(*frame.where(place), "is no object"))
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
