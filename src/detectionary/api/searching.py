"""`search`, `rules` and `facets`: lists of rules and counts of their facets."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.answering import answer, documented, link_header
from detectionary.api.editions import Workshop
from detectionary.api.parameters import FacetListing, Filtering, Listing
from detectionary.catalog import Browsed, Facet, browse
from detectionary.catalog.index import COUNTED
from detectionary.pages.browse import search as browsing
from detectionary.pages.browse.search import BrowseAnswer, FacetCounts, FoundRule, ValueCount
from detectionary.pages.library import Library
from detectionary.pages.part import Part, encode_part


class RuleList(Part, frozen=True):
    """A part of a list of rules: of the `total` that pass at most `limit`, from `offset` on."""

    sort: str
    total: int
    offset: int
    limit: int
    rules: tuple[FoundRule, ...]


class FacetList(Part, frozen=True):
    """Every facet with its most frequent values among the rules that pass the other filters."""

    total: int
    facets: tuple[FacetCounts, ...]


class FacetValues(Part, frozen=True):
    """A part of the values of one facet, the most frequent first; `values` counts all that some rule left has."""

    facet: str
    title: str
    values: int
    offset: int
    limit: int
    counts: tuple[ValueCount, ...]


CountedFacet = Enum("CountedFacet", [(facet.name, facet.value) for facet in COUNTED])  # type: ignore[misc]

FacetName = Annotated[CountedFacet, Path(description="The facet.", examples=["technique"])]


def router(workshop: Workshop) -> APIRouter:
    """The operations."""
    operations = APIRouter(tags=["rules"])

    @operations.get("/search", responses=documented(BrowseAnswer, linked=True))
    async def search(request: Request, asked: Annotated[Listing, Query()]) -> Response:
        """Search, filter and count: what the browse page shows, a part of it at a time; the header Link leads on."""
        total = 0

        def make(library: Library) -> bytes:
            nonlocal total
            found = browsing.browse_answer(library, asked.browse_request())
            total = found.total
            return encode_part(found)

        return await answer(workshop, request, make, lambda: _links(asked, total))

    @operations.get("/rules", responses=documented(RuleList, linked=True))
    async def rules(request: Request, asked: Annotated[Listing, Query()]) -> Response:
        """List rules, all of them or those that pass filters, a part at a time; the header Link leads on."""
        total = 0

        def make(library: Library) -> bytes:
            nonlocal total
            found = _browse(library, asked)
            total = found.total
            shown = browsing.answer(library, found).rules
            return encode_part(RuleList(found.sort.value, found.total, found.offset, found.limit, shown))

        return await answer(workshop, request, make, lambda: _links(asked, total))

    @operations.get("/facets", responses=documented(FacetList))
    async def facets(request: Request, asked: Annotated[Filtering, Query()]) -> Response:
        """Count the values of every facet among the rules that the filters of the other facets leave."""

        def make(library: Library) -> bytes:
            found = browse(library.catalog, library.index, asked.q, asked.filters(), limit=0)
            return encode_part(FacetList(found.total, browsing.answer(library, found).facets))

        return await answer(workshop, request, make)

    @operations.get("/facets/{facet}", responses=documented(FacetValues, linked=True))
    async def facet_values(request: Request, facet: FacetName, asked: Annotated[FacetListing, Query()]) -> Response:
        """List all values of one facet with their counts, a part at a time; the header Link leads on."""
        total = 0

        def make(library: Library) -> bytes:
            nonlocal total
            values = _values(library, Facet(facet.value), asked)
            total = values.values
            return encode_part(values)

        return await answer(
            workshop, request, make, lambda: link_header(asked.chosen(), asked.offset, asked.limit, total)
        )

    return operations


def _links(asked: Listing, total: int) -> str:
    return link_header((*asked.chosen(), ("sort", asked.sort.value)), asked.offset, asked.limit, total)


def _browse(library: Library, asked: Listing) -> Browsed:
    return browse(
        library.catalog,
        library.index,
        asked.q,
        asked.filters(),
        sort=asked.sort,
        offset=asked.offset,
        limit=asked.limit,
        facets=(),
    )


def _values(library: Library, facet: Facet, asked: FacetListing) -> FacetValues:
    request = browse(
        library.catalog,
        library.index,
        asked.q,
        asked.filters(),
        limit=0,
        facets=(facet,),
        values=sys.maxsize,
    )
    counts = browsing.answer(library, request).facets[0]
    shown = counts.counts[asked.offset : asked.offset + asked.limit]
    return FacetValues(facet.value, counts.title, counts.values, asked.offset, asked.limit, shown)
