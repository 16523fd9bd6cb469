"""How the API's functions answer: JSON made in a thread, its headers, and what the document says of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.editions import Workshop
from detectionary.api.problems import (
    BUSY,
    INTERNAL,
    INVALID,
    MEDIA_TYPE,
    NOT_FOUND,
    TOO_MUCH,
    InvalidParameter,
    ProblemError,
    ProblemType,
)
from detectionary.api.representation import JSON, represent, respond
from detectionary.catalog import SearchTooLongError
from detectionary.pages.library import Library
from detectionary.pages.part import Part

Responses = dict[int | str, dict[str, Any]]  # the shape of an OpenAPI document, which FastAPI leaves open

SCHEMAS: Final = "#/components/schemas/"

_HEADERS: Final = {
    "ETag": {"description": "Tells this answer from others; for If-None-Match.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "Answers may be kept, and are asked for again.", "schema": {"type": "string"}},
}
_LINK: Final = {
    "Link": {
        "description": 'Other parts of the list, `rel` "first", "prev", "next" or "last".',
        "schema": {"type": "string"},
    }
}


def documented(answer: type[Part], *problems: ProblemType, linked: bool = False, media_type: str = JSON) -> Responses:
    """What the OpenAPI document says of the answers of an operation that answers with `answer`."""
    responses: Responses = {
        200: {
            "description": (answer.__doc__ or "").partition("\n")[0],
            "headers": {**_HEADERS, **(_LINK if linked else {})},
            "content": {media_type: {"schema": {"$ref": SCHEMAS + answer.__name__}}},
        },
        304: {"description": "If-None-Match names the answer.", "headers": _HEADERS},
    }
    for kind in (*problems, INVALID, INTERNAL, BUSY):
        responses[int(kind.status)] = {
            "description": kind.title,
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
        }
    return dict(sorted(responses.items(), key=lambda item: int(item[0])))


class NothingThere(LookupError):  # noqa: N818  # it is an answer, no error
    """What was asked for is not in the catalog; the message says so to people."""


async def answer(
    workshop: Workshop,
    request: Request,
    make: Callable[[Library], bytes],
    links: Callable[[], str] | None = None,
) -> Response:
    """The answer that `make` makes in a thread, as JSON. `links` gives a header Link when that is done."""
    try:
        representation = await workshop.make(lambda library: represent(make(library), JSON))
    except NothingThere as missing:
        raise ProblemError(NOT_FOUND, str(missing)) from missing
    except SearchTooLongError as error:
        detail = f"{error}; give fewer words, or longer beginnings where words end in *"
        raise ProblemError(TOO_MUCH, detail, (InvalidParameter("query", "q", detail),)) from error
    response = respond(representation, request.headers)
    link = links() if links is not None else ""
    if link and response.status_code == HTTPStatus.OK:
        response.headers["Link"] = link
    return response


def link_header(chosen: Sequence[tuple[str, str]], offset: int, limit: int, total: int) -> str:
    """The parts of a list before and after the one from `offset`, as a header Link; addresses are relative."""
    last = max(total - 1, 0) // limit * limit
    parts = {"first": 0, "last": last}
    if offset > 0:
        parts["prev"] = max(min(offset - limit, last), 0)
    if offset + limit < total:
        parts["next"] = offset + limit
    return ", ".join(
        f'<?{urlencode([*chosen, ("offset", str(start)), ("limit", str(limit))])}>; rel="{rel}"'
        for rel, start in sorted(parts.items())
    )
