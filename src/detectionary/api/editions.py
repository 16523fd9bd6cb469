"""The catalog as it is served: read into memory once, by several threads at a time, anew when the file changes."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from detectionary.api.problems import BUSY, ProblemError
from detectionary.api.representation import Representation
from detectionary.api.settings import Settings
from detectionary.catalog import CatalogError, LastRun, open_catalog, readable
from detectionary.pages.library import Library, Shared

log: Final = logging.getLogger("detectionary.api")

CHECK_SECONDS: Final = 1.0
"""The catalog's file is looked at this often."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells states of a file apart without reading it."""

    device: int
    inode: int
    changed: int
    size: int

    def same_file(self, other: FileStamp) -> bool:
        """Whether both are of one file, changed or not."""
        return (self.device, self.inode) == (other.device, other.inode)


class Kept:
    """Made pages by address, those asked for last. For one thread: the event loop's."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._pages: OrderedDict[str, Representation] = OrderedDict()

    def get(self, address: str) -> Representation | None:
        """The page at an address, when it is kept."""
        found = self._pages.get(address)
        if found is not None:
            self._pages.move_to_end(address)
        return found

    def put(self, address: str, page: Representation) -> None:
        """Keep a page, and let go of those that nobody has asked for in the longest time."""
        old = self._pages.pop(address, None)
        self._size += page.size - (old.size if old is not None else 0)
        self._pages[address] = page
        while self._size > self._most and self._pages:
            _, gone = self._pages.popitem(last=False)
            self._size -= gone.size


class Edition:
    """One state of the catalog, with a connection and a `Library` for each thread, and what was made from it.

    It stays whole when the file is replaced: its connections hold the file that they opened. When an ingest writes into
    the file, single rules are read as they are by then, until the ingest is done and the next edition takes over.
    """

    def __init__(self, settings: Settings, number: int) -> None:
        self.number: Final = number
        self.stamp = stamp_of(settings)
        self._path = settings.catalog
        catalogs = [
            open_catalog(
                settings.catalog,
                mapped=False,
                search_seconds=settings.search_seconds,
                busy_seconds=settings.busy_seconds,
            )
            for _ in range(settings.threads + 1)
        ]
        try:
            if not self.stamp.same_file(stamp_of(settings)):
                raise CatalogError(f"{settings.catalog} was replaced while it was opened")
            with readable(settings.catalog):
                # Taken before anything is read, so that what is written meanwhile is noticed.
                self.version: Final = catalogs[-1].data_version()
                self.ingest_begun: Final = catalogs[0].unfinished()
                self.run: Final[LastRun | None] = catalogs[0].last_run()
                self.index: Final = catalogs[0].index()
        except BaseException:
            for catalog in catalogs:
                catalog.close()
            raise
        self.kept: Final = Kept(settings.kept)
        self._watching = catalogs.pop()
        shared = Shared()
        self._free: SimpleQueue[Library] = SimpleQueue()
        for catalog in catalogs:
            self._free.put(
                Library(
                    catalog, self.index, bodies=settings.bodies, live=True, base_url=settings.base_url, shared=shared
                )
            )
        self._retired = False

    def use(self, job: Callable[[Library], _Answer]) -> _Answer:
        """What a job makes of a library that nobody else uses meanwhile. There are as many as threads.

        `CatalogError` when the file has become one that cannot be read.
        """
        library = self._free.get()
        try:
            with readable(self._path):
                return job(library)
        finally:
            self._free.put(library)
            if self._retired:
                self.retire()

    def state(self) -> tuple[int, str | None]:
        """What `Catalog.data_version` and `Catalog.unfinished` are by now. For one thread at a time."""
        with readable(self._path):
            return self._watching.data_version(), self._watching.unfinished()

    def retire(self) -> None:
        """Close every connection, those in use when they come back."""
        self._retired = True
        self._watching.close()
        while True:
            try:
                library = self._free.get_nowait()
            except Empty:
                return
            library.catalog.close()


NEVER_SEEN: Final = FileStamp(0, 0, 0, 0)


def stamp_of(settings: Settings) -> FileStamp:
    """The state of the catalog's file; `CatalogError` when it is not there."""
    try:
        found = settings.catalog.stat()
    except OSError as error:
        raise CatalogError(f"there is no catalog {settings.catalog}", "detectionary ingest PATH makes one") from error
    return FileStamp(found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


class Workshop:
    """Makes pages and answers of the present edition in a few threads, and keeps the edition up to date.

    Its methods are for the event loop's thread. `warm` makes, in a thread, what all pages share, before anybody asks
    for it. Raises `CatalogError` when there is no catalog to be served.
    """

    def __init__(self, settings: Settings, warm: Callable[[Library], None] = lambda _library: None) -> None:
        self.settings: Final = settings
        self.edition = Edition(settings, 1)
        self.trouble: str | None = None
        """Why the catalog as it is by now cannot be read; the edition before it is still served."""
        self.ingest_begun: str | None = self.edition.ingest_begun
        """When the ingest began that is under way in the file, or was interrupted; its rules are not served yet."""
        self._warm = warm
        self._seen = self.edition.stamp
        self._version: int | None = self.edition.version
        self._threads = ThreadPoolExecutor(settings.threads, "page")
        self._reader = ThreadPoolExecutor(1, "catalog")
        self._waiting = 0
        self._closing = False

    def warm(self) -> None:
        """Make what all pages of the first edition share; later editions are warm before they are served."""
        self._warm_up(self.edition)

    def close(self) -> None:
        """Finish what is being made, and let go of the catalog."""
        self._closing = True
        self._threads.shutdown(cancel_futures=True)
        self._reader.shutdown(cancel_futures=True)
        self.edition.retire()

    async def make(self, job: Callable[[Library], _Answer], edition: Edition | None = None) -> _Answer:
        """What `job` makes of the catalog, in a thread; `ProblemError` (busy) when too much is asked for already.

        An `edition` that was replaced meanwhile may still be named.
        """
        if self._closing or self._waiting >= self.settings.waiting:
            detail = "it is stopping" if self._closing else f"{self._waiting} requests wait already"
            raise ProblemError(BUSY, detail, headers={"Retry-After": "1"})
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._threads.submit((edition or self.edition).use, job))
        finally:
            self._waiting -= 1

    async def watch(self) -> None:
        """Look for changes of the file until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self.refresh()

    async def refresh(self) -> bool:
        """Read the catalog anew when it was written to or another file has its name; whether it was.

        A file that was written to may look as before: measuring rules keeps its size, and some file systems tell times
        by the second. SQLite counts what is written. While an ingest is under way nothing is read.

        What cannot be read is said once, in the log, and by `trouble`; the present edition stays.
        """
        present = self.edition
        try:
            stamp = stamp_of(self.settings)
            version, begun = await self._read(present.state) if stamp.same_file(present.stamp) else (None, None)
            if (stamp, version) == (self._seen, self._version):
                return False
            edition = None if begun is not None else await self._read(partial(self._newer, present))
        except Exception as error:  # whatever a file that is being written or is no catalog gives
            if self.trouble != str(error):
                log.warning("the catalog as it was is served on: %s", error)
            self.trouble = str(error)
            self._seen = NEVER_SEEN
            return False
        self.trouble = None
        self._seen, self._version, self.ingest_begun = stamp, version, begun
        if edition is None:
            return False
        self.edition, self._version, self.ingest_begun = edition, edition.version, edition.ingest_begun
        present.retire()
        return True

    def _newer(self, present: Edition) -> Edition:
        """The edition that takes over."""
        edition = Edition(self.settings, present.number + 1)
        self._warm_up(edition)
        return edition

    def _warm_up(self, edition: Edition) -> None:
        edition.use(self._warm)
        # What was made stays, and is much: looking for cycles in it would stop every answer for 50 ms, time and again.
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    async def _read(self, job: Callable[[], _Answer]) -> _Answer:
        return await asyncio.wrap_future(self._reader.submit(job))
