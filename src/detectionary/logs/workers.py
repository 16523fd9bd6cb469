"""Jobs done in this process, or by several at once; their results come in the order of the jobs either way."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from detectionary.logs.infer import Spool
from detectionary.logs.jobs import Job, Result
from detectionary.logs.parquet_files import Foreign
from detectionary.logs.recognize import Recognizer
from detectionary.logs.sources import InputFile
from detectionary.logs.targets import Targets
from detectionary.model.schema import TableSchema

_AHEAD: Final = 4
"""Jobs handed out for each worker: none waits, and no more results wait than these."""


@dataclass(frozen=True, slots=True)
class Read:
    """Read files."""

    files: tuple[InputFile, ...]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Write a user's Parquet file anew."""

    foreign: Foreign


@dataclass(frozen=True, slots=True)
class WriteOut:
    """Write the records of a spool, by the schema learned from them."""

    spool: Spool
    schema: TableSchema


Task = Read | Rewrite | WriteOut


@dataclass(frozen=True, slots=True)
class Given:
    """What every job is done with."""

    targets: Targets
    folder: Path


def perform(given: Given, number: int, task: Task) -> Result:
    """Do one job."""
    job = Job(number, given.folder, given.targets)
    match task:
        case Read(files):
            return job.read(files)
        case Rewrite(foreign):
            return job.rewrite(foreign)
        case WriteOut(spool, schema):
            return job.write_out(spool, schema)


class Workers:
    """As many processes as there are to be, none beside this one for `count` 1; a context that ends them."""

    def __init__(self, count: int, schemas: Mapping[str, TableSchema], folder: Path, table: str | None) -> None:
        self._given = Given(Targets(Recognizer(schemas), table), folder)
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._next = 0
        if count > 1:
            # Not forked: Arrow has threads, and a fork copies their locks in whatever state they are.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(count, context, _begin, (schemas, folder, table))

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        if error is None:
            self._pool.shutdown()
        else:
            # What they would still write is thrown away, so they end at once.
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()

    def map(self, tasks: Sequence[Task]) -> Iterator[Result]:
        """The results of the tasks, in their order. Jobs are numbered on over all calls."""
        numbered = enumerate(tasks, start=self._next)
        self._next += len(tasks)
        if self._pool is None:
            for number, task in numbered:
                yield perform(self._given, number, task)
        else:
            yield from self._spread(self._pool, numbered)

    def _spread(self, pool: ProcessPoolExecutor, numbered: Iterable[tuple[int, Task]]) -> Iterator[Result]:
        waiting: list[Future[Result]] = []
        for number, task in numbered:
            waiting.append(pool.submit(_perform, number, task))
            if len(waiting) > self._count * _AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_worker: dict[str, Given] = {}
"""What a worker process was given at its start, under "given"."""


def _begin(schemas: Mapping[str, TableSchema], folder: Path, table: str | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    gc.disable()  # nothing here makes cycles, and millions of small objects would be gone through again and again
    _worker["given"] = Given(Targets(Recognizer(schemas), table), folder)


def _perform(number: int, task: Task) -> Result:
    return perform(_worker["given"], number, task)
