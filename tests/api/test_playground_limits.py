"""Whatever is sent to the playground, it ends, it stays within its limits, and the server goes on."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detectionary.api.editions import Workshop
from detectionary.api.playground_crew import BusyError, CancelledError, Crew, StoppedError
from detectionary.api.playground_shapes import Limits
from detectionary.api.playground_worker import Setup
from tests.api.playgrounds import FIRST, Ground, example_logs, ground
from tests.bounds import HANG

ENDLESS = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"
TIGHT = Limits(parse_seconds=HANG, query_seconds=3, count_seconds=3, run_seconds=HANG, wait_seconds=HANG)
"""The engine stops queries soon; for the rest there is time, since these tests are not about this machine's speed."""


@pytest.fixture(scope="module")
def tight(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    logs = example_logs(tmp_path_factory.mktemp("logs"))
    with ground(workshop, logs, TIGHT) as found:
        yield found


def works(here: Ground) -> None:
    """The playground and the server around it are as good as before."""
    assert here.asking("/api/health").status_code == 200
    assert here.post("run", text="print a = 1")["rows"] == [[1]]


# Queries that the engine stops


@pytest.mark.parametrize(
    "query",
    [
        ENDLESS,
        "range x from 1 to 1000000 step 1 | extend k = 1"
        " | join kind=inner (range y from 1 to 1000000 step 1 | extend k = 1) on k | summarize count()",
    ],
)
def test_a_query_that_takes_too_long_is_stopped(tight: Ground, query: str) -> None:
    answer = tight.post("run", text=query)
    assert answer["outcome"] == "failed"
    assert answer["findings"][0]["code"] == "KQL420"
    assert answer["findings"][0]["line"] == 1
    works(tight)


@pytest.mark.parametrize(
    "query",
    [
        "range x from 1 to 100000000 step 1 | extend s = strcat(strrep('a', 60), tostring(x))",
        "range x from 1 to 100000000 step 1 | summarize make_list(strcat(strrep('a', 60), tostring(x)), 100000000)",
        "range x from 1 to 100000000 step 1 | extend s = strcat(strrep('a', 60), tostring(x)) | sort by s"
        " | serialize n = row_number() | where n == 3",
    ],
)
def test_a_query_that_takes_too_much_memory_is_stopped(
    query: str, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ground(workshop, example_logs(tmp_path / "logs"), Limits(**MEMORY)) as here:
        answer = here.post("run", text=query)
        assert answer["outcome"] == "failed"
        assert answer["findings"][0]["code"] == "KQL421"
        works(here)
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]  # nothing was written beside


MEMORY: dict[str, Any] = {
    **{field: getattr(TIGHT, field) for field in ("parse_seconds", "run_seconds", "wait_seconds")},
    "query_seconds": HANG,
    "engine_mebibytes": 128,
}


# What a rule cannot reach


@pytest.mark.parametrize(
    "query",
    [
        "externaldata(a: string)['file:///etc/passwd'] with (format='txt')",
        "externaldata(a: string)['http://127.0.0.1:1/'] with (format='txt')",
        "evaluate http_request('http://127.0.0.1:1/')",
        "print a = 1 | evaluate python(typeof(*), 'import os')",
        "['/etc/passwd']",
        "['read_text'] ",
        "table('/etc/passwd')",
        "cluster('x').database('y').T",
        "print a = read_text('/etc/passwd')",
        "_GetWatchlist('/etc/passwd')",
    ],
)
def test_no_query_reads_files_or_asks_other_machines(tight: Ground, query: str) -> None:
    answer = tight.post("run", text=query, language="kusto")
    assert answer["outcome"] == "refused"
    assert answer["rows"] == []
    assert "root:" not in json.dumps(answer)


def test_the_process_cannot_write_files(tight: Ground) -> None:
    works(tight)
    for process in tight.playground._runners._all:
        limits = Path(f"/proc/{process._process.pid}/limits")  # type: ignore[union-attr]
        if not limits.exists():
            pytest.skip("this system does not tell the limits of a process")
        sizes = next(line for line in limits.read_text().splitlines() if line.startswith("Max file size"))
        assert sizes.split()[3:5] == ["0", "0"]


# Texts


def test_a_request_that_is_too_large_is_refused_before_it_is_read(tight: Ground) -> None:
    response = tight.asking("/api/playground/parse", "POST", json={"text": "x" * 1_000_000})
    assert response.status_code == 413
    assert response.json()["type"].endswith("#too-large")
    endless = iter(lambda: b" " * 65_536, b"")

    async def chunks() -> Any:
        for sent, chunk in enumerate(endless):
            assert sent < 20, "the server reads on"
            yield chunk

    headers = {"Content-Type": "application/json"}
    assert tight.asking("/api/playground/run", "POST", content=chunks(), headers=headers).status_code == 413


def test_who_goes_away_before_the_body_is_whole_is_no_news(tight: Ground, caplog: pytest.LogCaptureFixture) -> None:
    received = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/playground/parse", "query_string": b"", "headers": headers}
    sent: list[Any] = []

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(tight.asking._app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
    assert not caplog.records


def test_a_body_that_never_ends_is_not_waited_for(tight: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectionary.api.playground.BODY_SECONDS", 0.05)

    async def half() -> Any:
        yield b'{"text": "T'
        await asyncio.sleep(60)

    response = tight.asking(
        "/api/playground/parse", "POST", content=half(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 408
    assert "did not come whole" in response.json()["detail"]


@pytest.mark.parametrize(
    "text",
    [
        "T | where " + "(" * 64 + "x == 1" + ")" * 64,
        "T | where " + "(" * 60_000,
        "T | where x == " + "-" * 60_000 + "1",
        "T" + "\n| where x == 1" * 1_500,
        "T | where x in (" + ", ".join(f"'v{number}'" for number in range(9_000)) + ")",
        "a: " + "[" * 60_000,
        "query: &a [" + "*a, " * 20_000 + "]",
        "any where " + "not " * 30_000 + "x",
        "FROM a | WHERE " + "(" * 60_000,
        "rule x { events: " + "(" * 40_000,
        "rule a { condition: $e }\n" * 3_000,
        "[rule]\nname = " + "[" * 60_000,
        "title: a\nlogsource: {}\ndetection:\n  s: {A: b}\n  condition: " + "(" * 30_000,
        "```\n" * 20_000,
        "\x00" * 1_000,
        "\u202e" * 10_000,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_every_text_is_answered(tight: Ground, text: str) -> None:
    answer = tight.post("parse", text=text, html=True)
    assert answer["rules"] or answer["ignored"]
    assert tight.post("run", text=text)["outcome"] in ("refused", "failed", "other")
    works(tight)


# Processes that are ended


@pytest.fixture(scope="module")
def setup(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    patient = Limits(query_seconds=3600, run_seconds=3600, wait_seconds=0.2, engine_mebibytes=8192)
    return Setup(workshop.settings.catalog, example_logs(tmp_path_factory.mktemp("logs")), patient)


def request(query: str) -> bytes:
    return json.dumps({"job": "run", "text": query, "language": "kusto"}).encode()


def pid(crew: Crew) -> int:
    (process,) = crew._all
    assert process._process is not None
    assert process._process.pid is not None
    return process._process.pid


def test_a_process_that_does_not_answer_is_killed_and_replaced(setup: Setup) -> None:
    """The engine has an hour, so only the server's own watch can end the query."""
    crew = Crew(setup, 1, seconds=HANG)
    try:
        assert b'"rows":[[1]]' in crew.ask(request("print a = 1"))
        first = pid(crew)
        crew._seconds = 1.0
        with pytest.raises(StoppedError, match="stopped after 1 seconds") as stopped:
            crew.ask(request(ENDLESS))
        assert stopped.value.spent == "time"
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
        crew._seconds = HANG
        assert b'"rows":[[1]]' in crew.ask(request("print a = 1"))
        assert pid(crew) != first
    finally:
        crew.close()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell what a process uses")
def test_a_process_that_takes_too_much_memory_is_killed(setup: Setup) -> None:
    """The engine may take eight gibibytes here, so only the server's own watch, or the process's limit, can end it."""
    modest = Setup(
        setup.catalog,
        setup.logs,
        Limits(run_seconds=3600, query_seconds=3600, engine_mebibytes=8192, process_mebibytes=400),
    )
    crew = Crew(modest, 1, seconds=HANG)
    try:
        crew.ask(request("print a = 1"))
        first = pid(crew)
        query = "range x from 1 to 1000000000 step 1 | extend s = strcat(strrep('a', 60), tostring(x)) | sort by s"
        with pytest.raises(StoppedError, match="memory") as stopped:
            crew.ask(request(query))
        assert stopped.value.spent == "memory"
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
    finally:
        crew.close()


def test_a_run_that_nobody_waits_for_is_ended(setup: Setup) -> None:
    crew = Crew(setup, 1, seconds=3600)
    try:
        crew.ask(request("print a = 1"))
        first = pid(crew)
        gone = threading.Event()
        threading.Timer(0.3, gone.set).start()
        with pytest.raises(CancelledError):
            crew.ask(request(ENDLESS), gone.is_set)
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
    finally:
        crew.close()


def test_who_comes_while_all_are_at_work_is_told_so_and_all_end_with_the_crew(setup: Setup) -> None:
    crew = Crew(setup, 1, seconds=3600)
    crew.ask(request("print a = 1"))
    first = pid(crew)
    ended: list[type[Exception]] = []

    def long() -> None:
        try:
            crew.ask(request(ENDLESS))
        except Exception as error:
            ended.append(type(error))

    thread = threading.Thread(target=long)
    thread.start()
    try:
        while crew._free.qsize():  # until the process is taken
            time.sleep(0.01)
        with pytest.raises(BusyError):
            crew.ask(request("print a = 1"))
    finally:
        crew.close()
        thread.join()
    assert ended == [CancelledError]
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    with pytest.raises(BusyError):
        crew.ask(request("print a = 1"))


def test_a_busy_playground_says_when_to_come_again(tight: Ground) -> None:
    """More at once than may wait: some are turned away at once, the others are answered."""

    async def many() -> list[Any]:
        return await tight.asking.several(["/api/playground/run"] * 30, "POST", json={"text": "print a = 1"})

    answers = asyncio.run(many())
    turned = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {200, 503}
    for answer in turned:
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["type"].endswith("#busy")
    works(tight)


def test_one_text_leaves_nothing_for_the_next(tight: Ground) -> None:
    tight.post("run", text="let secret = 'kept'; print a = secret | as Kept")
    for query in ("Kept", "print a = secret", "union *  | where * has 'kept' | take 1"):
        answer = tight.post("run", text=query, language="kusto")
        assert answer["rows"] == []


def test_a_text_that_takes_too_long_to_read_is_a_problem(workshop: Workshop) -> None:
    with ground(workshop, None, Limits(parse_seconds=0.0, wait_seconds=HANG)) as here:
        response = here.asking("/api/playground/parse", "POST", json={"text": FIRST})
        assert response.status_code == 422
        assert response.json()["type"].endswith("#too-much")
        assert here.asking("/api/health").status_code == 200
