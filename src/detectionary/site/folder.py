"""The folder of a site: what is new is written beside it and moved there; no file that is not ours is ever touched."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple, Protocol, TypeAlias

from detectionary.site.state import NO_STATE, DamagedError, Mark, State, Unit, content_mark, moving, read_state

if sys.platform != "win32":
    import fcntl

MANIFEST: Final = ".detectionary-site"
"""Tells which files of the folder are the site's, and what is in them; a folder without it is not ours."""

CHECKED: Final = ".detectionary-site-checked"
"""An empty file whose own time tells when the files were last known to be what the manifest says, `_BACK` earlier: so
that no two sites of the same rules differ, and that a copy made now, of files that nobody has checked, does not tell.
"""

_BACK: Final = 10 * 365 * 86_400 * 10**9
"""Ten years, in nanoseconds."""


class SiteError(Exception):
    """The site cannot be written; the message says why."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of it. `kept` are files of others at places where the site has files too; the site goes without."""

    files: int
    written: int
    removed: int
    kept: tuple[str, ...]


class _Found(NamedTuple):
    """A file in the folder. `size` is -1 for what is no plain file; `changed` is when its content or place last was."""

    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What is in a folder: what is no folder itself, with sizes and times, and the folders, all by name.

    It comes from another process, so it is few and large values.
    """

    files: str
    sizes: array[int]
    changed: array[int]
    folders: str

    def found(self) -> dict[str, _Found]:
        """The files by name."""
        return dict(zip(_names(self.files), map(_Found, self.sizes, self.changed), strict=True))

    def inside(self) -> set[str]:
        """The names of the folders."""
        return set(_names(self.folders))


class Scanning(Protocol):
    """A folder that is being looked through."""

    def done(self) -> bool:
        """Whether nobody has to wait for what was found."""
        ...

    def result(self) -> Scan:
        """What was found, as soon as it is known."""
        ...


Scanner: TypeAlias = Callable[[Path], Scanning]
"""Has a folder looked through by `scan`, here or in another process."""


class SiteFolder:
    """The folder `out`, with the site that an earlier run left there.

    Raises `SiteError` when `out` holds files and was not written by us. Files go to `staging` first; `publish` puts
    them in their places. Until then, and when the run ends before, the earlier site is whole.
    """

    def __init__(self, out: Path, scanner: Scanner) -> None:
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            raise SiteError(f"{out} is no folder")
        self._out = out
        self._opened = ExitStack()
        with self._opened:
            self.staging: Final = self._opened.enter_context(_empty_staging(out))
            self._scan = scanner(out)
            self.old: Final = _old_state(out)
            self._ours = {name: mark for name, mark in self.old.marks().items() if _is_inside(name)}
            self._checked = _checked_at(out / CHECKED)
            self._read_again = False
            self._opened = self._opened.pop_all()

    def __enter__(self) -> SiteFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def is_known(self) -> bool:
        """Whether the folder has been looked through, so that `intact` need not wait for that."""
        return self._scan.done()

    @cached_property
    def _found(self) -> dict[str, _Found]:
        return self._scan.result().found()

    @cached_property
    def _folders(self) -> set[str]:
        return self._scan.result().inside()

    def intact(self, unit: Unit) -> dict[str, str]:
        """The digests of those of a unit's files that are there with the content that the earlier run gave them.

        A file that was touched since then is read.
        """
        return {name: mark.digest for name, mark in unit.files.items() if self._is_intact(name, mark)}

    def _is_intact(self, name: str, mark: Mark) -> bool:
        found = self._found.get(name)
        if found is None or found.size != mark.size:
            return False
        if found.changed <= self._checked:
            return True
        self._read_again = True
        return content_mark((self._out / name).read_bytes()) == mark

    def publish(self, new: State, written: Collection[str]) -> Published:
        """Make the folder hold the site `new`, of whose files those that are `written` lie in `staging`."""
        kept = sorted(name for name in written if self._is_in_the_way(name))
        if kept:
            new = _without(new, frozenset(kept))
        names = new.marks()
        stale = [name for name in self._ours if name not in names]
        moved = sorted(set(written).difference(kept), key=lambda name: (name.endswith(".html"), name))
        if not self._found and not (self._out / MANIFEST).exists():
            self._put_whole(new)
        elif moved or stale or new != self.old:
            self._write(MANIFEST, moving(self.old, moved).encoded())
            self._move(moved)
            _remove(self._out, (name for name in stale if self._found.get(name, _NOTHING).size >= 0))
            self._write(MANIFEST, new.encoded())
        if moved or self._read_again or not self._checked:
            _tell_checked(self._out / CHECKED)
        return Published(len(names), len(moved), len(stale), tuple(kept))

    def _is_in_the_way(self, name: str) -> bool:
        """Whether something that is not ours stands at a place of ours, or is no folder where ours should be."""
        if name in self._folders or (name in self._found and name not in self._ours):
            return True
        return any(str(parent) in self._found for parent in PurePosixPath(name).parents)

    def _put_whole(self, new: State) -> None:
        (self.staging / MANIFEST).write_bytes(new.encoded())
        if self._out.exists():
            self._out.rmdir()
        self.staging.replace(self._out)

    def _move(self, names: Iterable[str]) -> None:
        made: set[Path] = set()
        for name in names:
            target = self._out / name
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            (self.staging / name).replace(target)

    def _write(self, name: str, content: bytes) -> None:
        """Write a file of the folder's own, so that it is either the old or the new one."""
        draft = self.staging / f"{name}.draft"
        draft.write_bytes(content)
        draft.replace(self._out / name)


