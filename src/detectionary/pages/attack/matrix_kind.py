"""The ATT&CK matrix as a page, and the coverage of sets of rules beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from detectionary.attack.facts import CREDIT
from detectionary.pages.attack import sets
from detectionary.pages.attack.matrix import PATH, MatrixPage, matrix_page
from detectionary.pages.attack.matrix_html import columns
from detectionary.pages.attack.sets import CoveragePage, coverage_page
from detectionary.pages.attack.technique_html import page_href
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library

Context: TypeAlias = MatrixPage | CoveragePage


def _paths(_library: Library) -> Iterable[str]:
    return (PATH, sets.PATH)


def _fill(library: Library, path: str) -> Context | None:
    if path == PATH:
        return library.once("matrix page", lambda: matrix_page(library))
    if path == sets.PATH:
        return library.once("coverage page", lambda: coverage_page(library))
    return None


def _html(library: Library, page: Context) -> str:
    root = up(PATH)
    if isinstance(page, CoveragePage):
        return (
            environment().get_template("coverage.html.j2").render(page=page, root=root, credit=CREDIT, href=page_href)
        )
    return (
        environment()
        .get_template("matrix.html.j2")
        .render(page=page, root=root, columns=columns(page, root), credit=CREDIT, live=library.live)
    )


def _basis(library: Library, path: str) -> str:
    return digest_of(_fill(library, path), library.live)


MATRIX: Final[PageKind[Context]] = PageKind("attack matrix", "attack", _paths, _fill, _html, basis=_basis)
