"""One connection of a reader: how long a request may take to come, and what is said of one that is none.

uvicorn ends connections that are idle after an answer. It waits forever for the first request, for the rest of one that
has begun, and for a reader who takes nothing of an answer; and what it says itself is plain text, without the headers
that every other answer has.
"""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any, Final

import h11
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from detectionary.api.guard import HEADERS
from detectionary.api.problems import BAD_REQUEST, BUSY, HEAD_TOO_LARGE, TOO_SLOW, ProblemType, problem_response

REQUEST_SECONDS: Final = 20.0
"""A request has come whole in this time, from its first byte on; the first one from when the connection began."""

TAKING_SECONDS: Final = 60.0
"""A reader who takes nothing of an answer for so long has gone."""

LINGERING_SECONDS: Final = 1.0
"""What still comes after a refusal is thrown away for so long: closing at once would take the refusal back."""

MOST: Final = 800
"""Connections at the same time; requests of further ones are turned away. A process may often have 1,024 files open."""

TOO_MANY: Final = 100
"""So many connections beyond `MOST` are answered; further ones are closed unheard."""


class Connection(H11Protocol):
    """uvicorn's connection, with an end to all waiting. `root` is the path of the site's root."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # uvicorn's own type
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        root: str = "/",
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._root = root
        self._coming: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._refused = False

    # What comes

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin; a reader too many is told so."""
        super().connection_made(transport)
        if len(self.connections) > MOST + TOO_MANY:
            transport.abort()
            return
        if len(self.connections) > MOST:
            self.app = self._turned_away
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        for timer in (self._coming, self._taking):
            if timer is not None:
                timer.cancel()
        self._coming = self._taking = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        if self._refused:
            return
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        """Wait for the rest of a request that has begun, and no longer for one that is there."""
        coming = not self.transport.is_closing() and self._is_coming()
        if coming and self._coming is None:
            self._coming = self.loop.call_later(REQUEST_SECONDS, self._came_not)
        elif not coming and self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _is_coming(self) -> bool:
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and (self.cycle is None or self._has_begun()))

    def _has_begun(self) -> bool:
        return bool(self.conn.trailing_data[0])

    def _came_not(self) -> None:
        self._coming = None
        if self.conn.their_state is h11.IDLE and not self._has_begun():
            self.transport.close()  # it never was a request
        else:
            self._refuse(TOO_SLOW, f"the request did not come whole within {REQUEST_SECONDS:g} seconds")

    # What is taken

    def pause_writing(self) -> None:
        """More is to be sent than the reader has taken."""
        super().pause_writing()
        self._taking = self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader has taken it."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """No further request came; nor will a reader come back who did not even take the answer."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    # Answers to what is no request

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with the bytes that came; uvicorn calls this while it handles h11's error."""
        error = sys.exc_info()[1]
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == HEAD_TOO_LARGE.status:
            self._refuse(HEAD_TOO_LARGE, "the request's head is longer than the server takes")
        else:
            reason = str(error or msg).partition(": bytearray(")[0]  # behind it stands what was sent
            self._refuse(BAD_REQUEST, f"it is no HTTP/1.1: {reason}")

    def _refuse(self, kind: ProblemType, detail: str) -> None:
        """Answer with a problem, unless an answer has begun, and end the connection."""
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # for the application nobody is there any longer
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = self._problem(kind, detail, "")
            head = h11.Response(
                status_code=response.status_code,
                headers=[*self.server_state.default_headers, *response.raw_headers],
                reason=HTTPStatus(response.status_code).phrase,
            )
            body = b"" if self.conn.their_state is h11.SEND_BODY and self.scope["method"] == "HEAD" else response.body
            for event in (head, h11.Data(data=bytes(body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.write_eof()
            self.loop.call_later(LINGERING_SECONDS, self.transport.close)
        else:
            self.transport.close()

    async def _turned_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application in the place of the real one."""
        response = self._problem(BUSY, f"{MOST} connections are open already", scope["raw_path"].decode("latin-1"))
        response.headers["Retry-After"] = "1"
        await response(scope, receive, send)

    def _problem(self, kind: ProblemType, detail: str, instance: str) -> Response:
        response = problem_response(kind, detail, instance, self._root, headers={"Connection": "close"})
        for name, value in HEADERS:
            response.headers.setdefault(name, value)
        return response
