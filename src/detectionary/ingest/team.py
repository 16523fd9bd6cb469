"""The workers: in this process when there is little to do, else in processes of their own.

Each process has a pipe to this one, and nobody else holds its ends: when this process dies, however, the workers read
the end of their pipes and end too. A worker is sent a chunk only when it waits for one, so neither side can block the
other. Results come in the order of the items. A worker that dies is replaced, and what it worked on is tried again
item by item, so that a deadly one costs only itself.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, TypeAlias

from detectionary.ingest.environments import Defined
from detectionary.ingest.work import FileRead, FileToRead, RuleAnalysed, RuleToAnalyse, Worker

Make: TypeAlias = Callable[[], Worker]
"""Makes the worker of a process; it is sent there, so it is a function of a module, or a `partial` of one."""

FEW: Final = 48
"""As many items are done sooner than processes are started."""

_CHUNK: Final = 24
_MOST_DEATHS: Final = 20


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of an item whose worker died."""

    reason: str


class _Job(Enum):
    LEARN = "learn"
    READ = "read"
    ANALYSE = "analyse"


@dataclass(slots=True)
class _Chunk:
    """Items in order from number `start` on. `Any`: files or rules; `Team.read` and `Team.analyse` have the types."""

    start: int
    items: Sequence[Any]


@dataclass(slots=True)
class _Member:
    process: BaseProcess
    pipe: Connection
    busy: _Chunk | None = None


class Team:
    """Workers to whom items are given. Processes start when there is work for them, and end with `close`."""

    def __init__(self, make: Make, processes: int) -> None:
        self._make = make
        self._processes = processes
        self._members: list[_Member] = []
        self._inline: Worker | None = None
        self._functions: Sequence[Defined] | None = None
        self._deaths = 0

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the workers go."""
        for member in self._members:
            member.pipe.close()
        for member in self._members:
            member.process.join(timeout=5)
            if member.process.is_alive():
                member.process.kill()
        self._members.clear()

    def learn(self, functions: Sequence[Defined]) -> None:
        """Tell all workers, also those to come, of the repositories' functions."""
        self._functions = functions
        if self._inline is not None:
            self._inline.learn(functions)
        for member in self._members:
            member.pipe.send((_Job.LEARN, functions))

    def read(self, files: Sequence[FileToRead]) -> Iterator[FileRead | Lost]:
        """Read files, in order."""
        return self._work(_Job.READ, files)

    def analyse(self, rules: Sequence[RuleToAnalyse]) -> Iterator[RuleAnalysed | Lost]:
        """Analyse rules, in order."""
        return self._work(_Job.ANALYSE, rules)

    def _work(self, job: _Job, items: Sequence[Any]) -> Iterator[Any]:
        if self._processes <= 1 or (len(items) <= FEW and not self._members):
            yield from map(_jobs(self._here())[job], items)
            return
        while len(self._members) < self._processes:
            self._members.append(self._hire())
        waiting = deque(_Chunk(start, items[start : start + _CHUNK]) for start in range(0, len(items), _CHUNK))
        results: dict[int, Any] = {}
        following = 0
        while following < len(items):
            for place, member in enumerate(self._members):
                if member.busy is None and waiting:
                    self._give(place, job, waiting)
            for pipe in wait([member.pipe for member in self._members if member.busy is not None]):
                place = next(place for place, member in enumerate(self._members) if member.pipe is pipe)
                self._take(place, results, waiting)
                if waiting and self._members[place].busy is None:
                    self._give(place, job, waiting)
            while following in results:
                yield results.pop(following)
                following += 1

    def _give(self, place: int, job: _Job, waiting: deque[_Chunk]) -> None:
        member = self._members[place]
        member.busy = waiting.popleft()
        with suppress(OSError):  # it has died; `_take` reads the end of its pipe
            member.pipe.send((job, member.busy.items))

    def _take(self, place: int, results: dict[int, Any], waiting: deque[_Chunk]) -> None:
        """Results of the chunk that a worker had; or, if it died, another worker and the chunk's items one by one."""
        member = self._members[place]
        chunk = member.busy
        if chunk is None:
            return
        try:
            found = member.pipe.recv()
        except (EOFError, OSError):
            member.process.join()
            self._deaths += 1
            if self._deaths > _MOST_DEATHS:
                raise RuntimeError(f"workers keep dying (exit status {member.process.exitcode})") from None
            member.pipe.close()
            self._members[place] = self._hire()
            if len(chunk.items) == 1:
                results[chunk.start] = Lost(f"the process died with status {member.process.exitcode}")
            else:
                waiting.extendleft(
                    _Chunk(chunk.start + offset, (item,)) for offset, item in reversed(list(enumerate(chunk.items)))
                )
            return
        member.busy = None
        results.update(enumerate(found, start=chunk.start))

    def _here(self) -> Worker:
        if self._inline is None:
            self._inline = self._make()
            if self._functions is not None:
                self._inline.learn(self._functions)
        return self._inline

    def _hire(self) -> _Member:
        methods = multiprocessing.get_all_start_methods()
        # Never `fork`: a copy of this process would hold the catalog's file and the ends of the other workers' pipes.
        context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if "forkserver" in methods:
            context.set_forkserver_preload([_serve.__module__])
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._make), daemon=True)
        process.start()
        theirs.close()
        if self._functions is not None:
            with suppress(OSError):  # as above
                ours.send((_Job.LEARN, self._functions))
        return _Member(process, ours)


def _jobs(worker: Worker) -> dict[_Job, Callable[[Any], Any]]:
    return {_Job.LEARN: worker.learn, _Job.READ: worker.read, _Job.ANALYSE: worker.analyse}


def _serve(pipe: Connection, make: Make) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C goes to all processes; ours closes the pipe
    worker = make()
    jobs = _jobs(worker)
    gc.freeze()
    while True:
        try:
            job, items = pipe.recv()
        except EOFError:
            return
        if job is _Job.LEARN:
            worker.learn(items)
        else:
            pipe.send([jobs[job](item) for item in items])
