"""How values are written as texts in DuckDB SQL; null where the value is null."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once


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
    ticks = sql.call("abs", sql.cast(span, "HUGEINT"))
    days = _part(ticks, 864_000_000_000, 0)
    fraction = _part(ticks, 1, 10_000_000)
    return _joined(
        sql.case([(sql.binary(exp.LT, span, sql.number(0)), sql.text("-"))], sql.text("")),
        sql.case(
            [(sql.binary(exp.GT, days, sql.number(0)), _joined(sql.cast(days, "VARCHAR"), sql.text(".")))], sql.text("")
        ),
        _padded(_part(ticks, 36_000_000_000, 24), 2),
        sql.text(":"),
        _padded(_part(ticks, 600_000_000, 60), 2),
        sql.text(":"),
        _padded(_part(ticks, 10_000_000, 60), 2),
        sql.case(
            [(sql.binary(exp.GT, fraction, sql.number(0)), _joined(sql.text("."), _padded(fraction, 7)))], sql.text("")
        ),
    )


_SPECIAL: Final = (("isnan", "NaN"),)


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
