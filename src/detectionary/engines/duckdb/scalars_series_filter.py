"""Filters and seasons of series in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.series_lists import (
    ONE,
    ZERO,
    add,
    are_whole,
    array,
    at,
    constant_flag,
    constant_numbers,
    divide,
    each,
    fold,
    multiply,
    numbers,
    plain_text,
    real_text,
    subtract,
    texts,
    var,
)

MOST_COEFFICIENTS: Final = 200
ITEMS, NUMBERS, PLACE = var("items"), var("numbers"), var("i")


def _back(values: Sql, steps: int) -> Sql:
    """The number so many places before place `i`; 0 before the first."""
    if steps == 0:
        return at(values, PLACE)
    place = subtract(PLACE, sql.number(steps))
    return sql.case([(sql.binary(exp.GT, place, ZERO), at(values, place))], sql.number(0.0))


def _weighted(values: Sql, weights: list[float | int]) -> Sql:
    """The sum of the last numbers up to place `i`, each by its weight."""
    total: Sql | None = None
    for steps, weight in enumerate(weights):
        if weight == 0:
            continue
        term = multiply(sql.cast(sql.text(repr(float(weight))), "DOUBLE"), _back(values, steps))
        total = term if total is None else add(total, term)
    return total if total is not None else sql.cast(ZERO, "DOUBLE")


def _coefficients(call: Apply, place: int, what: str) -> list[float | int]:
    found = constant_numbers(call.arguments[place], what)
    if not found or len(found) > MOST_COEFFICIENTS:
        raise UnsupportedError(f"{what} must have 1 to {MOST_COEFFICIENTS} numbers")
    return found


def _fir(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The weighted sum of this and earlier numbers; before the first stand zeros (a recorded answer of the engine)."""
    weights = _coefficients(call, 1, "the filter")
    if constant_flag(call, 2, not any(weight < 0 for weight in weights)):
        raise UnsupportedError("how a normalized filter begins is not documented", "pass false for normalize")
    if constant_flag(call, 3, False):
        raise UnsupportedError("how a centered filter begins is not documented")
    value = _weighted(NUMBERS, weights)
    shown = real_text(value)
    if all(isinstance(weight, int) for weight in weights):
        shown = sql.case([(are_whole(ITEMS), plain_text(sql.cast(value, "BIGINT")))], shown)
    made = array(each(NUMBERS, "n", shown, "i"))
    return once(texts(arguments[0]), "items", lambda _: once(numbers(ITEMS), "numbers", lambda _: made))


def _iir(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The recursive formula of the page: earlier results count too, by the denominators."""
    ups, downs = _coefficients(call, 1, "the numerators"), _coefficients(call, 2, "the denominators")
    if downs[0] == 0:
        raise UnsupportedError("the first denominator must not be zero")
    inputs = each(NUMBERS, "n", exp.Array(expressions=[_weighted(NUMBERS, ups)]), "i")
    made, entry = var("made"), var("entry")
    value = at(entry, 1)
    length = sql.call("len", made)
    for steps, weight in enumerate(downs[1:], 1):
        if weight == 0:
            continue
        place = subtract(add(length, ONE), sql.number(steps))
        earlier = sql.case([(sql.binary(exp.GT, place, ZERO), at(made, place))], sql.number(0.0))
        value = subtract(value, multiply(sql.cast(sql.text(repr(float(weight))), "DOUBLE"), earlier))
    result = divide(value, sql.cast(sql.text(repr(float(downs[0]))), "DOUBLE"))
    step = sql.call("list_append", made, result)
    empty = sql.cast(exp.Array(expressions=[]), "DOUBLE[]")
    outputs = sql.call("list_reduce", inputs, sql.function(["made", "entry"], step), empty)
    shown = array(each(outputs, "x", real_text(var("x"))))
    return once(numbers(texts(arguments[0])), "numbers", lambda _: shown)


def _seasonal(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The median of the numbers that stand at the same place of every period."""
    period = call.arguments[1] if len(call.arguments) == 2 else None
    if not isinstance(period, Constant) or not isinstance(period.value, int) or period.value == -1:
        raise UnsupportedError("how the period is detected is not documented", "give the period in bins")
    if period.value <= 0:
        return once(texts(arguments[0]), "items", lambda _: array(each(ITEMS, "x", sql.text("0.0"))))
    size = sql.number(period.value)

    def slot(place: Sql) -> Sql:
        return sql.binary(exp.Mod, subtract(place, ONE), size)

    same = sql.call(
        "list_filter",
        NUMBERS,
        sql.function(["n", "k"], sql.equal(slot(var("k")), var("s"))),
    )
    medians = each(sql.call("range", sql.call("least", size, sql.call("len", NUMBERS))), "s", fold("median", same))
    shown = real_text(at(var("medians"), add(slot(PLACE), ONE)))
    made = once(medians, "medians", lambda _: array(each(NUMBERS, "n", shown, "i")))
    return once(numbers(texts(arguments[0])), "numbers", lambda _: made)


FILTERS: Final[tuple[ScalarRow, ...]] = (
    Scalar("series_fir", _fir, note="not normalized and not centered, and by a constant filter"),
    Scalar("series_iir", _iir, note="by constant coefficients"),
    Scalar("series_seasonal", _seasonal, note="of a constant period"),
)
