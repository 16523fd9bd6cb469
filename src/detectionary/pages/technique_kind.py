"""The pages of techniques and tactics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.listing_html import rules_table
from detectionary.pages.part import encode_part
from detectionary.pages.tactic import TacticPage, tactic_page, tactics_at
from detectionary.pages.technique import TechniquePage, technique_ids, technique_page
from detectionary.pages.words import operator_words


def _technique_html(_library: Library, page: TechniquePage) -> str:
    root = up(page.path)
    return (
        environment()
        .get_template("technique.html.j2")
        .render(
            page=page,
            root=root,
            tables=[rules_table(each.rules, root, f"Rules in {each.title}") for each in page.languages],
            operator_words=operator_words,
        )
    )


def _tactic_html(_library: Library, page: TacticPage) -> str:
    root = up(page.path)
    return (
        environment()
        .get_template("tactic.html.j2")
        .render(page=page, root=root, rows=rules_table(page.rules_without, root, "Rules without a technique"))
    )


def _technique_basis(library: Library, path: str) -> str:
    page = technique_page(library, path)
    return digest_of("" if page is None else encode_part(page))


def _tactic_basis(library: Library, path: str) -> str:
    page = tactic_page(library, path)
    return digest_of("" if page is None else encode_part(page))


def _technique_paths(library: Library) -> Iterable[str]:
    return technique_ids(library)


def _tactic_paths(library: Library) -> Iterable[str]:
    return tactics_at(library)


TECHNIQUES: Final = PageKind(
    "technique", "technique", _technique_paths, technique_page, _technique_html, basis=_technique_basis
)
TACTICS: Final = PageKind("tactic", "tactic", _tactic_paths, tactic_page, _tactic_html, basis=_tactic_basis)