_NOTHING: Final = _Found(-1, 0)


def _old_state(out: Path) -> State:
    manifest = out / MANIFEST
    if not manifest.is_file():
        if out.is_dir() and any(out.iterdir()):
            raise SiteError(f"{out} holds files that are not of a site; name a new or an empty folder")
        return NO_STATE
    try:
        return read_state(manifest.read_bytes())
    except DamagedError as error:
        raise SiteError(f"{manifest} is damaged ({error}); remove the folder, or name another one") from error


_BETWEEN: Final = "\0"
"""In no name of a file."""


def _names(text: str) -> list[str]:
    return text.split(_BETWEEN) if text else []


def scan(out: Path) -> Scan:
    """Look through a folder; links are not followed."""
    files: list[str] = []
    sizes, changed = array("q"), array("q")
    inside: list[str] = []
    folders = [(str(out), "")] if out.is_dir() else []
    while folders:
        folder, prefix = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    inside.append(name)
                    folders.append((entry.path, f"{name}/"))
                elif name not in (MANIFEST, CHECKED):
                    about = entry.stat(follow_symlinks=False)
                    files.append(name)
                    sizes.append(about.st_size if stat.S_ISREG(about.st_mode) else -1)
                    # Whoever sets the time of a file back cannot set back when that was done.
                    changed.append(max(about.st_mtime_ns, about.st_ctime_ns))
    return Scan(_BETWEEN.join(files), sizes, changed, _BETWEEN.join(inside))


def staging_of(out: Path) -> Path:
    """Where files of a site lie until all are there: beside its folder, so that they can be moved."""
    return out.parent / f".{out.name}.partial"


@contextmanager
def _empty_staging(out: Path) -> Iterator[Path]:
    """A new empty folder beside `out` for this run alone; what an earlier run that was stopped left there goes."""
    staging = staging_of(out)
    if staging.exists():
        if not (staging / MANIFEST).is_file():
            raise SiteError(f"{staging} is in the way; remove it")
        with _alone(staging, out):
            shutil.rmtree(staging)
    try:
        staging.mkdir(parents=True)
    except FileExistsError as error:
        raise _busy(out) from error
    try:
        (staging / MANIFEST).touch()
        with _alone(staging, out):
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _alone(staging: Path, out: Path) -> Iterator[None]:
    """No other run writes to `staging`: `SiteError` when one does. A run that was killed does no more.

    Windows has no such locks; there two runs at once are not kept apart.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        manifest = (staging / MANIFEST).open("rb")
    except FileNotFoundError as error:
        raise _busy(out) from error
    with manifest:
        try:
            fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _busy(out) from error
        yield


def _busy(out: Path) -> SiteError:
    return SiteError(f"another run is writing {out} at this moment; wait until it has ended")


def _tell_checked(file: Path) -> None:
    """Note that all is well at this moment, as the clock of the file system has it."""
    file.write_bytes(b"")
    file.touch()
    moment = file.stat().st_mtime_ns - _BACK
    os.utime(file, ns=(moment, moment))


def _checked_at(file: Path) -> int:
    """What `_tell_checked` noted, in nanoseconds; 0 when it noted nothing."""
    try:
        about = file.stat()
    except OSError:
        return 0
    noted = about.st_ctime_ns - about.st_mtime_ns > _BACK // 2
    return about.st_mtime_ns + _BACK if noted else 0


def _without(state: State, names: frozenset[str]) -> State:
    """A site that goes without some files; the pages that they belong to are made again next time."""
    units: dict[str, Unit] = {}
    for unit in state.units.values():
        left = {name: mark for name, mark in unit.files.items() if name not in names}
        units[unit.name] = unit if len(left) == len(unit.files) else Unit(unit.name, "", left)
    return State(state.made_with, units)


def _is_inside(name: str) -> bool:
    return name not in ("", ".") and not name.startswith("/") and ".." not in name.split("/")


def _remove(out: Path, names: Iterable[str]) -> None:
    for name in names:
        path = out / name
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == out:
                break
            with suppress(OSError):  # not empty
                parent.rmdir()
