"""What a site's folder says of itself: which files are the site's, what is in them, and what each page was made of.

The manifest is text, a line of JSON for each page in order, so that sites that are the same have the same one and a
version control shows what changed.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

from detectionary.pages.kind import digest_of

_FORMAT: Final = 2


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """The content of a file: a digest and how many bytes. `UNKNOWN` is that of a file that may hold anything."""

    digest: str
    size: int


UNKNOWN: Final = Mark("", -1)


class Unit(msgspec.Struct, frozen=True, array_like=True):
    """What is made at once: a page with its JSON and the files beside it, or a group of files.

    `name` is the page's address, or `*` and the group's name. `basis` is a digest of what it was made of; "" where
    that is not known, so that it is made anew each time. `files` are all its files by name below the site's folder.
    """

    name: str
    basis: str
    files: dict[str, Mark]


class _Head(msgspec.Struct, frozen=True):
    detectionary_site: int
    made_with: str


class DamagedError(Exception):
    """A manifest that nobody of us wrote."""


@dataclass(frozen=True, slots=True)
class State:
    """A site. `made_with` tells what made it and how it was asked to; another one makes every page anew."""

    made_with: str
    units: Mapping[str, Unit]

    def marks(self) -> dict[str, Mark]:
        """Every file of the site."""
        return {name: mark for unit in self.units.values() for name, mark in unit.files.items()}

    def encoded(self) -> bytes:
        """The manifest's bytes."""
        encoder = msgspec.json.Encoder()
        lines = [encoder.encode(_Head(_FORMAT, self.made_with))]
        lines += [encoder.encode(self.units[name]) for name in sorted(self.units)]
        return b"\n".join(lines) + b"\n"


NO_STATE: Final = State("", {})


def read_state(data: bytes) -> State:
    """The state that a manifest tells; `DamagedError` when it tells none.

    The first format named files, one a line: these are known to be ours, and what is in them is not known.
    """
    if not data.startswith(b"{"):
        try:
            names = [name for name in data.decode("utf-8").splitlines() if name]
        except UnicodeDecodeError as error:
            raise DamagedError(str(error)) from error
        return State("", {"*": Unit("*", "", dict.fromkeys(names, UNKNOWN))}) if names else NO_STATE
    head, _, rest = data.partition(b"\n")
    try:
        made_with = msgspec.json.decode(head, type=_Head)
        units = msgspec.json.Decoder(Unit).decode_lines(rest)
    except msgspec.DecodeError as error:
        raise DamagedError(str(error)) from error
    if made_with.detectionary_site != _FORMAT:
        return State("", {unit.name: unit for unit in units})
    return State(made_with.made_with, {unit.name: unit for unit in units})


def content_mark(content: bytes) -> Mark:
    """The mark of a file with this content."""
    return Mark(blake2b(content, digest_size=12).hexdigest(), len(content))


def moving(old: State, names: Iterable[str]) -> State:
    """What is true while files of these names are put into a site: it has them, and who knows what is in them."""
    changing = set(names)
    units = {
        unit.name: Unit(
            unit.name, "", {name: UNKNOWN if name in changing else mark for name, mark in unit.files.items()}
        )
        if changing.intersection(unit.files)
        else unit
        for unit in old.units.values()
    }
    units["*"] = Unit("*", "", dict.fromkeys(sorted(changing), UNKNOWN))
    return State(old.made_with, units)


def made_with(*settings: object) -> str:
    """A digest of what decides how pages look, beside the catalog: this program, its libraries, `settings`."""
    return digest_of(_program(), *settings)


@cache
def _program() -> str:
    libraries = [f"{name} {version(name)}" for name in ("jinja2", "markupsafe", "msgspec", "markdown-it-py", "pyyaml")]
    return digest_of(platform.python_version(), *libraries, *_contents(files("detectionary")))


def _contents(folder: Traversable) -> Iterable[object]:
    """Names and contents of all files of the package, templates and tables too."""
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.is_dir():
            if file.name != "__pycache__":
                yield from _contents(file)
        else:
            yield file.name
            yield blake2b(file.read_bytes()).hexdigest()
