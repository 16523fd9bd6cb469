"""What holds for every request and answer: which hosts are answered, security headers, HEAD, faults of ours."""

from __future__ import annotations

import logging
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detectionary.api.problems import INTERNAL, MISDIRECTED, ProblemType, instance_of, problem_response
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

        name = host_named(request.headers.get("host", ""))
        if name not in self._settings.names:
            detail = f"{name or 'no host'} is not one of {', '.join(sorted(self._settings.names))}"
            await self._problem(MISDIRECTED, detail, request)(scope, receive, guarded)
            return
        try:
            # HEAD is GET without the body: nobody further in has to tell them apart.
            await self._app({**scope, "method": "GET"} if head else scope, receive, guarded)
        except Exception:  # whatever it is, the client gets a problem and the log the traceback
            log.exception("%s %s failed", request.method, instance_of(request))
            if started:
                raise
            await self._problem(INTERNAL, "the fault is in the server's log", request)(scope, receive, guarded)

    def _problem(self, kind: ProblemType, detail: str, request: Request) -> Response:
        return problem_response(kind, detail, instance_of(request), self._settings.root)


def host_named(header: str) -> str:
    """The host of a header Host, in lower case, without its port; an IPv6 address keeps its brackets."""
    host, colon, port = header.strip().lower().rpartition(":")
    return host if colon and port.isdigit() else header.strip().lower()
