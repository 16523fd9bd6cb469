"""Parquet kept between runs: used while the input is what it was, and never wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from detectionary.logs import Logs, read_logs
from detectionary.logs import cache as caches
from detectionary.schemas import tables
from tests.logs.reading import rows

LINE = '{"Type":"Syslog","TimeGenerated":"2026-11-20T09:00:00Z","HostName":"%s"}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_text(LINE % "a")
    return path


def read(log: Path, **options: Any) -> Logs:
    return read_logs([log], log.parent / "unused", tables(), cache=log.parent / "cache", **options)


def folders(log: Path) -> list[Path]:
    return sorted((log.parent / "cache").iterdir())


def test_what_was_kept_is_the_same(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write_text(LINE % "a" + "broken\n" + '{"Type":"Syslog","TimeGenerated":"?"}\n')
    first = read(log)
    monkeypatch.setattr("detectionary.logs.reading._read", None)  # must not be called again
    assert read(log) == first
    assert (first.broken_count, len(first.misfits), first.tables["Syslog"].rows) == (1, 1, 2)
    assert not (log.parent / "unused").exists()


def test_a_changed_input_is_read_again(log: Path) -> None:
    read(log)
    log.write_text(LINE % "b")
    assert rows(read(log).tables["Syslog"], ["HostName"]) == [("b",)]
    assert len(folders(log)) == 2


def test_a_small_input_changed_within_its_size_and_time_is_read_again(log: Path) -> None:
    read(log)
    facts = log.stat()
    log.write_text(LINE % "b")
    os.utime(log, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert rows(read(log).tables["Syslog"], ["HostName"]) == [("b",)]


def test_another_table_or_version_is_another_cache(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(log)
    read(log, table="Mine")
    monkeypatch.setattr(caches, "VERSION", caches.VERSION + 1)
    read(log)
    assert len(folders(log)) == 3


@pytest.mark.parametrize("damage", ["cut", "gone", "manifest", "no manifest"])
def test_a_damaged_cache_is_made_anew(log: Path, damage: str) -> None:
    part = read(log).tables["Syslog"].files[0]
    manifest = part.parent / "manifest.json"
    match damage:
        case "cut":
            part.write_bytes(part.read_bytes()[:-9])
        case "gone":
            part.unlink()
        case "manifest":
            manifest.write_text("{}")
        case _:
            manifest.unlink()
    logs = read(log)
    assert rows(logs.tables["Syslog"], ["HostName"]) == [("a",)]
    assert [note.partition(":")[0] for note in logs.notes] == ["the cache was damaged and has been made anew"]
    assert read(log).notes == ()


def test_reading_that_fails_leaves_nothing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Logs:
        raise KeyboardInterrupt

    monkeypatch.setattr("detectionary.logs.reading._read", fail)
    with pytest.raises(KeyboardInterrupt):
        read(log)
    assert folders(log) == []


def test_two_runs_at_once_share_the_first_result(log: Path) -> None:
    key = caches.key_of([], {}, None)
    first = read_logs([log], log.parent / "x", tables())

    def slower(_: Path) -> Logs:
        caches.fill(log.parent / "cache", key, lambda _: first)
        return first

    caches.fill(log.parent / "cache", key, slower)
    assert [folder.name for folder in folders(log)] == [key]
