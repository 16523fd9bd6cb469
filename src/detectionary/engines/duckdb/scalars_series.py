"""The bins of `make-series` in DuckDB SQL, and the table of all functions of series."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.scalars_series_elements import ELEMENTWISE
from detectionary.engines.duckdb.scalars_series_fill import FILLS
from detectionary.engines.duckdb.scalars_series_filter import FILTERS
from detectionary.engines.duckdb.scalars_series_statistics import STATISTICS
from detectionary.engines.duckdb.scalars_span import datetime_of_ticks, ticks_of_datetime
from detectionary.languages.kusto.syntax import ScalarType

REAL, DATETIME = ScalarType.REAL, ScalarType.DATETIME
LONGEST: Final = 1 << 20
"""How many values a series may have (learn.microsoft.com, "make-series operator"); longer ones are cut."""


# The axis of make-series


def _counted(value: Sql, kind: ScalarType) -> Sql:
    """A value of an axis as a number: datetimes in ticks."""
    return ticks_of_datetime(value) if kind is DATETIME else value


def _distance(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    kind = call.arguments[0].type
    return sql.binary(exp.Sub, _counted(arguments[0], kind), _counted(arguments[1], kind))


def _axis_index(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`axis_index(value, origin, step)`: the number of the bin that holds the value."""
    distance, step = _distance(call, arguments), arguments[2]
    if call.arguments[0].type is REAL:
        return sql.cast(sql.call("floor", sql.binary(exp.Div, distance, step)), "BIGINT")
    rest = sql.binary(exp.Mod, sql.binary(exp.Add, sql.binary(exp.Mod, distance, step), step), step)
    return sql.binary(exp.IntDiv, sql.binary(exp.Sub, distance, rest), step)


def _axis_value(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`axis_value(origin, step, index)`: where a bin starts."""
    kind = call.type
    value = sql.binary(exp.Add, _counted(arguments[0], kind), sql.binary(exp.Mul, arguments[2], arguments[1]))
    return datetime_of_ticks(value) if kind is DATETIME else value


def _axis_count(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`axis_count(start, stop, step)`: how many bins start before the stop."""
    distance = _distance(call, (arguments[1], arguments[0]))
    if call.arguments[0].type is REAL:
        count: Sql = sql.cast(sql.call("ceil", sql.binary(exp.Div, distance, arguments[2])), "BIGINT")
    else:
        last = sql.binary(exp.Sub, sql.call("greatest", distance, sql.number(0)), sql.number(1))
        count = sql.binary(exp.Add, sql.binary(exp.IntDiv, last, arguments[2]), sql.number(1))
        count = sql.case([(sql.binary(exp.GT, distance, sql.number(0)), count)], sql.number(0))
    return sql.call("greatest", count, sql.number(0))


def _axis_last(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`axis_last(count)`: the place of the last of so many bins, -1 of none."""
    count = sql.call("least", sql.coalesce(arguments[0], sql.number(0)), sql.number(LONGEST))
    return sql.binary(exp.Sub, count, sql.number(1))


AXIS: Final[tuple[ScalarRow, ...]] = (
    Scalar("axis_count", _axis_count),
    Scalar("axis_index", _axis_index),
    Scalar("axis_last", _axis_last),
    Scalar("axis_value", _axis_value),
)

SERIES: Final[tuple[ScalarRow, ...]] = (*AXIS, *ELEMENTWISE, *FILLS, *FILTERS, *STATISTICS)
