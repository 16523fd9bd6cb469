"""The pages of rules, and the permanent addresses that lead to them by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from detectionary.languages import LANGUAGES
from detectionary.pages.fill import rule_page
from detectionary.pages.keys import rule_path
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Bodies, Library
from detectionary.pages.licences import may_republish
from detectionary.pages.rule import Highlighter, RulePage, encode, without_texts
from detectionary.pages.rule_html import raw_name, render_rule


def _paths(library: Library) -> Iterable[str]:
    return _slugs(library)


def _slugs(library: Library) -> Mapping[str, str]:
    """Slugs by address."""
    return library.once(
        "rule addresses",
        lambda: {
            rule_path(rule.reference.language, rule.reference.slug): rule.reference.slug for rule in library.index.rules
        },
    )


def _known_ids(library: Library) -> frozenset[str]:
    return library.once("rule ids", lambda: frozenset(rule.reference.id for rule in library.index.rules))


@cache
def _highlighters() -> Mapping[str, Highlighter]:
    return {each.name: each.highlight for each in LANGUAGES}


def _no_colours(_source: object) -> tuple[()]:
    return ()


def _fill(library: Library, path: str) -> RulePage | None:
    slug = _slugs(library).get(path)
    entry = None if slug is None else library.catalog.entry(slug)
    if entry is None:
        return None
    highlighter = _highlighters().get(entry.rule.language, _no_colours)
    page = rule_page(entry, library.catalog.relations(entry), highlighter)
    return page if shows_text(library, page) else without_texts(page)


def shows_text(library: Library, page: RulePage) -> bool:
    """Whether the site shows the rule's own text."""
    return library.bodies is Bodies.ALL or may_republish(page.source.licence)


def _html(library: Library, page: RulePage) -> str:
    return render_rule(page, bodies=shows_text(library, page), known=_known_ids(library))


def _beside(library: Library, page: RulePage) -> Mapping[str, bytes]:
    return {raw_name(page): page.body.encode("utf-8", "replace")} if shows_text(library, page) else {}


RULES: Final = PageKind("rule", "rules", _paths, _fill, _html, beside=_beside, encode=encode)
