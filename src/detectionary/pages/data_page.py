"""The page for whoever reads the catalog with programs: which files there are. `serve` shows its API there instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.pages.environment import environment
from detectionary.pages.keys import rule_path, up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.part import Part

PATH: Final = "api/index.html"


class DataPage(Part, frozen=True):
    """`example` is the address of the page of some rule below the site's root; None in an empty catalog."""

    rules: int
    example: str | None


def _paths(_library: Library) -> Iterable[str]:
    return (PATH,)


def _fill(library: Library, path: str) -> DataPage | None:
    if path != PATH:
        return None
    rules = library.index.rules
    first = min((rule.reference.slug for rule in rules), default=None)
    example = None if first is None else library.index.listing(first)
    return DataPage(
        len(rules), None if example is None else rule_path(example.reference.language, example.reference.slug)
    )


def _html(_library: Library, page: DataPage) -> str:
    return environment().get_template("data.html.j2").render(page=page, root=up(PATH))


def _basis(library: Library, _path: str) -> str:
    rules = library.index.rules
    first = min((rule.reference for rule in rules), key=lambda reference: reference.slug, default=None)
    return digest_of(len(rules), first)


DATA: Final = PageKind("data", "api", _paths, _fill, _html, basis=_basis, json=False)
