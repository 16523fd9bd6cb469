"""What is sent: bytes with their type and ETag, packed when the reader takes that; 304 when the reader has them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from detectionary.api.problems import CHANGED, ProblemError

JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"

REVALIDATE: Final = "no-cache"
"""Ask before using it again: the catalog may have changed."""
FOREVER: Final = "public, max-age=31536000, immutable"
"""For addresses that hold the digest of their content."""

_TYPES: Final = {
    "html": HTML,
    "json": JSON,
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "wasm": "application/wasm",
    "xml": "application/xml",
    "csv": "text/csv; charset=utf-8",
}
_ACTIVE: Final = frozenset(("html", "js", "svg", "css", "wasm"))
_PACKED: Final = frozenset(("font/woff2", "image/png"))
_PIECE: Final = 64 * 2**10
"""Bytes that are handed over at a time: what a slow reader has not taken is not copied for each of them."""
_LEAST: Final = 1200
"""Below this many bytes an answer fits into one packet either way."""
_LEVEL: Final = 5
"""Of gzip: a tenth larger than the best, in a third of the time."""


@dataclass(frozen=True, slots=True)
class Representation:
    """The content at an address. `packed` is `body` by gzip, where that pays."""

    body: bytes
    media_type: str
    etag: str
    packed: bytes | None
    cache: str = REVALIDATE
    headers: tuple[tuple[str, str], ...] = ()
    """Further ones: `Link`."""

    @property
    def size(self) -> int:
        """Bytes that keeping it takes."""
        return len(self.body) + len(self.packed or b"")


def represent(
    body: bytes, media_type: str, *, cache: str = REVALIDATE, headers: Iterable[tuple[str, str]] = ()
) -> Representation:
    """`body` ready to be sent."""
    packed = None
    if len(body) >= _LEAST and media_type not in _PACKED:
        smaller = gzip.compress(body, _LEVEL, mtime=0)
        packed = smaller if len(smaller) < 0.9 * len(body) else None
    etag = blake2b(body, digest_size=12, key=media_type.encode()).hexdigest()
    return Representation(body, media_type, etag, packed, cache, tuple(headers))


def media_type_of(path: str, *, active: bool = True) -> str:
    """The type of the file at an address, by its ending; what nobody knows is text.

    Unless it is `active`, nothing that a browser would run: for files that hold what others wrote.
    """
    ending = path.rpartition(".")[2].lower()
    if path.endswith("feed.xml"):
        return "application/atom+xml; charset=utf-8"
    if ending in _ACTIVE and not active:
        return TEXT
    return _TYPES.get(ending, TEXT)


def respond(representation: Representation, request: Headers | Mapping[str, str]) -> Response:
    """The response to a request with these headers; `ProblemError` when it is for another state than the present."""
    packed = representation.packed if takes_gzip(request.get("accept-encoding", "")) else None
    # A strong ETag is of the very bytes that are sent, so the packed ones have their own.
    etag = f'"{representation.etag}{"-gzip" if packed is not None else ""}"'
    headers = {"ETag": etag, "Cache-Control": representation.cache}
    if representation.packed is not None:
        headers["Vary"] = "Accept-Encoding"
    headers.update(representation.headers)
    if not _is_wanted(representation, request.get("if-match")):
        raise ProblemError(CHANGED, f"the present one is {etag}")
    if _is_known(etag, request.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    if packed is not None:
        headers["Content-Encoding"] = "gzip"
    response = _InPieces(representation.body if packed is None else packed, headers=headers)
    response.headers["Content-Type"] = representation.media_type
    return response


class _InPieces(Response):
    """A response whose body is sent as fast as the reader takes it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # as ASGI has it
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, max(len(self.body), 1), _PIECE):
            piece = bytes(self.body[start : start + _PIECE])
            more = start + _PIECE < len(self.body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


def takes_gzip(accepted: str) -> bool:
    """Whether a header Accept-Encoding takes gzip."""
    weights: dict[str, float] = {}
    for item in accepted.split(","):
        coding, *parameters = (part.strip() for part in item.lower().split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _number(value)
        if coding:
            weights[coding] = weight
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _is_known(etag: str, known: str | None) -> bool:
    """Whether a header If-None-Match names this ETag; weak ones compare by what they say (RFC 9110, 13.1.2)."""
    if known is None:
        return False
    if known.strip() == "*":
        return True
    return any(each.strip().removeprefix("W/") == etag for each in known.split(","))


def _is_wanted(representation: Representation, wanted: str | None) -> bool:
    """Whether a header If-Match allows this answer; only strong ETags count (RFC 9110, 13.1.1)."""
    if wanted is None or wanted.strip() == "*":
        return True
    tags = {f'"{representation.etag}"', f'"{representation.etag}-gzip"'}
    return any(each.strip() in tags for each in wanted.split(","))
