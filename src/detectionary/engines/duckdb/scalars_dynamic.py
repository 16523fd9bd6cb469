"""Functions of dynamic values: arrays, bags, JSON in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import ScalarRow

DYNAMIC_FUNCTIONS: Final[tuple[ScalarRow, ...]] = ()
