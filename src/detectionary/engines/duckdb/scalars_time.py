"""Functions of datetimes and timespans in DuckDB SQL: parts, starts and ends, differences, making them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.compiler.ticks import TICKS_A_DAY
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_convert import convert
from detectionary.engines.duckdb.scalars_span import (
    floored,
    long,
    micros_since_year_one,
    moment_of_micros,
)
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, DATETIME = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DATETIME

Moment = Callable[[Sql], Sql]

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


def _plus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Add, left, right)


def _minus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Sub, left, right)


def _times(value: Sql, factor: int) -> Sql:
    return sql.binary(exp.Mul, value, sql.number(factor))


def _number(function: str) -> Moment:
    return lambda moment: sql.cast(sql.call(function, moment), "INTEGER")


def _rest(size: int, of: int) -> Moment:
    """How many `size` microseconds have passed in the current `of`."""
    return lambda moment: sql.cast(
        sql.binary(exp.IntDiv, sql.binary(exp.Mod, micros_since_year_one(moment), long(of)), long(size)), "INTEGER"
    )


_PARTS: Final[Mapping[str, Moment]] = {
    "year": _number("year"),
    "quarter": _number("quarter"),
    "month": _number("month"),
    "weekofyear": _number("week"),
    "week_of_year": _number("week"),
    "day": _number("day"),
    "dayofyear": _number("dayofyear"),
    "hour": _number("hour"),
    "minute": _number("minute"),
    "second": _rest(1_000_000, 60_000_000),
    "millisecond": _rest(1_000, 1_000_000),
    "microsecond": _rest(1, 1_000_000),
    "nanosecond": lambda moment: _times(_rest(1, 1_000_000)(moment), 1_000),
}


def _part(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    word = _word(call.arguments[0])
    if word not in _PARTS:
        raise UnsupportedError(f"a datetime has no part {word}")
    return _PARTS[word](arguments[1])


def _named_part(word: str) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return _PARTS[word](arguments[0])

    return emit


def _day_of_week(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Days since Sunday, as a timespan; on the last day of all the real engine answers null."""

    def days(moment: Sql) -> Sql:
        since = sql.cast(sql.binary(exp.Mod, sql.call("isodow", moment), sql.number(7)), "BIGINT")
        last = sql.cast(sql.text("9999-12-31"), "TIMESTAMP")
        return sql.case([(sql.binary(exp.LT, moment, last), sql.binary(exp.Mul, since, long(TICKS_A_DAY)))])

    return once(arguments[0], "moment", days)


def _start(part: str, moment: Sql) -> Sql:
    """The first moment of the day, week, month or year; a week starts on Sunday."""
    if part != "week":
        return sql.call("date_trunc", sql.text(part), moment)
    day = sql.call("to_days", sql.number(1))
    return _minus(sql.call("date_trunc", sql.text("week"), _plus(moment, day)), day)


def _shifted(part: str, moment: Sql, by: Sql) -> Sql:
    function, factor = {
        "day": ("to_days", 1),
        "week": ("to_days", 7),
        "month": ("to_months", 1),
        "year": ("to_months", 12),
    }[part]
    return _plus(moment, sql.call(function, sql.cast(_times(by, factor) if factor > 1 else by, "INTEGER")))


def _bounded(moment: Sql) -> Sql:
    return moment_of_micros(sql.call("epoch_us", moment))


def _start_of(part: str) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        start = _start(part, arguments[0])
        if len(arguments) == 1:
            return _bounded(start) if part == "week" else start
        return _bounded(_shifted(part, start, arguments[1]))

    return emit


def _end_of(part: str) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    """The last microsecond of the day, week, month or year."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        offset = _plus(arguments[1], sql.number(1)) if len(arguments) > 1 else sql.number(1)
        following = _shifted(part, _start(part, arguments[0]), offset)
        return moment_of_micros(_minus(sql.call("epoch_us", following), sql.number(1)))

    return emit


_END: Final = "ends one microsecond before the next period, not one tick (docs/decisions/0008-time.md)"


def _add(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A month that has no such day gives its last one (recorded answers of the real engine)."""
    word = _word(call.arguments[0])
    amount, moment = arguments[1], arguments[2]
    if word in _MONTHS:
        months = sql.try_cast(_times(sql.cast(amount, "HUGEINT"), _MONTHS[word]), "INTEGER")
        limit = sql.number(200_000)
        clamped = sql.call("greatest", sql.call("least", months, limit), sql.number(-200_000))
        moved = _plus(moment, sql.call("to_months", sql.cast(clamped, "INTEGER")))
        return sql.case([(sql.not_null(amount), _bounded(moved))])
    if word == "nanosecond":
        micros = floored(sql.cast(amount, "BIGINT"), 1_000)
    elif word in _MICROS:
        micros = sql.try_cast(_times(sql.cast(amount, "HUGEINT"), _MICROS[word]), "BIGINT")
    else:
        raise UnsupportedError(f"a datetime has no part {word}")
    total = sql.try_cast(_plus(sql.cast(sql.call("epoch_us", moment), "HUGEINT"), micros), "BIGINT")
    return moment_of_micros(total)


