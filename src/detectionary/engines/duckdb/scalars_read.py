"""How texts are read as values of other types in DuckDB SQL; what cannot be read is null.

Each is one regular expression that says what Kusto accepts, since DuckDB's own casts accept more (`1_000`, `1e3` as a
whole number, `infinity` as a time).
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_span import moment_of_micros
from detectionary.engines.duckdb.stopping import halt

_BLANKS: Final = r"[\t-\r ]*"
_WHOLE: Final = rf"^{_BLANKS}([+-]?[0-9]+|0[xX][0-9a-fA-F]+){_BLANKS}$"
_REAL: Final = (
    rf"^{_BLANKS}([+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?"
    rf"|(?i:inf|infinity|nan))){_BLANKS}$"
)


def _found(text: Sql, pattern: str) -> Sql:
    """The first group of a pattern, '' when it does not match."""
    return sql.call("regexp_extract", text, sql.text(pattern), sql.number(1))


def _bits(text: Sql, bits: int) -> Sql:
    """A hexadecimal number that fills all `bits`, of which the first is the sign."""
    pattern = rf"^{_BLANKS}(0[xX]0*[89a-fA-F][0-9a-fA-F]{{{bits // 4 - 1}}}){_BLANKS}$"
    number = sql.try_cast(_found(text, pattern), "HUGEINT")
    return sql.binary(exp.Sub, number, sql.cast(sql.number(2**bits), "HUGEINT"))


def read_whole(text: Sql, bits: int) -> Sql:
    """A text as int (`bits` 32) or long (64)."""
    kind = "INTEGER" if bits == 32 else "BIGINT"

    def read(x: Sql) -> Sql:
        plain = sql.call("regexp_full_match", x, sql.text("[0-9]{1,9}"))  # most texts; three times as fast
        other = sql.coalesce(sql.try_cast(_found(x, _WHOLE), kind), sql.cast(_bits(x, bits), kind))
        return sql.case([(plain, sql.try_cast(x, kind))], other)

    return once(text, "whole", read)


def read_real(text: Sql) -> Sql:
    return sql.try_cast(_found(text, _REAL), "DOUBLE")


_DECIMAL: Final = rf"^{_BLANKS}([+-]?(?:[0-9]{{1,20}}(?:\.[0-9]{{0,18}})?|\.[0-9]{{1,18}})){_BLANKS}$"


def read_decimal(text: Sql) -> Sql:
    """A text as decimal; one with more digits than this engine keeps stops the query."""
    too_long = halt("a decimal of this length is not supported")
    return once(
        text,
        "digits",
        lambda x: sql.case(
            [
                (
                    sql.call("regexp_matches", x, sql.text(_DECIMAL)),
                    sql.try_cast(_found(x, _DECIMAL), "DECIMAL(38, 18)"),
                ),
                (sql.call("regexp_matches", x, sql.text(_REAL.replace("|(?i:inf|infinity|nan)", ""))), too_long),
            ]
        ),
    )


_CLOCK: Final = r"([01]?[0-9]|2[0-3]):([0-5]?[0-9])(?::([0-5]?[0-9])(?:[.:]([0-9]{1,9}))?)?"

_TIMESPAN: Final = rf"^{_BLANKS}(-?)(?:([0-9]{{1,8}})\.)?{_CLOCK}{_BLANKS}$"


def _groups(text: Sql, pattern: str, *names: str) -> Sql:
    """The groups of a pattern as a struct of texts; '' each when it does not match."""
    listed = exp.Array(expressions=[sql.text(name) for name in names])
    return sql.call("regexp_extract", text, sql.text(pattern), listed)


def _field(groups: Sql, name: str) -> Sql:
    return sql.call("struct_extract", groups, sql.text(name))


def _number(groups: Sql, name: str, absent: str = "0") -> Sql:
    """A group as a whole number."""
    return sql.cast(sql.coalesce(sql.call("nullif", _field(groups, name), sql.text("")), sql.text(absent)), "BIGINT")


def _sum(*parts: Sql) -> Sql:
    result = parts[0]
    for part in parts[1:]:
        result = sql.binary(exp.Add, result, part)
    return result


def _times(value: Sql, factor: int) -> Sql:
    return sql.binary(exp.Mul, value, sql.cast(sql.number(factor), "BIGINT"))


def _fraction_ticks(groups: Sql) -> Sql:
    padded = sql.call(
        "substr", sql.call("rpad", _field(groups, "f"), sql.number(7), sql.text("0")), sql.number(1), sql.number(7)
    )
    return sql.cast(padded, "BIGINT")


_QUANTITY: Final = rf"^{_BLANKS}-?[0-9]+(?:\.[0-9]+|(?::[0-9]+){{3}})?\s*(?:d|h|m|s|ms|min|tick)?{_BLANKS}$"
"""What the parser of timespan literals reads, `5m` or `2`; whether `totimespan` does so is not documented."""


def read_timespan(text: Sql) -> Sql:
    """`[-][d.]hh:mm[:ss[.fffffff]]` as ticks; a text that Kusto may read in another way stops the query."""
    unsure = halt("whether totimespan reads a number with or without a unit is not documented")

    def read(x: Sql) -> Sql:
        other = sql.case([(sql.call("regexp_matches", x, sql.text(_QUANTITY)), sql.cast(unsure, "BIGINT"))])
        return once(_groups(x, _TIMESPAN, "sign", "d", "h", "m", "s", "f"), "span", lambda g: _ticks(g, other))

    return once(text, "words", read)


def _ticks(groups: Sql, other: Sql) -> Sql:
    """Ticks in the groups of a timespan; `other` where it has not matched."""
    total = _sum(
        _times(_number(groups, "d"), 864_000_000_000),
        _times(_number(groups, "h"), 36_000_000_000),
        _times(_number(groups, "m"), 600_000_000),
        _times(_number(groups, "s"), 10_000_000),
        _fraction_ticks(groups),
    )
    negative = sql.equal(_field(groups, "sign"), sql.text("-"))
    return sql.case(
        [
            (sql.equal(_field(groups, "h"), sql.text("")), other),
            (negative, exp.Neg(this=exp.Paren(this=total))),
        ],
        total,
    )


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_DAYS: Final = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_DATETIME: Final = (
    rf"^{_BLANKS}(?:"
    r"([0-9]{4})[-/]([0-9]{1,2})(?:[-/]([0-9]{1,2}))?"
    r"|([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4})"
    r"|([0-9]{4})([0-9]{2})([0-9]{2})"
    rf"|(?i:(?:{_DAYS},?\s+)?([0-9]{{1,2}})[\s-]({_MONTH_NAMES})[\s-]([0-9]{{4}}|[0-9]{{2}}))"
    rf")(?:(?:[Tt]|,?\s+){_CLOCK}(?:\s*(?i:(AM|PM)))?)?\s*(Z|z|GMT|UTC|[+-][0-9]{{1,2}}:?[0-9]{{2}})?{_BLANKS}$"
)
_PARTS: Final = (
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

    def read(x: Sql) -> Sql:
        cut = sql.call("left", x, sql.number(-6))
        away = sql.call("right", x, sql.number(6))
        offset = sql.call("to_minutes", _offset_minutes(away))
        plain = sql.try_cast(x, "TIMESTAMP")
        ahead = sql.binary(exp.Sub, sql.try_cast(cut, "TIMESTAMP"), offset)
        american = sql.call("try_strptime", x, sql.text("%m/%d/%Y %I:%M:%S %p"))
        return sql.case(
            [
                (sql.call("regexp_full_match", x, sql.text(rf"{_DATE}|{_PLAIN}Z?")), plain),
                (sql.call("regexp_full_match", x, sql.text(rf"{_PLAIN}[+-][01][0-9]:[0-5][0-9]")), ahead),
                (sql.call("regexp_full_match", x, sql.text(_AMERICAN)), american),
            ],
            once(_groups(x, _DATETIME, *_PARTS), "moment", _moment),
        )

    return once(text, "text", read)


_DATE: Final = "[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
_PLAIN: Final = rf"{_DATE}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{{1,9}})?)?"
_AMERICAN: Final = "[0-9]{1,2}/[0-9]{1,2}/[1-9][0-9]{3} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M"
"""What logs write nearly always, read by DuckDB's own parsers; the general form takes ten times as long."""


