"""Series in DuckDB SQL: arrays of numbers as lists of DOUBLE, and back to the JSON text of an array."""

from __future__ import annotations

from json import loads
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.languages.kusto.syntax import ScalarType

DYNAMIC = ScalarType.DYNAMIC
WHOLE: Final = sql.text("-?[0-9]+")
ZERO, ONE = sql.number(0), sql.number(1)


def var(name: str) -> Sql:
    return sql.variable(name)


def at(items: Sql, place: Sql | int) -> Sql:
    """The item at a place from 1; null when there is none."""
    return sql.call("list_extract", items, sql.number(place) if isinstance(place, int) else place)


def side(pair: Sql, number: int) -> Sql:
    """One of the two values of a pair that `list_zip` made."""
    return sql.call("struct_extract", pair, sql.number(number))


def part(items: Sql, first: Sql, last: Sql) -> Sql:
    return sql.call("list_slice", items, first, last)


def fold(kind: str, items: Sql) -> Sql:
    """An aggregate over a list: `fold("sum", items)`."""
    return sql.call("list_aggregate", items, sql.text(kind))


def each(items: Sql, variable: str, body: Sql, place: str | None = None) -> Sql:
    """`body` for every item, and its place from 1 when that has a name."""
    names = [variable] if place is None else [variable, place]
    return sql.call("list_transform", items, sql.function(names, body))


def add(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Add, left, right)


def subtract(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Sub, left, right)


def multiply(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Mul, left, right)


def divide(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Div, left, right)


def texts(value: Sql) -> Sql:
    """The items of an array as JSON texts; null for what is no array."""
    return json.if_array(value, json.items(value))


def numbers(items: Sql) -> Sql:
    """JSON texts as a list of DOUBLE, null for what is no number."""
    return each(items, "x", sql.try_cast(var("x"), "DOUBLE"))


def are_whole(items: Sql) -> Sql:
    """Whether all items of a list of JSON texts are whole numbers; nulls may stand among them."""
    found = sql.either(
        sql.equal(var("x"), json.NULL_ITEM),
        sql.call("regexp_full_match", var("x"), WHOLE),
    )
    return sql.coalesce(fold("bool_and", each(items, "x", found)), sql.TRUE)


def real_text(value: Sql) -> Sql:
    """A DOUBLE as an item of an array: "NaN" and the like where JSON has no number, `null` for null."""
    return sql.case(
        [
            (sql.call("isfinite", value), sql.cast(sql.call("to_json", value), "VARCHAR")),
            (sql.call("isnan", value), sql.text('"NaN"')),
            (sql.binary(exp.GT, value, ZERO), sql.text('"Infinity"')),
            (sql.binary(exp.LT, value, ZERO), sql.text('"-Infinity"')),
        ],
        json.NULL_ITEM,
    )


def plain_text(value: Sql) -> Sql:
    """A bool or a whole number as an item of an array."""
    return sql.coalesce(sql.cast(value, "VARCHAR"), json.NULL_ITEM)


def array(items: Sql) -> Sql:
    """The JSON text of an array from a list of JSON texts."""
    return json.joined(items)


def constant_numbers(argument: Expr, what: str) -> list[float | int]:
    """The numbers of a constant array."""
    if not isinstance(argument, Constant) or argument.type is not DYNAMIC or not isinstance(argument.value, str):
        raise UnsupportedError(f"{what} must be a constant array")
    found = loads(argument.value)
    if not isinstance(found, list) or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in found):
        raise UnsupportedError(f"{what} must be an array of numbers")
    return found


def constant_flag(call: Apply, place: int, default: bool) -> bool:
    """A constant bool argument."""
    if len(call.arguments) <= place:
        return default
    argument = call.arguments[place]
    if isinstance(argument, Constant) and isinstance(argument.value, bool):
        return argument.value
    raise UnsupportedError("a bool argument must be a constant")
