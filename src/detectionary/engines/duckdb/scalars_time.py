"""Functions of datetimes and timespans in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.syntax import ScalarType


def _now(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return emission.constant(ScalarType.DATETIME, emission.now)


TIMES: Final[tuple[ScalarRow, ...]] = (Scalar("now", _now),)
