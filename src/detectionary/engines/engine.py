"""What every engine offers: sessions over tables, in which compiled queries run within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import pyarrow as pa

from detectionary.compiler.compile import CompiledQuery
from detectionary.compiler.dialect import Dialect, StoredTable
from detectionary.engines.result import Result
from detectionary.logs.tables import LogTable
from detectionary.text import Diagnostic


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may use: memory in mebibytes, threads (None: all), seconds (None: no limit).

    `spill`: what does not fit into memory may go to disk.
    """

    memory: int = 4096
    threads: int | None = None
    seconds: float | None = None
    spill: bool = True


class EngineError(Exception):
    """A query that failed while it ran; `diagnostics` say where in the Kusto text, as well as that can be told."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class Session(Protocol):
    """Tables opened in an engine. Closing it (or leaving its `with`) frees all that it held."""

    @property
    def storage(self) -> Mapping[str, StoredTable]:
        """Where the rows of the tables lie, for the compiler."""
        ...

    def run(self, query: CompiledQuery) -> Result:
        """All rows of a query; raises `EngineError`, or KeyboardInterrupt at once when the user asks for an end."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Engine(Protocol):
    """One engine: how it writes SQL, and how it opens tables.

    `external` are tables that the caller holds in memory (watchlists, `externaldata`), by the name that `Scan` has.
    """

    @property
    def name(self) -> str: ...

    @property
    def dialect(self) -> Dialect: ...

    def open(
        self, tables: Mapping[str, LogTable], limits: Limits, external: Mapping[str, pa.Table] | None = None
    ) -> Session: ...
