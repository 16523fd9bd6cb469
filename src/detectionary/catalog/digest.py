"""One digest of everything that a catalog says, whatever it was ingested with, and when."""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final

from detectionary.catalog.opening import Mode, connect
from detectionary.catalog.schema import TABLES, Role, Table

_FILE: Final = (
    "(SELECT s.name || '/' || f.path FROM files AS f JOIN repositories AS s ON s.id = f.repository WHERE f.id = {})"
)
_NAMES: Final = {
    Role.CONTENT: "{}",
    Role.REPOSITORY: "(SELECT name FROM repositories WHERE id = {})",
    Role.FILE: _FILE,
    Role.RULE: f"(SELECT {_FILE.format('r.file')} || ' ' || r.rule_id || ' ' || r.occurrence "
    "FROM rules AS r WHERE r.id = {})",
}
"""How a column is read so that numbers given by chance play no part."""


def content_digest(path: Path) -> str:
    """The digest of the catalog at `path`: equal for two catalogs that hold the same.

    History (runs, and what only those say: first and last ingest) is left out; texts of earlier versions are in. A slug
    is given once and kept: where two files share a stem, catalogs filled by several runs in another order differ in it.
    """
    connection = connect(path, Mode.READ)
    try:
        state = blake2b(digest_size=16)
        for line in _lines(connection):
            state.update(line)
        return state.hexdigest()
    finally:
        connection.close()


def _lines(connection: sqlite3.Connection) -> Iterator[bytes]:
    for table in TABLES:
        query = _query(table)
        if query is None:
            continue
        yield table.name.encode()
        rows = [repr(row) for row in connection.execute(query)]
        for row in sorted(rows):
            yield row.encode("utf-8", "surrogatepass")


def _query(table: Table) -> str | None:
    """The content of a table, its gone rows marked as such."""
    if table.name == "version_texts":
        rule = _NAMES[Role.RULE].format("v.rule")
        return f"SELECT {rule}, t.body, t.query FROM version_texts AS t JOIN rule_versions AS v ON v.id = t.version"
    parts = [_NAMES[column.role].format(f'"{column.name}"') for column in table.columns if column.role in _NAMES]
    parts += ["gone_run IS NULL" for column in table.columns if column.name == "gone_run"]
    return f"SELECT {', '.join(parts)} FROM {table.name}" if parts else None
