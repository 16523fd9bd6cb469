"""Whether rules can be run: measured after ingest, since it takes longer than everything else together."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detectionary.catalog.functions import stored_functions
from detectionary.catalog.opening import CatalogError, Mode, connect
from detectionary.catalog.rows import ENTRY_CODEC
from detectionary.model.schema import FunctionDefinition

RUNS: Final = "runs"
DATA: Final = "data"
REFUSED: Final = "refused"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A present rule that has no measurement, or one of another version; `entry` as it is stored."""

    number: int
    repository: str
    entry: bytes


@dataclass(frozen=True, slots=True)
class Measurement:
    """`outcome` is one of the constants above; `code` and `message` are the first reason, where it does not run."""

    number: int
    outcome: str
    code: str | None = None
    message: str | None = None


class Measurements:
    """The one writer of measurements."""

    def __init__(self, path: Path) -> None:
        """Raises `CatalogError` when there is no catalog."""
        self._path = path
        self._connection = connect(path, Mode.WRITE)

    def __enter__(self) -> Measurements:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def functions(self) -> list[tuple[str, str, FunctionDefinition]]:
        """(repository, path, definition) of every function that queries may call."""
        return list(stored_functions(self._connection))

    def missing(self, language: str, version: str) -> list[Unmeasured]:
        """The present rules of a language that were not measured by this version.

        Those that another version of Detectionary stored are left out until they are ingested again.
        """
        rows = self._connection.execute(
            "SELECT r.id, s.name, r.entry FROM rules AS r JOIN files AS f ON f.id = r.file "
            "JOIN repositories AS s ON s.id = f.repository LEFT JOIN runnable AS m ON m.rule = r.id "
            "WHERE r.gone_run IS NULL AND r.language = ? AND m.measured_with IS NOT ? "
            "AND lower(hex(substr(r.entry, 1, ?))) = ? ORDER BY r.id",
            (language, version, len(ENTRY_CODEC.signature) // 2, ENTRY_CODEC.signature),
        )
        return [Unmeasured(number, repository, bytes(entry)) for number, repository, entry in rows]

    def store(self, found: Sequence[Measurement], version: str) -> None:
        """Keep measurements, all or none. A rule that an ingest has replaced since is left out."""
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO runnable (rule, outcome, code, message, measured_with) VALUES (?, ?, ?, ?, ?)",
                [(each.number, each.outcome, each.code, each.message, version) for each in found],
            )
            execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._connection.rollback()
            raise CatalogError(f"{self._path} is in use by another process", "wait for it, or use --db") from error
