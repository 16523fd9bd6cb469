"""A catalog that changes under the server: every answer is of one state, the next state comes without a restart."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detectionary.api import editions
from detectionary.api.addresses import Addresses
from detectionary.api.app import create_app
from detectionary.api.editions import Kept, Workshop
from detectionary.api.representation import TEXT, represent
from detectionary.api.settings import Settings
from detectionary.catalog import CatalogError
from detectionary.cli import main
from detectionary.pages.kind import FileGroup, PageKind
from detectionary.pages.registry import FILES, PAGES
from tests.api.conftest import EXAMPLES, NAMES, Asking, ingested

SIGMA = EXAMPLES / "sigma"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some of the example rules, to be changed."""
    found = tmp_path / "rules"
    shutil.copytree(EXAMPLES / "sentinel", found)
    return found


@pytest.fixture
def served(tmp_path: Path, folder: Path) -> Iterator[Workshop]:
    workshop = Workshop(Settings(ingested(tmp_path / "served.db", folder), names=NAMES), Addresses(PAGES, FILES).warm)
    yield workshop
    workshop.close()


def asking(workshop: Workshop) -> Asking:
    return Asking(create_app(workshop, Addresses(PAGES, FILES)))


def refreshed(workshop: Workshop) -> bool:
    return asyncio.run(workshop.refresh())


def test_what_an_ingest_brings_is_served_when_it_is_done(served: Workshop, folder: Path) -> None:
    ask = asking(served)
    before, etag = ask("/health").json(), ask("/index.html").headers["etag"]
    added = folder / "Added.yaml"
    first = min(folder.rglob("*.yaml"))
    added.write_text(first.read_text().replace("id: ", "id: 0", 1))
    ingested(served.settings.catalog, folder)
    assert ask("/health").json() == before
    assert refreshed(served)
    after = ask("/health").json()
    assert after["rules"] == before["rules"] + 1
    assert after["run"]["number"] == before["run"]["number"] + 1
    assert ask("/index.html", headers={"If-None-Match": etag}).status_code == 200
    assert ask("/api/rules/Added").status_code == 200
    changes = ask("/api/changes").json()
    assert [run["number"] for run in changes["runs"]] == [2, 1]
    assert ask("/api/changes/2").json() == changes["newest"]
    assert [(each["event"], each["slug"]) for each in changes["newest"]["changes"]] == [("added", "Added")]
    for nothing in ("1", "3", "2?language=sigma", "2?page=2"):
        assert ask(f"/api/changes/{nothing}").status_code == 404
    assert ask("/api/changes/2?language=kusto").json()["total"] == 1
    assert not refreshed(served)


def test_an_ingest_that_is_not_done_changes_nothing(served: Workshop, folder: Path) -> None:
    from detectionary.catalog import Writer

    edition = served.edition
    ask = asking(served)
    assert ask("/health").json()["ingest_begun"] is None
    with Writer(served.settings.catalog) as writer:
        writer.begin("2026-01-01T00:00:00Z")
        assert not refreshed(served)
    assert not refreshed(served)
    assert served.edition is edition
    health = ask("/health").json()
    assert (health["status"], health["trouble"], health["ingest_begun"]) == ("ok", None, "2026-01-01T00:00:00Z")
    again = Workshop(served.settings)  # a server that is started on what an interrupted ingest left says so
    assert again.ingest_begun == "2026-01-01T00:00:00Z"
    again.close()
    assert main(["ingest", str(folder), "--db", str(served.settings.catalog), "--processes", "1"]) == 0
    assert refreshed(served)
    assert ask("/health").json()["ingest_begun"] is None


