"""Functions over the rows around in DuckDB SQL; `compiler/lower_windows.py` says what Kusto's are made of."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Windowed, WindowRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import WindowCall
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.aggregates import wrapped
from detectionary.engines.duckdb.aggregates_parts import over
from detectionary.languages.kusto.syntax import ScalarType

SO_FAR: Final = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")


def _row_number(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return emission.over(call, sql.call("row_number"))


def _prev(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return emission.over(call, sql.call("lag", *arguments))


def _next(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return emission.over(call, sql.call("lead", *arguments))


def _count_so_far(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """How often the condition was true, this row included."""
    # A FILTER would cost the square of the number of rows in DuckDB 2.0.
    met = sql.case([(arguments[0], sql.number(1))])
    return emission.over(call, sql.call("count", met), SO_FAR)


def _changed(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whether this row has another value than the one before; the first has."""
    before = emission.over(call, sql.call("lag", arguments[0]))
    first = sql.equal(emission.over(call, sql.call("row_number")), sql.number(1))
    return sql.either(first, exp.NullSafeNEQ(this=arguments[0], expression=before))


def _last_where(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The greatest value so far of the rows for which the condition was true."""
    return emission.over(call, over("max", arguments[0], where=arguments[1]), SO_FAR)


def _row_cumsum(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    total = emission.over(call, over("sum", arguments[0]), SO_FAR)
    if call.type in (ScalarType.LONG, ScalarType.INT, ScalarType.TIMESPAN):
        total = wrapped(total)
    kind = emission.dialect.types[call.type]
    return sql.coalesce(sql.cast(total, kind), sql.cast(sql.number(0), kind))


def _whole(call: WindowCall, function: Sql) -> Sql:
    """A function over all rows of the partition."""
    return exp.Window(this=function, partition_by=[sql.column(column) for column in call.partition])


def _reached(later: Sql, earlier: Sql, ticks: Sql) -> Sql:
    """Whether one moment lies at least so many ticks behind another; both in microseconds."""
    distance = sql.binary(exp.Mul, sql.binary(exp.Sub, later, earlier), sql.number(10))
    return sql.binary(exp.GTE, distance, ticks)


def _run_spans(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whether some moment of the partition lies as far from its first as `ticks` say."""
    moment = sql.call("epoch_us", arguments[0])
    first = emission.over(call, sql.call("first_value", moment))
    return sql.coalesce(_reached(_whole(call, sql.call("max", moment)), first, arguments[1]), sql.FALSE)


def _session_start(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The first moment of the session that this row is in; only in partitions that span more is it looked for.

    There the moments so far are folded: one that has reached the distance starts the next session.
    """
    moment, ticks, spans = arguments
    single = emission.over(call, sql.call("first_value", moment))
    so_far = emission.over(call, over("list", sql.call("epoch_us", moment), where=spans), SO_FAR)
    start, entry = sql.variable("start"), sql.variable("entry")
    step = sql.case([(_reached(entry, start, ticks), entry)], start)
    folded = sql.call("make_timestamp", sql.call("list_reduce", so_far, sql.function(["start", "entry"], step)))
    return sql.case([(spans, folded)], single)


WINDOWS: Final[tuple[WindowRow, ...]] = (
    Windowed("changed", _changed),
    Windowed("count_so_far", _count_so_far),
    Windowed("last_where", _last_where),
    Windowed("next", _next),
    Windowed("prev", _prev),
    Windowed("row_cumsum", _row_cumsum),
    Windowed("row_number", _row_number),
    Windowed("run_spans", _run_spans),
    Windowed("session_start", _session_start),
)
