"""Rounding in DuckDB SQL: `bin`, `bin_at`, `floor`, `ceiling`, `round`."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.compiler.ticks import TICKS_TO_1970
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_convert import convert
from detectionary.engines.duckdb.scalars_span import (
    datetime_of_ticks,
    long,
    micros_since_year_one,
    moment_of_micros,
    ticks_of_datetime,
)
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, TIMESPAN = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.TIMESPAN
DATETIME, DECIMAL = ScalarType.DATETIME, ScalarType.DECIMAL

_WHOLE: Final = frozenset({INT, LONG})


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
            return _bin_real(reals[0], size, reals[1])
    raise UnsupportedError(f"how a {value.type.value} is rounded to a {size.type.value} is not known")


def _known(size: Expr) -> int | float | None:
    """A constant size, None when it is none."""
    if isinstance(size, Constant) and isinstance(size.value, int | float):
        return size.value
    return None


def _positive(size: Expr, value: Sql) -> Sql:
    """A size, null when it is not positive."""
    known = _known(size)
    if known is not None and known > 0:
        return value
    return once(value, "size", lambda x: sql.case([(sql.binary(exp.GT, x, sql.number(0)), x)]))


def _bin_datetime(moment: Sql, size: Expr, ticks: Sql) -> Sql:
    known = _known(size)
    if isinstance(known, int) and known > 0 and known % 10 == 0:
        since = micros_since_year_one(moment)
        binned = sql.binary(exp.Sub, since, sql.binary(exp.Mod, since, long(known // 10)))
        return sql.call("make_timestamp", sql.binary(exp.Sub, binned, long(TICKS_TO_1970 // 10)))
    return datetime_of_ticks(_bin_whole(ticks_of_datetime(moment), size, ticks))


def _pair(left: Sql, right: Sql) -> Sql:
    return exp.Array(expressions=[left, right])


def _item(pair: Sql, at: int) -> Sql:
    return sql.call("list_extract", pair, sql.number(at))


def _down(value: Sql, size: Sql) -> Sql:
    """A whole number without its remainder that is not negative."""
    rest = sql.binary(exp.Mod, sql.binary(exp.Add, sql.binary(exp.Mod, value, size), size), size)
    return sql.binary(exp.Sub, value, rest)


def _bin_whole(value: Sql, size: Expr, by: Sql) -> Sql:
    known = _known(size)
    if isinstance(known, int) and 0 < known < 2**62:
        return once(value, "whole", lambda x: _down(x, long(known)))
    pair = _pair(value, sql.cast(_positive(size, by), "BIGINT"))
    return once(pair, "pair", lambda p: _down(_item(p, 1), _item(p, 2)))


def _bin_real(value: Sql, size: Expr, by: Sql) -> Sql:
    if _known(size) is not None:
        down = sql.call("floor", sql.binary(exp.Div, value, by))
        return sql.binary(exp.Mul, down, _positive(size, by))
    pair = _pair(value, _positive(size, by))
    return once(
        pair,
        "pair",
        lambda p: sql.binary(exp.Mul, sql.call("floor", sql.binary(exp.Div, _item(p, 1), _item(p, 2))), _item(p, 2)),
    )


def _bin_at(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`bin` counted from a fixed point (learn.microsoft.com, "bin_at()")."""
    value, size, fixed = call.arguments
    known = _known(size)
    if known is None or known <= 0:
        raise UnsupportedError("it needs a constant, positive size")
    kinds = {part.type for part in call.arguments}
    if value.type is DATETIME and size.type is TIMESPAN and fixed.type is DATETIME:
        if known % 10:
            raise UnsupportedError("it needs a size of whole microseconds")
        pair = _pair(sql.call("epoch_us", arguments[0]), sql.call("epoch_us", arguments[2]))
        return moment_of_micros(once(pair, "pair", lambda p: _from(p, long(int(known) // 10))))
    if kinds == {TIMESPAN} or kinds <= _WHOLE:
        kind = LONG
    elif kinds <= _WHOLE | {REAL}:
        kind = REAL
    else:
        raise UnsupportedError(f"how a {value.type.value} is rounded to a {size.type.value} is not known")
    values = [
        sql_ if part.type is TIMESPAN else convert(part.type, kind, sql_)
        for part, sql_ in zip(call.arguments, arguments, strict=True)
    ]
    pair = _pair(values[0], values[2])
    if kind is LONG:
        return once(pair, "pair", lambda p: _from(p, long(int(known))))
    return once(
        pair,
        "pair",
        lambda p: sql.binary(
            exp.Add,
            sql.binary(
                exp.Mul,
                sql.call("floor", sql.binary(exp.Div, sql.binary(exp.Sub, _item(p, 1), _item(p, 2)), values[1])),
                values[1],
            ),
            _item(p, 2),
        ),
    )


def _from(pair: Sql, size: Sql) -> Sql:
    return sql.binary(exp.Add, _down(sql.binary(exp.Sub, _item(pair, 1), _item(pair, 2)), size), _item(pair, 2))


def _ceiling(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    match call.arguments[0].type:
        case ScalarType.INT | ScalarType.LONG:
            return convert(call.arguments[0].type, call.type, arguments[0])
        case ScalarType.REAL:
            return sql.call("ceil", arguments[0])
        case _:
            return sql.cast(sql.call("ceil", arguments[0]), "DECIMAL(38, 18)")


def _round(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Halves are rounded away from zero (recorded answers of the real engine)."""
    kind = call.arguments[0].type
    rounded = sql.call("round", arguments[0], *(sql.cast(digits, "INTEGER") for digits in arguments[1:]))
    match kind:
        case ScalarType.REAL:
            return rounded
        case ScalarType.DECIMAL:
            return sql.cast(rounded, "DECIMAL(38, 18)")
        case _:
            return sql.cast(rounded, emission.dialect.types[call.type])


BINS: Final[tuple[ScalarRow, ...]] = (
    Scalar("bin", _bin),
    Scalar("floor", _bin),
    Scalar("bin_at", _bin_at, note="the size must be a constant"),
    Scalar("ceiling", _ceiling),
    Scalar("round", _round),
    Gap("bin_auto", "its size stands in an option of the query, which is not read"),
)
