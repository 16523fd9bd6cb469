"""The application: the API's operations under `/api/`, every other address a page of the site."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api import attack, health, insight, playground, playground_shapes, rules, searching
from detectionary.api.addresses import Addresses
from detectionary.api.editions import Workshop
from detectionary.api.guard import Guard
from detectionary.api.live import LiveSite
from detectionary.api.openapi import document, examples_of
from detectionary.api.parameters import said_once
from detectionary.api.problems import (
    INVALID,
    NOT_ALLOWED,
    UNREADABLE,
    InvalidParameter,
    ProblemError,
    instance_of,
    kind_of_status,
    problem_response,
)
from detectionary.api.reference import reference
from detectionary.api.representation import JSON, represent, respond
from detectionary.catalog import CatalogError
from detectionary.pages.attack.layers import Layer
from detectionary.pages.attack.matrix import CoverageAnswer
from detectionary.pages.browse.search import BrowseAnswer
from detectionary.pages.changes.context import ChangesPage, RunPage
from detectionary.pages.compare.context import MOST, ComparePage
from detectionary.pages.overview.context import Overview
from detectionary.pages.part import Part, encode_plain
from detectionary.pages.rule.context import RulePage

log: Final = logging.getLogger("detectionary.api")

_TOLD: Final = 20
"""Different faults of a catalog that the log names."""

ANSWERS: Final[tuple[type[Part], ...]] = (
    BrowseAnswer,
    searching.RuleList,
    searching.FacetList,
    searching.FacetValues,
    RulePage,
    rules.RuleNeighbours,
    CoverageAnswer,
    Layer,
    ComparePage,
    ChangesPage,
    RunPage,
    Overview,
    health.Health,
    playground_shapes.PlaygroundState,
    playground_shapes.CatalogText,
    playground_shapes.ParseRequest,
    playground_shapes.ParseAnswer,
    playground_shapes.RunRequest,
    playground_shapes.RunAnswer,
)
"""What the operations answer with."""


def create_app(workshop: Workshop, addresses: Addresses, bench: playground.Playground | None = None) -> FastAPI:
    """The application that serves a catalog, with a playground when there is one. Who opened them closes them."""
    # FastAPI's own pages of the document load scripts of other sites; ours are `api/openapi.json` and `api/index.html`.
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(workshop),
        generate_unique_id_function=lambda route: route.name,
    )
    api = APIRouter(prefix="/api", dependencies=[Depends(said_once)])
    for part in (searching, rules, attack, insight, health):
        api.include_router(part.router(workshop))
    if bench is not None:
        api.include_router(playground.router(workshop, bench))
    app.include_router(api)
    app.include_router(health.router(workshop), include_in_schema=False)
    described = document(app.routes, ANSWERS, workshop.settings.root, workshop.edition.use(examples_of))
    encoded = encode_plain(described)

    @app.get("/openapi.json", include_in_schema=False)  # where tools look that know nothing of us
    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        return respond(represent(encoded, JSON), request.headers)

    # Not a route, which would also answer for operations that are asked with another method than theirs.
    app.router.default = LiveSite(workshop, addresses.having(reference(described)))
    app.add_middleware(Guard, settings=workshop.settings)
    _answer_errors(app, workshop.settings.root)
    return app


def _lifespan(workshop: Workshop) -> Any:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(workshop.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    return lifespan


def _answer_errors(app: FastAPI, root: str) -> None:
    """Make problems of what goes wrong with a request."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101  # registered for it alone
        return problem_response(
            error.kind, str(error), instance_of(request), root, invalid=error.invalid, headers=error.headers
        )

    told: set[str] = set()

    async def unreadable(request: Request, error: Exception) -> Response:
        if str(error) not in told and len(told) < _TOLD:  # once: every request would say it again
            told.add(str(error))
            log.warning("%s; %s", error, getattr(error, "help", None))
        return problem_response(UNREADABLE, str(error), instance_of(request), root, headers={"Retry-After": "5"})

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it alone
        found = tuple(_invalid(each) for each in error.errors())
        detail = "; ".join(f"{each.name}: {each.message}" for each in found)
        return problem_response(INVALID, detail, instance_of(request), root, invalid=found)

    async def status(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for it alone
        kind = kind_of_status(error.status_code)
        detail, headers = str(error.detail), dict(error.headers or {})
        if kind is NOT_ALLOWED:
            allowed = {name.strip() for name in headers.get("allow", headers.pop("Allow", "")).split(",")}
            headers["Allow"] = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
            detail = f"{request.method} is not taken here, only {headers['Allow']}"
        return problem_response(kind, detail, instance_of(request), root, headers=headers, status=error.status_code)

    app.add_exception_handler(ProblemError, problem)
    app.add_exception_handler(CatalogError, unreadable)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, status)


_SAID: Final = {
    "extra_forbidden": "there is no such parameter",
    "int_parsing": "is no whole number",
    "missing": "is needed",
    "string_too_long": "has more than {max_length} characters",
    "string_pattern_mismatch": f"names one to {MOST} rules, by slug or id, parted by commas",  # `compare` alone has one
}
"""Kinds of errors that pydantic says in words of its own, with what it knows of each."""


def _invalid(error: dict[str, Any]) -> InvalidParameter:
    """What pydantic found wrong with one part of a request."""
    place, *names = map(str, error["loc"])
    said = _SAID.get(error["type"])
    message = str(error["msg"]) if said is None else said.format_map(error.get("ctx", {}))
    return InvalidParameter(place, ".".join(names), message)
