"""The pages of what ingests changed, as kinds of pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.pages.changes.context import (
    FOLDER,
    INDEX,
    ChangesPage,
    RunPage,
    changes_of,
    changes_page,
    neighbours,
    places,
    run_page,
    runs_of,
)
from detectionary.pages.changes.html import render_changes, render_run
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library


def _paths(library: Library) -> Iterable[str]:
    yield INDEX
    yield from places(library)


def _fill(library: Library, path: str) -> ChangesPage | RunPage | None:
    if path == INDEX:
        return library.once("page of changes", lambda: changes_page(library))
    place = places(library).get(path)
    return None if place is None else run_page(library, place)


def _html(_library: Library, page: ChangesPage | RunPage) -> str:
    return render_changes(page) if isinstance(page, ChangesPage) else render_run(page)


def _basis(library: Library, path: str) -> str:
    if path == INDEX:
        return digest_of(library.bodies, runs_of(library))
    place = places(library)[path]
    # Every page of an ingest names its groups, its languages, and the ingests beside it.
    run = library.once(
        ("digest of changes", place.run),
        lambda: digest_of(neighbours(library, place.run), changes_of(library, place.run)),
    )
    return digest_of(library.bodies, run, place)


CHANGES: Final[PageKind[ChangesPage | RunPage]] = PageKind("changes", FOLDER, _paths, _fill, _html, basis=_basis)
