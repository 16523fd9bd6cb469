"""Which state a catalog is in: the ingest that completed last."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last ingest that completed; times are ISO, UTC."""

    number: int
    started: str
    finished: str


def last_run(connection: sqlite3.Connection) -> LastRun | None:
    """The last ingest that completed; None when none has."""
    row = connection.execute(
        "SELECT number, started, finished FROM runs WHERE finished IS NOT NULL ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return None if row is None else LastRun(*row)


def unfinished(connection: sqlite3.Connection) -> str | None:
    """When the last ingest began, if it is not done: it is under way, or was interrupted. ISO, UTC."""
    row = connection.execute("SELECT started, finished FROM runs ORDER BY number DESC LIMIT 1").fetchone()
    return str(row[0]) if row is not None and row[1] is None else None
