"""The page for an address at which there is nothing: static hosts show `404.html` at any depth, so its links begin at
the root.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlsplit

from detectionary.pages.environment import environment
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.part import Part

PATH: Final = "404.html"


class NotFoundPage(Part, frozen=True):
    """What is there instead. `base` is the path of the site's root."""

    base: str
    rules: int


def _paths(_library: Library) -> Iterable[str]:
    return (PATH,)


def _fill(library: Library, path: str) -> NotFoundPage | None:
    if path != PATH:
        return None
    base = urlsplit(library.base_url or "/").path or "/"
    return NotFoundPage(base if base.endswith("/") else f"{base}/", len(library.index.rules))


def _html(_library: Library, page: NotFoundPage) -> str:
    return environment().get_template("not_found.html.j2").render(page=page, root=quote(page.base))


NOT_FOUND: Final = PageKind("not found", "", _paths, _fill, _html, json=False, script_only=True)
