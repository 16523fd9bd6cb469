"""Log files to tables: the one function that the rest of the project calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from detectionary.logs import cache as caches
from detectionary.logs.infer import schemas_of
from detectionary.logs.jobs import Result, merged, split
from detectionary.logs.parquet_files import Foreign
from detectionary.logs.parts import shape_of, table_of
from detectionary.logs.sources import InputFile, Skipped, find
from detectionary.logs.tables import LogFile, Logs, LogTable, Misfit
from detectionary.logs.windows import TWINS
from detectionary.logs.workers import Read, Rewrite, Workers, WriteOut, processors
from detectionary.model.schema import TableSchema

Progress = Callable[[int, int, int], None]
"""Called as work goes on: bytes of input done, bytes in all, records so far."""

_JOB: Final = range(1 << 20, 6 << 20)
"""Bytes of input (packed, as most large ones are) in one job: small enough that all processes end together, large
enough that the parts are few.
"""

_SHARES: Final = 16

_ALONE: Final = 4 << 20
"""Less input than this is read in this process: to start others would take longer."""


def _silent(_done: int, _all: int, _records: int) -> None:
    """Report no progress."""


def read_logs(
    paths: Sequence[Path],
    directory: Path,
    schemas: Mapping[str, TableSchema],
    *,
    table: str | None = None,
    cache: Path | None = None,
    processes: int | None = None,
    progress: Progress = _silent,
) -> Logs:
    """Read all files of the paths into tables whose Parquet files are in `directory`.

    `table`: every record belongs to this table. `cache`: keep the Parquet there instead, and use it again while the
    input has not changed. `processes`: how many work at once (all processors by default); what is read does not depend
    on it. Raises FileNotFoundError for a path that does not exist; all else that cannot be read is in the `Logs`.
    """
    met = list(find(paths))
    if cache is None:
        directory.mkdir(parents=True, exist_ok=True)
        return _read(met, directory, schemas, table, processes, progress)
    key = caches.key_of(met, schemas, table)
    kept, note = caches.load(cache, key)
    if kept is None:
        kept = caches.fill(cache, key, lambda folder: _read(met, folder, schemas, table, processes, progress))
    return replace(kept, notes=(*kept.notes, note)) if note else kept


def _read(
    met: Sequence[InputFile | Skipped],
    directory: Path,
    schemas: Mapping[str, TableSchema],
    table: str | None,
    processes: int | None,
    progress: Progress,
) -> Logs:
    files = [item for item in met if isinstance(item, InputFile)]
    total = sum(file.size for file in files)
    jobs = split(files, max(_JOB.start, min(total // _SHARES, _JOB.stop)))
    count = min(processes or (processors() if total >= _ALONE else 1), max(1, len(jobs)))
    with Workers(count, schemas, directory, table) as workers:
        results: list[Result] = []
        done = records = 0
        for job, result in zip(jobs, workers.map([Read(job) for job in jobs]), strict=True):
            results.append(result)
            done += sum(file.size for file in job)
            records += sum(file.records for _, file in result.files)
            progress(done, total, records)
        used, unused = _in_place(results)
        results += workers.map([Rewrite(foreign) for foreign in unused])
        spools = [spool for result in results for spool in result.spools]
        learned = schemas_of(spools)
        results += workers.map([WriteOut(spool, learned[spool.table]) for spool in spools])
    return _logs(met, results, _tables(results, used, schemas, learned))


def _in_place(results: Sequence[Result]) -> tuple[dict[str, list[Foreign]], list[Foreign]]:
    """The Parquet files that make a table where they lie, by table, and those to be rewritten: a table's files must all
    have the same columns, so one in other columns, or in another format, takes the rest with it.
    """
    written = {part.table for result in results for part in result.parts}
    written |= {spool.table for result in results for spool in result.spools}
    by_table: dict[str, list[Foreign]] = {}
    for result in results:
        for foreign in result.foreign:
            by_table.setdefault(foreign.table, []).append(foreign)
    used, unused = {}, []
    for table, group in by_table.items():
        columns = {tuple((column.name, column.type, column.stored) for column in foreign.columns) for foreign in group}
        if len(columns) == 1 and table not in written:
            used[table] = group
        else:
            unused += group
    return used, unused


def _tables(
    results: Sequence[Result],
    used: Mapping[str, Sequence[Foreign]],
    schemas: Mapping[str, TableSchema],
    learned: Mapping[str, TableSchema],
) -> dict[str, LogTable]:
    tables = {table: _foreign_table(table, group) for table, group in used.items()}
    for name in {part.table for result in results for part in result.parts}:
        parts = [part for result in results for part in result.parts if part.table == name]
        shape = shape_of(learned[name], unmapped=False) if name in learned else shape_of(schemas[name])
        tables[name] = table_of(shape, parts)
    return dict(sorted(tables.items()))


def _foreign_table(table: str, group: Sequence[Foreign]) -> LogTable:
    columns = tuple(
        replace(column, nullable=any(foreign.columns[index].nullable for foreign in group))
        for index, column in enumerate(group[0].columns)
    )
    firsts = [foreign.first for foreign in group if foreign.first is not None]
    lasts = [foreign.last for foreign in group if foreign.last is not None]
    return LogTable(
        table,
        columns,
        tuple(foreign.path.absolute() for foreign in group),
        sum(foreign.rows for foreign in group),
        min(firsts, default=None),
        max(lasts, default=None),
        sum(foreign.timeless for foreign in group),
    )


_NOTES: Final = 50


def _some(notes: Sequence[str]) -> tuple[str, ...]:
    """The first notes, and how many there are beside them: there may be one for each of thousands of files."""
    rest = len(notes) - _NOTES
    return (*notes[:_NOTES], f"and {rest} more of such notes") if rest > 0 else tuple(notes)


def _logs(met: Sequence[InputFile | Skipped], results: Sequence[Result], tables: Mapping[str, LogTable]) -> Logs:
    # Links and the like were met between the files: each is told in its place.
    told: dict[Path, list[LogFile]] = {}
    for result in results:
        for path, file in result.files:
            told.setdefault(path, []).append(file)
    files: list[LogFile] = []
    for item in met:
        if isinstance(item, Skipped):
            files.append(LogFile(item.name, None, 0, 0, {}, item.reason))
        else:
            files += told.pop(item.path, [])
    tally = merged(result.tally for result in results)
    return Logs(
        tables,
        tuple(files),
        tuple(broken for result in results for broken in result.broken),
        sum(file.broken for file in files),
        tuple(
            Misfit(table, column, kind, count, example)
            for (table, column), (kind, count, example) in sorted(tally.found.items())
        ),
        _some([note for result in results for note in result.notes]),
        {table: others for table, others in TWINS.items() if table in tables},
    )
