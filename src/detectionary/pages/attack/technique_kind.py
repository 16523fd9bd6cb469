"""The pages of techniques and tactics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from detectionary.attack.facts import CREDIT
from detectionary.pages.attack.tactic import TacticPage, tactic_page, tactics_at
from detectionary.pages.attack.technique import TechniquePage, technique_ids, technique_page, technique_parts
from detectionary.pages.attack.technique_html import bars, by_field, page_href
from detectionary.pages.browse.listing_html import rules_table
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.part import encode_part
from detectionary.pages.words import operator_words


def _technique_html(library: Library, page: TechniquePage) -> str:
    root = up(page.path)
    return (
        environment()
        .get_template("technique.html.j2")
        .render(
            page=page,
            root=root,
            credit=CREDIT,
            tables=[rules_table(each.rules, root, f"Rules in {each.title}") for each in page.languages],
            contents=list(_contents(page)),
            operator_words=operator_words,
            live=library.live,
            bars=bars,
            by_field=by_field,
            href=page_href,
        )
    )


def _contents(page: TechniquePage) -> Iterator[tuple[str, str, int | None]]:
    """The sections that the page has: id, title, and how many things it holds."""
    if page.sub_techniques:
        yield "sub-techniques", "Sub-techniques", len(page.sub_techniques)
    if page.numbers:
        yield "numbers", "Who and where", None
    if page.fields or page.tables or page.actions:
        yield "looked-at", "Looked at", None
    if page.values and page.values.values:
        yield "values", "Values", page.values.total
    if page.exclusions and page.exclusions.values:
        yield "exclusions", "Exclusions", page.exclusions.total
    if page.techniques:
        yield "neighbours", "Named together", page.techniques.total
    if page.siblings:
        yield "siblings", "Beside it", len(page.siblings)
    if page.languages:
        yield "rules", "Rules", page.rules
    else:
        yield from ((tactic.id, tactic.name, None) for tactic in page.tactics)


def _tactic_html(_library: Library, page: TacticPage) -> str:
    root = up(page.path)
    return (
        environment()
        .get_template("tactic.html.j2")
        .render(
            page=page,
            root=root,
            credit=CREDIT,
            rows=rules_table(page.rules_without, root, "Rules without a technique"),
            bars=bars,
            href=page_href,
        )
    )


def _technique_basis(library: Library, path: str) -> str:
    return digest_of(path, library.live, *technique_parts(library, path))


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
