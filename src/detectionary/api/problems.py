"""Errors as `application/problem+json` (RFC 9457): what is wrong with a request, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from detectionary.pages.part import Part, encode_part

MEDIA_TYPE: Final = "application/problem+json"


class InvalidParameter(Part, frozen=True):
    """A part of a request that cannot be used. `place` is `query`, `path`, `header` or `body`."""

    place: str
    name: str
    message: str


class Problem(Part, frozen=True, omit_defaults=True):
    """Why a request was not answered. `type` leads to the problem's explanation, `instance` is what was asked for."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    invalid: tuple[InvalidParameter, ...] = ()


class ProblemType(Part, frozen=True):
    """A kind of problem: `name` ends its address, `meaning` explains it to people."""

    name: str
    status: HTTPStatus
    title: str
    meaning: str


NOT_FOUND: Final = ProblemType(
    "not-found",
    HTTPStatus.NOT_FOUND,
    "There is nothing at this address",
    "The address names no answer of the API, or a rule, facet, run or page that this catalog does not hold.",
)
NOT_ALLOWED: Final = ProblemType(
    "method-not-allowed",
    HTTPStatus.METHOD_NOT_ALLOWED,
    "The address does not take this method",
    "Everything is read with GET or HEAD; the header Allow lists what the address takes.",
)
INVALID: Final = ProblemType(
    "invalid-parameter",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "A part of the request cannot be used",
    "A parameter has an unknown name or a value outside its limits; `invalid` names each. Nothing is left out in "
    "silence, so that a misspelled filter does not look like an answer.",
)
BAD_REQUEST: Final = ProblemType(
    "bad-request", HTTPStatus.BAD_REQUEST, "The request cannot be read", "It is no request of this API."
)
TOO_LARGE: Final = ProblemType(
    "too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "The request is too large",
    "The body or the address is longer than the server takes.",
)
TOO_SLOW: Final = ProblemType(
    "too-slow",
    HTTPStatus.REQUEST_TIMEOUT,
    "The request came too slowly",
    "The request, or its body, was not whole in the time that the server waits for it.",
)
HEAD_TOO_LARGE: Final = ProblemType(
    "head-too-large",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The request's head is too large",
    "The address and the headers together are longer than the server takes.",
)
CHANGED: Final = ProblemType(
    "changed",
    HTTPStatus.PRECONDITION_FAILED,
    "The answer is another one",
    "The header If-Match names none of the states that the answer has now.",
)
MISDIRECTED: Final = ProblemType(
    "misdirected",
    HTTPStatus.MISDIRECTED_REQUEST,
    "The server does not answer to this name",
    "The header Host names a host that the server was not started for; `detectionary serve --base-url` gives it one.",
)
BUSY: Final = ProblemType(
    "busy",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The server is busy",
    "More requests wait than the server takes on; the header Retry-After says when to ask again.",
)
UNREADABLE: Final = ProblemType(
    "unreadable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The catalog cannot be read",
    "The catalog's file is damaged, is held by another program, or was written by another version of Detectionary; "
    "what was made from it before is still served.",
)
CROSS_SITE: Final = ProblemType(
    "cross-site",
    HTTPStatus.FORBIDDEN,
    "Another site asks",
    "A page of another site sent the request by its reader's browser. The playground answers this site's own pages, "
    "and programs.",
)
NOT_JSON: Final = ProblemType(
    "not-json",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "The request is no JSON",
    "What is sent to the playground is `application/json`.",
)
TOO_MUCH: Final = ProblemType(
    "too-much",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The text takes too much",
    "Looking for the words of a search, or reading the text that was sent to the playground, took more time or memory "
    "than the server gives, and was ended.",
)
INTERNAL: Final = ProblemType(
    "internal",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "The server failed",
    "A fault of the server, not of the request; its log says what happened.",
)

PROBLEMS: Final = (
    NOT_FOUND, NOT_ALLOWED, TOO_MUCH, INVALID, BAD_REQUEST, CROSS_SITE, NOT_JSON, TOO_LARGE, HEAD_TOO_LARGE, TOO_SLOW,
    CHANGED, MISDIRECTED, UNREADABLE, BUSY, INTERNAL,
)  # fmt: skip
"""Every kind of problem."""

_BY_STATUS: Final = {int(kind.status): kind for kind in PROBLEMS}


class ProblemError(Exception):
    """A request is answered by a problem."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        invalid: tuple[InvalidParameter, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.invalid = invalid
        self.headers = dict(headers or {})


def kind_of_status(status: int) -> ProblemType:
    """The kind of problem of a status that a library gave."""
    return _BY_STATUS.get(status, BAD_REQUEST if status < HTTPStatus.INTERNAL_SERVER_ERROR else INTERNAL)


def problem_response(
    kind: ProblemType,
    detail: str,
    instance: str,
    root: str,
    *,
    invalid: tuple[InvalidParameter, ...] = (),
    headers: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response:
    """The response that says what is wrong; `root` is the path of the site's root."""
    problem = Problem(
        type=f"{root}api/index.html#{kind.name}",
        title=kind.title,
        status=int(kind.status) if status is None else status,
        detail=detail,
        instance=instance,
        invalid=invalid,
    )
    return Response(
        encode_part(problem),
        problem.status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def instance_of(request: Request) -> str:
    """The path that was asked for, as it was written."""
    raw = request.scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if isinstance(raw, bytes) else request.url.path
