"""How values are written as texts in Spark SQL; null where the value is null."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import (
    EMPTY,
    ONE,
    ZERO,
    array,
    at,
    divided,
    double,
    joined,
    less,
    long,
    minus,
    negative,
    once,
    plus,
)

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


_JAVA: Final = r"\A-?([0-9]+)\.([0-9]+)(?:E(-?[0-9]+))?\z"


def real_text(value: Sql) -> Sql:
    """The shortest text that reads back the same, as .NET writes it: `1.0`, `0.1`, `1E+15`, `NaN`, `-Infinity`."""
    return once(value, "real", _real_text)


def _real_text(real: Sql) -> Sql:
    java = sql.cast(real, "VARCHAR")
    size = sql.call("abs", real)
    plain = sql.both(sql.binary(exp.GTE, size, double("1e-3")), less(size, double("1e7")))
    # Up to 15 digits are surely the shortest, and the text of Java is the one of .NET between these ends.
    short = less(sql.call("length", java), sql.number(16))
    other = once(_digits(size), "digits", lambda digits: _written(real, digits))
    return sql.case(
        [
            (
                sql.either(sql.call("isnan", real), sql.equal(size, double("Infinity")), sql.equal(real, double(0))),
                java,
            ),
            (sql.both(plain, short), java),
        ],
        other,
    )


def _digits(size: Sql) -> Sql:
    """The digits of a positive number, the first before the point, and its power of ten, as texts.

    Java 17 writes a digit more than needed of some numbers (JDK-4511638): 15 and 16 digits are tried first.
    """

    def made(java: Sql) -> Sql:
        whole, fraction, power = (sql.call("regexp_extract", java, sql.text(_JAVA), sql.number(n)) for n in (1, 2, 3))
        all_digits = sql.call("regexp_replace", joined(whole, fraction), sql.text(r"\A0+"), EMPTY)
        zeros = minus(sql.call("length", joined(whole, fraction)), sql.call("length", all_digits))
        exponent = minus(minus(sql.call("length", whole), ONE), zeros)
        exponent = plus(exponent, sql.coalesce(sql.cast(sql.call("nullif", power, EMPTY), "INTEGER"), ZERO))
        first, rest = sql.call("substring", all_digits, ONE, ONE), sql.call("substring", all_digits, sql.number(2))
        return array(joined(first, sql.text("."), rest), sql.cast(exponent, "VARCHAR"))

    def chosen(pair: Sql) -> Sql:
        exact = sql.cast(at(pair, 0), "DECIMAL(38, 20)")
        smallest = sql.equal(size, double("4.9e-324"))  # which Java never writes with one digit
        branches = [(smallest, array(sql.text("5.0"), sql.text("-324")))]
        for places in (14, 15):
            rounded = sql.call("round", exact, sql.number(places))
            text = sql.cast(rounded, "VARCHAR")
            same = sql.equal(sql.cast(joined(text, sql.text("E"), at(pair, 1)), "DOUBLE"), size)
            more = plus(sql.cast(at(pair, 1), "INTEGER"), ONE)
            carried = array(sql.text("1.0"), sql.cast(more, "VARCHAR"))  # 9.99… became 10
            branches.append((same, sql.case([(less(rounded, sql.number(10)), array(text, at(pair, 1)))], carried)))
        return sql.case(branches, pair)

    return once(once(sql.cast(size, "VARCHAR"), "java", made), "pair", chosen)


def _written(real: Sql, digits: Sql) -> Sql:
    """.NET's text: plain from 1E-05, exclusive, to 1E+15, exclusive; else an exponent of at least two digits."""
    mantissa, power = at(digits, 0), sql.cast(at(digits, 1), "INTEGER")
    bare = sql.call("regexp_replace", sql.call("replace", mantissa, sql.text("."), EMPTY), sql.text("0+\\z"), EMPTY)
    sign = sql.case([(less(real, double(0)), sql.text("-"))], EMPTY)

    def laid_out(text: Sql) -> Sql:
        first, rest = sql.call("substring", text, ONE, ONE), sql.call("substring", text, sql.number(2))
        fraction = sql.case([(sql.equal(rest, EMPTY), EMPTY)], joined(sql.text("."), rest))
        exponent = sql.call("lpad", sql.cast(sql.call("abs", power), "VARCHAR"), sql.number(2), sql.text("0"))
        exponent = sql.case(
            [(less(sql.call("abs", power), sql.number(100)), exponent)], sql.cast(sql.call("abs", power), "VARCHAR")
        )
        direction = sql.case([(less(power, ZERO), sql.text("E-"))], sql.text("E+"))
        scientific = joined(first, fraction, direction, exponent)
        below = joined(sql.text("0."), sql.call("repeat", sql.text("0"), minus(negative(power), ONE)), text)
        behind = sql.call("substring", text, plus(power, sql.number(2)))
        above = joined(
            sql.call("rpad", text, plus(power, ONE), sql.text("0")),
            sql.text("."),
            sql.case([(sql.equal(behind, EMPTY), sql.text("0"))], behind),
        )
        plain = sql.case([(less(power, ZERO), below)], above)
        inside = exp.Between(this=power, low=sql.number(-4), high=sql.number(14))
        return sql.case([(inside, plain)], scientific)

    return joined(sign, once(bare, "bare", laid_out))