def _difference(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """How many boundaries of the part lie between (learn.microsoft.com, "datetime_diff()"); weeks start on Sunday."""
    word = _word(call.arguments[0])
    return _minus(_count(word, arguments[1]), _count(word, arguments[2]))


def _count(word: str, moment: Sql) -> Sql:
    """The number of the year, month, …, hour since the year 1."""
    if word in _MONTHS:
        if word == "year":
            return sql.call("year", moment)
        within = sql.call(word, moment)
        return _plus(_times(sql.call("year", moment), 12 // _MONTHS[word]), within)
    if word in _MICROS:
        since = micros_since_year_one(moment)
        if word == "week":  # 0001-01-01 was a Monday, so that the first Sunday was 6 days later
            since = _plus(since, long(_MICROS["day"]))
        return sql.binary(exp.IntDiv, since, long(_MICROS[word])) if _MICROS[word] > 1 else since
    if word == "nanosecond":
        raise UnsupportedError("datetimes are kept to the microsecond")
    raise UnsupportedError(f"a datetime has no part {word}")


def _make_datetime(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Null when there is no such date or time."""
    if len(arguments) == 1:
        return convert(call.arguments[0].type, DATETIME, arguments[0])
    if any(part.type not in (INT, LONG) for part in call.arguments):
        raise UnsupportedError("a part that is no whole number is not supported", "convert it with toint()")
    parts = list(arguments)
    parts += [sql.number(0)] * (6 - len(parts))
    listed = exp.Array(expressions=[sql.cast(part, "BIGINT") for part in parts])

    def made(items: Sql) -> Sql:
        values = [sql.call("list_extract", items, sql.number(at)) for at in range(1, 7)]
        bounds = [(1, 9999), (1, 12), (1, 31), (0, 23), (0, 59), (0, 59)]
        sound = sql.both(
            *(
                exp.Between(this=value, low=sql.number(low), high=sql.number(high))
                for value, (low, high) in zip(values, bounds, strict=True)
            )
        )
        date = sql.try_cast(
            sql.call(
                "printf",
                sql.text("%04d-%02d-%02d %02d:%02d:%02d"),
                *values,
            ),
            "TIMESTAMP",
        )
        return sql.case([(sound, date)])

    return once(listed, "parts", made)


def _make_timespan(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """From days, hours, minutes and seconds; null when one is out of its range."""
    if len(arguments) == 1:
        return convert(call.arguments[0].type, ScalarType.TIMESPAN, arguments[0])
    given = list(arguments)
    if len(given) == 2:
        given.append(sql.number(0))
    if len(given) == 3:
        given.insert(0, sql.number(0))
    sizes = (TICKS_A_DAY, 36_000_000_000, 600_000_000, 10_000_000)
    bounds = (10_675_198, 23, 59, 59)
    listed = exp.Array(expressions=[sql.cast(part, "BIGINT") for part in given])

    def made(items: Sql) -> Sql:
        values = [sql.call("list_extract", items, sql.number(at)) for at in range(1, 5)]
        sound = sql.both(
            *(
                exp.Between(this=value, low=sql.number(0), high=sql.number(bound))
                for value, bound in zip(values, bounds, strict=True)
            )
        )
        terms = [sql.binary(exp.Mul, value, long(size)) for value, size in zip(values, sizes, strict=True)]
        total = terms[0]
        for term in terms[1:]:
            total = _plus(total, term)
        return sql.case([(sound, total)])

    return once(listed, "parts", made)


def _from_unix(to_micros: Callable[[Sql], Sql], scale: float) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        match call.arguments[0].type:
            case ScalarType.INT | ScalarType.LONG:
                return moment_of_micros(to_micros(sql.cast(arguments[0], "BIGINT")))
            case ScalarType.REAL:
                micros = sql.call("floor", sql.binary(exp.Mul, arguments[0], sql.cast(sql.text(repr(scale)), "DOUBLE")))
                return moment_of_micros(sql.try_cast(micros, "BIGINT"))
            case kind:
                raise UnsupportedError(f"a {kind.value} is not supported", "convert it with tolong()")

    return emit


def _multiplied(factor: int) -> Callable[[Sql], Sql]:
    return lambda value: sql.try_cast(_times(sql.cast(value, "HUGEINT"), factor), "BIGINT")


TIMES: Final[tuple[ScalarRow, ...]] = (
    Scalar("now", _now),
    Scalar("datetime_part", _part),
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
    Scalar("datetime_add", _add),
    Scalar("datetime_diff", _difference, note="not in nanoseconds"),
    Scalar("make_datetime", _make_datetime, note="parts must be whole numbers"),
    Scalar("make_timespan", _make_timespan),
    Scalar("unixtime_seconds_todatetime", _from_unix(_multiplied(1_000_000), 1e6)),
    Scalar("unixtime_milliseconds_todatetime", _from_unix(_multiplied(1_000), 1e3)),
    Scalar("unixtime_microseconds_todatetime", _from_unix(lambda value: value, 1.0)),
    Scalar("unixtime_nanoseconds_todatetime", _from_unix(lambda value: floored(value, 1_000), 1e-3)),
    Gap(
        "datetime_local_to_utc", "a local time may be two moments or none, and which the real engine takes is not known"
    ),
    Gap("datetime_utc_to_local", "which rules of time zones the real engine has is not known"),
    Gap("datetime_list_timezones", "which time zones the real engine has is not known"),
)
