"""How values are written as texts in Spark SQL; null where the value is null."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import EMPTY, at, divided, double, groups_of, joined, less, long, matches, once

_MOMENT: Final = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'0Z'"


def datetime_text(value: Sql) -> Sql:
    """`2024-01-31T12:00:00.0000000Z`."""
    return sql.call("date_format", value, sql.text(_MOMENT))


def timespan_text(value: Sql) -> Sql:
    """`[-][d.]hh:mm:ss[.fffffff]`."""
    return once(value, "span", _timespan_text)


def _part(ticks: Sql, size: int, count: int) -> Sql:
    """One part of a timespan without its sign; only parts are turned round, so the longest timespan is no exception."""
    whole = divided(ticks, long(size))
    return sql.call("abs", sql.binary(exp.Mod, whole, long(count)) if count else whole)


def _padded(value: Sql, width: int) -> Sql:
    return sql.call("lpad", sql.cast(value, "VARCHAR"), sql.number(width), sql.text("0"))


def _timespan_text(ticks: Sql) -> Sql:
    days, fraction = _part(ticks, 864_000_000_000, 0), _part(ticks, 1, 10_000_000)
    return joined(
        sql.case([(less(ticks, long(0)), sql.text("-"))], EMPTY),
        sql.case([(less(long(0), days), joined(sql.cast(days, "VARCHAR"), sql.text(".")))], EMPTY),
        _padded(_part(ticks, 36_000_000_000, 24), 2),
        sql.text(":"),
        _padded(_part(ticks, 600_000_000, 60), 2),
        sql.text(":"),
        _padded(_part(ticks, 10_000_000, 60), 2),
        sql.case([(less(long(0), fraction), joined(sql.text("."), _padded(fraction, 7)))], EMPTY),
    )


_DIGITS: Final = r"\A(-?)([0-9])\.([0-9]+)(?:E(-?[0-9]+))?\z"


def real_text(value: Sql) -> Sql:
    """The shortest text that reads back the same, as .NET writes it: `1.0`, `0.1`, `1E+15`, `NaN`, `-Infinity`.

    Java 17 writes a digit more than needed of some numbers (JDK-4511638): a text of up to 15 digits is surely the
    shortest, a longer one is tried with 15 and 16 digits first.
    """
    return once(value, "real", _real_text)


def _real_text(real: Sql) -> Sql:
    java = sql.cast(real, "VARCHAR")
    plain = sql.both(
        sql.binary(exp.GTE, sql.call("abs", real), double("1e-3")), less(sql.call("abs", real), double("1e7"))
    )
    digits = sql.call("length", sql.call("regexp_replace", java, sql.text(r"\A-?0?\.?0*|\.|E.*\z"), EMPTY))
    short = less(digits, sql.number(16))
    message = "a real number of more than 15 digits, or beyond 1e7, has no exact text on this engine"
    return sql.case(
        [
            (sql.call("isnan", real), sql.text("NaN")),
            (sql.equal(sql.call("abs", real), double("Infinity")), java),
            (sql.equal(real, double(0.0)), java),
            (sql.both(plain, short), java),
            (sql.both(_is_whole(real), short), joined(sql.cast(sql.cast(real, "BIGINT"), "VARCHAR"), sql.text(".0"))),
        ],
        sql.case([(sql.not_null(real), sql.call("raise_error", sql.text(message)))]),
    )


def _is_whole(real: Sql) -> Sql:
    inside = less(sql.call("abs", real), double("1e15"))
    return sql.both(inside, sql.equal(sql.cast(sql.cast(real, "BIGINT"), "DOUBLE"), real))


__all__ = ["at", "datetime_text", "groups_of", "matches", "real_text", "timespan_text"]
