"""What may be opened as a catalog, and what is left alone."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from detectionary.catalog import CatalogError, Writer, open_catalog
from detectionary.catalog.opening import Mode, connect, migrate
from detectionary.catalog.rows import entry_digest
from detectionary.catalog.schema import SCHEMA_VERSION
from tests.catalog.stored import an_entry, store


def test_nothing_is_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(CatalogError, match="there is no catalog"):
        open_catalog(path)
    assert not path.exists()


@pytest.mark.parametrize("mode", list(Mode))
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database, but long enough to be one: " * 50)
    before = path.read_bytes()
    open_before = open_files()
    with pytest.raises(CatalogError, match="not a catalog") as refused:
        connect(path, mode)
    assert open_files() == open_before, refused  # while the error is held, by which a connection would stay
    assert path.read_bytes() == before


def open_files() -> int:
    """How many files this process has open; 0 where the system does not tell."""
    place = Path("/proc/self/fd")
    return len(list(place.iterdir())) if place.exists() else 0


@pytest.mark.parametrize("mode", list(Mode))
def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="not a catalog"):
        connect(path, mode)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", list(Mode))
def test_a_catalog_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "newer.db"
    store(path, an_entry("a"))
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CatalogError, match="newer Detectionary") as refused:
        connect(path, mode)
    assert refused.value.help is not None
    assert path.read_bytes() == before


def test_a_folder_is_no_catalog(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is a folder"):
        Writer(tmp_path)


def test_an_empty_file_becomes_a_catalog_only_by_writing(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(CatalogError, match="is empty"):
        open_catalog(path)
    store(path, an_entry("a"))
    with open_catalog(path) as catalog:
        assert catalog.slugs() == ("a",)


def test_odd_characters_in_the_path_are_part_of_the_name(tmp_path: Path) -> None:
    path = tmp_path / "what? 100% #1.db"
    store(path, an_entry("a"))
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    with open_catalog(path) as catalog:
        assert catalog.slugs() == ("a",)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "read.db"
    store(path, an_entry("a"))
    connection = connect(path, Mode.READ)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM rules")
    connection.close()


def test_migrations_run_in_order_each_whole_or_not_at_all() -> None:
    def second(database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE made_by_two (x)")

    def third(database: sqlite3.Connection) -> None:
        database.execute("CREATE TABLE made_by_three (x)")
        raise OSError("the disk is full")

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with pytest.raises(OSError, match="full"):
            migrate(connection, 1, 3, {2: second, 3: third})
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("made_by_two",)]


def _layout(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')").fetchall()
        return {
            name: connection.execute(f"PRAGMA table_info({name})").fetchall()
            + connection.execute(f"PRAGMA index_info({name})").fetchall()
            for (name,) in names
        }


def test_a_catalog_of_version_1_becomes_one_of_today(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store(path, an_entry("a"))
    today = _layout(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for column in ("entry_digest", "outcome", "date", "modified", "tested"):
            old.execute(f'ALTER TABLE rules DROP COLUMN "{column}"')
        old.execute('ALTER TABLE comparisons DROP COLUMN "record"')
        old.execute('ALTER TABLE repositories DROP COLUMN "first_run"')
        old.execute('ALTER TABLE runs DROP COLUMN "rules"')
        old.execute("DROP TABLE changes")
        old.execute("DROP TABLE runnable")
        old.execute("PRAGMA user_version = 1")
    with pytest.raises(CatalogError, match="older"):
        connect(path, Mode.READ)
    connect(path, Mode.WRITE).close()
    with closing(connect(path, Mode.READ)) as new:
        assert new.execute("SELECT outcome FROM rules").fetchall() == [(None,)]
        assert new.execute("SELECT record FROM comparisons").fetchall() == []
        assert new.execute("SELECT first_run FROM repositories").fetchall() == [(1,)]
        entry, digest = new.execute("SELECT entry, entry_digest FROM rules").fetchone()
        assert digest == entry_digest(entry)
    assert _layout(path) == today


INTERRUPTED = """
import sys, os, signal
from pathlib import Path
from detectionary.catalog.opening import Mode, connect
connection = connect(Path(sys.argv[1]), Mode.WRITE)
connection.execute("PRAGMA cache_size = 2")  # so that changed pages are written before the commit
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE rules SET title = 'half done' || hex(zeroblob(20000))")
connection.execute("UPDATE version_texts SET body = 'half done' || hex(zeroblob(200000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_reading_after_a_kill_restores_the_last_whole_state(tmp_path: Path) -> None:
    path = tmp_path / "killed.db"
    store(path, *(an_entry(name) for name in "abcdefgh"))
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED, str(path)], check=False, env=os.environ)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name("killed.db-journal").exists(), "the kill came before anything was written"
    with open_catalog(path) as catalog:
        assert [entry.rule.title for entry in catalog.entries()] == [f"Title of {name}" for name in "abcdefgh"]
    assert [each.name for each in tmp_path.iterdir()] == ["killed.db"]
