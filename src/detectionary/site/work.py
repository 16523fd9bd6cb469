"""The work of making pages, here or in several processes: each holds the catalog open for itself."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

from detectionary.pages.environment import asset_files
from detectionary.pages.kind import FileGroup, PageKind, json_path
from detectionary.pages.library import Library
from detectionary.pages.programs import canonical
from detectionary.pages.registry import FILES, PAGES
from detectionary.site.folder import Scan, Scanning, scan
from detectionary.site.state import Mark, Unit, content_mark

OpenLibrary: TypeAlias = Callable[[], Library]
"""Opens the catalog anew, in any process; whoever calls it closes the catalog, or ends."""


@dataclass(frozen=True, slots=True)
class Task:
    """A page or a group of files to make: its address or name, its basis, the digests of its files that are there."""

    name: str
    basis: str
    there: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """Pages of one kind, or one group of files; `number` is its place in `PAGES` or `GROUPS`."""

    group: bool
    number: int
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, and which of its files were written: those that were not there yet."""

    unit: Unit
    written: tuple[str, ...]


def _assets(_library: Library) -> Iterator[tuple[str, bytes]]:
    yield from asset_files().values()


ASSETS: Final = FileGroup("assets", _assets, basis=lambda _library: "assets")
"""Their names tell their contents, so that they need no other basis than the program."""

GROUPS: Final = (ASSETS, *FILES)


class Maker:
    """Makes pages and writes their files to `staging`."""

    def __init__(self, library: Library, staging: Path) -> None:
        self._library = library
        self._staging = staging
        self._folders: set[Path] = set()

    def make(self, job: Job) -> list[Made]:
        """What the job asks for."""
        if job.group:
            group = GROUPS[job.number]
            return [self._written(task, dict(group.files(self._library))) for task in job.tasks]
        kind = PAGES[job.number]
        return [self._written(task, page_files(self._library, kind, task.name)) for task in job.tasks]

    def _written(self, task: Task, files: Mapping[str, bytes]) -> Made:
        marks: dict[str, Mark] = {}
        written: list[str] = []
        for name, content in files.items():
            marks[name] = mark = content_mark(content)
            if task.there.get(name) != mark.digest:
                self._write(name, content)
                written.append(name)
        return Made(Unit(task.name, task.basis, marks), tuple(written))

    def _write(self, name: str, content: bytes) -> None:
        path = self._staging / name
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
        path.write_bytes(content)


def page_files(library: Library, kind: PageKind[Any], path: str) -> dict[str, bytes]:
    """The files of the page at `path`, by address: itself, its JSON, what lies beside it."""
    context = kind.fill(library, path)
    if context is None:
        raise LookupError(f"the kind {kind.name!r} lists a page {path} and does not have it")
    html = kind.html(library, context)
    address = canonical(library, kind, path)
    if address is not None:
        html = html.replace("</head>", f'<link rel="canonical" href="{escape(address)}">\n</head>', 1)
    files = {path: html.encode()}
    if kind.json:
        files[json_path(path)] = kind.encode(context)
    folder = path.rpartition("/")[0]
    for name, content in kind.beside(library, context).items():
        files[f"{folder}/{name}" if folder else name] = content
    return files


_maker: Maker | None = None
"""The maker of this process, when it is one of several."""


def _start(open_library: OpenLibrary, staging: Path) -> None:
    global _maker  # a process of a pool has no other place
    _maker = Maker(open_library(), staging)
    gc.freeze()  # what is there now stays for good: no need to look for garbage in it again and again


def _make(job: Job) -> list[Made]:
    if _maker is None:
        raise RuntimeError("a process of the pool was not started as one")
    return _maker.make(job)


class LostError(Exception):
    """A process came to an end that was to make pages."""


_FEW: Final = 150
"""So many pages are made sooner than other processes are started."""

_AHEAD: Final = 2
"""Jobs that another process is given at a time, so that it need not wait for the next one."""


def _ready() -> None:
    """Done when the process has begun."""


class Workers:
    """Makes jobs: here, and in other processes that work while jobs are still being added; `processes` in all.

    `many`: the others begin at once, since many pages are to be expected.
    """

    def __init__(self, open_library: OpenLibrary, staging: Path, processes: int, *, many: bool) -> None:
        self._open_library = open_library
        self._staging = staging
        self._many = many
        self._others = processes - 1
        self._jobs: deque[Job] = deque()
        self._tasks = 0
        self._pool: ProcessPoolExecutor | None = None
        self._given: SimpleQueue[Future[list[Made]]] = SimpleQueue()
        self._under_way = 0
        self._done: deque[list[Made]] = deque()

    def __enter__(self) -> Workers:
        # With many pages there is always enough to do, and the processes take a second to begin.
        if self._others and self._many:
            self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Nothing is made any more when this is left, however it is left."""
        try:
            yield
        finally:
            self._end()

    def _begin(self) -> None:
        start = (self._open_library, self._staging)
        self._pool = ProcessPoolExecutor(self._others, get_context("spawn"), _start, start)
        for _ in range(self._others):
            self._pool.submit(_ready)

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def scanner(self, folder: Path) -> Scanning:
        """Look through a folder: in another process, if one has begun."""
        if self._pool is not None:
            return _Scan(self._pool.submit(scan, folder))
        found: Future[Scan] = Future()
        found.set_result(scan(folder))
        return found

    def add(self, jobs: Sequence[Job]) -> None:
        """Have these made."""
        self._jobs += jobs
        self._tasks += sum(len(job.tasks) for job in jobs)
        # Groups that are too large to be served from memory take seconds, which other work can use.
        long = any(job.group and not GROUPS[job.number].live for job in jobs)
        if self._others and self._pool is None and (long or self._tasks > _FEW):
            self._begin()
        self._give()

    def _give(self) -> None:
        """Let the other processes have enough to do."""
        while not self._given.empty():
            self._take()
        while self._pool is not None and self._jobs and self._under_way < self._others * _AHEAD:
            with _lost():
                future = self._pool.submit(_make, self._jobs.popleft())
            self._under_way += 1
            future.add_done_callback(self._given.put)

    def _take(self) -> None:
        """Wait for a job of another process."""
        with _lost():
            self._done.append(self._given.get().result())
        self._under_way -= 1

    @property
    def tasks(self) -> int:
        """How many pages and groups were asked for."""
        return self._tasks

    def made(self, library: Library) -> Iterator[list[Made]]:
        """What became of all jobs, in any order; `LostError` when another process ended before its time.

        `library` is that of this process. No further jobs may be added then.
        """
        maker = Maker(library, self._staging)
        while self._jobs or self._under_way or self._done:
            if not self._jobs and not self._done:
                self._take()
            self._give()
            while self._done:
                yield self._done.popleft()
            if self._jobs:
                yield maker.make(self._jobs.popleft())
        if self._pool is not None:
            self._pool.shutdown(wait=False)  # they end while others go on


class _Scan:
    """A folder that another process looks through."""

    def __init__(self, future: Future[Scan]) -> None:
        self._future = future

    def done(self) -> bool:
        return self._future.done()

    def result(self) -> Scan:
        with _lost():
            return self._future.result()


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise LostError("a process that makes pages ended before its time; perhaps memory ran out") from error