def _offset_minutes(zone: Sql) -> Sql:
    """Minutes in `+hh:mm`."""
    hours, minutes = (sql.try_cast(sql.call("substr", zone, sql.number(at), sql.number(2)), "BIGINT") for at in (2, 5))
    total = sql.binary(exp.Add, _times(hours, 60), minutes)
    return sql.case([(sql.call("starts_with", zone, sql.text("-")), exp.Neg(this=exp.Paren(this=total)))], total)


def _moment(groups: Sql) -> Sql:
    year = sql.call("concat", *(_field(groups, name) for name in ("y1", "y2", "y3", "y4")))
    century = sql.case(
        [
            (
                sql.equal(sql.call("length", _field(groups, "y4")), sql.number(2)),
                sql.case([(sql.binary(exp.LT, _field(groups, "y4"), sql.text("50")), sql.text("20"))], sql.text("19")),
            )
        ],
        sql.text(""),
    )
    name = sql.call("lower", sql.call("substr", _field(groups, "m4"), sql.number(1), sql.number(3)))
    named = sql.call("list_position", exp.Array(expressions=[sql.text(month) for month in _MONTHS]), name)
    month = sql.coalesce(
        sql.call("nullif", sql.call("concat", *(_field(groups, part) for part in ("m1", "m2", "m3"))), sql.text("")),
        sql.cast(named, "VARCHAR"),
    )
    day = sql.coalesce(
        sql.call("nullif", sql.call("concat", *(_field(groups, f"d{n}") for n in (1, 2, 3, 4))), sql.text("")),
        sql.text("1"),
    )
    date = sql.try_cast(
        sql.call("concat", century, year, sql.text("-"), month, sql.text("-"), day, sql.text(" 00:00:00")), "TIMESTAMP"
    )
    micros = _sum(
        _times(_hour(groups), 3_600_000_000),
        _times(_number(groups, "mi"), 60_000_000),
        _times(_number(groups, "s"), 1_000_000),
        sql.binary(exp.IntDiv, _fraction_ticks(groups), sql.number(10)),
    )
    clock = sql.binary(exp.Sub, micros, _times(_offset(groups), 60_000_000))
    made = sql.binary(exp.Add, date, sql.call("to_microseconds", clock))
    matched = sql.binary(exp.NEQ, year, sql.text(""))
    return sql.case([(matched, moment_of_micros(sql.call("epoch_us", made)))])


