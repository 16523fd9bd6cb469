"""Arithmetic in Spark SQL.

Whole numbers are computed as long and wrap round at its ends, as they do without ANSI mode; division by zero is null
for them, and NaN or an infinity for reals; a remainder is never negative (recorded answers of the real engine).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import add, mul, sub
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import array, at, divided, double, long, negative, once, rest
from detectionary.engines.spark.scalars_convert import convert
from detectionary.engines.spark.spans import (
    add_times,
    divide_times,
    real_quotient,
    scale,
    subtract_times,
    times_remainder,
)
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, DECIMAL = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL
DATETIME, TIMESPAN, DYNAMIC = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.DYNAMIC

_TIMES: Final = frozenset({DATETIME, TIMESPAN})


def _timed(call: Apply) -> bool:
    return any(part.type in _TIMES for part in call.arguments)


def _numbers(call: Apply, arguments: tuple[Sql, ...]) -> tuple[Sql, ...]:
    """The operands in the type of the result, whole numbers as long."""
    match call.type:
        case ScalarType.DYNAMIC:
            advice = "convert them, with tolong() for example"
            raise UnsupportedError("arithmetic on two dynamic values is not defined", advice)
        case ScalarType.DECIMAL:
            raise UnsupportedError("decimals have more digits than this engine keeps")
        case kind:
            target = LONG if kind is INT else kind
            return tuple(
                convert(part.type, target, value) for part, value in zip(call.arguments, arguments, strict=True)
            )


_EXACT: Final[Mapping[type[exp.Binary], Callable[[int, int], int]]] = {exp.Add: add, exp.Sub: sub, exp.Mul: mul}


def _computed(operator: type[exp.Binary], call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """Constants whose result leaves the range of long are refused, as the real engine does."""
    match call.arguments:
        case (Constant(value=int(one)), Constant(value=int(other))) if call.type in (INT, LONG):
            if not -(2**63) <= _EXACT[operator](one, other) < 2**63:
                raise UnsupportedError("the result is larger than a long can be")
    return sql.binary(operator, *_numbers(call, arguments))


def _add(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return add_times(call, arguments) if _timed(call) else _computed(exp.Add, call, arguments)


def _subtract(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return subtract_times(call, arguments) if _timed(call) else _computed(exp.Sub, call, arguments)


def _multiply(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return scale(call, arguments) if _timed(call) else _computed(exp.Mul, call, arguments)


def _divide(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whole numbers divide towards zero."""
    if _timed(call):
        return divide_times(call, arguments)
    left, right = _numbers(call, arguments)
    if call.type is REAL:
        return real_quotient(left, right, call.arguments[1])
    return divided(left, right)


def _remainder(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """What is left over, from 0 to below the size of the divisor."""
    left, right = times_remainder(call, arguments) if _timed(call) else _numbers(call, arguments)
    part = call.arguments[1]
    if isinstance(part, Constant) and isinstance(part.value, int) and part.value and call.type is not REAL:
        return rest(left, long(abs(part.value)))
    if call.type is REAL:
        return once(array(left, right), "pair", _real_rest)
    return once(array(left, right), "pair", lambda pair: rest(at(pair, 0), sql.call("abs", at(pair, 1))))


def _real_rest(pair: Sql) -> Sql:
    """NaN by zero, where Spark gives null."""
    left, size = at(pair, 0), sql.call("abs", at(pair, 1))
    missing = sql.either(sql.is_null(left), sql.is_null(size))
    none = sql.case([(missing, sql.cast(sql.NULL, "DOUBLE"))], double("NaN"))
    return sql.coalesce(rest(left, size), none)


def _negate(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    match call.arguments[0].type:
        case ScalarType.INT:
            return negative(sql.cast(arguments[0], "BIGINT"))
        case ScalarType.LONG | ScalarType.TIMESPAN | ScalarType.REAL | ScalarType.DECIMAL:
            return negative(arguments[0])
        case kind:
            raise UnsupportedError(f"a {kind.value} has no sign")


NUMBERS: Final[tuple[ScalarRow, ...]] = (
    Scalar("+", _add, note="not of decimals"),
    Scalar("-", _subtract, note="not of decimals"),
    Scalar("*", _multiply, note="not of decimals"),
    Scalar("/", _divide, note="not of decimals"),
    Scalar("%", _remainder, note="not of decimals"),
    Scalar("negate", _negate),
    Gap("rand", "it gives other numbers at every run"),
)
