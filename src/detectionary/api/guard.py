"""What holds for every request and answer: which hosts are answered, security headers, HEAD, faults of ours."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detectionary.api.problems import BUSY, INTERNAL, MISDIRECTED, ProblemType, instance_of, problem_response
from detectionary.api.settings import Settings
from detectionary.pages.environment import POLICY

log: Final = logging.getLogger("detectionary.api")

HEADERS: Final = (
    # What the pages' own policy cannot say, because it stands in them: that no other site may frame them.
    ("Content-Security-Policy", f"{POLICY}; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named, scope = _parted(scope)
        request = Request(scope)
        head = scope["method"] == "HEAD"
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS:
                    headers.setdefault(name, value)
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        name = host_named(request.headers.get("host", "") if named is None else named)
        if name not in self._settings.names:
            detail = f"{name or 'no host'} is not one of {', '.join(sorted(self._settings.names))}"
            await self._problem(MISDIRECTED, detail, request)(scope, receive, guarded)
            return
        try:
            # HEAD is GET without the body: nobody further in has to tell them apart.
            await self._app({**scope, "method": "GET"} if head else scope, receive, guarded)
        except asyncio.CancelledError:  # the server ends, and does not wait any longer
            if not started:
                await self._problem(BUSY, "the server has stopped", request)(scope, receive, guarded)
        except Exception:  # whatever it is, the client gets a problem and the log the traceback
            log.exception("%s %s failed", request.method, instance_of(request))
            if started:
                raise
            await self._problem(INTERNAL, "the fault is in the server's log", request)(scope, receive, guarded)

    def _problem(self, kind: ProblemType, detail: str, request: Request) -> Response:
        return problem_response(kind, detail, instance_of(request), self._settings.root)


def _parted(scope: Scope) -> tuple[str | None, Scope]:
    """The host that the address itself names, and the request for what is there.

    `GET http://host/path` is how proxies are asked; every server has to understand it (RFC 9112, 3.2.2).
    """
    raw: bytes = scope.get("raw_path") or b""
    scheme, separator, rest = raw.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        return None, scope
    host, _, path = rest.partition(b"/")
    address = b"/" + path
    return host.decode("latin-1"), {**scope, "raw_path": address, "path": unquote(address.decode("latin-1"))}


def host_named(header: str) -> str:
    """The host of a header Host, in lower case, without its port; an IPv6 address keeps its brackets."""
    host, colon, port = header.strip().lower().rpartition(":")
    return host if colon and port.isdigit() else header.strip().lower()
