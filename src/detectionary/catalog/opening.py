"""Opening a catalog file: made when it is not there, brought up to date when it is older, refused when it is not ours.

A catalog uses SQLite's rollback journal, not its write-ahead log: at rest it is one file that can be copied, and a
process killed at any point leaves a journal from which the next opening restores the last committed state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import quote

from detectionary.catalog.listing import named_in
from detectionary.catalog.rows import entry_digest
from detectionary.catalog.schema import APPLICATION_ID, SCHEMA_VERSION, statements

BUSY_SECONDS: Final = 30.0

Migration = Callable[[sqlite3.Connection], None]


def _other_languages(connection: sqlite3.Connection) -> None:
    """Version 2: outcomes of rules, and rows of queries over several records."""
    connection.execute('ALTER TABLE rules ADD COLUMN "outcome" TEXT')
    connection.execute('ALTER TABLE comparisons ADD COLUMN "record" TEXT')


def _digests_and_changes(connection: sqlite3.Connection) -> None:
    """Version 3: what tells entries apart without reading them, what runs changed, and what can be run.

    What earlier runs changed is not known any more; dates come when rules are analysed again.
    """
    connection.execute("ALTER TABLE rules ADD COLUMN \"entry_digest\" TEXT NOT NULL DEFAULT ''")
    connection.create_function("digest_of_entry", 1, entry_digest, deterministic=True)
    connection.execute("UPDATE rules SET entry_digest = digest_of_entry(entry)")
    connection.execute('ALTER TABLE rules ADD COLUMN "date" TEXT')
    connection.execute('ALTER TABLE rules ADD COLUMN "modified" TEXT')
    connection.execute('ALTER TABLE rules ADD COLUMN "tested" INTEGER NOT NULL DEFAULT 0')
    connection.execute('ALTER TABLE runs ADD COLUMN "rules" INTEGER')
    connection.execute('ALTER TABLE repositories ADD COLUMN "first_run" INTEGER REFERENCES runs')
    connection.execute(
        "UPDATE repositories SET first_run = (SELECT MIN(number) FROM runs WHERE finished IS NOT NULL AND number >= ("
        "SELECT MIN(r.first_run) FROM rules AS r JOIN files AS f ON f.id = r.file WHERE f.repository = repositories.id"
        ")) WHERE last_run IS NOT NULL"
    )
    connection.execute(
        'CREATE TABLE changes ("run" INTEGER NOT NULL REFERENCES runs, "rule" INTEGER NOT NULL REFERENCES rules, '
        '"event" TEXT NOT NULL, "kinds" TEXT NOT NULL, "details" TEXT NOT NULL, "comparable" INTEGER NOT NULL, '
        '"before" INTEGER REFERENCES rule_versions, "after" INTEGER REFERENCES rule_versions, '
        '"moved_from" INTEGER REFERENCES rules, PRIMARY KEY (run, rule)) WITHOUT ROWID'
    )
    connection.execute("CREATE INDEX changes_1 ON changes (rule)")
    connection.execute(
        'CREATE TABLE runnable ("rule" INTEGER PRIMARY KEY REFERENCES rules, "outcome" TEXT NOT NULL, "code" TEXT, '
        '"message" TEXT, "measured_with" TEXT NOT NULL)'
    )


MIGRATIONS: Final[Mapping[int, Migration]] = {2: _other_languages, 3: _digests_and_changes}
"""By the version that each brings a file to: `MIGRATIONS[2]` turns version 1 into 2. Version 1 is the first."""


class CatalogError(Exception):
    """A catalog cannot be used; the message says why, `help` what to do."""

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002  # as in `Diagnostic`
        super().__init__(message)
        self.help = help


class Mode(Enum):
    """What a catalog is opened for."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"
    """Writing, and made when it is not there."""


def connect(
    path: Path, mode: Mode, migrations: Mapping[int, Migration] = MIGRATIONS, *, mapped: bool = True
) -> sqlite3.Connection:
    """A connection to the catalog at `path`, of the present schema; `CatalogError` when there is none to be had.

    A file that is no catalog is never changed. `mapped` into memory is for as long as a command takes: see
    `open_catalog`.
    """
    if mode is not Mode.CREATE and not path.exists():
        raise CatalogError(f"there is no catalog {path}", "detectionary ingest PATH makes one")
    if path.is_dir():
        raise CatalogError(f"{path} is a folder, not a catalog")
    try:
        connection = _open(path, mode)
    except sqlite3.Error as error:
        raise CatalogError(_trouble(path, error)) from error
    try:
        _prepare(connection, path, mode, migrations)
        connection.execute(f"PRAGMA mmap_size = {268435456 if mapped else 0}")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise CatalogError(_trouble(path, error)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, mode: Mode) -> sqlite3.Connection:
    """Connect. Where a killed process left a journal, reading has to write: the file is restored first."""
    if mode is Mode.READ:
        with closing(_connection(path, mode)) as reader:
            try:
                _pragma(reader, "schema_version")
            except sqlite3.OperationalError:
                with closing(_connection(path, Mode.WRITE)) as writer:
                    _pragma(writer, "schema_version")
    return _connection(path, mode)


def _connection(path: Path, mode: Mode) -> sqlite3.Connection:
    # `?` and `#` in a path must not end the file's name; `Path.as_uri` asks for an absolute path without links.
    address = f"file:{quote(str(path.absolute()))}?mode={mode.value}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.create_function("named_in", 2, named_in, deterministic=True)
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, mode: Mode, migrations: Mapping[int, Migration]) -> None:
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    if application == 0 and version == 0 and _is_empty(connection):
        if mode is not Mode.CREATE:
            raise CatalogError(f"{path} is empty, not a catalog", "detectionary ingest PATH makes one")
        _create(connection)
    elif application != APPLICATION_ID:
        raise CatalogError(f"{path} is an SQLite file, but not a catalog", "give another name with --db")
    elif version > SCHEMA_VERSION:
        raise CatalogError(
            f"{path} was written by a newer Detectionary (schema {version}; this one knows {SCHEMA_VERSION})",
            "update Detectionary, or ingest into another file with --db",
        )
    elif version < SCHEMA_VERSION:
        if mode is Mode.READ:
            raise CatalogError(
                f"{path} was written by an older Detectionary (schema {version}; this one reads {SCHEMA_VERSION})",
                "detectionary ingest PATH brings it up to date",
            )
        migrate(connection, version, SCHEMA_VERSION, migrations)
    connection.execute("PRAGMA cache_size = -32768")
    if mode is Mode.READ:
        connection.execute("PRAGMA query_only = ON")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, all or none."""
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _is_empty(connection):  # another process may have been quicker
            for statement in statements():
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def migrate(connection: sqlite3.Connection, version: int, target: int, migrations: Mapping[int, Migration]) -> None:
    """Bring a catalog from `version` to `target`, each step in a transaction of its own."""
    for step in range(version + 1, target + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrations[step](connection)
            connection.execute(f"PRAGMA user_version = {step}")
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What SQLite finds wrong with the file at `path` inside, is a `CatalogError`: damage that opening did not see."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise CatalogError(_trouble(path, error), "detectionary ingest PATH --db NEW makes another") from error


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return int(row[0])


def _trouble(path: Path, error: sqlite3.Error) -> str:
    if "not a database" in str(error):
        return f"{path} is not a catalog (not an SQLite file)"
    if "locked" in str(error) or "busy" in str(error):
        return f"{path} is in use by another process"
    return f"{path} cannot be read: {error}"
