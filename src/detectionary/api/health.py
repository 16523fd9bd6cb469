"""Whether the server can answer, and from which state of the catalog."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.answering import documented
from detectionary.api.editions import Workshop
from detectionary.api.representation import JSON, represent, respond
from detectionary.pages.part import Part, encode_part


class HealthRun(Part, frozen=True):
    """The ingest that the answers come from; times are ISO, UTC."""

    number: int
    started: str
    finished: str


class Health(Part, frozen=True):
    """How the server is.

    `status`: `ok`; or `stale` when the catalog's file has changed and cannot be read as it is now (`trouble` says why),
    so that answers come from the state before it.
    """

    status: str
    rules: int
    run: HealthRun | None
    edition: int
    """Counts the states of the catalog that this server has read."""
    trouble: str | None
    ingest_begun: str | None
    """When an ingest into the file began that is not done: it is under way, or was interrupted and has to be run again.
    Until one is done, answers come from the state before it."""


def health_of(workshop: Workshop) -> Health:
    """How the server is at this moment."""
    edition = workshop.edition
    run = None if edition.run is None else HealthRun(edition.run.number, edition.run.started, edition.run.finished)
    status = "ok" if workshop.trouble is None else "stale"
    return Health(status, len(edition.index.rules), run, edition.number, workshop.trouble, workshop.ingest_begun)


def router(workshop: Workshop) -> APIRouter:
    """`health`, answered without waiting for a thread."""
    operations = APIRouter(tags=["server"])

    @operations.get("/health", responses=documented(Health), status_code=HTTPStatus.OK)
    async def health(request: Request) -> Response:
        """Say whether the server answers, and from which ingest."""
        return respond(represent(encode_part(health_of(workshop)), JSON), request.headers)

    return operations
