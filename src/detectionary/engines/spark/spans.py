"""Datetimes and timespans in Spark SQL: microseconds, ticks, and their arithmetic.

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
from detectionary.engines.spark.pieces import divided, double, long, minus, negative, once, plus, times
from detectionary.languages.kusto.syntax import ScalarType

DATETIME, TIMESPAN, REAL = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.REAL

_FIRST: Final = -TICKS_TO_1970 // 10
_LAST: Final = 253_402_300_799_999_999
"""Microseconds since 1970: the first of the year 1, the last of 9999."""


def micros(moment: Sql) -> Sql:
    """Microseconds since 1970."""
    return sql.call("unix_micros", sql.cast(moment, "TIMESTAMPTZ"))


def moment_of_micros(value: Sql) -> Sql:
    """The datetime of microseconds since 1970; null when it lies outside of the years 1 to 9999."""

    def made(x: Sql) -> Sql:
        inside = exp.Between(this=x, low=long(_FIRST), high=long(_LAST))
        return sql.case([(inside, sql.cast(sql.call("timestamp_micros", x), "TIMESTAMP"))])

    return once(value, "micros", made)


def micros_since_year_one(moment: Sql) -> Sql:
    return plus(micros(moment), long(TICKS_TO_1970 // 10))


def ticks_of_datetime(value: Sql) -> Sql:
    """Ticks since 0001-01-01, of which the last digit is lost."""
    return times(micros_since_year_one(value), long(10))


def datetime_of_ticks(ticks: Sql) -> Sql:
    """The datetime of ticks since 0001-01-01; null when there is none."""
    return moment_of_micros(minus(floored(ticks, 10), long(TICKS_TO_1970 // 10)))


def floored(value: Sql, divisor: int) -> Sql:
    """A whole number divided by a positive one, downwards."""

    def down(x: Sql) -> Sql:
        below = sql.cast(sql.binary(exp.LT, sql.binary(exp.Mod, x, long(divisor)), long(0)), "BIGINT")
        return minus(divided(x, long(divisor)), below)

    return once(value, "whole", down)


def micros_of(part: Expr, ticks: Sql, sign: int = 1) -> Sql:
    """Whole microseconds in a timespan that is added (`sign` 1) or subtracted (-1), downwards."""
    if isinstance(part, Constant) and isinstance(part.value, int):
        return long(sign * part.value // 10)
    return floored(ticks if sign > 0 else negative(ticks), 10)


def _moved(moment: Sql, by: Sql) -> Sql:
    # Microseconds of a datetime and of any timespan are far from the ends of a long, so their sum never wraps round.
    return moment_of_micros(plus(micros(moment), by))


def _fitting(function: str, left: Sql, right: Sql) -> Sql:
    """A timespan; null when it is longer than ticks can count."""
    return sql.call(function, left, right)


def _whole_ticks(value: Sql) -> Sql:
    """A real count of ticks without its fraction; null when ticks cannot count it."""

    def made(x: Sql) -> Sql:
        fits = sql.both(sql.binary(exp.GTE, x, double(-(2.0**63))), sql.binary(exp.LT, x, double(2.0**63)))
        return sql.case([(fits, sql.cast(x, "BIGINT"))])

    return once(value, "ticks", made)


def real_quotient(left: Sql, right: Sql, divisor: Expr) -> Sql:
    """A quotient of reals as IEEE 754 has it: Spark gives null for a division by zero. `right` is `divisor` in SQL."""

    def of(pair: Sql) -> Sql:
        x, y = (sql.call("get", pair, sql.number(place)) for place in (0, 1))
        below = sql.equal(sql.cast(y, "VARCHAR"), sql.text("-0.0"))
        infinite = sql.case([(below, double("-Infinity"))], double("Infinity"))
        return sql.case([(sql.equal(y, double(0.0)), times(x, infinite))], sql.binary(exp.Div, x, y))

    if isinstance(divisor, Constant) and divisor.value:
        return sql.binary(exp.Div, left, right)
    return once(exp.Array(expressions=[left, right]), "quotient", of)


def add_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    left, right = arguments
    one, other = call.arguments
    match one.type, other.type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return _fitting("try_add", left, right)
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
            return _fitting("try_subtract", left, right)
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return _moved(left, micros_of(other, right, -1))
        case (ScalarType.DATETIME, ScalarType.DATETIME):
            return times(minus(micros(left), micros(right)), long(10))
    raise UnsupportedError(f"the difference of a {one.type.value} and a {other.type.value} is not defined")


def scale(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """A timespan some times."""
    (left, right), (one, other) = arguments, (part.type for part in call.arguments)
    if other is TIMESPAN:
        left, right, one, other = right, left, other, one
    if one is not TIMESPAN or other not in (ScalarType.INT, ScalarType.LONG, REAL):
        raise UnsupportedError(f"the product of a {one.value} and a {other.value} is not defined")
    if other is REAL:
        return _whole_ticks(times(sql.cast(left, "DOUBLE"), right))
    return _fitting("try_multiply", left, sql.cast(right, "BIGINT"))


def divide_times(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """A ratio of two times is real; a timespan divided by a number is a timespan."""
    left, right = arguments
    one, other = call.arguments
    match one.type, other.type:
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            _refuse_lost_digit(one, other)
            return real_quotient(sql.cast(left, "DOUBLE"), sql.cast(right, "DOUBLE"), other)
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return real_quotient(sql.cast(ticks_of_datetime(left), "DOUBLE"), sql.cast(right, "DOUBLE"), other)
        case (ScalarType.TIMESPAN, ScalarType.INT | ScalarType.LONG):
            return divided(left, sql.cast(right, "BIGINT"))
        case (ScalarType.TIMESPAN, ScalarType.REAL):
            return _whole_ticks(real_quotient(sql.cast(left, "DOUBLE"), right, other))
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
            return left, right
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return ticks_of_datetime(left), right
    raise UnsupportedError(f"the remainder of a {one.type.value} by a {other.type.value} is not defined")
