"""Functions that fill what is missing in a series, in DuckDB SQL (learn.microsoft.com, "series_fill_forward()" …)."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_dynamic import json_item
from detectionary.engines.duckdb.series_lists import (
    ONE,
    ZERO,
    add,
    are_whole,
    array,
    at,
    constant_flag,
    divide,
    each,
    fold,
    multiply,
    part,
    real_text,
    subtract,
    texts,
    var,
)

ITEMS, PLACES, PLACE, ITEM = var("items"), var("places"), var("i"), var("x")


def _missing(call: Apply, place: int) -> Sql:
    """Whether the item `x` is missing: null, or equal to the placeholder that the call names."""
    if len(call.arguments) <= place:
        return sql.equal(ITEM, json.NULL_ITEM)
    holder = call.arguments[place]
    if not isinstance(holder, Constant):
        raise UnsupportedError("the placeholder must be a constant")
    if holder.value is None:
        return sql.equal(ITEM, json.NULL_ITEM)
    if isinstance(holder.value, bool) or not isinstance(holder.value, int | float):
        raise UnsupportedError("the placeholder must be a number")
    equal = sql.equal(sql.try_cast(ITEM, "DOUBLE"), sql.cast(sql.text(repr(float(holder.value))), "DOUBLE"))
    return sql.coalesce(equal, sql.FALSE)


def _known_places(missing: Sql) -> Sql:
    """The place of every item, null where it is missing."""
    return each(ITEMS, "x", sql.case([(missing, sql.NULL)], PLACE), "i")


def _before() -> Sql:
    """The place of the last known item up to this one."""
    return fold("max", part(PLACES, ONE, PLACE))


def _after() -> Sql:
    """The place of the first known item from this one on."""
    return fold("min", part(PLACES, PLACE, sql.call("len", PLACES)))


def _filled(call: Apply, value: Sql, at_missing: int, result: Sql) -> Sql:
    """`result` over `items`, the JSON texts of the series, and `places`, where it is known."""
    known = _known_places(_missing(call, at_missing))
    return once(texts(value), "items", lambda _: once(known, "places", lambda _: result))


def _forward(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    taken = at(ITEMS, sql.coalesce(_before(), PLACE))
    return _filled(call, arguments[0], 1, array(each(PLACES, "p", taken, "i")))


def _backward(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    taken = at(ITEMS, sql.coalesce(_after(), PLACE))
    return _filled(call, arguments[0], 1, array(each(PLACES, "p", taken, "i")))


def _const(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    if len(arguments) < 2:
        raise UnsupportedError("it needs the value to fill in")
    value = json_item(call.arguments[1], arguments[1])
    taken = sql.case([(_missing(call, 2), value)], ITEM)
    return once(texts(arguments[0]), "items", lambda _: array(each(ITEMS, "x", taken)))


def _linear(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Along the straight line between the known neighbours; among whole numbers, cut to a whole number.

    Before the first and behind the last known item stands that item, unless edges are to stay; a series of which
    nothing is known is filled with a constant, 0 by default.
    """
    edges = constant_flag(call, 2, True)
    constant: Sql = sql.text("0.0")
    if len(arguments) > 3:
        given = call.arguments[3]
        if isinstance(given, Constant) and isinstance(given.value, int) and not isinstance(given.value, bool):
            constant = sql.text(repr(float(given.value)))
        else:
            constant = json_item(given, arguments[3])
    low, high = var("low"), var("high")
    below, above = (sql.cast(at(ITEMS, place), "DOUBLE") for place in (low, high))
    share = divide(subtract(PLACE, low), subtract(high, low))
    value = add(below, multiply(subtract(above, below), share))
    # DuckDB rounds a cast to the nearest whole number, Kusto's example shows the fraction cut off.
    whole = sql.cast(sql.cast(sql.call("trunc", value), "BIGINT"), "VARCHAR")
    between = sql.case([(var("whole"), whole)], real_text(value))
    edge = at(ITEMS, sql.coalesce(low, high)) if edges else at(ITEMS, PLACE)
    either = sql.either(sql.is_null(low), sql.is_null(high))
    filled = sql.case([(sql.not_null(var("p")), at(ITEMS, PLACE)), (either, edge)], between)
    bounds = once(_before(), "low", lambda _: once(_after(), "high", lambda _: filled))
    some = array(each(PLACES, "p", bounds, "i"))
    none = array(each(ITEMS, "x", constant))
    known = fold("count", PLACES)
    result = sql.case([(sql.binary(exp.GT, known, ZERO), some)], none)
    return _filled(call, arguments[0], 1, once(are_whole(ITEMS), "whole", lambda _: result))


FILLS: Final[tuple[ScalarRow, ...]] = (
    Scalar("series_fill_backward", _backward),
    Scalar("series_fill_const", _const),
    Scalar("series_fill_forward", _forward),
    Scalar("series_fill_linear", _linear),
)
