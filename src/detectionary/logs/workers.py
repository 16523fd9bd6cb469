"""Jobs done by this process and others beside it; their results come in the order of the jobs, however many there are.

This process works, too: it begins at once, while others take half a second to import what they need. The others are
not made by `multiprocessing`: that imports the caller's main module anew in each, which a script without the usual
guard does not survive and which costs a command line the import of all its libraries; and a fork would copy the locks
of Arrow's threads in whatever state they are.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import local
from types import TracebackType
from typing import IO, Any, Final

import pyarrow as pa

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

_KEPT: Final = 1 << 25
_USUAL: Final = 1 << 17
"""Bytes for both: the most that every glibc takes, and its own default."""

_ARENA: Final = 1 << 20
_ARENAS: Final = 16
_BLOCK: Final = 480
"""Bytes that Python's own allocator takes from the system at once; how many of them the objects of a few thousand
records take; and a size of object that it still takes from them.
"""


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
        self._remotes = _Remotes((schemas, folder, table))
        self._pool = ThreadPoolExecutor(self._others) if self._others else None
        self._next = 0
        self._memory = _memory_kept()

    def __enter__(self) -> Workers:
        self._memory.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._memory.__exit__(kind, error, trace)
        if self._pool is None:
            return
        if error is not None:
            # What the others would still write is thrown away, so they end at once.
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in self._remotes.processes:
                process.kill()
        self._pool.shutdown()
        self._remotes.close()

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
                running[number] = self._pool.submit(self._remotes.perform, number, task)
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
        gc.disable()  # as in `serve`
        try:
            return perform(self._given, number, task)
        finally:
            if collecting:
                gc.enable()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class _Remotes:
    """Other processes, one for each thread that asks; each does one job after the other."""

    given: tuple[Mapping[str, TableSchema], Path, str | None]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _own: local = field(default_factory=local)

    def perform(self, number: int, task: Task) -> Result:
        """Do a job in this thread's process; raises what it raises there."""
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            command = [sys.executable, "-c", _SERVE]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.processes.append(process)
            self._own.process = process
            _send(process.stdin, sys.path)
            _send(process.stdin, self.given)
        try:
            _send(process.stdin, (number, task))
            answer = _receive(process.stdout)
        except (EOFError, BrokenPipeError) as error:
            raise RuntimeError(f"a process that reads logs ended with status {process.wait()}") from error
        if isinstance(answer, Result):
            return answer
        raise answer

    def close(self) -> None:
        """Let them end, as they do when nothing more can be asked."""
        for process in self.processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()


_SERVE: Final = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from detectionary.logs.workers import serve
serve()
"""


def serve() -> None:
    """Do jobs, in a process of which they are all the work."""
    with _memory_kept():
        _serve()


def _serve() -> None:
    """Do jobs that are asked for on standard input, until it ends; results and errors go to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends this one itself
    gc.disable()  # nothing here makes cycles, and millions of small objects would be gone through again and again
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything else prints goes elsewhere
    try:
        schemas, folder, table = _receive(asked)
        given = Given(Targets(Recognizer(schemas), table), folder)
        while True:
            number, task = _receive(asked)
            try:
                answer: object = perform(given, number, task)
            except Exception as error:  # it is raised where the job was asked for
                answer = error
            _send(answers, answer)
    except (EOFError, BrokenPipeError):
        return


def _send(pipe: IO[bytes] | None, value: object) -> None:
    assert pipe is not None  # noqa: S101  # asked for when the process was started
    pickle.dump(value, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> Any:
    assert pipe is not None  # noqa: S101  # asked for when the process was started
    return pickle.load(pipe)  # noqa: S301  # between our own processes


@contextmanager
def _memory_kept() -> Iterator[None]:
    """Keep the memory of one file for the next: given back and asked for again for each of thousands of files, its
    pages cost a fifth of all time. Afterwards everything is given back.
    """
    arrow = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    blocks = [bytes(_BLOCK) for _ in range(_ARENAS * _ARENA // _BLOCK)]
    held = blocks[:: _ARENA // _BLOCK]  # Python gives an arena back when nothing in it is in use
    del blocks
    _malloc(_KEPT)
    try:
        yield
    finally:
        held.clear()
        pa.set_memory_pool(arrow)
        _malloc(_USUAL)


def _malloc(kept: int) -> None:
    """Tell glibc how large a piece it is to keep, and four such pieces unused; elsewhere nothing happens."""
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(_TRIM_THRESHOLD, 4 * kept)
        libc.mallopt(_MMAP_THRESHOLD, kept)
        libc.malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return
