"""The names of all lists of a facet, for the box on its overview that finds one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from detectionary.catalog import Facet
from detectionary.pages.kind import FileGroup, digest_of
from detectionary.pages.library import Library
from detectionary.pages.lists.fill import rule_lists, title_of
from detectionary.pages.lists.kind import (
    ACTIONS,
    AUTHORS,
    FIELDS,
    LANGUAGES,
    PLATFORMS,
    REPOSITORIES,
    TABLES_READ,
)
from detectionary.pages.part import whole_characters

_FOLDERS: Final = {
    "table": TABLES_READ,
    "field": FIELDS,
    "action": ACTIONS,
    "repository": REPOSITORIES,
    "author": AUTHORS,
    "platform": PLATFORMS,
    "language": LANGUAGES,
}


def names_path(folder: str) -> str:
    """Where the names of a facet's lists lie."""
    return f"{folder}/names.js"


def _script(library: Library, folder: str, facets: tuple[Facet, ...]) -> bytes:
    """A script that gives (title, file in the folder, rules) of every list, that of most rules first."""
    lists = rule_lists(library, facets).values()
    rows = sorted(
        (-each.bits.bit_count(), title_of(library, facets[0], each.name), each.path.removeprefix(f"{folder}/"))
        for each in lists
    )
    data = msgspec.json.encode(whole_characters([(title, file, -rules) for rules, title, file in rows]))
    # A script is no HTML and its file has no end tag to find; still no text of a rule should look like one.
    return b"globalThis.detectionaryNames=" + data.replace(b"<", b"\\u003c") + b";\n"


def _files(library: Library) -> Iterable[tuple[str, bytes]]:
    for folder, facets in _FOLDERS.items():
        yield names_path(folder), _script(library, folder, facets)


def _basis(library: Library) -> str:
    return digest_of(*(content for _, content in _files(library)))


NAMES: Final = FileGroup("names of lists", _files, basis=_basis)
