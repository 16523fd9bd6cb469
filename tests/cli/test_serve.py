"""`serve` as a process: where it listens, how it ends, and what it says when it cannot begin."""

from __future__ import annotations

import http.client
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from detectionary.api import server
from detectionary.catalog import Writer
from detectionary.cli import serve as command
from detectionary.cli.output import ExitCode
from tests.cli.conftest import Run
from tests.conftest import PROJECT

LOGS = PROJECT / "examples" / "logs"

_SLOW = """
import asyncio, sys
from detectionary.api.server import address_of, listen, run

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"be", "more_body": True})
    print("begun", file=sys.stderr, flush=True)
    await asyncio.sleep(0.5)
    await send({"type": "http.response.body", "body": b"gun"})

listener = listen("127.0.0.1", 0)
print("http://%s:%d/" % address_of(listener), file=sys.stderr, flush=True)
run(app, listener)
"""


_START = """    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"be", "more_body": True})
"""
_GUARDED = """
from pathlib import Path
from detectionary.api import server
from detectionary.api.guard import Guard
from detectionary.api.settings import Settings
server.GRACE_SECONDS = 1
run(Guard(app, Settings(Path("none.db"))), listener)
"""


@contextmanager
def process(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], http.client.HTTPConnection]]:
    """A server in a process of its own, and a connection to the address that it says."""
    command = [sys.executable, *map(str, arguments)]
    with subprocess.Popen(command, cwd=PROJECT / "src", stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        try:
            for line in started.stderr:
                address = next((word for word in line.split() if word.startswith("http://")), None)
                if address is not None:
                    break
            else:
                pytest.fail("the server ended before it said where it is")
            with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
                yield started, connection
        finally:
            started.kill()


def serving(catalog: Path, *more: str | Path) -> tuple[str | Path, ...]:
    return ("-m", "detectionary", "serve", "--db", catalog, "--port", "0", *more)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_a_free_port_serves_and_ends_well(catalog: Path, stop: signal.Signals) -> None:
    with process(*serving(catalog)) as (started, connection):
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Type")) == (200, "application/json")
        answer.read()
        started.send_signal(stop)  # the connection is kept: it must not keep the server
        assert started.wait(60) == ExitCode.DONE
        assert started.stderr is not None
        assert started.stderr.read() == ""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_what_has_begun_is_finished_before_it_ends(stop: signal.Signals) -> None:
    bodies = []
    with process("-c", _SLOW) as (started, connection):

        def ask() -> None:
            connection.request("GET", "/")
            bodies.append(connection.getresponse().read())

        asking = threading.Thread(target=ask)
        asking.start()
        assert started.stderr is not None
        assert started.stderr.readline() == "begun\n"
        started.send_signal(stop)
        asking.join(60)
        assert started.wait(60) == 0
        assert started.stderr.read() == ""
    assert bodies == [b"begun"]


def test_what_is_not_done_in_time_is_told_so_when_it_ends() -> None:
    script = _SLOW.replace("run(app, listener)", _GUARDED).replace("asyncio.sleep(0.5)", "asyncio.sleep(60)")
    answers = []
    with process("-c", script.replace(_START, "")) as (started, connection):

        def ask() -> None:
            connection.request("GET", "/")
            answers.append(connection.getresponse())

        asking = threading.Thread(target=ask)
        asking.start()
        assert started.stderr is not None
        assert started.stderr.readline() == "begun\n"
        started.send_signal(signal.SIGTERM)
        asking.join(60)
        assert started.wait(60) == 0
        assert "Traceback" not in started.stderr.read()
    assert [answer.status for answer in answers] == [503]


def test_who_asks_twice_does_not_wait_and_is_not_told_of_faults(catalog: Path) -> None:
    with process(*serving(catalog)) as (started, connection):
        connection.putrequest("POST", "/api/playground/parse")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"{")
        with closing(http.client.HTTPConnection(connection.host, connection.port, timeout=60)) as other:
            other.request("GET", "/health")
            assert other.getresponse().status == 200  # by now the first one is read
        started.send_signal(signal.SIGINT)
        time.sleep(0.3)
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == ExitCode.DONE
        assert started.stderr is not None
        assert "Traceback" not in started.stderr.read()


