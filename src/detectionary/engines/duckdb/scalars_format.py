"""How values are written as texts in DuckDB SQL; null where the value is null."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.stopping import halt


def _joined(*parts: Sql) -> Sql:
    """Texts one after the other; null when one is."""
    result = parts[0]
    for part in parts[1:]:
        result = exp.DPipe(this=result, expression=part)
    return exp.Paren(this=result)


def datetime_text(value: Sql) -> Sql:
    """`2024-01-31T12:00:00.0000000Z`."""
    return sql.call("strftime", value, sql.text("%Y-%m-%dT%H:%M:%S.%f0Z"))


def timespan_text(value: Sql) -> Sql:
    """`[-][d.]hh:mm:ss[.fffffff]`."""
    return once(value, "span", _timespan_text)


def _part(ticks: Sql, size: int, count: int) -> Sql:
    whole = sql.binary(exp.IntDiv, ticks, sql.cast(sql.number(size), "BIGINT"))
    return sql.binary(exp.Mod, whole, sql.number(count)) if count else whole


def _padded(value: Sql, width: int) -> Sql:
    return sql.call("lpad", sql.cast(value, "VARCHAR"), sql.number(width), sql.text("0"))


def _timespan_text(span: Sql) -> Sql:
    def written(ticks: Sql) -> Sql:
        days = _part(ticks, 864_000_000_000, 0)
        fraction = _part(ticks, 1, 10_000_000)
        clock = sql.call("make_timestamp", _part(ticks, 10, 86_400_000_000))
        return _joined(
            sql.case(
                [(sql.binary(exp.GT, days, sql.number(0)), _joined(sql.cast(days, "VARCHAR"), sql.text(".")))],
                sql.text(""),
            ),
            sql.call("strftime", clock, sql.text("%H:%M:%S")),
            sql.case(
                [(sql.binary(exp.GT, fraction, sql.number(0)), _joined(sql.text("."), _padded(fraction, 7)))],
                sql.text(""),
            ),
        )

    negative = sql.binary(exp.LT, span, sql.number(0))
    sign = sql.case([(negative, sql.text("-"))], sql.text(""))
    smallest = sql.equal(span, sql.cast(sql.number(-(2**63)), "BIGINT"))
    size = sql.call("abs", sql.call("nullif", span, sql.cast(sql.number(-(2**63)), "BIGINT")))
    whole = _joined(sign, once(size, "ticks", written))
    return sql.case([(smallest, sql.text("-10675199.02:48:05.4775808"))], whole)


def real_text(value: Sql) -> Sql:
    """The shortest text that reads back the same, as .NET writes it: `1.0`, `0.1`, `1E+15`, `NaN`, `-Infinity`."""
    return once(value, "real", _real_text)


def _real_text(real: Sql) -> Sql:
    size = sql.call("abs", real)
    plain = sql.call("upper", sql.cast(real, "VARCHAR"))
    sign = sql.case([(sql.binary(exp.LT, real, sql.number(0)), sql.text("-"))], sql.text(""))
    digits = sql.call("rtrim", sql.cast(sql.cast(size, "BIGINT"), "VARCHAR"), sql.text("0"))
    first = sql.call("substr", digits, sql.number(1), sql.number(1))
    rest = sql.call("substr", digits, sql.number(2))
    mantissa = sql.case([(sql.equal(rest, sql.text("")), first)], _joined(first, sql.text("."), rest))
    between = exp.Between(
        this=size, low=sql.cast(sql.text("1e15"), "DOUBLE"), high=sql.cast(sql.text("9999999999999998.0"), "DOUBLE")
    )
    return sql.case(
        [
            (sql.call("isnan", real), sql.text("NaN")),
            (sql.call("isinf", real), _joined(sign, sql.text("Infinity"))),
            (between, _joined(sign, mantissa, sql.text("E+15"))),
        ],
        plain,
    )


# Formats of the query

_WORDS: Final = {
    "d": "%-d",
    "dd": "%d",
    "M": "%-m",
    "MM": "%m",
    "y": "%-y",
    "yy": "%y",
    "yyyy": "%Y",
    "H": "%-H",
    "HH": "%H",
    "h": "%-I",
    "hh": "%I",
    "m": "%-M",
    "mm": "%M",
    "s": "%-S",
    "ss": "%S",
    "tt": "%p",
}
"""Kusto's words of a datetime format (learn.microsoft.com, "format_datetime()") in those of `strftime`."""