@pytest.mark.parametrize("same_time", [False, True])
def test_what_measuring_finds_is_served_without_an_ingest(served: Workshop, *, same_time: bool) -> None:
    ask = asking(served)
    assert not ask("/api/statistics").json()["runnable_measured"]
    before = served.settings.catalog.stat()
    assert main(["measure", "--db", str(served.settings.catalog)]) == 0
    if same_time:  # as on file systems that tell times by the second
        assert served.settings.catalog.stat().st_size == before.st_size
        os.utime(served.settings.catalog, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert refreshed(served)
    assert ask("/api/statistics").json()["runnable_measured"]
    assert not refreshed(served)


def test_another_file_under_the_name_is_served(served: Workshop, tmp_path: Path) -> None:
    ask = asking(served)
    ingested(tmp_path / "other.db", SIGMA).replace(served.settings.catalog)
    assert ask("/api/facets/language").json()["counts"][0]["key"] == "kusto"  # the file that is open stays whole
    assert refreshed(served)
    assert [each["key"] for each in ask("/api/facets/language").json()["counts"]] == ["sigma"]


def test_another_catalog_copied_over_the_file_is_served(served: Workshop, tmp_path: Path) -> None:
    ask = asking(served)
    other = ingested(tmp_path / "other.db", SIGMA)
    assert other.stat().st_size < served.settings.catalog.stat().st_size
    with served.settings.catalog.open("r+b") as file:  # shorter from one moment to the next, as `cp` does it
        file.truncate()
        file.write(other.read_bytes())
    ask("/api/rules/AWS_UnauthorizedInstanceSetUpAttempt")  # whatever it answers, the process lives
    assert refreshed(served)
    assert [each["key"] for each in ask("/api/facets/language").json()["counts"]] == ["sigma"]


@pytest.mark.parametrize("content", [b"no catalog at all" * 100, b"", None])
def test_a_file_that_is_no_catalog_leaves_what_was_there(
    served: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    ask = asking(served)
    page = ask("/index.html").content
    kept = tmp_path / "kept.db"
    shutil.copyfile(served.settings.catalog, kept)
    if content is None:
        served.settings.catalog.unlink()
    else:
        broken = tmp_path / "broken.db"
        broken.write_bytes(content)
        broken.replace(served.settings.catalog)
    assert not refreshed(served)
    assert not refreshed(served)
    health = ask("/health").json()
    assert health["status"] == "stale"
    assert str(served.settings.catalog) in health["trouble"]
    assert ask("/index.html").content == page
    assert len(caplog.records) == 1
    kept.replace(served.settings.catalog)
    assert refreshed(served)
    assert ask("/health").json()["status"] == "ok"


@pytest.mark.parametrize("content", [b"no catalog at all" * 5000, b"", None])
def test_what_cannot_be_read_any_more_is_a_problem_and_said_once(
    served: Workshop, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    ask = asking(served)
    page = ask("/index.html").content
    if content is None:  # another version of the program wrote it
        with closing(sqlite3.connect(served.settings.catalog)) as connection, connection:
            connection.execute("UPDATE rules SET entry = x'00'")
    else:
        served.settings.catalog.write_bytes(content)
    for _ in range(2):
        for address in (
            "/api/rules/AWS_UnauthorizedInstanceSetUpAttempt",
            "/rules/kusto/AWS_GpuFleetLaunch/index.html",
        ):
            answer = ask(address)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert answer.json()["type"].endswith("#unreadable")
            assert str(served.settings.catalog) in answer.json()["detail"]
    assert ask("/index.html").content == page
    assert len(caplog.records) == len({record.message for record in caplog.records})
    assert all(record.exc_info is None for record in caplog.records)


def test_a_catalog_that_another_process_holds_is_not_waited_for_long(served: Workshop) -> None:
    workshop = Workshop(replace(served.settings, busy_seconds=0.05))
    ask = asking(workshop)
    with closing(sqlite3.connect(served.settings.catalog, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        answer = ask("/api/rules/AWS_UnauthorizedInstanceSetUpAttempt")
        assert answer.status_code == 503
        assert "in use by another process" in answer.json()["detail"]
        assert ask("/health").status_code == 200
        holder.execute("ROLLBACK")
    assert ask("/api/rules/AWS_UnauthorizedInstanceSetUpAttempt").status_code == 200
    workshop.close()


def test_answers_that_are_being_made_when_the_catalog_changes_are_finished(served: Workshop, tmp_path: Path) -> None:
    ask = asking(served)
    addresses = [f"/{rule['page']}" for rule in ask("/api/rules?limit=200").json()["rules"]]

    async def both() -> list[int]:
        asked = asyncio.create_task(ask.several(addresses))
        await asyncio.sleep(0)
        ingested(tmp_path / "other.db", EXAMPLES).replace(served.settings.catalog)
        assert await served.refresh()
        return [answer.status_code for answer in await asked]

    assert asyncio.run(both()) == [200] * len(addresses)


def test_the_watch_sees_changes_by_itself(served: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "CHECK_SECONDS", 0.01)
    other = ingested(tmp_path / "other.db", SIGMA)

    async def watching() -> None:
        watch = asyncio.create_task(served.watch())
        other.replace(served.settings.catalog)
        async with asyncio.timeout(60):
            while served.edition.number == 1:
                await asyncio.sleep(0.01)
        watch.cancel()

    asyncio.run(watching())
    assert len(served.edition.index.rules) < 11


def test_a_page_that_cannot_be_warmed_stops_nothing(served: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_library: object) -> tuple[str, ...]:
        raise RuntimeError("no such page")

    broken: PageKind[Any] = PageKind("broken", "broken", fail, lambda _library, _path: None, lambda _library, _page: "")
    warmed = []
    group = FileGroup("group", lambda _library: warmed.append("group") or ())  # type: ignore[func-returns-value]
    workshop = Workshop(served.settings, Addresses((broken,), (group,)).warm)
    try:
        workshop.warm()
    finally:
        workshop.close()
    assert warmed == ["group"]
    assert "no such page" in caplog.text


def test_there_is_no_server_without_a_catalog(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no catalog"):
        Workshop(Settings(tmp_path / "none.db"))


def test_kept_pages_go_when_they_take_too_much() -> None:
    pages = {name: represent(name.encode() * 100, TEXT) for name in "abc"}
    kept = Kept(250)
    for name in "ab":
        kept.put(name, pages[name])
    assert kept.get("a") is pages["a"]
    kept.put("c", pages["c"])
    assert [kept.get(name) for name in "abc"] == [pages["a"], None, pages["c"]]
    kept.put("c", pages["b"])
    assert (kept.get("a"), kept.get("c")) == (pages["a"], pages["b"])
