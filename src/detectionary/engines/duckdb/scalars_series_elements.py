"""Functions that work on the elements of series one by one, in DuckDB SQL.

What is no number, or stands in one series only, gives null; arrays of whole numbers stay such where that can be
(learn.microsoft.com, "series_add()" and its like).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.aggregates import wrapped
from detectionary.engines.duckdb.json_texts import is_array
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.series_lists import (
    DYNAMIC,
    ZERO,
    add,
    are_whole,
    array,
    divide,
    each,
    multiply,
    plain_text,
    real_text,
    side,
    subtract,
    texts,
    var,
)

Operation = Callable[[Sql, Sql], Sql]


def _sides(call: Apply, arguments: tuple[Sql, ...]) -> tuple[Sql, Sql]:
    """Both arguments as lists of JSON texts; a number stands beside every element of the other."""
    lists: list[Sql] = []
    for argument, other, value in zip(call.arguments, reversed(call.arguments), arguments, strict=True):
        if argument.type is DYNAMIC:
            lists.append(texts(value))
            continue
        beside = arguments[1] if other is call.arguments[1] else arguments[0]
        text = sql.cast(value, "VARCHAR")
        lists.append(each(texts(beside), "x", text))
    return lists[0], lists[1]


def _both(reals: Operation, wholes: Operation | None, text: Callable[[Sql], Sql]) -> EmitFunction:
    """An operation on pairs of elements; `wholes` is that on HUGEINT when all are whole numbers."""

    def emitted(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        left, right = _sides(call, arguments)
        # DuckDB zips null to an empty list.
        arrays = [is_array(v) for a, v in zip(call.arguments, arguments, strict=True) if a.type is DYNAMIC]
        pairs = sql.case([(sql.both(*arrays), sql.call("list_zip", left, right))])

        def made(kind: str, operation: Operation, shown: Callable[[Sql], Sql]) -> Sql:
            one, other = (sql.try_cast(side(var("p"), place), kind) for place in (1, 2))
            return array(each(var("pairs"), "p", shown(operation(one, other))))

        by_reals = made("DOUBLE", reals, text)
        if wholes is None:
            return once(pairs, "pairs", lambda _: by_reals)
        ours = wholes
        ones = each(var("pairs"), "p", side(var("p"), 1))
        others = each(var("pairs"), "p", side(var("p"), 2))
        whole = sql.both(are_whole(_present(ones)), are_whole(_present(others)))
        by_wholes = made("HUGEINT", ours, lambda value: plain_text(wrapped(value)))
        return once(pairs, "pairs", lambda _: sql.case([(whole, by_wholes)], by_reals))

    return emitted


def _present(items: Sql) -> Sql:
    return each(items, "x", sql.coalesce(var("x"), sql.text("null")))


def _unary(operation: Callable[[Sql], Sql], whole: bool = False) -> EmitFunction:
    """A function of one element; of whole numbers it gives whole numbers when `whole`."""

    def emitted(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        value = operation(sql.try_cast(var("x"), "DOUBLE"))
        by_reals = array(each(var("items"), "x", real_text(value)))
        if not whole:
            return once(texts(arguments[0]), "items", lambda _: by_reals)
        number = operation(sql.try_cast(var("x"), "HUGEINT"))
        by_wholes = array(each(var("items"), "x", plain_text(wrapped(sql.cast(number, "HUGEINT")))))
        return once(texts(arguments[0]), "items", lambda _: sql.case([(are_whole(var("items")), by_wholes)], by_reals))

    return emitted


def _called(function: str) -> Callable[[Sql], Sql]:
    return lambda value: sql.call(function, value)


def _within(function: str) -> Callable[[Sql], Sql]:
    """A function of -1 to 1, no number elsewhere."""

    def applied(value: Sql) -> Sql:
        inside = exp.Between(this=value, low=sql.number(-1), high=sql.number(1))
        nan = sql.cast(sql.text("NaN"), "DOUBLE")
        return sql.case([(inside, sql.call(function, value)), (sql.not_null(value), nan)])

    return applied


def _logarithm(value: Sql) -> Sql:
    infinite = sql.cast(sql.text("-Infinity"), "DOUBLE")
    return sql.case(
        [
            (sql.binary(exp.GT, value, ZERO), sql.call("ln", value)),
            (sql.equal(value, ZERO), infinite),
            (sql.not_null(value), sql.cast(sql.text("NaN"), "DOUBLE")),
        ]
    )


def _quotient(left: Sql, right: Sql) -> Sql:
    """Of a number by zero, infinity or no number, as of doubles."""
    zero = sql.cast(sql.number(0), "DOUBLE")
    nan, infinity = (sql.cast(sql.text(name), "DOUBLE") for name in ("NaN", "Infinity"))
    signed = sql.case(
        [
            (sql.binary(exp.GT, left, ZERO), infinity),
            (sql.binary(exp.LT, left, ZERO), exp.Neg(this=infinity)),
            (sql.not_null(left), nan),
        ]
    )
    return sql.case([(sql.equal(right, zero), signed)], divide(left, right))


def _compared(kind: type[exp.Binary]) -> EmitFunction:
    return _both(lambda left, right: sql.binary(kind, left, right), None, plain_text)


def _power(left: Sql, right: Sql) -> Sql:
    return sql.call("pow", left, right)


MISPRINT: Final = "not verified: the documentation's example shows another series than its query has"

ELEMENTWISE: Final[tuple[ScalarRow, ...]] = (
    Scalar("series_abs", _unary(_called("abs"), whole=True)),
    Scalar("series_acos", _unary(_within("acos"))),
    Scalar("series_add", _both(add, add, real_text)),
    Scalar("series_asin", _unary(_within("asin"))),
    Gap("series_atan", MISPRINT),
    Scalar("series_ceiling", _unary(_called("ceil"))),
    Gap("series_cos", MISPRINT),
    Scalar("series_divide", _both(_quotient, None, real_text)),
    Scalar("series_equals", _compared(exp.EQ)),
    Scalar("series_exp", _unary(_called("exp"))),
    Scalar("series_floor", _unary(_called("floor"))),
    Scalar("series_greater", _compared(exp.GT)),
    Scalar("series_greater_equals", _compared(exp.GTE)),
    Scalar("series_less", _compared(exp.LT)),
    Scalar("series_less_equals", _compared(exp.LTE)),
    Scalar("series_log", _unary(_logarithm)),
    Scalar("series_multiply", _both(multiply, multiply, real_text)),
    Scalar("series_not_equals", _compared(exp.NEQ)),
    Scalar("series_pow", _both(_power, None, real_text)),
    Scalar("series_sign", _unary(_called("sign"), whole=True)),
    Scalar("series_sin", _unary(_called("sin"))),
    Scalar("series_subtract", _both(subtract, subtract, real_text)),
    Gap("series_tan", MISPRINT),
)
