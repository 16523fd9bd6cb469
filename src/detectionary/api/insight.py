"""`compare` and `statistics`: rules side by side, and the catalog as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.answering import NothingThere, answer, documented
from detectionary.api.editions import Workshop
from detectionary.api.parameters import LONGEST_NAME, NoParameters, Strict
from detectionary.api.problems import NOT_FOUND
from detectionary.pages.compare import MOST, ComparePage
from detectionary.pages.compare_kind import asked as names_in
from detectionary.pages.compare_kind import compare_page
from detectionary.pages.library import Library
from detectionary.pages.overview import PATH, Overview
from detectionary.pages.overview_kind import OVERVIEW
from detectionary.pages.part import encode_part


class Comparing(Strict):
    """Which rules are put side by side."""

    rules: Annotated[
        str,
        Field(
            max_length=MOST * (LONGEST_NAME + 1),
            pattern=rf"^[^,]+(,[^,]+){{0,{MOST - 1}}}$",
            description=f"Slugs or ids of at most {MOST} rules, parted by commas. Of one there is nothing to compare.",
            examples=["first-rule,second-rule"],
        ),
    ]


def router(workshop: Workshop) -> APIRouter:
    """The operations."""
    operations = APIRouter(tags=["catalog"])

    @operations.get("/compare", responses=documented(ComparePage, NOT_FOUND))
    async def compare(request: Request, asked: Annotated[Comparing, Query()]) -> Response:
        """Put two to four rules side by side, their tests aligned. Names that no rule has are `missing`."""
        return await answer(workshop, request, lambda library: _compared(library, names_in(asked.rules)))

    @operations.get("/statistics", responses=documented(Overview))
    async def statistics(request: Request, _asked: Annotated[NoParameters, Query()]) -> Response:
        """Say what is in the catalog, and how much of it was parsed, is opaque, can be run: the overview's figures."""
        return await answer(workshop, request, _statistics)

    return operations


def _compared(library: Library, names: tuple[str, ...]) -> bytes:
    page = compare_page(library, names)
    if page is None:
        raise NothingThere(f"no present rule has the slug or the id {' or '.join(names)}; /api/search finds rules")
    return encode_part(page)


def _statistics(library: Library) -> bytes:
    page = OVERVIEW.fill(library, PATH)
    if page is None:
        raise NothingThere("there is no overview")
    return OVERVIEW.encode(page)
