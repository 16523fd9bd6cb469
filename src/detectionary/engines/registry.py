"""The engines, by name.

To add one: a folder with `session.py` (its `ENGINE`) and `dialect.py` (its `DIALECT`), one line here, and its gaps.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, cast

from detectionary.compiler.dialect import Dialect
from detectionary.engines.engine import Engine

ENGINES: Final = {
    "duckdb": "detectionary.engines.duckdb",
    "spark": "detectionary.engines.spark",
}
"""Engine by name: its package, imported when it is asked for, since engines are heavy."""


def engine_named(name: str) -> Engine:
    """The engine of this name; KeyError for an unknown one, ImportError when its libraries are not installed."""
    return cast("Engine", import_module(f"{ENGINES[name]}.session").ENGINE)


def dialect_named(name: str) -> Dialect:
    """What this engine supports; needs none of its libraries."""
    return cast("Dialect", import_module(f"{ENGINES[name]}.dialect").DIALECT)
