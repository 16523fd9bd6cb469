"""Arithmetic and mathematics in DuckDB SQL.

Whole numbers are computed as long and wrap round at its ends; division by zero is null for them, and NaN or an infinity
for reals; a remainder is never negative (recorded answers of the real engine).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import add, mul, sub
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_convert import convert, wrapped_long
from detectionary.engines.duckdb.scalars_span import add_times, divide_times, scale, subtract_times, times_remainder
from detectionary.languages.kusto.syntax import ScalarType

BOOL, INT, LONG, REAL = ScalarType.BOOL, ScalarType.INT, ScalarType.LONG, ScalarType.REAL
DECIMAL, DYNAMIC = ScalarType.DECIMAL, ScalarType.DYNAMIC
DATETIME, TIMESPAN = ScalarType.DATETIME, ScalarType.TIMESPAN

_TIMES: Final = frozenset({DATETIME, TIMESPAN})

Emit = Callable[[Apply, tuple[Sql, ...], Emission], Sql]


def _numbers(call: Apply, arguments: tuple[Sql, ...]) -> tuple[Sql, ...]:
    """The operands in the type of the result."""
    return tuple(
        value
        if part.type is call.type or (part.type is INT and call.type is LONG)
        else convert(part.type, call.type, value)
        for part, value in zip(call.arguments, arguments, strict=True)
    )


def _timed(call: Apply) -> bool:
    return any(part.type in _TIMES for part in call.arguments)


def _refuse_dynamic(call: Apply) -> None:
    if call.type is DYNAMIC:
        raise UnsupportedError(
            "arithmetic on two dynamic values is not defined", "convert them, with tolong() for example"
        )


def _whole(operator: type[exp.Binary], call: Apply, values: tuple[Sql, ...]) -> Sql:
    """Sum, difference or product of whole numbers, which wraps round; ints cannot leave the range of long."""
    left, right = values
    one, other = call.arguments
    if isinstance(one, Constant) and isinstance(other, Constant):
        _refuse_overflow(operator, one, other)
    if all(part.type is INT for part in call.arguments):
        return sql.binary(operator, sql.cast(left, "BIGINT"), sql.cast(right, "BIGINT"))
    return wrapped_long(sql.binary(operator, sql.cast(left, "HUGEINT"), right))


def _refuse_overflow(operator: type[exp.Binary], one: Constant, other: Constant) -> None:
    """The real engine refuses constants whose result leaves the range of long."""
    if isinstance(one.value, int) and isinstance(other.value, int):
        exact = _EXACT[operator](one.value, other.value)
        if not -(2**63) <= exact < 2**63:
            raise UnsupportedError("the result is larger than a long can be")


_EXACT: Final[Mapping[type[exp.Binary], Callable[[int, int], int]]] = {exp.Add: add, exp.Sub: sub, exp.Mul: mul}


def _computed(operator: type[exp.Binary], call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    _refuse_dynamic(call)
    values = _numbers(call, arguments)
    match call.type:
        case ScalarType.LONG | ScalarType.INT:
            return _whole(operator, call, values)
        case ScalarType.DECIMAL:
            return sql.cast(sql.binary(operator, *values), "DECIMAL(38, 18)")
        case _:
            return sql.binary(operator, *values)


def _add(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return add_times(call, arguments) if _timed(call) else _computed(exp.Add, call, arguments)


def _subtract(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return subtract_times(call, arguments) if _timed(call) else _computed(exp.Sub, call, arguments)


def _multiply(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    if _timed(call):
        return scale(call, arguments)
    if call.type is DECIMAL:
        raise UnsupportedError("a product of decimals has more digits than this engine keeps")
    return _computed(exp.Mul, call, arguments)


def _divide(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whole numbers divide towards zero."""
    if _timed(call):
        return divide_times(call, arguments)
    _refuse_dynamic(call)
    left, right = _numbers(call, arguments)
    match call.type:
        case ScalarType.LONG:
            return sql.binary(exp.IntDiv, sql.cast(left, "BIGINT"), _not_zero(call, right))
        case ScalarType.REAL:
            return sql.binary(exp.Div, left, right)
        case _:
            raise UnsupportedError("a quotient of decimals has more digits than this engine keeps")


def _not_zero(call: Apply, divisor: Sql) -> Sql:
    """A whole divisor, null when it is 0."""
    part = call.arguments[1]
    if isinstance(part, Constant) and part.value:
        return divisor
    return sql.call("nullif", divisor, sql.number(0))


def _remainder(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """What is left over, from 0 to below the size of the divisor."""
    if _timed(call):
        return remainder(*times_remainder(call, arguments), call)
    _refuse_dynamic(call)
    left, right = _numbers(call, arguments)
    match call.type:
        case ScalarType.LONG:
            return remainder(sql.cast(left, "BIGINT"), _not_zero(call, right), call)
        case ScalarType.REAL:
            return remainder(left, right, call)
        case _:
            return _by_size(left, sql.call("nullif", right, sql.number(0)), "DECIMAL(38, 18)")


def remainder(left: Sql, right: Sql, call: Apply) -> Sql:
    """The remainder of whole numbers, ticks or reals that is not negative; a constant divisor is a plain one."""
    part = call.arguments[1]
    value = part.value if isinstance(part, Constant) else None
    if call.type is REAL:
        return _by_size(left, right, "DOUBLE")
    if isinstance(value, int) and value:
        return _positive(left, sql.cast(sql.number(abs(value)), "BIGINT"))
    return _by_size(sql.cast(left, "HUGEINT"), right, "BIGINT")


def _by_size(left: Sql, right: Sql, kind: str) -> Sql:
    def computed(pair: Sql) -> Sql:
        value, by = (sql.call("list_extract", pair, sql.number(at)) for at in (1, 2))
        return _positive(value, sql.call("abs", by))

    return sql.cast(once(exp.Array(expressions=[left, right]), "pair", computed), kind)


def _positive(left: Sql, size: Sql) -> Sql:
    inner = sql.binary(exp.Add, sql.binary(exp.Mod, left, size), size)
    return sql.binary(exp.Mod, inner, size)


def _negate(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    value = arguments[0]
    match call.arguments[0].type:
        case ScalarType.INT:
            return exp.Neg(this=exp.Paren(this=sql.cast(value, "BIGINT")))
        case ScalarType.LONG | ScalarType.TIMESPAN:
            return wrapped_long(exp.Neg(this=exp.Paren(this=sql.cast(value, "HUGEINT"))))
        case ScalarType.REAL | ScalarType.DECIMAL:
            return exp.Neg(this=exp.Paren(this=value))
        case kind:
            raise UnsupportedError(f"a {kind.value} has no sign")


NUMBERS: Final[tuple[ScalarRow, ...]] = (
    Scalar("+", _add),
    Scalar("-", _subtract),
    Scalar("*", _multiply),
    Scalar("/", _divide),
    Scalar("%", _remainder),
    Scalar("negate", _negate),
)