_BETWEEN: Final = " /-:,._[]"
"""What may stand between them, by the same page."""


def _words(pattern: str, longest: dict[str, int]) -> Iterator[str]:
    """The words of a format from the left, each as long as it may be; refuses other letters."""
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter in _BETWEEN:
            yield letter
            at += 1
            continue
        if letter not in longest:
            raise UnsupportedError(f"a format cannot hold {letter!r}")
        run = len(pattern[at:]) - len(pattern[at:].lstrip(letter))
        length = min(run, longest[letter])
        if letter == "y" and length == 3:
            length = 2
        if letter == "t" and length < 2:
            raise UnsupportedError("a format cannot hold 't' alone")
        yield pattern[at : at + length]
        at += length


def _pattern(call: Apply) -> str:
    given = call.arguments[1]
    if isinstance(given, Constant) and isinstance(given.value, str):
        return given.value
    raise UnsupportedError("the format must be a constant")


_DATETIME_LETTERS: Final = {"d": 2, "M": 2, "y": 4, "H": 2, "h": 2, "m": 2, "s": 2, "t": 2, "f": 7, "F": 7}
_TIMESPAN_LETTERS: Final = {"d": 8, "H": 2, "h": 2, "m": 2, "s": 2, "f": 7, "F": 7}


def _fraction(seventh: Sql, word: str) -> Sql:
    """Leading digits of a second's fraction, of which seven are given; without zeros at the end for `F`."""
    cut = sql.call("substr", seventh, sql.number(1), sql.number(len(word)))
    return sql.call("rtrim", cut, sql.text("0")) if word[0] == "F" else cut


def format_datetime(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`format_datetime`; a run of letters is read from the left, so that `dddd` is the day twice."""
    words = list(_words(_pattern(call), _DATETIME_LETTERS))

    def written(moment: Sql) -> Sql:
        pieces: list[Sql] = []
        plain = ""
        for word in words:
            if word[0] not in "fF":
                plain += _WORDS.get(word, word)
                continue
            if plain:
                pieces.append(sql.call("strftime", moment, sql.text(plain)))
                plain = ""
            pieces.append(_fraction(sql.call("strftime", moment, sql.text("%f0")), word))
        if plain or not pieces:
            pieces.append(sql.call("strftime", moment, sql.text(plain)))
        return sql.coalesce(_joined(*pieces), sql.text(""))

    return once(arguments[0], "moment", written)


_UNITS: Final = {"h": (36_000_000_000, 24), "H": (36_000_000_000, 24), "m": (600_000_000, 60), "s": (10_000_000, 60)}


def format_timespan(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`format_timespan`; what it writes of a negative timespan is not documented: such a one stops the query."""
    words = list(_words(_pattern(call), _TIMESPAN_LETTERS))

    def written(span: Sql) -> Sql:
        pieces = [_span_piece(span, word) for word in words] or [sql.text("")]
        negative = halt("format_timespan of a negative timespan is not supported")
        return sql.case(
            [(sql.binary(exp.LT, span, sql.number(0)), negative)], sql.coalesce(_joined(*pieces), sql.text(""))
        )

    return once(arguments[0], "span", written)


def _span_piece(span: Sql, word: str) -> Sql:
    if word in _BETWEEN:
        return sql.text(word)
    if word[0] in "fF":
        return _fraction(_padded(_part(span, 1, 10_000_000), 7), word)
    if word[0] == "d":
        days = sql.cast(_part(span, 864_000_000_000, 0), "VARCHAR")
        width = sql.call("greatest", sql.number(len(word)), sql.call("length", days))
        return sql.call("lpad", days, sql.cast(width, "INTEGER"), sql.text("0"))
    value = _part(span, *_UNITS[word[0]])
    return _padded(value, 2) if len(word) == 2 else sql.cast(value, "VARCHAR")


FORMATS: Final[tuple[ScalarRow, ...]] = (
    Scalar("format_datetime", format_datetime, note="the seventh digit of a second is 0"),
    Scalar("format_timespan", format_timespan, note="not of negative timespans"),
)
