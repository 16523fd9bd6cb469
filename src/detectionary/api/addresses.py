"""From an address to what is there: a page of some kind, its JSON, a file beside it, a group's file, an asset."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from detectionary.api.representation import FOREVER, HTML, JSON, Representation, media_type_of, represent
from detectionary.catalog import CatalogError
from detectionary.pages.environment import asset_files
from detectionary.pages.kind import JSON as JSON_ENDING
from detectionary.pages.kind import FileGroup, PageKind
from detectionary.pages.library import Library

Kinds = Sequence[PageKind[Any]]  # contexts differ from kind to kind

log: Final = logging.getLogger("detectionary.api")

LONGEST: Final = 2000
"""No address of the site is as long, in bytes as they are sent."""

INDEX: Final = "index.html"


def address_of(raw: bytes) -> str | None:
    """The address, below the site's root, that a request's path names; None for one that no page can have.

    A folder stands for its `index.html`. Encoded slashes, `.` and `..`, control characters and bytes that are no text
    are in no address of ours, so whoever sends them is after something else.
    """
    if len(raw) > LONGEST or not raw.startswith(b"/"):
        return None
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in raw[1:].split(b"/")]
    except UnicodeDecodeError:
        return None
    if any(not _is_plain(segment) for segment in segments) or not all(segments[:-1]):
        return None
    return "/".join((*segments[:-1], segments[-1] or INDEX))


def _is_plain(segment: str) -> bool:
    return segment not in (".", "..") and segment.isprintable() and not any(each in segment for each in "/\\")


class Addresses:
    """Everything that the live site has, by address."""

    def __init__(self, kinds: Kinds, files: Sequence[FileGroup]) -> None:
        self._kinds = tuple(kinds)
        self._files = tuple(group for group in files if group.live)
        self._assets = {
            path: represent(content, media_type_of(path), cache=FOREVER) for path, content in asset_files().values()
        }

    def having(self, kind: PageKind[Any]) -> Addresses:
        """The same, and the pages of one more kind, which come before others at the same addresses."""
        return Addresses((kind, *self._kinds), self._files)

    def asset(self, address: str) -> Representation | None:
        """A style, script, font or picture."""
        return self._assets.get(address)

    def make(self, library: Library, address: str) -> Representation | None:
        """What is at an address; None when there is nothing."""
        for kind in self._kinds_at(library, address):
            found = _of_kind(library, kind, address)
            if found is not None:
                return found
        for group in self._files:
            content = _grouped(library, group).get(address)
            if content is not None:
                return represent(content, media_type_of(address))  # ours to the last byte: pages run its scripts
        return None

    def warm(self, library: Library) -> None:
        """Make the first page of every kind, and with it what its pages share."""
        for kind in self._kinds:
            with _said(kind.name):
                path = next(iter(kind.paths(library)), None)
                if path is not None:
                    self.make(library, path)
        for group in self._files:
            with _said(group.name):
                _grouped(library, group)

    def _kinds_at(self, library: Library, address: str) -> Iterator[PageKind[Any]]:
        folder = address.partition("/")[0] if "/" in address else ""
        for kind in self._kinds:
            if kind.folder == folder if kind.folder else _html_address(address) in _paths(library, kind):
                yield kind


@contextmanager
def _said(name: str) -> Iterator[None]:
    """What fails is said and stops nothing: whoever asks for the page is told again."""
    try:
        yield
    except CatalogError as error:
        log.warning("%s: cannot be made: %s; %s", name, error, error.help)
    except Exception:  # a fault of ours in one kind must not keep the server from starting
        log.exception("%s: cannot be made", name)


def _paths(library: Library, kind: PageKind[Any]) -> frozenset[str]:
    return library.once(("addresses", kind.name), lambda: frozenset(kind.paths(library)))


def _grouped(library: Library, group: FileGroup) -> Mapping[str, bytes]:
    return library.once(("files", group.name), lambda: dict(group.files(library)))


def _html_address(address: str) -> str:
    """The page that an address of JSON belongs to, or else the address itself."""
    return f"{address.removesuffix(JSON_ENDING)}.html" if address.endswith(JSON_ENDING) else address


def _of_kind(library: Library, kind: PageKind[Any], address: str) -> Representation | None:
    """The page at an address, the JSON of a page, or a file beside one."""
    if address.endswith(".html"):
        context = kind.fill(library, address)
        return None if context is None else represent(kind.html(library, context).encode("utf-8", "replace"), HTML)
    if address.endswith(JSON_ENDING) and kind.json:
        context = kind.fill(library, _html_address(address))
        if context is not None:
            return represent(kind.encode(context), JSON)
    folder, _, name = address.rpartition("/")
    context = kind.fill(library, f"{folder}/{INDEX}" if folder else INDEX)
    content = None if context is None else kind.beside(library, context).get(name)
    # What lies beside a page is what others wrote: shown as it is, never run.
    return None if content is None else represent(content, media_type_of(name, active=False))
