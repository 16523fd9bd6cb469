"""Mathematical functions, bits, and the least and greatest of values in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_convert import convert, wrapped_long
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, DECIMAL = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL
TIMESPAN, DYNAMIC = ScalarType.TIMESPAN, ScalarType.DYNAMIC


def _reals(call: Apply, arguments: tuple[Sql, ...]) -> list[Sql]:
    return [convert(part.type, REAL, value) for part, value in zip(call.arguments, arguments, strict=True)]


def _real(function: str) -> EmitFunction:
    """A function of reals that DuckDB has under this name."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return sql.call(function, *_reals(call, arguments))

    return emit


def _within(function: str, low: float, high: float | None = None) -> EmitFunction:
    """A function that is null outside of its domain."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        def inside(x: Sql) -> Sql:
            sound = sql.binary(exp.GTE, x, _double(low))
            if high is not None:
                sound = exp.Between(this=x, low=_double(low), high=_double(high))
            return sql.case([(sql.either(sound, sql.call("isnan", x)), sql.call(function, x))])

        return once(_reals(call, arguments)[0], "real", inside)

    return emit


def _double(value: float) -> Sql:
    return sql.cast(sql.text(repr(value)), "DOUBLE")


def _power_of(base: float) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return sql.call("pow", _double(base), _reals(call, arguments)[0])

    return emit


def _cotangent(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.binary(exp.Div, _double(1.0), sql.call("tan", _reals(call, arguments)[0]))


def _sign(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """-1, 0 or 1 as real; 0 of NaN (recorded answers of the real engine)."""
    return sql.cast(sql.call("sign", arguments[0]), "DOUBLE")


def _size(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`abs`: an int becomes long; the smallest long has no size."""
    part = call.arguments[0]
    if isinstance(part, Constant) and part.value == -(2**63):
        raise UnsupportedError("the smallest long has no absolute value that is a long")
    value = sql.cast(arguments[0], "BIGINT") if part.type is INT else arguments[0]
    return sql.call("abs", value)


# Bits


def _bits(operator: type[exp.Binary]) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        left, right = (sql.cast(value, "BIGINT") for value in arguments)
        return sql.binary(operator, left, right)

    return emit


def _exclusive(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("xor", *(sql.cast(value, "BIGINT") for value in arguments))


def _inverted(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`binary_not`: all bits the other way round, which is -1 less the number."""
    return sql.binary(exp.Sub, sql.number(-1), sql.cast(arguments[0], "BIGINT"))


def _shift(left: bool) -> EmitFunction:
    """By the number of bits modulo 64; null when it is negative (learn.microsoft.com, "binary_shift_left()")."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        amount = call.arguments[1]
        if not (isinstance(amount, Constant) and isinstance(amount.value, int)):
            raise UnsupportedError("the number of bits must be a constant")
        if amount.value < 0:
            return sql.cast(sql.NULL, "BIGINT")
        by = amount.value % 64
        value = sql.cast(arguments[0], "BIGINT")
        if left:
            factor = sql.cast(sql.number(2**by), "HUGEINT")
            return wrapped_long(sql.binary(exp.Mul, sql.cast(value, "HUGEINT"), factor))
        return sql.binary(exp.BitwiseRightShift, value, sql.number(by))

    return emit


def _ones(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.cast(sql.call("bit_count", sql.cast(arguments[0], "BIGINT")), "BIGINT")


# The least and the greatest


def _extreme(function: str) -> EmitFunction:
    """`min_of` and `max_of`: nulls are passed over; a NaN wins (recorded answers of the real engine)."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        if call.type is DYNAMIC:
            raise UnsupportedError("dynamic values have no order", "convert them, with tolong() for example")
        values = [
            value if part.type is call.type else convert(part.type, call.type, value)
            for part, value in zip(call.arguments, arguments, strict=True)
        ]
        if call.type is not REAL:
            return sql.call(function, *values)
        nan = _double(float("nan"))

        def chosen(listed: Sql) -> Sql:
            whole = sql.call("list_min" if function == "least" else "list_max", listed)
            return sql.case([(sql.call("list_contains", listed, nan), nan)], whole)

        return once(exp.Array(expressions=values), "reals", chosen)

    return emit


def _pi(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("pi")


_NO_UNITS: Final = "its tables of units are not here"
_NO_STATISTICS: Final = "DuckDB has no such distribution"

MATH: Final[tuple[ScalarRow, ...]] = (
    Scalar("abs", _size),
    Scalar("acos", _within("acos", -1.0, 1.0)),
    Scalar("asin", _within("asin", -1.0, 1.0)),
    Scalar("atan", _real("atan")),
    Scalar("atan2", _real("atan2")),
    Scalar("cos", _real("cos")),
    Scalar("cot", _cotangent),
    Scalar("degrees", _real("degrees")),
    Scalar("exp", _real("exp")),
    Scalar("exp10", _power_of(10.0)),
    Scalar("exp2", _power_of(2.0)),
    Scalar("gamma", _real("gamma")),
    Scalar("isfinite", _real("isfinite")),
    Scalar("isinf", _real("isinf")),
    Scalar("isnan", _real("isnan")),
    Scalar("log", _within("ln", 0.0)),
    Scalar("log10", _within("log10", 0.0)),
    Scalar("log2", _within("log2", 0.0)),
    Scalar("loggamma", _real("lgamma")),
    Scalar("pi", _pi),
    Scalar("pow", _real("pow")),
    Scalar("radians", _real("radians")),
    Scalar("sign", _sign),
    Scalar("sin", _real("sin")),
    Scalar("sqrt", _real("sqrt")),
    Scalar("tan", _real("tan")),
    Scalar("binary_and", _bits(exp.BitwiseAnd)),
    Scalar("binary_or", _bits(exp.BitwiseOr)),
    Scalar("binary_xor", _exclusive),
    Scalar("binary_not", _inverted),
    Scalar("binary_shift_left", _shift(left=True), note="the number of bits must be a constant"),
    Scalar("binary_shift_right", _shift(left=False), note="the number of bits must be a constant"),
    Scalar("bitset_count_ones", _ones),
    Scalar("max_of", _extreme("greatest")),
    Scalar("min_of", _extreme("least")),
    Gap("rand", "it gives other numbers at every run"),
    *(Gap(name, "DuckDB has no error function") for name in ("erf", "erfc")),
    *(Gap(name, _NO_STATISTICS) for name in ("beta_cdf", "beta_inv", "beta_pdf", "welch_test")),
    *(
        Gap(f"convert_{kind}", _NO_UNITS)
        for kind in ("angle", "energy", "force", "length", "mass", "speed", "temperature", "volume")
    ),
)
