"""One answer for a list of rules: those that a search and filters leave, sorted, a page of them, and what they have.

This is what the browse page shows and what `api/search` answers; the script of the static site answers the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from detectionary.catalog.index import COUNTED, Bits, FacetCount, Index, facet_key
from detectionary.catalog.listing import Listing
from detectionary.catalog.reading import Catalog, Snippet
from detectionary.catalog.search import Facet, Filters, question

MOST_VALUES: Final = 60
"""Of each facet this many values are in an answer that is not asked for another number."""


class Sort(Enum):
    """The order of a list; every order ends in that of the index (language, title)."""

    RELEVANCE = "relevance"
    """The best first; without words, as `TITLE`."""
    TITLE = "title"
    SEVERITY = "severity"
    """The most severe first."""
    LANGUAGE = "language"
    REPOSITORY = "repository"


SEVERITIES: Final = ("critical", "high", "medium", "low", "informational")


@dataclass(frozen=True, slots=True)
class FacetAnswer:
    """A facet's values among the rules that the *other* facets leave; `values` says how many there are in all."""

    facet: Facet
    counts: tuple[FacetCount, ...]
    values: int


@dataclass(frozen=True, slots=True)
class BrowsedRule:
    """A rule of the answer; `snippet` shows where words were found, and is empty without words."""

    rule: Listing
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Browsed:
    """An answer. `total` counts all rules found, `rules` are at most `limit` of them, from `offset` on."""

    text: str
    filters: Filters
    sort: Sort
    total: int
    offset: int
    limit: int
    rules: tuple[BrowsedRule, ...]
    facets: tuple[FacetAnswer, ...]


def browse(
    catalog: Catalog,
    index: Index,
    text: str = "",
    filters: Filters = Filters(),  # noqa: B008  # immutable
    *,
    sort: Sort = Sort.RELEVANCE,
    offset: int = 0,
    limit: int = 50,
    facets: Sequence[Facet] = COUNTED,
    values: int = MOST_VALUES,
) -> Browsed:
    """What is found for a search text (`question` says how it is read) and filters; see `Browsed`.

    `facets` are counted, of each `values` values, those with the most rules, and what is chosen besides.
    """
    asked = question(text, filters)
    ranks: dict[int, int] | None = None
    base = index.everything
    if asked.match is not None:
        found = [index.place_of_number(number) for number in catalog.matching(asked.match)]
        ranks = {place: rank for rank, place in enumerate(found) if place is not None}
        base = index.bits_of(ranks)
    by_facet = dict(asked.filters.by_facet)
    if by_facet.get(Facet.VALUE) or by_facet.get(Facet.ID):
        base &= index.bits_of_numbers(catalog.numbers(asked.filters, (Facet.VALUE, Facet.FIELD, Facet.ID)))
    chosen = base & index.select(asked.filters)
    places = _sorted(index, chosen, sort, ranks)
    shown = places[offset : offset + limit]
    snippets = catalog.snippets(asked.match, [index.rules[place].number for place in shown]) if asked.match else {}
    return Browsed(
        text,
        filters,
        sort,
        len(places),
        offset,
        limit,
        tuple(BrowsedRule(index.rules[place], snippets.get(index.rules[place].number, ())) for place in shown),
        tuple(_facet(index, facet, base, asked.filters, values) for facet in facets),
    )


def _sorted(index: Index, chosen: Bits, sort: Sort, ranks: dict[int, int] | None) -> list[int]:
    places = list(index.places(chosen))
    rules = index.rules
    match sort:
        case Sort.RELEVANCE if ranks is not None:
            places.sort(key=ranks.__getitem__)
        case Sort.RELEVANCE | Sort.TITLE:
            places.sort(key=lambda place: rules[place].reference.title.casefold())
        case Sort.SEVERITY:
            order = {name: number for number, name in enumerate(SEVERITIES)}
            places.sort(key=lambda place: order.get(rules[place].severity or "", len(order)))
        case Sort.REPOSITORY:
            places.sort(key=lambda place: rules[place].repository.casefold())
        case Sort.LANGUAGE:
            pass
    return places


def _facet(index: Index, facet: Facet, base: Bits, filters: Filters, most: int) -> FacetAnswer:
    counts = index.counts(facet, base & index.select(filters, leaving=facet))
    chosen = dict(filters.by_facet).get(facet, ())
    named = {facet_key(name) for name in chosen}
    shown = [count for place, count in enumerate(counts) if place < most or count.key in named]
    return FacetAnswer(facet, tuple(shown), len(counts))
