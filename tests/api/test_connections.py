"""What comes over a connection and is no request, comes too slowly, or is never taken."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from detectionary.api import connections
from detectionary.api.connections import Connection
from detectionary.api.guard import HEADERS

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
BIG = 8 * 2**20


async def application(scope: Scope, _receive: Receive, send: Send) -> None:
    """`/slow` takes its time; `/big` is more than buffers hold; nothing reads bodies."""
    path = scope["path"]
    if path == "/slow":
        await asyncio.sleep(0.5)
    pieces = BIG // 65536 if path == "/big" else 1
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for number in range(pieces):
        await send({"type": "http.response.body", "body": b"." * 65536, "more_body": number < pieces - 1})


async def reading(_scope: Scope, receive: Receive, _send: Send) -> None:
    """Reads a body and answers nothing before it is whole."""
    while (await receive()).get("more_body"):
        pass


@asynccontextmanager
async def listening(app: ASGIApp = application) -> AsyncIterator[tuple[int, ServerState]]:
    config = uvicorn.Config(app, lifespan="off", log_config=None, log_level="error", timeout_keep_alive=60)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, state, {}, root="/below/"), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], state
        for connection in list(state.connections):
            connection.transport.abort()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """What sends over a connection that takes nothing."""
    loop = asyncio.get_running_loop()
    with socket.socket() as end:
        end.setblocking(False)
        await loop.sock_connect(end, ("127.0.0.1", port))
        yield lambda data: loop.sock_sendall(end, data)


async def sent(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Everything that comes back until the server closes."""
    loop = asyncio.get_running_loop()
    answer = b""
    with socket.socket() as end:
        end.setblocking(False)
        await loop.sock_connect(end, ("127.0.0.1", port))
        for part in parts:
            await loop.sock_sendall(end, part)
            await asyncio.sleep(pause)
        async with asyncio.timeout(20):
            while data := await loop.sock_recv(end, 65536):
                answer += data
    return answer


def asked(*parts: bytes, app: ASGIApp = application, pause: float = 0.0) -> bytes:
    async def ask() -> bytes:
        async with listening(app) as (port, _):
            return await sent(port, *parts, pause=pause)

    return asyncio.run(ask())


def problem(answer: bytes, status: int) -> Any:
    """The problem that is all of an answer, with the headers that all answers have."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first.split()[1] == str(status), answer[:200]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    for name, value in HEADERS:
        assert headers[name.lower()] == value
    said = json.loads(body)
    assert said["status"] == status
    assert said["type"].startswith("/below/api/")
    return said


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (b"hello\r\n\r\n", 400, "illegal request line"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "Host"),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "illegal request line"),
        (HEAD + b"Host: elsewhere\r\n\r\n", 400, "multiple Host"),
        (HEAD + b"X: " + b"x" * 300_000, 431, "longer"),
    ],
)
def test_what_is_no_request_is_a_problem(request_: bytes, status: int, words: str) -> None:
    detail = problem(asked(request_), status)["detail"]
    assert words in detail
    assert "bytearray" not in detail


def test_a_body_that_is_none_is_a_problem_until_there_is_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    problem(asked(CHUNKED, b"nonsense\r\n", app=reading, pause=0.05), 400)
    answer = asked(CHUNKED, b"nonsense\r\n", pause=0.05)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert not caplog.records


@pytest.mark.parametrize(
    ("parts", "app"),
    [
        ((HEAD,), application),
        ((b"G",), application),
        ((HEAD + b"\r\n" + b"GET / HT",), application),  # the second on its connection
        ((POST + b"x",), reading),
        ((CHUNKED + b"5\r\nab",), reading),
    ],
)
def test_what_is_never_whole_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...], app: ASGIApp
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)
    answer = asked(*parts, app=app)
    problem(answer[answer.rindex(b"HTTP/1.1 ") :], 408)


@pytest.mark.parametrize("app", [application, reading])
def test_drop_by_drop_is_no_longer_than_at_once(
    monkeypatch: pytest.MonkeyPatch, app: Callable[[Scope, Receive, Send], Awaitable[None]]
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    head, *drops = HEAD if app is application else POST, *(b"x" for _ in range(400))

    async def ask() -> None:
        async with listening(app) as (port, state):
            async with connected(port) as send, asyncio.timeout(20):
                await send(head)
                for drop in drops:
                    await asyncio.sleep(0.02)
                    if not state.connections:
                        return
                    await send(drop)
            raise AssertionError("it waits on")

    asyncio.run(ask())


def test_a_body_that_nobody_reads_does_not_hold_a_connection_that_has_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    answer = asked(POST, b"x", b"x", pause=0.01)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408" not in answer


def test_who_never_asks_is_let_go_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)
    assert asked() == b""


def test_an_answer_may_take_longer_than_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.1)
    slow = HEAD.replace(b"GET /", b"GET /slow") + b"Connection: close\r\n\r\n"
    assert asked(slow).startswith(b"HTTP/1.1 200 ")


def test_readers_too_many_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    monkeypatch.setattr(connections, "TOO_MANY", 1)
    last = HEAD + b"Connection: close\r\n\r\n"

    async def ask() -> None:
        async with listening() as (port, state):
            async with asyncio.timeout(20):
                async with connected(port), connected(port):
                    while len(state.connections) < 2:
                        await asyncio.sleep(0.01)
                    answer = await sent(port, last)
                    assert b"retry-after: 1" in answer
                    assert "open already" in problem(answer, 503)["detail"]
                while state.connections:
                    await asyncio.sleep(0.01)
                assert (await sent(port, last)).startswith(b"HTTP/1.1 200 ")
                async with connected(port), connected(port), connected(port):
                    while len(state.connections) < 3:
                        await asyncio.sleep(0.01)
                    with pytest.raises((ConnectionResetError, BrokenPipeError)):
                        await sent(port, last)

    asyncio.run(ask())


def test_who_takes_nothing_of_an_answer_is_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "TAKING_SECONDS", 0.2)

    async def ask() -> None:
        async with listening() as (port, state), connected(port) as send, asyncio.timeout(20):
            await send(HEAD.replace(b"GET /", b"GET /big") + b"\r\n")
            while not state.tasks:
                await asyncio.sleep(0.01)
            while state.connections or state.tasks:
                await asyncio.sleep(0.01)

    with caplog.at_level(logging.ERROR):
        asyncio.run(ask())
    assert not caplog.records


def test_who_takes_it_slowly_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TAKING_SECONDS", 5.0)
    answer = asked(HEAD.replace(b"GET /", b"GET /big") + b"Connection: close\r\n\r\n", pause=0.2)
    assert answer.count(b".") >= BIG
