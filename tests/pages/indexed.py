"""Small catalogs for the pages that index a catalog, and what those pages link to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from detectionary.model.entry import Entry
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.lists import actions, fields, people, tables, values
from detectionary.pages.part import Part
from tests.catalog.stored import opened, store
from tests.pages.markup import read

KINDS: tuple[PageKind[Any], ...] = (  # contexts differ from kind to kind
    tables.TABLES,
    fields.FIELD_PAGES,
    actions.ACTION_PAGES,
    people.REPOSITORY_PAGES,
    people.AUTHOR_PAGES,
    people.PLATFORM_PAGES,
    people.LANGUAGE_PAGES,
    values.INDICATOR_PAGES,
    values.EXCLUSION_PAGES,
)
FOLDERS = tuple(kind.folder for kind in KINDS)


def library_of(folder: Path, *entries: Entry) -> Library:
    folder.mkdir(parents=True, exist_ok=True)
    store(folder / "catalog.db", *entries)
    return Library(opened(folder / "catalog.db"))


def kind_of(path: str) -> PageKind[Any]:
    return next(kind for kind in KINDS if path.startswith(f"{kind.folder}/"))


def page_at(library: Library, path: str) -> Part:
    page = kind_of(path).fill(library, path)
    assert page is not None, path
    assert isinstance(page, Part)
    return page


def all_pages(library: Library) -> Iterator[tuple[str, Part, str]]:
    """(address, context, HTML) of every page."""
    for kind in KINDS:
        for path in kind.paths(library):
            page = page_at(library, path)
            yield path, page, kind.html(library, page)


def bases(library: Library) -> dict[str, str]:
    found = {}
    for kind in KINDS:
        assert kind.basis is not None
        for path in kind.paths(library):
            found[path] = kind.basis(library, path)
    return found


def broken_links(pages: Mapping[str, str]) -> list[str]:
    """Links of index pages to index pages that lead nowhere, or to an anchor that is not there."""
    ids = {path: set(read(html).ids()) for path, html in pages.items()}
    broken = []
    for path, html in pages.items():
        for link in read(html).links():
            address, _, anchor = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(address.partition("?")[0])))
            if address and target.split("/")[0] not in FOLDERS:
                continue
            target = target if address else path
            if target not in ids:
                broken.append(f"{path}: {link}")
            elif anchor and unquote(anchor) not in ids[target]:
                broken.append(f"{path}: {link} has no such place")
    return broken


def by(entry: Entry, *, author: str | None = None, platform: str | None = None, title: str | None = None) -> Entry:
    rule = replace(entry.rule, author=author, title=title if title is not None else entry.rule.title)
    return replace(entry, rule=rule, platform=platform)
