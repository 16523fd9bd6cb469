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
from detectionary.engines.duckdb.aggregates_parts import field, over, record
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


def _run_size(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return _whole(call, sql.call("count_star"))


def _session_starts(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """At the first row of a partition that spans more than a session, the rows that start one: (number, moment) each.

    The moments are folded in order; one that has reached the distance starts the next session. Only the first row looks
    at all, through the end of its frame, so that long runs do not cost the square of their length. A list, whatever
    the plan calls its type: only `_session_start` reads it.
    """
    moment, ticks, spans, number, size = arguments
    entry, starts = sql.variable("entry"), sql.variable("starts")
    row = exp.Array(expressions=[record(i=number, x=sql.call("epoch_us", moment))])
    sees_all = sql.both(spans, sql.equal(number, sql.number(1)))
    end = sql.case([(sees_all, size)], sql.number(0))
    frame = exp.WindowSpec(kind="ROWS", start="CURRENT ROW", end=end, end_side="FOLLOWING")
    rows = emission.over(call, sql.call("list", row), frame)
    this, last = (sql.call("list_extract", of, sql.number(at)) for of, at in ((entry, 1), (starts, -1)))
    step = sql.case(
        [(_reached(field(this, "x"), field(last, "x"), ticks), sql.call("list_append", starts, this))], starts
    )
    return sql.call("list_reduce", rows, sql.function(["starts", "entry"], step))


def _session_start(call: WindowCall, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The first moment of the session that this row is in."""
    moment, spans, number, starts = arguments
    single = emission.over(call, sql.call("first_value", moment))
    all_starts = emission.over(call, sql.call("first_value", starts))
    entry = sql.variable("entry")
    up_to = sql.call(
        "list_filter",
        all_starts,
        sql.function(["entry"], exp.LTE(this=field(entry, "i"), expression=number)),
    )
    found = field(sql.call("list_extract", up_to, sql.number(-1)), "x")
    return sql.case([(spans, sql.call("make_timestamp", found))], single)


WINDOWS: Final[tuple[WindowRow, ...]] = (
    Windowed("changed", _changed),
    Windowed("count_so_far", _count_so_far),
    Windowed("last_where", _last_where),
    Windowed("next", _next),
    Windowed("prev", _prev),
    Windowed("row_cumsum", _row_cumsum),
    Windowed("row_number", _row_number),
    Windowed("run_size", _run_size),
    Windowed("run_spans", _run_spans),
    Windowed("session_start", _session_start),
    Windowed("session_starts", _session_starts),
)
