"""The pages of rules, and the permanent addresses that lead to them by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from detectionary.catalog import Listing
from detectionary.languages import LANGUAGES
from detectionary.model.entry import ValueKey
from detectionary.pages.compare.sheet import sheet, sheet_files
from detectionary.pages.environment import environment
from detectionary.pages.keys import permalink_path, rule_path, up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Bodies, Library
from detectionary.pages.licences import may_republish
from detectionary.pages.lists.value_links import FieldOrder, value_href, values_of
from detectionary.pages.part import Part
from detectionary.pages.rule.context import Highlighter, RulePage, encode, without_texts
from detectionary.pages.rule.fill import rule_page
from detectionary.pages.rule.html import raw_name, render_rule

# Rules


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
    return page if shows_text(library, page.source.licence) else without_texts(page)


def shows_text(library: Library, licence: str | None) -> bool:
    """Whether the site shows the text of a rule under this licence."""
    return library.bodies is Bodies.ALL or may_republish(licence)


def _html(library: Library, page: RulePage) -> str:
    def place(key: ValueKey, excluded: bool) -> str | None:
        return value_href(library, key, excluded=excluded)

    shown = shows_text(library, page.source.licence)
    return render_rule(page, bodies=shown, known=_known_ids(library), place=place)


def _basis(library: Library, path: str) -> str:
    return library.once("rule bases", lambda: _bases(library))[path]


def _bases(library: Library) -> Mapping[str, str]:
    neighbours = library.catalog.neighbourhoods()
    bases = {}
    for path, slug in _slugs(library).items():
        rule = library.index.listing(slug)
        if rule is not None:
            shown = shows_text(library, rule.licence)
            bases[path] = digest_of(
                rule.digest, rule.repository, rule.path, rule.licence, shown, neighbours[slug], *_places(library, slug)
            )
    return bases


def _places(library: Library, slug: str) -> Iterable[str]:
    """Where the values that the rule alone has are listed, which depends on the other values of the fields."""
    number = library.index.place(slug)
    if number is not None:
        for use in values_of(library).of_rule(number):
            if not use.shared:
                yield FieldOrder.of(library, use.key[0]).page(use)


def _beside(library: Library, page: RulePage) -> Mapping[str, bytes]:
    """The rule's text, and on a static site what it brings to comparisons; a live one compares by itself."""
    sheets = {} if library.live else sheet_files(sheet(page))
    if not shows_text(library, page.source.licence):
        return sheets
    return {raw_name(page): page.body.encode("utf-8", "replace"), **sheets}


RULES: Final = PageKind("rule", "rules", _paths, _fill, _html, _basis, _beside, encode=encode)

# Permanent addresses


class NamedRule(Part, frozen=True):
    """A rule that has the id. `page` is the address of its page below the site's root."""

    slug: str
    title: str
    language: str
    kind: str
    severity: str | None
    platform: str | None
    repository: str
    path: str
    page: str


class Permalink(Part, frozen=True):
    """The rules of an id, whose letters' case does not matter; mostly one."""

    id: str
    rules: tuple[NamedRule, ...]


def _named(library: Library) -> Mapping[str, tuple[Listing, ...]]:
    """Rules by the address that their id has."""
    return library.once("rules by id", lambda: _by_address(library))


def _by_address(library: Library) -> Mapping[str, tuple[Listing, ...]]:
    found: dict[str, tuple[Listing, ...]] = {}
    for rule in library.index.rules:
        path = permalink_path(rule.reference.id)
        found[path] = (*found.get(path, ()), rule)
    return found


def _permalink(library: Library, path: str) -> Permalink | None:
    rules = _named(library).get(path)
    return None if rules is None else Permalink(rules[0].reference.id, tuple(map(_named_rule, rules)))


def _named_rule(rule: Listing) -> NamedRule:
    reference = rule.reference
    return NamedRule(
        reference.slug,
        reference.title,
        reference.language,
        rule.kind,
        rule.severity,
        reference.platform,
        rule.repository,
        rule.path,
        rule_path(reference.language, reference.slug),
    )


def _permalink_basis(library: Library, path: str) -> str:
    return digest_of(
        *(part for rule in _named(library)[path] for part in (rule.reference.slug, rule.path, rule.digest))
    )


def _permalink_html(_library: Library, page: Permalink) -> str:
    template = environment().get_template("rule_id.html.j2")
    return template.render(page=page, root=up(permalink_path(page.id)))


PERMALINKS: Final = PageKind(
    "permalink",
    "id",
    lambda library: _named(library),
    _permalink,
    _permalink_html,
    _permalink_basis,
    indexed=False,
)
