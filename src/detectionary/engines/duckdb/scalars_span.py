"""Arithmetic of datetimes and timespans in DuckDB SQL.

A timespan is a count of ticks of 100 ns; a datetime moves by whole microseconds, towards the past (see
docs/decisions/0008-time.md). A datetime outside of the years 1 to 9999 is null (recorded answers of the real engine).
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.compiler.ticks import TICKS_TO_1970
from detectionary.engines.duckdb.once import once
from detectionary.languages.kusto.syntax import ScalarType

DATETIME, TIMESPAN, REAL = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.REAL
DYNAMIC, DECIMAL = ScalarType.DYNAMIC, ScalarType.DECIMAL

_BEFORE: Final = -TICKS_TO_1970 // 10 - 1
_AFTER: Final = 253_402_300_800_000_000
"""Microseconds since 1970: the last before the year 1, the first after 9999."""


def long(number: int) -> Sql:
    """A literal of type BIGINT."""
    return sql.cast(sql.number(number), "BIGINT")


def moment_of_micros(micros: Sql) -> Sql:
    """The datetime of microseconds since 1970; null when it lies outside of the years 1 to 9999."""
    clamped = sql.call("greatest", sql.call("least", micros, long(_AFTER)), long(_BEFORE))
    return sql.call("make_timestamp", sql.call("nullif", sql.call("nullif", clamped, long(_AFTER)), long(_BEFORE)))


def micros_since_year_one(moment: Sql) -> Sql:
    return sql.binary(exp.Add, sql.call("epoch_us", moment), long(TICKS_TO_1970 // 10))


def ticks_of_datetime(value: Sql) -> Sql:
    """Ticks since 0001-01-01, of which the last digit is lost."""
    micros = sql.binary(exp.Mul, sql.call("epoch_us", value), sql.number(10))
    return sql.binary(exp.Add, micros, long(TICKS_TO_1970))


def datetime_of_ticks(ticks: Sql) -> Sql:
    """The datetime of ticks since 0001-01-01; null when there is none."""
    return moment_of_micros(sql.binary(exp.Sub, floored(ticks, 10), long(TICKS_TO_1970 // 10)))


def floored(value: Sql, divisor: int) -> Sql:
    """A whole number divided by a positive one, downwards."""

    def divided(x: Sql) -> Sql:
        below = sql.cast(sql.binary(exp.LT, sql.binary(exp.Mod, x, sql.number(divisor)), sql.number(0)), "BIGINT")
        return sql.binary(exp.Sub, sql.binary(exp.IntDiv, x, long(divisor)), below)

    return once(value, "whole", divided)


def micros_of(part: Expr, ticks: Sql, sign: int = 1) -> Sql:
    """Whole microseconds in a timespan that is added (`sign` 1) or subtracted (-1), downwards."""
    if isinstance(part, Constant) and isinstance(part.value, int):
        return long(sign * part.value // 10)
    return floored(ticks if sign > 0 else exp.Neg(this=exp.Paren(this=ticks)), 10)


def _moved(moment: Sql, micros: Sql) -> Sql:
    return moment_of_micros(sql.binary(exp.Add, sql.call("epoch_us", moment), micros))


def _fitting(ticks: Sql) -> Sql:
    """A timespan; null when it is longer than ticks can count."""
    return sql.try_cast(ticks, "BIGINT")


def _wide(value: Sql) -> Sql:
    return sql.cast(value, "HUGEINT")


def add_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    left, right = arguments
    one, other = call.arguments
    match one.type, other.type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return _fitting(sql.binary(exp.Add, _wide(left), right))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return _moved(left, micros_of(other, right))
        case (ScalarType.TIMESPAN, ScalarType.DATETIME):
            return _moved(right, micros_of(one, left))
    raise UnsupportedError(f"the sum of a {one.type.value} and a {other.type.value} is not defined")


def subtract_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    left, right = arguments
    one, other = call.arguments
    match one.type, other.type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return _fitting(sql.binary(exp.Sub, _wide(left), right))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return _moved(left, micros_of(other, right, -1))
        case (ScalarType.DATETIME, ScalarType.DATETIME):
            between = sql.binary(exp.Sub, sql.call("epoch_us", left), sql.call("epoch_us", right))
            return sql.binary(exp.Mul, between, sql.number(10))
    raise UnsupportedError(f"the difference of a {one.type.value} and a {other.type.value} is not defined")


def scale(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """A timespan some times."""
    (left, right), (one, other) = arguments, (part.type for part in call.arguments)
    if other is TIMESPAN:
        left, right, one, other = right, left, other, one
    if one is not TIMESPAN or other in (TIMESPAN, DATETIME, DECIMAL, DYNAMIC):
        raise UnsupportedError(f"the product of a {one.value} and a {other.value} is not defined")
    if other is REAL:
        return _fitting(sql.call("trunc", sql.binary(exp.Mul, sql.cast(left, "DOUBLE"), right)))
    return _fitting(sql.binary(exp.Mul, _wide(left), right))


def divide_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """A ratio of two times is real; a timespan divided by a number is a timespan."""
    left, right = arguments
    one, other = call.arguments
    match one.type, other.type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            _refuse_lost_digit(one, other)
            return sql.binary(exp.Div, sql.cast(left, "DOUBLE"), sql.cast(right, "DOUBLE"))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return sql.binary(exp.Div, sql.cast(ticks_of_datetime(left), "DOUBLE"), sql.cast(right, "DOUBLE"))
        case (ScalarType.TIMESPAN, ScalarType.INT | ScalarType.LONG):
            return sql.binary(exp.IntDiv, left, sql.call("nullif", right, sql.number(0)))
        case (ScalarType.TIMESPAN, ScalarType.REAL):
            return _fitting(sql.call("trunc", sql.binary(exp.Div, sql.cast(left, "DOUBLE"), right)))
    raise UnsupportedError(f"the quotient of a {one.type.value} and a {other.type.value} is not defined")


def _refuse_lost_digit(one: Expr, other: Expr) -> None:
    """Counting parts of a microsecond between datetimes would show the digit that they have lost."""
    between = isinstance(one, Apply) and one.function == "-" and one.arguments[0].type is DATETIME
    if between and isinstance(other, Constant) and isinstance(other.value, int) and other.value % 10:
        raise UnsupportedError("datetimes are kept to the microsecond, and this counts parts of one")


def times_remainder(call: Apply, arguments: tuple[Sql, ...]) -> tuple[Sql, Sql]:
    """Dividend and divisor of a remainder of times, both in ticks."""
    left, right = arguments
    one, other = call.arguments
    match one.type, other.type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return left, sql.call("nullif", right, sql.number(0))
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return ticks_of_datetime(left), sql.call("nullif", right, sql.number(0))
    raise UnsupportedError(f"the remainder of a {one.type.value} by a {other.type.value} is not defined")
