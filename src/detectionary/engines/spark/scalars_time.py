"""Functions of datetimes and timespans in Spark SQL: parts, starts and ends, differences, `bin`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.compiler.ticks import TICKS_A_DAY
from detectionary.engines.spark.pieces import array, at, divided, double, less, long, minus, once, plus, rest, times
from detectionary.engines.spark.scalars_convert import convert
from detectionary.engines.spark.spans import (
    datetime_of_ticks,
    micros,
    micros_since_year_one,
    moment_of_micros,
    ticks_of_datetime,
)
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, DATETIME = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DATETIME

Moment = Callable[[Sql], Sql]
Emit = Callable[[Apply, tuple[Sql, ...], Emission], Sql]

_MICROS: Final = {
    "microsecond": 1,
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 7 * 86_400_000_000,
}
"""Microseconds in each part of a datetime that has a fixed length."""

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def _now(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return emission.constant(DATETIME, emission.now)


def _word(part: Expr) -> str:
    """A constant name of a part; case does not matter."""
    if isinstance(part, Constant) and isinstance(part.value, str):
        return part.value.lower()
    raise UnsupportedError("the part must be a constant")


# Parts


def _number(function: str) -> Moment:
    return lambda moment: sql.cast(sql.call(function, moment), "INTEGER")


def _inside(size: int, of: int) -> Moment:
    """How many `size` microseconds have passed in the current `of`."""
    return lambda moment: sql.cast(divided(rest(micros(moment), long(of)), long(size)), "INTEGER")


_PARTS: Final[Mapping[str, Moment]] = {
    "year": _number("year"),
    "quarter": _number("quarter"),
    "month": _number("month"),
    "weekofyear": _number("weekofyear"),
    "week_of_year": _number("weekofyear"),
    "day": _number("day"),
    "dayofyear": _number("dayofyear"),
    "hour": _number("hour"),
    "minute": _number("minute"),
    "second": _number("second"),
    "millisecond": _inside(1_000, 1_000_000),
    "microsecond": _inside(1, 1_000_000),
}


def _part(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    word = _word(call.arguments[0])
    if word not in _PARTS:
        raise UnsupportedError(f"a datetime has no part {word} on this engine")
    return _PARTS[word](arguments[1])


def _named_part(word: str) -> Emit:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return _PARTS[word](arguments[0])

    return emit


def _day_of_week(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Days since Sunday, as a timespan; on the last day of all the real engine answers null."""

    def days(moment: Sql) -> Sql:
        since = sql.cast(minus(sql.call("dayofweek", moment), sql.number(1)), "BIGINT")
        last = sql.cast(sql.text("9999-12-31 00:00:00"), "TIMESTAMP")
        return sql.case([(less(moment, last), times(since, long(TICKS_A_DAY)))])

    return once(arguments[0], "moment", days)


# Starts and ends


def _start(part: str, moment: Sql) -> Sql:
    """The first moment of the day, week, month or year, in microseconds; a week starts on Sunday."""
    if part in ("day", "week"):
        # 1970-01-01 was a Thursday, so that the Sunday before it was four days earlier.
        since = plus(micros(moment), long(4 * _MICROS["day"])) if part == "week" else micros(moment)
        return minus(micros(moment), rest(since, long(_MICROS[part])))
    return micros(sql.call("trunc", sql.cast(moment, "DATE"), sql.text(part)))


def _shifted(part: str, start: Sql, by: Sql) -> Sql:
    """The start of another day, week, month or year, in microseconds; far ones are null."""
    if part in ("day", "week"):
        return sql.call("try_add", start, sql.call("try_multiply", sql.cast(by, "BIGINT"), long(_MICROS[part])))
    most = 12 * 10_000

    def moved(months: Sql) -> Sql:
        date = sql.cast(moment_of_micros(start), "DATE")
        inside = exp.Between(this=months, low=long(-most), high=long(most))
        return sql.case([(inside, micros(sql.call("add_months", date, sql.cast(months, "INTEGER"))))])

    return once(sql.call("try_multiply", sql.cast(by, "BIGINT"), long(_MONTHS[part])), "months", moved)


def _start_of(part: str) -> Emit:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        start = _start(part, arguments[0])
        return moment_of_micros(start if len(arguments) == 1 else _shifted(part, start, arguments[1]))

    return emit


def _end_of(part: str) -> Emit:
    """The last microsecond of the day, week, month or year."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        offset = plus(sql.cast(arguments[1], "BIGINT"), long(1)) if len(arguments) > 1 else long(1)
        return moment_of_micros(minus(_shifted(part, _start(part, arguments[0]), offset), long(1)))

    return emit


_END: Final = "ends one microsecond before the next period, not one tick (docs/decisions/0008-time.md)"


# Differences


def _add(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`datetime_add`; months and longer are refused: where a month lacks the day, Spark and Kusto were not compared."""
    word = _word(call.arguments[0])
    if word not in _MICROS:
        raise UnsupportedError(f"adding a {word} is not supported on this engine")
    by = sql.call("try_multiply", sql.cast(arguments[1], "BIGINT"), long(_MICROS[word]))
    return moment_of_micros(sql.call("try_add", micros(arguments[2]), by))


