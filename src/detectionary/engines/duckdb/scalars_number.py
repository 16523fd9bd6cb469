"""Functions of numbers: arithmetic, mathematics, conversions in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import ScalarRow

NUMBERS: Final[tuple[ScalarRow, ...]] = ()
