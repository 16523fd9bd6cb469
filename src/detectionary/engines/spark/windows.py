"""Functions over the rows around in Spark SQL; `compiler/lower_windows.py` says what Kusto's are made of."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitWindow, Gap, Windowed, WindowRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import WindowCall
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.aggregates import over
from detectionary.engines.spark.pieces import ONE, needed_number

SO_FAR: Final = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")


def _over(call: WindowCall, function: Sql, emission: Emission, frame: exp.WindowSpec | None = None) -> Sql:
    """Spark wants an order of every numbering; where the query has none, any will do."""
    found = emission.over(call, function, frame)
    if not call.order:
        found.set("order", exp.Order(expressions=[sql.number(1)]))
    return found


def _row_number(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.cast(_over(call, sql.call("row_number"), emission), "BIGINT")


def _beside(function: str) -> EmitWindow:
    def emit(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        if len(arguments) > 1:
            distance = needed_number(call.arguments[1], "how many rows away it is")
            arguments = (arguments[0], sql.number(distance), *arguments[2:])  # Spark wants an INT
        return _over(call, sql.call(function, *arguments), emission)

    return emit


def _count_so_far(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """How often the condition was true, this row included."""
    return _over(call, over("count", ONE, where=arguments[0]), emission, SO_FAR)


def _changed(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whether this row has another value than the one before; the first has."""
    before = _over(call, sql.call("lag", arguments[0]), emission)
    first = sql.equal(_over(call, sql.call("row_number"), emission), sql.number(1))
    return sql.either(first, exp.NullSafeNEQ(this=arguments[0], expression=before))


def _last_where(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The greatest value so far of the rows for which the condition was true."""
    return _over(call, over("max", arguments[0], where=arguments[1]), emission, SO_FAR)


def _row_cumsum(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    kind = emission.dialect.types[call.type]
    total = _over(call, over("sum", arguments[0]), emission, SO_FAR)
    return sql.coalesce(sql.cast(total, kind), sql.cast(sql.number(0), kind))


WINDOWS: Final[tuple[WindowRow, ...]] = (
    Windowed("changed", _changed),
    Windowed("count_so_far", _count_so_far),
    Windowed("last_where", _last_where),
    Windowed("next", _beside("lead")),
    Windowed("prev", _beside("lag")),
    Windowed("row_cumsum", _row_cumsum, note="not of decimals"),
    Windowed("row_number", _row_number),
    Gap("run_spans", "sessions are not written for Spark"),
    Gap("session_start", "sessions are not written for Spark"),
    Gap("session_starts", "sessions are not written for Spark"),
    Gap("run_size", "sessions are not written for Spark"),
)
