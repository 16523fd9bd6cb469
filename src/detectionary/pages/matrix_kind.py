"""The ATT&CK matrix as a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.attack.facts import CREDIT
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.matrix import PATH, MatrixPage, matrix_page
from detectionary.pages.matrix_html import columns


def _paths(_library: Library) -> Iterable[str]:
    return (PATH,)


def _page(library: Library) -> MatrixPage:
    return library.once("matrix page", lambda: matrix_page(library))


def _fill(library: Library, path: str) -> MatrixPage | None:
    return _page(library) if path == PATH else None


def _html(library: Library, page: MatrixPage) -> str:
    root = up(PATH)
    return (
        environment()
        .get_template("matrix.html.j2")
        .render(page=page, root=root, columns=columns(page, root), credit=CREDIT, live=library.live)
    )


def _basis(library: Library, _path: str) -> str:
    return digest_of(_page(library), library.live)


MATRIX: Final = PageKind("attack matrix", "attack", _paths, _fill, _html, basis=_basis)
