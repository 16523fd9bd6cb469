"""Functions of datetimes and timespans in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import ScalarRow

TIMES: Final[tuple[ScalarRow, ...]] = ()
