"""The folder of a site: written beside its place, then moved there; no file that is not ours is ever removed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

MANIFEST: Final = ".detectionary-site"
"""Names every file of the site below its folder, one a line; a folder without it is not ours."""


class SiteError(Exception):
    """The site cannot be written; the message says why."""


def staging_for(out: Path) -> Path:
    """A new empty folder beside `out`; what an earlier run that was stopped left there goes.

    Raises `SiteError` when `out` holds files and was not written by us.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise SiteError(f"{out} is no folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise SiteError(f"{out} holds files that are not of a site; name a new or an empty folder")
    staging = out.parent / f".{out.name}.partial"
    if staging.exists():
        if not (staging / MANIFEST).is_file():
            raise SiteError(f"{staging} is in the way; remove it")
        shutil.rmtree(staging)
    staging.mkdir(parents=True)
    (staging / MANIFEST).touch()
    return staging


def publish(staging: Path, out: Path) -> int:
    """Move everything from `staging` to `out`, remove what an earlier site had and this one has not; how many files."""
    new = sorted(path.relative_to(staging).as_posix() for path in _files(staging))
    listed = "".join(f"{name}\n" for name in new)
    if not out.exists():
        (staging / MANIFEST).write_text(listed, "utf-8", newline="\n")
        staging.replace(out)
        return len(new)
    manifest = out / MANIFEST
    old = manifest.read_text("utf-8").splitlines() if manifest.is_file() else []
    stale = [name for name in set(old).difference(new) if _is_inside(name)]
    # While files move, the manifest names those of both sites, so that a run that is stopped leaves nothing unknown.
    manifest.write_text(listed + "".join(f"{name}\n" for name in sorted(stale)), "utf-8", newline="\n")
    made: set[Path] = set()
    for name in new:
        target = out / name
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        (staging / name).replace(target)
    _remove(out, stale)
    manifest.write_text(listed, "utf-8", newline="\n")
    shutil.rmtree(staging)
    return len(new)


def _files(folder: Path) -> Iterable[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            if name != MANIFEST:
                yield Path(parent, name)


def _is_inside(name: str) -> bool:
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _remove(out: Path, names: Iterable[str]) -> None:
    for name in names:
        path = out / name
        path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == out:
                break
            with suppress(OSError):  # not empty
                parent.rmdir()
