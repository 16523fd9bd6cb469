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


def is_complete(connection: sqlite3.Connection) -> bool:
    """Whether no ingest is under way, and the last one was not interrupted."""
    row = connection.execute("SELECT finished FROM runs ORDER BY number DESC LIMIT 1").fetchone()
    return row is None or row[0] is not None
