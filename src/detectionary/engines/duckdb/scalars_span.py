"""Arithmetic of datetimes and timespans in DuckDB SQL.

A timespan is a count of ticks of 100 ns; a datetime moves by whole microseconds, towards the past (see
docs/decisions/0008-time.md). A datetime outside of the years 1 to 9999 is null (recorded answers of the real engine).
"""

from __future__ import annotations

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.plan import Apply
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.scalars_convert import convert, ticks_of_datetime
from detectionary.engines.duckdb.scalars_read import in_range
from detectionary.languages.kusto.syntax import ScalarType

DATETIME, TIMESPAN, LONG, REAL = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.LONG, ScalarType.REAL
DYNAMIC, DECIMAL = ScalarType.DYNAMIC, ScalarType.DECIMAL


def micros(ticks: Sql) -> Sql:
    """Whole microseconds in ticks, downwards."""
    down = sql.binary(
        exp.Sub,
        ticks,
        sql.binary(
            exp.Mod, sql.binary(exp.Add, sql.binary(exp.Mod, ticks, sql.number(10)), sql.number(10)), sql.number(10)
        ),
    )
    return sql.binary(exp.IntDiv, down, sql.number(10))


def _moved(moment: Sql, ticks: Sql) -> Sql:
    moved = sql.call("try", sql.binary(exp.Add, moment, sql.call("to_microseconds", micros(ticks))))
    return in_range(moved)


def _negative(ticks: Sql) -> Sql:
    return exp.Neg(this=exp.Paren(this=ticks))


def add_spans(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    left, right = arguments
    match call.arguments[0].type, call.arguments[1].type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return sql.call("try", sql.binary(exp.Add, left, right))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return _moved(left, right)
        case (ScalarType.TIMESPAN, ScalarType.DATETIME):
            return _moved(right, left)
        case one, other:
            raise UnsupportedError(f"the sum of a {one.value} and a {other.value} is not defined")


def subtract_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    left, right = arguments
    match call.arguments[0].type, call.arguments[1].type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return sql.call("try", sql.binary(exp.Sub, left, right))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return _moved(left, _negative(right))
        case (ScalarType.DATETIME, ScalarType.DATETIME):
            between = sql.binary(exp.Sub, sql.call("epoch_us", left), sql.call("epoch_us", right))
            return sql.binary(exp.Mul, between, sql.number(10))
        case (ScalarType.DATETIME, ScalarType.DYNAMIC) | (ScalarType.DYNAMIC, ScalarType.DATETIME):
            raise UnsupportedError("a dynamic value has no time", "convert it with todatetime()")
        case one, other:
            raise UnsupportedError(f"the difference of a {one.value} and a {other.value} is not defined")


def scale(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """A timespan some times."""
    left, right = arguments
    one, other = (part.type for part in call.arguments)
    if other is TIMESPAN:
        left, right, one, other = right, left, other, one
    if one is not TIMESPAN or other in (TIMESPAN, DATETIME, DECIMAL, DYNAMIC):
        raise UnsupportedError(f"the product of a {one.value} and a {other.value} is not defined")
    if other is REAL:
        return sql.try_cast(sql.call("trunc", sql.binary(exp.Mul, sql.cast(left, "DOUBLE"), right)), "BIGINT")
    return sql.call("try", sql.binary(exp.Mul, left, right))


def divide_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """A ratio of two times is real; a timespan divided by a number is a timespan."""
    left, right = arguments
    match call.arguments[0].type, call.arguments[1].type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return sql.binary(exp.Div, sql.cast(left, "DOUBLE"), sql.cast(right, "DOUBLE"))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return sql.binary(exp.Div, sql.cast(ticks_of_datetime(left), "DOUBLE"), sql.cast(right, "DOUBLE"))
        case (ScalarType.TIMESPAN, ScalarType.INT | ScalarType.LONG):
            return sql.binary(exp.IntDiv, left, sql.call("nullif", right, sql.number(0)))
        case (ScalarType.TIMESPAN, ScalarType.REAL):
            return sql.try_cast(sql.call("trunc", sql.binary(exp.Div, sql.cast(left, "DOUBLE"), right)), "BIGINT")
        case one, other:
            raise UnsupportedError(f"the quotient of a {one.value} and a {other.value} is not defined")


def times_remainder(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    left, right = arguments
    match call.arguments[0].type, call.arguments[1].type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            value = left
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            value = ticks_of_datetime(left)
        case one, other:
            raise UnsupportedError(f"the remainder of a {one.value} by a {other.value} is not defined")
    size = sql.call("nullif", sql.call("abs", right), sql.number(0))
    inner = sql.binary(exp.Add, sql.binary(exp.Mod, value, size), size)
    return sql.binary(exp.Mod, inner, size)


__all__ = ["add_spans", "convert", "divide_times", "micros", "scale", "subtract_times", "times_remainder"]
