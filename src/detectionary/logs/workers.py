"""Jobs done by this process and others beside it; their results come in the order of the jobs, however many there are.

This process works, too: it begins at once, while others take half a second to import what they need.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
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

_AHEAD: Final = 2
"""Jobs handed out to each other process at a time, so that it need not wait for the next."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of settings in glibc's malloc.h."""

_KEPT: Final = 1 << 28


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
    """The process at hand and `count - 1` others; a context that ends them."""

    def __init__(self, count: int, schemas: Mapping[str, TableSchema], folder: Path, table: str | None) -> None:
        self._given = Given(Targets(Recognizer(schemas), table), folder)
        self._others = count - 1
        self._pool: ProcessPoolExecutor | None = None
        self._next = 0
        if self._others:
            # Not forked: Arrow has threads, and a fork copies their locks in whatever state they are.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._others, context, _begin, (schemas, folder, table))

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

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """The results of the tasks, in their order. Jobs are numbered on over all calls."""
        waiting = deque(enumerate(tasks, start=self._next))
        upcoming = self._next
        self._next += len(waiting)
        running: dict[int, Future[Result]] = {}
        done: dict[int, Result] = {}
        while upcoming < self._next:
            while self._pool is not None and waiting and len(running) < self._others * _AHEAD:
                number, task = waiting.popleft()
                running[number] = self._pool.submit(_perform, number, task)
            if waiting:
                number, task = waiting.popleft()
                done[number] = self._own(number, task)
            elif upcoming in running:
                done[upcoming] = running.pop(upcoming).result()
            for number in [number for number, future in running.items() if future.done()]:
                done[number] = running.pop(number).result()
            while upcoming in done:
                yield done.pop(upcoming)
                upcoming += 1

    def _own(self, number: int, task: Task) -> Result:
        collecting = gc.isenabled()
        gc.disable()  # as in `_begin`
        try:
            return perform(self._given, number, task)
        finally:
            if collecting:
                gc.enable()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_worker: dict[str, Given] = {}
"""What a worker process was given at its start, under "given"."""


def _begin(schemas: Mapping[str, TableSchema], folder: Path, table: str | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    gc.disable()  # nothing here makes cycles, and millions of small objects would be gone through again and again
    _keep_memory()
    _worker["given"] = Given(Targets(Recognizer(schemas), table), folder)


def _keep_memory() -> None:
    """Have glibc keep the memory of one file for the next: given back and asked for again for each of thousands of
    files, its pages cost a tenth of all time. Elsewhere nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(_TRIM_THRESHOLD, _KEPT)
    mallopt(_MMAP_THRESHOLD, _KEPT)


def _perform(number: int, task: Task) -> Result:
    return perform(_worker["given"], number, task)
