"""Which rules the engine of this machine can run: each query is compiled, none is run.

It takes a few milliseconds a rule, and for some a second: a step of its own, done again only for rules that changed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from detectionary.catalog import ENTRY_CODEC
from detectionary.catalog.measuring import (
    DATA,
    FAILED,
    REFUSED,
    RUNS,
    Measurement,
    Measurements,
    Unmeasured,
)
from detectionary.compiler.compile import Evaluation, Setting, emit, parse_query, plan_query
from detectionary.compiler.discovery import UndiscoveredError
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import TICKS_A_DAY, ticks_of
from detectionary.engines.registry import dialect_named
from detectionary.ingest.environments import Defined, Environments
from detectionary.ingest.run import processors
from detectionary.ingest.versions import runner_version
from detectionary.model.schema import Environment
from detectionary.schemas import environment_base

ENGINE: Final = "duckdb"
_LANGUAGE: Final = "kusto"
_CHUNK: Final = 40
_NOW: Final = ticks_of(datetime(2026, 1, 15, 12, 0, 0))
_WINDOW: Final = Evaluation(_NOW, _NOW - 14 * TICKS_A_DAY, _NOW)
"""Any window: which one plays no part in whether a query compiles."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How many rules were measured this time, by outcome."""

    runs: int
    data: int
    refused: int
    failed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.runs + self.data + self.refused + self.failed


def measure(
    catalog: Path,
    *,
    processes: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    base: Callable[[], Environment] = environment_base,
) -> Measured:
    """Compile the Kusto rules of a catalog that were not measured yet, and keep what came of it.

    `processes`: as many as there are processors, when None. Stored as it goes: an interrupted measurement is completed
    by the next. Raises `CatalogError`.
    """
    counts = dict.fromkeys((RUNS, DATA, REFUSED, FAILED), 0)
    version = runner_version()
    with Measurements(catalog) as measurements:
        missing = measurements.missing(_LANGUAGE, version)
        make = partial(Judge, measurements.functions(), base)
        done = 0
        for found in _judged(missing, make, processes or processors()):
            measurements.store(found, version)
            for each in found:
                counts[each.outcome] += 1
            done += len(found)
            if progress is not None:
                progress("compile", done, len(missing))
    return Measured(counts[RUNS], counts[DATA], counts[REFUSED], counts[FAILED])


def _judged(rules: Sequence[Unmeasured], make: Callable[[], Judge], processes: int) -> Iterator[list[Measurement]]:
    chunks = [rules[start : start + _CHUNK] for start in range(0, len(rules), _CHUNK)]
    if processes <= 1 or len(chunks) <= 1:
        judge = make()
        yield from ([judge.measurement(rule) for rule in chunk] for chunk in chunks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (make,)) as pool:
        yield from pool.map(_of_chunk, chunks)


_judges: list[Judge] = []
"""In a process of the pool: its judge."""


def _begin(make: Callable[[], Judge]) -> None:
    _judges.append(make())


def _of_chunk(rules: Sequence[Unmeasured]) -> list[Measurement]:
    return [_judges[0].measurement(rule) for rule in rules]


class Judge:
    """Says of rules whether they compile against the platform's tables and the repositories' functions."""

    def __init__(self, functions: Sequence[Defined], base: Callable[[], Environment]) -> None:
        self._environments = Environments(base(), functions)
        self._dialect = dialect_named(ENGINE)

    def measurement(self, rule: Unmeasured) -> Measurement:
        """What becomes of the rule's query."""
        query = ENTRY_CODEC.decode(rule.entry).rule.query
        try:
            plan = plan_query(parse_query(query), Setting(self._environments.of(rule.repository)), _WINDOW)
            emit(plan, self._dialect, _WINDOW, {})
        except UndiscoveredError:
            return Measurement(rule.number, DATA)
        except Refused as refused:
            first = refused.diagnostics[0]
            return Measurement(rule.number, REFUSED, first.code, first.message)
        except Exception as error:  # a fault of ours in one rule must not stop the others
            return Measurement(rule.number, FAILED, "INT001", type(error).__name__)
        return Measurement(rule.number, RUNS)
