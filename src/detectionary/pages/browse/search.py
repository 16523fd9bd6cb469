"""What a search and filters find, as the browse page shows it, `api/search` answers it and the static search gives it.

The script of the static site (`assets/search.js`) makes the same object; keep the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from detectionary.catalog import Browsed, BrowsedRule, Facet, FacetAnswer, Filters, Sort, browse
from detectionary.pages.browse.listing import RuleRow, rule_row
from detectionary.pages.browse.words import FACET_TITLES, value_title
from detectionary.pages.library import Bodies, Library
from detectionary.pages.licences import may_republish
from detectionary.pages.part import Part

LIMIT: Final = 50
"""Rules in an answer that is not asked for another number."""
MOST: Final = 200
"""No answer has more rules than this."""


class FoundRule(RuleRow, frozen=True):
    """A rule that was found, as lists show it.

    `snippet`: pieces of the text around what was found, in order, with whether each is a hit; empty without words.
    """

    snippet: tuple[tuple[str, bool], ...] = ()


class ValueCount(Part, frozen=True):
    """A value of a facet: `key` compares it, `name` asks for it, `title` is read; `rules` of those left have it."""

    key: str
    name: str
    title: str
    rules: int


class FacetCounts(Part, frozen=True):
    """A facet's values among the rules that the *other* filters leave, the most frequent first.

    `values` says how many there are; `counts` may be the first of them, with those chosen.
    """

    facet: str
    title: str
    values: int
    counts: tuple[ValueCount, ...]


class BrowseAnswer(Part, frozen=True):
    """An answer. `total` counts all rules found; `rules` are at most `limit` of them, from `offset` on."""

    text: str
    filters: dict[str, tuple[str, ...]]
    sort: str
    total: int
    offset: int
    limit: int
    rules: tuple[FoundRule, ...]
    facets: tuple[FacetCounts, ...]


@dataclass(frozen=True, slots=True)
class BrowseRequest:
    """What is asked for: search text, filters, order, and which part of the answer."""

    text: str = ""
    filters: Filters = Filters()  # noqa: RUF009  # immutable
    sort: Sort = Sort.RELEVANCE
    offset: int = 0
    limit: int = LIMIT


def browse_answer(library: Library, request: BrowseRequest) -> BrowseAnswer:
    """The answer to a request."""
    return answer(
        library,
        browse(
            library.catalog,
            library.index,
            request.text,
            request.filters,
            sort=request.sort,
            offset=request.offset,
            limit=request.limit,
        ),
    )


def answer(library: Library, browsed: Browsed) -> BrowseAnswer:
    """What the catalog found, in the words of the site."""
    return BrowseAnswer(
        browsed.text,
        {facet.value: names for facet, names in browsed.filters.by_facet if names},
        browsed.sort.value,
        browsed.total,
        browsed.offset,
        browsed.limit,
        tuple(map(partial(_found, library), browsed.rules)),
        tuple(map(partial(_facet, library), browsed.facets)),
    )


def _found(library: Library, found: BrowsedRule) -> FoundRule:
    # A snippet is a piece of the rule's text, which may not be shown.
    shown = library.bodies is Bodies.ALL or may_republish(found.rule.licence)
    snippet = found.snippet if shown else ()
    return FoundRule(**msgspec.structs.asdict(rule_row(found.rule)), snippet=snippet)


def _facet(library: Library, found: FacetAnswer) -> FacetCounts:
    titles: dict[tuple[Facet, str], str] = library.once("titles of facet values", dict)
    counts = []
    for count in found.counts:
        key = (found.facet, count.name)
        title = titles.get(key)
        if title is None:
            title = titles[key] = value_title(found.facet, count.name)
        counts.append(ValueCount(count.key, count.name, title, count.rules))
    return FacetCounts(found.facet.value, FACET_TITLES[found.facet], found.values, tuple(counts))