def test_told_to_stop_while_it_starts_it_leaves_nothing_behind(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    command = [sys.executable, *map(str, serving(catalog, "--logs", LOGS))]
    with subprocess.Popen(command, cwd=PROJECT / "src", stderr=subprocess.PIPE, text=True) as started:
        while not list(tmp_path.glob("detectionary-*")) and started.poll() is None:
            time.sleep(0.01)
        started.send_signal(signal.SIGTERM)
        assert started.stderr is not None
        said = started.stderr.read()
        assert started.wait(60) in (ExitCode.DONE, 128 + signal.SIGTERM)
    assert "Traceback" not in said
    assert list(tmp_path.glob("detectionary-*")) == []


def test_a_catalog_that_an_interrupted_ingest_left_is_served_with_a_warning(catalog: Path, tmp_path: Path) -> None:
    left = tmp_path / "left.db"
    left.write_bytes(catalog.read_bytes())
    with Writer(left) as writer:
        writer.begin("2026-01-01T00:00:00Z")
    with subprocess.Popen(
        [sys.executable, *map(str, serving(left))], cwd=PROJECT / "src", stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stderr is not None
        assert "the ingest that began at 2026-01-01T00:00:00Z is not done" in started.stderr.readline()
        started.kill()


def test_sample_logs_are_read_for_the_playground(catalog: Path) -> None:
    with process(*serving(catalog, "--logs", LOGS)) as (_, connection):
        connection.request("GET", "/api/playground")
        assert b'"AWSCloudTrail"' in connection.getresponse().read()


def test_without_a_catalog_it_says_how_to_make_one(run: Run, tmp_path: Path) -> None:
    outcome = run("serve", "--db", tmp_path / "none.db", "--port", "0")
    assert outcome.status == ExitCode.USAGE
    assert "there is no catalog" in outcome.err
    assert "detectionary ingest PATH" in outcome.err


def test_an_older_catalog_is_not_changed_but_refused(run: Run, catalog: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    older.write_bytes(catalog.read_bytes())
    connection = sqlite3.connect(older)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    before = older.read_bytes()
    outcome = run("serve", "--db", older, "--port", "0")
    assert outcome.status == ExitCode.USAGE
    assert "older Detectionary" in outcome.err
    assert older.read_bytes() == before


def test_a_catalog_that_is_damaged_inside_is_said(run: Run, catalog: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(catalog.read_bytes())
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("DROP TABLE techniques")
    outcome = run("serve", "--db", damaged, "--port", "0")
    assert outcome.status == ExitCode.USAGE
    assert "damaged.db cannot be read: no such table: techniques" in outcome.err


def test_a_port_in_use_is_said(run: Run, catalog: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = run("serve", "--db", catalog, "--port", str(taken.getsockname()[1]))
    assert outcome.status == ExitCode.CONFIGURATION
    assert "Address already in use" in outcome.err
    assert "--port 0" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "65536"), "cannot listen on 127.0.0.1, port 65536"),
        (("--port", "-1"), "cannot listen on 127.0.0.1, port -1"),
        (("--host", "no.such.host.invalid"), "cannot listen on no.such.host.invalid"),
        (("--host", "no.such.host.invalid"), "--host is an address of this machine"),
    ],
)
def test_an_address_that_cannot_be_had_is_said(run: Run, catalog: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = run("serve", "--db", catalog, *arguments)
    assert outcome.status == ExitCode.CONFIGURATION
    assert said in outcome.err


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org/", "https://", "https://a/?b", "http://[::1"])
def test_a_base_url_that_is_no_address_is_refused(run: Run, catalog: Path, url: str) -> None:
    outcome = run("serve", "--db", catalog, "--base-url", url)
    assert outcome.status == ExitCode.USAGE
    assert "--base-url" in outcome.err


def test_logs_that_are_not_there_are_said(run: Run, catalog: Path, tmp_path: Path) -> None:
    outcome = run("serve", "--db", catalog, "--port", "0", "--logs", tmp_path / "none")
    assert outcome.status == ExitCode.USAGE
    assert "no file or folder" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "names", "warned"),
    [
        ((), {"127.0.0.1", "[::1]", "localhost"}, False),
        (("--host", "localhost"), {"127.0.0.1", "[::1]", "localhost"}, False),
        (("--base-url", "https://Example.org/rules"), {"127.0.0.1", "[::1]", "localhost", "example.org"}, False),
        (
            ("--host", "0.0.0.0"),  # noqa: S104  # it is told to, and does not do it here
            {"127.0.0.1", "[::1]", "localhost", "0.0.0.0", socket.gethostname().lower()},  # noqa: S104
            True,
        ),
    ],
)
def test_it_answers_to_its_names_and_warns_when_others_reach_it(
    run: Run,
    catalog: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    names: set[str],
    warned: bool,
) -> None:
    made = []
    monkeypatch.setattr(command, "listen", lambda _host, _port: server.listen("127.0.0.1", 0))
    monkeypatch.setattr(command, "create_app", lambda workshop, *_: made.append(workshop.settings))
    monkeypatch.setattr(command, "run", lambda *_: None)
    outcome = run("serve", "--db", catalog, *arguments)
    assert outcome.status == ExitCode.DONE
    (settings,) = made
    assert settings.names == names
    assert settings.root == ("/rules/" if "--base-url" in arguments else "/")
    assert ("warning" in outcome.err) is warned
    assert "18 rules at" in outcome.err


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("[::1]", True), ("LOCALHOST", True),
        ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("example.org", False), ("", False),  # noqa: S104
    ],
)  # fmt: skip
def test_who_reaches_a_host(host: str, loopback: bool) -> None:
    assert server.is_loopback(host) is loopback
