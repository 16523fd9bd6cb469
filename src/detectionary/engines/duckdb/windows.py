"""Functions over the rows around in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Windowed, WindowRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import WindowCall
from detectionary.compiler.sql import Sql


def _row_number(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return emission.over(call, sql.call("row_number"))


WINDOWS: Final[tuple[WindowRow, ...]] = (Windowed("row_number", _row_number),)
