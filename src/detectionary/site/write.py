"""Write all pages of a catalog as files: those that are new or other than the last time.

The same catalog gives the same bytes, whatever the number of processes and whatever was there before. Links are
relative and name files, so the site works on any web server below any path, and opened from disk.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from detectionary.catalog import open_catalog
from detectionary.pages.library import Bodies, Library
from detectionary.pages.registry import PAGES
from detectionary.site.folder import SiteError, SiteFolder, staging_of
from detectionary.site.state import State, Unit, made_with
from detectionary.site.work import GROUPS, Job, LostError, Task, Workers

_AT_ONCE: Final = 8
"""Pages that a process makes before it reports."""

_LARGE: Final = 40_000_000
"""A catalog of more bytes than this, some 2,000 rules, has all processes begun at once."""

Progress = Callable[[int, int], None]
"""Called with how many pages are made, and how many are to be made."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What there is now and what was done. `kept` are files of others that stand where the site has files too."""

    rules: int
    pages: int
    files: int
    made: int
    """Pages and groups of files that were made anew, since what they show may have changed."""
    written: int
    """Files whose content is new."""
    removed: int
    kept: tuple[str, ...]


def open_library(catalog: Path, bodies: Bodies, base_url: str | None) -> Library:
    """The catalog at a path as pages of a static site read it; the caller closes it."""
    return Library(open_catalog(catalog), bodies=bodies, base_url=base_url)


def write_site(
    catalog: Path,
    out: Path,
    *,
    bodies: Bodies = Bodies.ALL,
    base_url: str | None = None,
    processes: int = 1,
    progress: Progress = lambda _done, _total: None,
) -> SiteReport:
    """Write the site of a catalog to `out`; `SiteError` when that cannot be done.

    An earlier site in `out` stays whole until all pages of the new one are made. `base_url` is where the site will be;
    it ends in "/".
    """
    opening = partial(open_library, catalog, bodies, base_url)
    with open_catalog(catalog) as opened:
        before = opened.data_version()  # before any process reads
        with (
            Workers(opening, staging_of(out), processes, many=catalog.stat().st_size > _LARGE) as workers,
            SiteFolder(out, workers.scanner) as folder,
            workers.working(),  # before the folder is left
        ):
            library = Library(opened, bodies=bodies, base_url=base_url)
            settings = made_with(bodies.value, base_url)
            known = folder.old.units if folder.old.made_with == settings else {}
            try:
                with _no_garbage():
                    units = _kept(library, folder, known, workers)
                with _settled():
                    made, written = _make(library, units, workers, progress)
            except LostError as error:
                raise SiteError(f"{error}. {out} is as it was") from error
            _each_file_once(units.values())
            if opened.data_version() != before:
                raise SiteError(f"{catalog} was changed meanwhile; {out} is as it was. Run it again")
            done = folder.publish(State(settings, units), written)
            pages = sum(not name.startswith("*") for name in units)
            return SiteReport(len(library.index.rules), pages, done.files, made, done.written, done.removed, done.kept)


def _make(library: Library, units: dict[str, Unit], workers: Workers, progress: Progress) -> tuple[int, Sequence[str]]:
    """Adds to `units` what the workers make; how many pages and groups that were, and the files that were written."""
    made = 0
    written: list[str] = []
    for job in workers.made(library):
        for each in job:
            units[each.unit.name] = each.unit
            written += each.written
        made += len(job)
        progress(made, workers.tasks)
    return made, written


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Working out bases makes very many values that stay and no cycles: looking for some takes a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _settled() -> Iterator[None]:
    """What is there now is of use to all pages: garbage is not looked for in it again and again."""
    before = gc.get_freeze_count()
    gc.freeze()
    try:
        yield
    finally:
        if not before:
            gc.unfreeze()


def _kept(library: Library, folder: SiteFolder, known: Mapping[str, Unit], workers: Workers) -> dict[str, Unit]:
    """The pages and groups that stay as they are; all others are given to the workers."""
    kept: dict[str, Unit] = {}

    def task(name: str, basis: str | None) -> Task | None:
        old = folder.old.units.get(name)
        there = {} if old is None else folder.intact(old)
        same = known.get(name)
        if same is not None and basis is not None and same.basis == basis and len(there) == len(same.files):
            kept[name] = same
            return None
        return Task(name, basis or "", there)

    def give(based: _Based) -> None:
        tasks = [found for name, basis in based.bases if (found := task(name, basis)) is not None]
        workers.add([Job(based.group, based.number, chunk) for chunk in _chunks(tasks)])

    waiting: deque[_Based] = deque()
    for based in _all_bases(library):  # of which many can be worked out while the folder is still looked through
        waiting.append(based)
        while waiting and folder.is_known():
            give(waiting.popleft())
    for based in waiting:
        give(based)
    return kept


class _Based(NamedTuple):
    """The bases of the pages of one kind, or that of one group, by name; `number` is its place among its like."""

    group: bool
    number: int
    bases: list[tuple[str, str | None]]


def _all_bases(library: Library) -> Iterator[_Based]:
    for number, group in enumerate(GROUPS):
        yield _Based(True, number, [(f"*{group.name}", None if group.basis is None else group.basis(library))])
    for number, kind in enumerate(PAGES):
        basis = kind.basis
        bases = [(path, None if basis is None else basis(library, path)) for path in kind.paths(library)]
        yield _Based(False, number, bases)


_Item = TypeVar("_Item")


def _chunks(items: list[_Item]) -> Iterator[tuple[_Item, ...]]:
    for start in range(0, len(items), _AT_ONCE):
        yield tuple(items[start : start + _AT_ONCE])


def _each_file_once(units: Iterable[Unit]) -> None:
    owners: dict[str, str] = {}
    for unit in units:
        for name in unit.files:
            other = owners.setdefault(name, unit.name)
            if other is not unit.name:
                raise RuntimeError(f"both {other} and {unit.name} are {name}")
