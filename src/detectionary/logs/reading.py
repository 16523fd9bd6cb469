"""Log files to tables: the one function that the rest of the project calls."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Final

from detectionary.logs.jobs import Job, Result, merged, split
from detectionary.logs.parts import shape_of, table_of
from detectionary.logs.recognize import Recognizer
from detectionary.logs.sources import InputFile, Skipped, find
from detectionary.logs.tables import LogFile, Logs, Misfit
from detectionary.model.schema import TableSchema

Progress = Callable[[int, int, int], None]
"""Called as work goes on: bytes of input done, bytes in all, records so far."""

_JOB: Final = 6 << 20
"""Bytes of input (packed, as most large ones are) in one job."""

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
    input has not changed. `processes`: how many work at once (all cores by default); the result does not depend on it.
    Raises FileNotFoundError for a path that does not exist; everything else that cannot be read is in the `Logs`.
    """
    met = list(find(paths))
    files = [file for file in met if isinstance(file, InputFile)]
    directory.mkdir(parents=True, exist_ok=True)
    jobs = split(files, _JOB)
    total = sum(file.size for file in files)
    results: list[Result] = []
    done = records = 0
    for job, result in zip(jobs, _run(jobs, directory, schemas, table, processes, total), strict=True):
        results.append(result)
        done += sum(file.size for file in job)
        records += sum(file.records for file in result.files)
        progress(done, total, records)
    return _collect(met, results, schemas)


def _run(
    jobs: Sequence[tuple[InputFile, ...]],
    directory: Path,
    schemas: Mapping[str, TableSchema],
    table: str | None,
    processes: int | None,
    total: int,
) -> Iterator[Result]:
    workers = min(processes or os.cpu_count() or 1, len(jobs))
    if workers < 2 or (processes is None and total < _ALONE):
        recognizer = Recognizer(schemas)
        for number, job in enumerate(jobs):
            yield Job(number, directory, recognizer, table).read(job)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (schemas, directory, table)) as pool:
        try:
            # Only so many jobs are handed out ahead that no worker waits: results are small, but jobs may be many.
            waiting: list[Future[Result]] = []
            for number, job in enumerate(jobs):
                waiting.append(pool.submit(_work, number, job))
                if len(waiting) > workers * 4:
                    yield waiting.pop(0).result()
            for future in waiting:
                yield future.result()
        except BaseException:
            _stop(pool)
            raise


_worker: dict[str, tuple[Recognizer, Path, str | None]] = {}
"""What a worker process was given at its start, under "given"."""


def _begin(schemas: Mapping[str, TableSchema], directory: Path, table: str | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its workers itself
    gc.disable()  # nothing here makes cycles, and millions of small objects would be gone through again and again
    _worker["given"] = (Recognizer(schemas), directory, table)


def _work(number: int, job: tuple[InputFile, ...]) -> Result:
    recognizer, directory, table = _worker["given"]
    return Job(number, directory, recognizer, table).read(job)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers at once: what they have written is thrown away anyway."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _collect(met: Sequence[InputFile | Skipped], results: Sequence[Result], schemas: Mapping[str, TableSchema]) -> Logs:
    tables = {}
    names = sorted({part.table for result in results for part in result.parts})
    for name in names:
        own = [part for result in results for part in result.parts if part.table == name]
        tables[name] = table_of(shape_of(schemas[name]), own)
    # Links and the like were met between files: each stands in its place.
    read = iter([file for result in results for file in result.files])
    held: dict[str, list[LogFile]] = {}
    for file in read:
        held.setdefault(file.file.partition("!")[0], []).append(file)
    files: list[LogFile] = []
    for item in met:
        if isinstance(item, Skipped):
            files.append(LogFile(item.name, None, 0, 0, {}, item.reason))
        else:
            files += held.pop(str(item.path), [])
    files += [file for group in held.values() for file in group]
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
        tuple(note for result in results for note in result.notes),
    )
