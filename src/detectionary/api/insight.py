"""`compare`, `changes` and `statistics`: rules side by side, what ingests changed, and the catalog as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.answering import NothingThere, answer, documented
from detectionary.api.editions import Workshop
from detectionary.api.parameters import FARTHEST, LONGEST_NAME, NoParameters, Strict
from detectionary.api.problems import NOT_FOUND
from detectionary.pages.changes.context import INDEX, ChangesPage, Place, RunPage, changes_of, places, runs_of
from detectionary.pages.changes.kind import CHANGES
from detectionary.pages.compare.context import MOST, ComparePage
from detectionary.pages.compare.kind import asked as names_in
from detectionary.pages.compare.kind import compare_page
from detectionary.pages.library import Library
from detectionary.pages.overview.context import PATH, Overview
from detectionary.pages.overview.kind import OVERVIEW
from detectionary.pages.part import encode_part


class ChangesOfRun(Strict):
    """Which part of what an ingest changed."""

    language: Annotated[str, Field(max_length=LONGEST_NAME, description="Rules of this language alone.")] = ""
    page: Annotated[int, Field(ge=1, le=FARTHEST, description="Which page of them; `pages` of the answer counts.")] = 1


RunNumber = Annotated[int, Path(ge=1, le=FARTHEST, description="The number of an ingest.", examples=[1])]


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

    @operations.get("/changes", responses=documented(ChangesPage))
    async def changes(request: Request, _asked: Annotated[NoParameters, Query()]) -> Response:
        """List all ingests, the newest first, and what the newest that changed something did."""
        return await answer(workshop, request, lambda library: _changed(library, INDEX))

    @operations.get("/changes/{run}", responses=documented(RunPage, NOT_FOUND))
    async def changes_of_run(request: Request, run: RunNumber, asked: Annotated[ChangesOfRun, Query()]) -> Response:
        """Give what an ingest changed, rule by rule, a page at a time."""
        place = Place(run, asked.language or None, asked.page)
        return await answer(workshop, request, lambda library: _changed(library, _path(library, place)))

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


def _path(library: Library, place: Place) -> str:
    if place.run not in {run.number for run in runs_of(library)}:
        raise NothingThere(f"there is no ingest {place.run}; /api/changes lists all")
    by_place = library.once("addresses of changes", lambda: {found: path for path, found in places(library).items()})
    if {change.rule.language for change in changes_of(library, place.run)} == {place.language}:
        place = replace(place, language=None)  # where there is one language alone, its page is that of all
    path = by_place.get(place)
    if path is None:
        what = "nothing" if place == Place(place.run, None, 1) else "nothing of that"
        raise NothingThere(f"ingest {place.run} changed {what}; /api/changes lists what did")
    return path


def _changed(library: Library, path: str) -> bytes:
    page = CHANGES.fill(library, path)
    if page is None:
        raise NothingThere("there are no changes")
    return CHANGES.encode(page)


def _statistics(library: Library) -> bytes:
    page = OVERVIEW.fill(library, PATH)
    if page is None:
        raise NothingThere("there is no overview")
    return OVERVIEW.encode(page)
