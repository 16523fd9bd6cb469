"""Kinds of pages for the values of a facet: a page for each with its rules, and an overview of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from detectionary.catalog import Facet
from detectionary.pages.browse.listing import rule_row
from detectionary.pages.keys import overview_path
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.lists.basis import most_used_token, rules_token
from detectionary.pages.lists.context import (
    ActionFacts,
    AuthorFacts,
    Count,
    FieldFacts,
    IndexPage,
    Neighbours,
    OverviewPage,
    RepositoryFacts,
    TableFacts,
)
from detectionary.pages.lists.fill import (
    MOST_EXCLUSIONS,
    MOST_VALUES,
    RuleList,
    browse_href,
    in_order,
    measures,
    neighbours,
    numbers,
    page_paths,
    page_range,
    rule_lists,
    title_of,
    used_values,
)
from detectionary.pages.lists.html import render_index, render_overview
from detectionary.pages.lists.overview import Grouping, overview, overview_pages
from detectionary.pages.lists.value_links import values_of
from detectionary.pages.part import encode_part

Facts: TypeAlias = TableFacts | FieldFacts | ActionFacts | RepositoryFacts | AuthorFacts


@dataclass(frozen=True, slots=True)
class FacetPages:
    """What is particular about the pages of a facet. `facets` mean the same; the first names it in filters."""

    folder: str
    facets: tuple[Facet, ...]
    neighbours: tuple[tuple[tuple[Facet, ...], str], ...]
    """Facets and the heading under which their values are listed, in order; values of the page's own are left out."""
    grouping: Grouping
    facts: Callable[[Library, RuleList], Facts | None] = lambda _library, _list: None
    others: Callable[[Library, RuleList], tuple[Neighbours, ...]] = lambda _library, _list: ()
    """Neighbours that are no values of the page's rules: other actions of the provider."""


TABLES_READ: Final = (Facet.TABLE, Facet.SOURCE)
FIELDS: Final = (Facet.FIELD,)
ACTIONS: Final = (Facet.ACTION,)
TACTICS: Final = (Facet.TACTIC,)
TECHNIQUES: Final = (Facet.TECHNIQUE,)
REPOSITORIES: Final = (Facet.REPOSITORY,)
AUTHORS: Final = (Facet.AUTHOR,)
PLATFORMS: Final = (Facet.PLATFORM,)
LANGUAGES: Final = (Facet.LANGUAGE,)

Context: TypeAlias = IndexPage | OverviewPage

_KEPT: Final = 400
"""The first pages of longer lists are kept: there are few, and they count over many rules."""


def facet_kind(pages: FacetPages) -> PageKind[Context]:
    """The kind of the pages of a facet."""

    def fill(library: Library, path: str) -> Context | None:
        if path in overview_numbers(library, pages):
            return overview(library, pages.folder, pages.facets, pages.grouping, path)
        found = addresses(library, pages).get(path)
        if found is None:
            return None
        if found[1] == 1 and found[0].bits.bit_count() > _KEPT:
            return library.once(("first page of list", path), lambda: index_page(library, pages, *found))
        return index_page(library, pages, *found)

    def html(_library: Library, page: Context) -> str:
        return render_overview(page) if isinstance(page, OverviewPage) else render_index(page)

    def basis(library: Library, path: str) -> str:
        found = addresses(library, pages).get(path)
        if found is None:
            context = fill(library, path)
            return digest_of("" if context is None else encode_part(context))
        return list_basis(library, pages, path, *found)

    def paths(library: Library) -> Iterable[str]:
        yield from overview_numbers(library, pages)
        yield from addresses(library, pages)

    return PageKind(pages.folder, pages.folder, paths, fill, html, basis)


def overview_numbers(library: Library, pages: FacetPages) -> Mapping[str, int]:
    """Numbers of the overview's pages by address."""
    many = overview_pages(library, pages.folder, pages.facets, pages.grouping)
    return {overview_path(pages.folder, number): number for number in range(1, many + 1)}


def addresses(library: Library, pages: FacetPages) -> Mapping[str, tuple[RuleList, int]]:
    """By address, the list and the number of the page."""
    return library.once(
        ("list addresses", pages.folder),
        lambda: {
            path: (found, number)
            for first, found in rule_lists(library, pages.facets).items()
            for number, path in enumerate(page_paths(first, found.bits.bit_count()), start=1)
        },
    )


def list_basis(library: Library, pages: FacetPages, path: str, found: RuleList, number: int) -> str:
    """What a page of a list is made of."""
    rules = library.once(("rules of list", found.path), lambda: rules_token(library, found.bits))
    if number > 1:
        return digest_of(path, rules)
    values = values_of(library)
    facts = pages.facts(library, found)
    return digest_of(
        path,
        rules,
        most_used_token(library, values.most_used(found.bits, MOST_VALUES)),
        most_used_token(library, values.most_used(found.bits, MOST_EXCLUSIONS, excluded=True)),
        "" if facts is None else encode_part(facts),
        *(encode_part(each) for each in pages.others(library, found)),
    )


def index_page(library: Library, pages: FacetPages, found: RuleList, number: int) -> IndexPage:
    """A page of a list."""
    facet = pages.facets[0]
    places = in_order(library, found.bits)
    shown = page_range(number)
    own = (facet, found.name)
    page = IndexPage(
        facet=pages.folder,
        name=found.name,
        title=title_of(library, facet, found.name),
        names=found.names[1:],
        path=page_paths(found.path, len(places))[number - 1],
        number=number,
        pages=page_paths(found.path, len(places)),
        browse=browse_href(*((facet, name) for name in found.names)),
        total=len(places),
        first=shown.start + 1,
        rules=tuple(rule_row(library.index.rules[place]) for place in places[shown]),
    )
    if number > 1:
        return page
    return msgspec.structs.replace(
        page,
        facts=pages.facts(library, found),
        measures=measures(library, found.bits),
        numbers=numbers(library, found.bits, own),
        values=used_values(library, found.bits, MOST_VALUES, excluded=False),
        exclusions=used_values(library, found.bits, MOST_EXCLUSIONS, excluded=True),
        neighbours=_shown(library, pages, found),
    )


def _shown(library: Library, pages: FacetPages, found: RuleList) -> tuple[Neighbours, ...]:
    near = [
        neighbours(library, facets, title, found.bits, besides=found.keys if facets == pages.facets else ())
        for facets, title in pages.neighbours
    ]
    return tuple(each for each in (*pages.others(library, found), *near) if each.counts)


def count_of(library: Library, facet: Facet, found: RuleList) -> Count:
    """A list as a neighbour of another."""
    return Count(found.name, title_of(library, facet, found.name), found.bits.bit_count(), found.path)
