"""The playground: a rule that somebody writes, shown as its page and run on sample logs.

Both are the live server's work (`api.playground`); on the static site the page says how to start one. What can be done
on this server, and the examples, its script asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.part import Part

PATH: Final = "playground/index.html"


class PlaygroundPage(Part, frozen=True):
    """Whether a server is there to read and run rules, and how many rules the catalog holds to compare with."""

    live: bool
    rules: int


def _paths(_library: Library) -> Iterable[str]:
    return (PATH,)


def _fill(library: Library, path: str) -> PlaygroundPage | None:
    return PlaygroundPage(library.live, len(library.index.rules)) if path == PATH else None


def _html(_library: Library, page: PlaygroundPage) -> str:
    return environment().get_template("playground.html.j2").render(page=page, root=up(PATH), area="playground")


def _basis(library: Library, _path: str) -> str:
    return digest_of(library.live, len(library.index.rules))


PLAYGROUND: Final = PageKind(
    "playground", "playground", _paths, _fill, _html, basis=_basis, json=False, script_only=True
)