def _difference(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """How many boundaries of the part lie between (learn.microsoft.com, "datetime_diff()"); weeks start on Sunday."""
    word = _word(call.arguments[0])
    return minus(_count(word, arguments[1]), _count(word, arguments[2]))


def _count(word: str, moment: Sql) -> Sql:
    """The number of the year, month, …, hour since the year 1."""
    if word in _MONTHS:
        year = sql.cast(sql.call("year", moment), "BIGINT")
        return year if word == "year" else plus(times(year, long(12 // _MONTHS[word])), sql.call(word, moment))
    if word in _MICROS:
        since = micros_since_year_one(moment)
        if word == "week":  # 0001-01-01 was a Monday, so that the first Sunday was 6 days later
            since = plus(since, long(_MICROS["day"]))
        return divided(since, long(_MICROS[word]))
    raise UnsupportedError(f"a datetime has no part {word} on this engine")


# Bins


def _bin(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The multiple of a size at or below a value; null when the size is not positive (learn.microsoft.com, "bin()").

    Datetimes are counted from 0001-01-01, which was a Monday.
    """
    value, size = call.arguments
    match value.type, size.type:
        case (ScalarType.DATETIME, ScalarType.TIMESPAN):
            return _bin_datetime(arguments[0], size, arguments[1])
        case (ScalarType.TIMESPAN, ScalarType.TIMESPAN):
            return _bin_whole(arguments[0], size, arguments[1])
        case (ScalarType.INT | ScalarType.LONG, ScalarType.INT | ScalarType.LONG):
            return _bin_whole(sql.cast(arguments[0], "BIGINT"), size, arguments[1])
        case (ScalarType.INT | ScalarType.LONG | ScalarType.REAL, ScalarType.INT | ScalarType.LONG | ScalarType.REAL):
            reals = [convert(part.type, REAL, sql_) for part, sql_ in zip(call.arguments, arguments, strict=True)]
            return once(array(*reals), "pair", _bin_real)
    raise UnsupportedError(f"how a {value.type.value} is rounded to a {size.type.value} is not known")


def _known(size: Expr) -> int | None:
    """A constant positive size, None when it is none."""
    found = size.value if isinstance(size, Constant) else None
    return found if isinstance(found, int) and found > 0 else None


def _bin_datetime(moment: Sql, size: Expr, ticks: Sql) -> Sql:
    known = _known(size)
    if known is not None and known % 10 == 0:
        since = micros_since_year_one(moment)
        return moment_of_micros(minus(micros(moment), rest(since, long(known // 10))))
    return datetime_of_ticks(_bin_whole(ticks_of_datetime(moment), size, ticks))


def _bin_whole(value: Sql, size: Expr, by: Sql) -> Sql:
    known = _known(size)
    if known is not None:
        return once(value, "whole", lambda x: minus(x, rest(x, long(known))))
    pair = array(value, sql.cast(by, "BIGINT"))
    return once(
        pair, "pair", lambda p: sql.case([(less(long(0), at(p, 1)), minus(at(p, 0), rest(at(p, 0), at(p, 1))))])
    )


def _bin_real(pair: Sql) -> Sql:
    value, size = at(pair, 0), at(pair, 1)
    floor = sql.call("floor", sql.binary(exp.Div, value, size))
    fits = less(sql.call("abs", sql.binary(exp.Div, value, size)), double(2.0**62))
    # Spark's floor of a real is a long.
    down = sql.case([(fits, sql.cast(floor, "DOUBLE"))], sql.binary(exp.Div, value, size))
    return sql.case([(less(double(0.0), size), times(down, size))])


def _from_unix(scale: int) -> Emit:
    """From a whole number of units of `scale` microseconds since 1970."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        if call.arguments[0].type not in (INT, LONG):
            raise UnsupportedError(f"a {call.arguments[0].type.value} is not supported", "convert it with tolong()")
        return moment_of_micros(sql.call("try_multiply", sql.cast(arguments[0], "BIGINT"), long(scale)))

    return emit


TIMES: Final[tuple[ScalarRow, ...]] = (
    Scalar("now", _now),
    Scalar("bin", _bin),
    Scalar("floor", _bin),
    Scalar("datetime_part", _part, note="not in nanoseconds"),
    Scalar("dayofmonth", _named_part("day")),
    Scalar("dayofweek", _day_of_week),
    Scalar("dayofyear", _named_part("dayofyear")),
    Scalar("getmonth", _named_part("month")),
    Scalar("getyear", _named_part("year")),
    Scalar("hourofday", _named_part("hour")),
    Scalar("monthofyear", _named_part("month")),
    Scalar("week_of_year", _named_part("weekofyear")),
    *(Scalar(f"startof{part}", _start_of(part)) for part in ("day", "week", "month", "year")),
    *(Scalar(f"endof{part}", _end_of(part), note=_END) for part in ("day", "week", "month", "year")),
    Scalar("datetime_add", _add, note="not of months and longer"),
    Scalar("datetime_diff", _difference, note="not in nanoseconds"),
    Scalar("unixtime_seconds_todatetime", _from_unix(1_000_000), note="of whole numbers"),
    Scalar("unixtime_milliseconds_todatetime", _from_unix(1_000), note="of whole numbers"),
    Scalar("unixtime_microseconds_todatetime", _from_unix(1), note="of whole numbers"),
)