def _hour(groups: Sql) -> Sql:
    """The hour of the day; null when AM or PM stands behind an hour of 0 or beyond 12."""
    half, hour = _field(groups, "half"), _number(groups, "h")
    of_half = sql.binary(exp.Mod, hour, sql.number(12))
    outside = sql.negate(exp.Between(this=hour, low=sql.number(1), high=sql.number(12)))
    return sql.case(
        [
            (sql.equal(half, sql.text("")), hour),
            (outside, sql.cast(sql.NULL, "BIGINT")),
            (sql.equal(sql.call("lower", half), sql.text("pm")), sql.binary(exp.Add, of_half, sql.number(12))),
        ],
        of_half,
    )


def _offset(groups: Sql) -> Sql:
    """Minutes that the time is ahead of UTC."""
    zone = _field(groups, "zone")
    digits = sql.call("replace", sql.call("substr", zone, sql.number(2)), sql.text(":"), sql.text(""))
    padded = sql.call("lpad", digits, sql.number(4), sql.text("0"))
    hours = sql.cast(sql.call("substr", padded, sql.number(1), sql.number(2)), "BIGINT")
    minutes = sql.cast(sql.call("substr", padded, sql.number(3), sql.number(2)), "BIGINT")
    total = sql.binary(exp.Add, _times(hours, 60), minutes)
    sign = sql.call("substr", zone, sql.number(1), sql.number(1))
    return sql.case(
        [
            (sql.equal(sign, sql.text("+")), total),
            (sql.equal(sign, sql.text("-")), exp.Neg(this=exp.Paren(this=total))),
        ],
        sql.cast(sql.number(0), "BIGINT"),
    )


_GUID: Final = (
    rf"^{_BLANKS}[{{(]?([0-9a-fA-F]{{8}})-?([0-9a-fA-F]{{4}})-?([0-9a-fA-F]{{4}})-?([0-9a-fA-F]{{4}})"
    rf"-?([0-9a-fA-F]{{12}})[)}}]?{_BLANKS}$"
)


def read_guid(text: Sql) -> Sql:
    """The five groups with or without hyphens, braces or parentheses."""

    def joined(groups: Sql) -> Sql:
        parts = sql.call("concat_ws", sql.text("-"), *(_field(groups, name) for name in "abcde"))
        return sql.call("nullif", sql.call("lower", parts), sql.text("----"))

    return once(_groups(text, _GUID, *"abcde"), "guid", joined)
