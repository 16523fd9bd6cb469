"""Engines for tests: one session a worker process for each, and queries run in it."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import pytest

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.ticks import ticks_of
from detectionary.engines.engine import Limits, Session
from detectionary.engines.registry import ENGINES, engine_named
from detectionary.engines.result import Result
from detectionary.engines.running import run_query
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.bounds import HANG

NOW = ticks_of(datetime(2026, 1, 15, 12, 0, 0))
"""The clock of all cases: 2026-01-15 12:00, a Thursday."""


@cache
def session(name: str) -> Session:
    """An open session without tables; skips the test when the engine is not installed."""
    try:
        return engine_named(name).open({}, Limits(seconds=HANG))
    except ImportError:
        pytest.skip(f"the engine {name} is not installed")


def answer(name: str, query: str, setting: Setting | None = None) -> Result:
    """The rows of a self-contained query on an engine."""
    engine = engine_named(name)
    _, result = run_query(
        SourceText(query, "query"), setting or Setting(Environment()), engine.dialect, session(name), Evaluation(NOW)
    )
    return result


__all__ = ["ENGINES", "NOW", "answer", "session"]
