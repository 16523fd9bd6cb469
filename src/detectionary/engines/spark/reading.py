"""How texts are read as values of other types in Spark SQL; what cannot be read is null.

Each is one regular expression that says what Kusto accepts, since Spark's own casts accept more (`1.9` as a whole
number, a date without its time). Expressions are Java's.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import (
    EMPTY,
    NO_TEXT,
    at,
    divided,
    groups_of,
    joined,
    less,
    long,
    matches,
    minus,
    negative,
    once,
    plus,
    stop,
    times,
)
from detectionary.engines.spark.spans import micros, moment_of_micros

_BLANKS: Final = r"[\t-\r ]*"
_WHOLE: Final = rf"\A{_BLANKS}([+-]?[0-9]+){_BLANKS}\z"
_HEX: Final = rf"\A{_BLANKS}0[xX]0*([0-9a-fA-F]{{1,%d}}){_BLANKS}\z"
_REAL: Final = (
    rf"\A{_BLANKS}([+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?"
    rf"|(?i:inf|infinity|nan))){_BLANKS}\z"
)


def _found(text: Sql, pattern: str) -> Sql:
    """The first group of a pattern, '' when it does not match."""
    return sql.call("regexp_extract", text, sql.text(pattern), sql.number(1))


def read_whole(text: Sql, bits: int) -> Sql:
    """A text as int (`bits` 32) or long (64); a hexadecimal one holds the bits of the result."""
    kind = "INTEGER" if bits == 32 else "BIGINT"

    def read(x: Sql) -> Sql:
        digits = sql.call("nullif", _found(x, _HEX % (bits // 4)), EMPTY)
        padded = sql.call("lpad", digits, sql.number(16), sql.text("0"))
        # Half by half, so that the first bit becomes the sign; a cast of a long to int takes its low 32 bits.
        number = plus(sql.call("shiftleft", _half(padded, 1), sql.number(32)), _half(padded, 9))
        return sql.coalesce(sql.cast(_found(x, _WHOLE), kind), sql.cast(number, kind))

    return once(text, "whole", read)


def _half(digits: Sql, start: int) -> Sql:
    """Eight hexadecimal digits as a long."""
    half = sql.call("substring", digits, sql.number(start), sql.number(8))
    return sql.cast(sql.call("conv", half, sql.number(16), sql.number(10)), "BIGINT")


def read_real(text: Sql) -> Sql:
    return sql.cast(_found(text, _REAL), "DOUBLE")


_CLOCK: Final = r"([01]?[0-9]|2[0-3]):([0-5]?[0-9])(?::([0-5]?[0-9])(?:[.:]([0-9]{1,9}))?)?"
_TIMESPAN: Final = rf"\A{_BLANKS}(-?)(?:([0-9]{{1,8}})\.)?{_CLOCK}{_BLANKS}\z"


def _number(text: Sql) -> Sql:
    """A group as a whole number, 0 when it is empty."""
    return sql.coalesce(sql.cast(sql.call("nullif", text, EMPTY), "BIGINT"), long(0))


def _sum(*parts: Sql) -> Sql:
    result = parts[0]
    for part in parts[1:]:
        result = plus(result, part)
    return result


def _fraction_ticks(digits: Sql) -> Sql:
    padded = sql.call("rpad", digits, sql.number(7), sql.text("0"))
    return sql.cast(padded, "BIGINT")


_QUANTITY: Final = rf"\A{_BLANKS}-?[0-9]+(?:\.[0-9]+|(?::[0-9]+){{3}})?\s*(?:d|h|m|s|ms|min|tick)?{_BLANKS}\z"
"""What the parser of timespan literals reads, `5m` or `2`; whether `totimespan` does so is not documented."""


def read_timespan(text: Sql) -> Sql:
    """`[-][d.]hh:mm[:ss[.fffffff]]` as ticks; a text that Kusto may read in another way stops the query."""
    unsure = "whether totimespan reads a number with or without a unit is not documented"

    def ticks(groups: Sql) -> Sql:
        total = _sum(
            times(_number(at(groups, 1)), long(864_000_000_000)),
            times(_number(at(groups, 2)), long(36_000_000_000)),
            times(_number(at(groups, 3)), long(600_000_000)),
            times(_number(at(groups, 4)), long(10_000_000)),
            _fraction_ticks(at(groups, 5)),
        )
        return sql.case([(sql.equal(at(groups, 0), sql.text("-")), negative(total))], total)

    def read(x: Sql) -> Sql:
        return stop(matches(x, _QUANTITY), unsure, once(groups_of(x, _TIMESPAN, 6), "span", ticks))

    return once(text, "text", read)


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_DAYS: Final = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_DATETIME: Final = (
    rf"\A{_BLANKS}(?:"
    r"([0-9]{4})[-/]([0-9]{1,2})(?:[-/]([0-9]{1,2}))?"
    r"|([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4})"
    r"|([0-9]{4})([0-9]{2})([0-9]{2})"
    rf"|(?i:(?:{_DAYS},?\s+)?([0-9]{{1,2}})[\s-]({_MONTH_NAMES})[\s-]([0-9]{{4}}|[0-9]{{2}}))"
    rf")(?:(?:[Tt]|,?\s+){_CLOCK}(?:\s*(?i:(AM|PM)))?)?\s*(Z|z|GMT|UTC|[+-][0-9]{{1,2}}:?[0-9]{{2}})?{_BLANKS}\z"
)
_GROUPS: Final = (
    "y1",
    "m1",
    "d1",
    "m2",
    "d2",
    "y2",
    "y3",
    "m3",
    "d3",
    "d4",
    "m4",
    "y4",
    "h",
    "mi",
    "s",
    "f",
    "half",
    "zone",
)


def read_datetime(text: Sql) -> Sql:
    """ISO 8601, RFC 822 and 850 (learn.microsoft.com, "The datetime data type"), month/day/year as .NET reads it."""
    return once(text, "text", lambda x: once(groups_of(x, _DATETIME, len(_GROUPS)), "moment", _moment))


def _field(groups: Sql, name: str) -> Sql:
    return at(groups, _GROUPS.index(name))


def _moment(groups: Sql) -> Sql:
    year = joined(*(_field(groups, name) for name in ("y1", "y2", "y3", "y4")))
    century = sql.case(
        [
            (
                sql.equal(sql.call("length", _field(groups, "y4")), sql.number(2)),
                sql.case([(less(_field(groups, "y4"), sql.text("50")), sql.text("20"))], sql.text("19")),
            )
        ],
        EMPTY,
    )
    name = sql.call("lower", sql.call("substring", _field(groups, "m4"), sql.number(1), sql.number(3)))
    named = sql.call("array_position", exp.Array(expressions=[sql.text(month) for month in _MONTHS]), name)
    month = sql.coalesce(
        sql.call("nullif", joined(*(_field(groups, part) for part in ("m1", "m2", "m3"))), EMPTY),
        sql.cast(named, "VARCHAR"),
    )
    day = sql.coalesce(
        sql.call("nullif", joined(*(_field(groups, f"d{n}") for n in (1, 2, 3, 4))), EMPTY), sql.text("1")
    )
    date = sql.cast(joined(century, year, sql.text("-"), month, sql.text("-"), day, sql.text(" 00:00:00")), "TIMESTAMP")
    since_midnight = _sum(
        times(_hour(groups), long(3_600_000_000)),
        times(_number(_field(groups, "mi")), long(60_000_000)),
        times(_number(_field(groups, "s")), long(1_000_000)),
        divided(_fraction_ticks(_field(groups, "f")), long(10)),
    )
    clock = minus(since_midnight, times(_offset(groups), long(60_000_000)))
    return moment_of_micros(plus(micros(date), clock))


def _hour(groups: Sql) -> Sql:
    """The hour of the day; null when AM or PM stands behind an hour of 0 or beyond 12."""
    half, hour = _field(groups, "half"), _number(_field(groups, "h"))
    of_half = sql.binary(exp.Mod, hour, long(12))
    outside = sql.negate(exp.Between(this=hour, low=long(1), high=long(12)))
    return sql.case(
        [
            (sql.equal(half, EMPTY), hour),
            (outside, sql.cast(sql.NULL, "BIGINT")),
            (sql.equal(sql.call("lower", half), sql.text("pm")), plus(of_half, long(12))),
        ],
        of_half,
    )


def _offset(groups: Sql) -> Sql:
    """Minutes that the time is ahead of UTC."""
    zone = _field(groups, "zone")
    digits = sql.call("replace", sql.call("substring", zone, sql.number(2)), sql.text(":"), EMPTY)
    padded = sql.call("lpad", digits, sql.number(4), sql.text("0"))
    hours = sql.cast(sql.call("substring", padded, sql.number(1), sql.number(2)), "BIGINT")
    minutes = sql.cast(sql.call("substring", padded, sql.number(3), sql.number(2)), "BIGINT")
    total = plus(times(hours, long(60)), minutes)
    sign = sql.call("substring", zone, sql.number(1), sql.number(1))
    return sql.case(
        [(sql.equal(sign, sql.text("+")), total), (sql.equal(sign, sql.text("-")), negative(total))], long(0)
    )


_GUID: Final = (
    rf"\A{_BLANKS}[{{(]?([0-9a-fA-F]{{8}})-?([0-9a-fA-F]{{4}})-?([0-9a-fA-F]{{4}})-?([0-9a-fA-F]{{4}})"
    rf"-?([0-9a-fA-F]{{12}})[)}}]?{_BLANKS}\z"
)


def read_guid(text: Sql) -> Sql:
    """The five groups with or without hyphens, braces or parentheses."""
    written = sql.call("regexp_replace", text, sql.text(_GUID), sql.text("$1-$2-$3-$4-$5"))
    return sql.case([(matches(text, _GUID), sql.call("lower", written))], NO_TEXT)
