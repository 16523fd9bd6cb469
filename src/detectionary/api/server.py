"""The web server round the application: its socket, its signals, its end."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from detectionary.api.connections import Connection

KEEP_SECONDS: Final = 75
"""A connection without a request is kept this long: longer than proxies keep theirs, so that they close first."""

MOST_PORT: Final = 65535

GRACE_SECONDS: Final = 10
"""Requests that are being answered when the server is told to stop have this long."""


def listen(host: str, port: int) -> socket.socket:
    """A socket on which nothing is answered yet; `OSError` when it cannot be had. Port 0 is any that is free."""
    if not 0 <= port <= MOST_PORT:  # the system's resolver would take another port instead
        raise OSError(errno.EINVAL, f"ports are from 0 to {MOST_PORT}")
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> tuple[str, int]:
    """The host, as it stands in an address, and the port of a socket that listens."""
    host, port, *_ = listener.getsockname()
    return (f"[{host}]" if ":" in host else host), port


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def run(app: ASGIApp, listener: socket.socket, root: str = "/") -> None:
    """Answer requests until the process is told to stop by SIGINT or SIGTERM, and finish those begun.

    `root` is the path of the site's root.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="error",  # what strangers send is no news: they could fill the log with it
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        http=partial(Connection, root=root),  # type: ignore[arg-type]  # it is called, and nothing else
        loop="asyncio",
        timeout_keep_alive=KEEP_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,
    )
    _Server(config).run(sockets=[listener])


@contextmanager
def ending_when_told() -> Iterator[None]:
    """SIGTERM inside ends the process as `SystemExit` does: what is open is closed, files that are made go."""

    def end(signal_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signal_number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which leaves the application's end out when nobody waits: it would be told as a fault."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but a process that was told to stop, and did, ended well: the signal is not raised again."""
        before = {each: signal.signal(each, self._stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        # Who asks twice does not want to wait for what has begun.
        self.force_exit = self.should_exit
        self.should_exit = True
