"""The engines, by name. To add one: a folder, one line here, and its gaps."""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from detectionary.engines.engine import Engine

ENGINES: Final = {
    "duckdb": "detectionary.engines.duckdb.session",
}
"""Engine by name: the module whose `ENGINE` it is, imported when it is asked for, since engines are heavy."""


def engine_named(name: str) -> Engine:
    """The engine of this name; KeyError for an unknown one, ImportError when its libraries are not installed."""
    return cast("Engine", import_module(ENGINES[name]).ENGINE)
