"""Functions of texts in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import ScalarRow

TEXTS: Final[tuple[ScalarRow, ...]] = ()
