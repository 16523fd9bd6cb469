"""Functions of arrays in DuckDB SQL. An argument that is no array, where one is needed, gives null.

Inside, an array is a list of the JSON texts of its items; two items are equal when their texts are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_dynamic import json_item
from detectionary.engines.duckdb.stopping import halt
from detectionary.languages.kusto.syntax import ScalarType

DYNAMIC, STRING, REAL = ScalarType.DYNAMIC, ScalarType.STRING, ScalarType.REAL

ONE: Final = sql.number(1)
ZERO: Final = sql.number(0)
TEXT_EQUALITY: Final = "items are equal when they are written alike: 1 and 1.0 differ, so do bags of another order"
ORDERED_UP_TO: Final = 1000
"""Longer sets come in any order, which Kusto does not define: keeping it costs the square of the length."""


def over_array(value: Sql, body: Callable[[Sql], Sql], name: str = "arr") -> Sql:
    """`body` of the array's text, which is computed once, or null when it is no array."""
    return once(value, name, lambda array: json.if_array(array, body(array)))


def over_items(value: Sql, body: Callable[[Sql], Sql], name: str = "lst") -> Sql:
    """`body` of the list of items, which is computed once, or null when `value` is no array."""
    return over_array(value, lambda array: once(json.items(array), name, body))


def _all_arrays(arguments: Sequence[Sql], result: Sql) -> Sql:
    return sql.case([(sql.both(*map(json.is_array, arguments)), result)])


def _dynamic(call: Apply) -> None:
    for argument in call.arguments:
        if argument.type is not DYNAMIC:
            raise UnsupportedError(f"a {argument.type.value} is no array")


def _plus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Add, left, right)


def _minus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Sub, left, right)


def _slice(values: Sql, start: Sql, stop: Sql) -> Sql:
    """The items from place `start` (from 0) up to, without, `stop`."""
    return sql.call("list_slice", values, _plus(start, ONE), stop)


def _at(values: Sql, place: Sql) -> Sql:
    """The item at a place (from 0), `null` beyond the end."""
    return sql.coalesce(sql.call("list_extract", values, _plus(place, ONE)), json.NULL_ITEM)


def _indexed(places: Sql, variable: str, body: Sql) -> Sql:
    """A list with `body` for every number from 0 to `places` - 1."""
    return json.transformed(sql.call("range", places), variable, body)


# One array


def _length(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return over_array(arguments[0], lambda array: sql.cast(sql.call("json_array_length", array), "BIGINT"))


def _reverse(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return over_array(arguments[0], lambda array: json.joined(sql.call("list_reverse", json.items(array))))


def _array_slice(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Both ends belong to the slice; negative places count from the end, places outside are ignored."""

    def place(at: int) -> Sql:
        value = call.arguments[at]
        if isinstance(value, Constant) and isinstance(value.value, int):
            return sql.number(value.value if value.value < 0 else value.value + 1)
        moved = _plus(arguments[at], ONE)
        return sql.case([(sql.binary(exp.LT, arguments[at], ZERO), arguments[at])], moved)

    return over_array(
        arguments[0], lambda array: json.joined(sql.call("list_slice", json.items(array), place(1), place(2)))
    )


def _array_split(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Arrays between the given places, of which negative ones count from the end."""

    def body(values: Sql) -> Sql:
        size = json.length(values)
        if call.arguments[1].type is DYNAMIC:
            given = json.transformed(json.items(arguments[1]), "y", sql.try_cast(sql.variable("y"), "BIGINT"))
            given = sql.case(
                [(json.is_array(arguments[1]), given)],
                exp.Array(expressions=[sql.try_cast(arguments[1], "BIGINT")]),
            )
        else:
            given = exp.Array(expressions=[sql.cast(arguments[1], "BIGINT")])
        place = sql.variable("p")
        from_end = sql.call("greatest", _plus(size, place), ZERO)
        normal = sql.case([(sql.binary(exp.LT, place, ZERO), from_end)], sql.call("least", place, size))
        inner = json.transformed(given, "p", normal)
        first, last = (
            exp.Array(expressions=[sql.cast(ZERO, "BIGINT")]),
            exp.Array(expressions=[sql.cast(size, "BIGINT")]),
        )

        def parts(places: Sql) -> Sql:
            number = sql.variable("n")
            start = sql.call("list_extract", places, _plus(number, ONE))
            stop = sql.call("list_extract", places, _plus(number, sql.number(2)))
            return json.joined(
                _indexed(_minus(json.length(places), ONE), "n", json.joined(_slice(values, start, stop)))
            )

        return once(sql.call("list_concat", first, inner, last), "places", parts)

    return over_items(arguments[0], body)


def _rotate(direction: int) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        def body(values: Sql) -> Sql:
            size = json.length(values)
            count = (
                sql.cast(arguments[1], "BIGINT") if direction > 0 else _minus(ZERO, sql.cast(arguments[1], "BIGINT"))
            )
            start = sql.binary(exp.Mod, _plus(sql.binary(exp.Mod, count, size), size), size)
            turned = sql.call("list_concat", _slice(values, start, size), _slice(values, ZERO, start))
            return json.joined(sql.case([(sql.equal(size, ZERO), values)], turned))

        return over_items(arguments[0], body)

    return emit


def _shift(direction: int) -> EmitFunction:
    """Items pushed out are lost; the freed places hold the default: null, or '' in an array of nothing but strings."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        def body(values: Sql) -> Sql:
            size = json.length(values)
            if len(arguments) > 2:
                filler = json_item(call.arguments[2], arguments[2])
            else:
                others = json.filtered(values, "x", sql.negate(json.is_string(sql.variable("x"))))
                texts = sql.both(sql.binary(exp.GT, size, ZERO), sql.equal(json.length(others), ZERO))
                filler = sql.case([(texts, sql.text('""'))], json.NULL_ITEM)

            def moved(count: Sql) -> Sql:
                freed = json.transformed(
                    sql.call("range", sql.call("least", sql.call("abs", count), size)), "i", filler
                )
                left = sql.call("list_concat", _slice(values, count, size), freed)
                kept = sql.call("greatest", _plus(size, count), ZERO)
                right = sql.call("list_concat", freed, _slice(values, ZERO, kept))
                return json.joined(sql.case([(sql.binary(exp.GTE, count, ZERO), left)], right))

            count = sql.cast(arguments[1], "BIGINT")
            return once(count if direction > 0 else _minus(ZERO, count), "cnt", moved)

        return over_items(arguments[0], body)

    return emit


def _array_sum(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A real; null when an item is no number."""

    def body(values: Sql) -> Sql:
        return once(
            json.transformed(values, "x", sql.try_cast(sql.variable("x"), "DOUBLE")),
            "nums",
            lambda found: sql.case(
                [
                    (
                        sql.equal(sql.call("list_count", found), json.length(found)),
                        sql.coalesce(sql.call("list_sum", found), sql.cast(ZERO, "DOUBLE")),
                    )
                ]
            ),
        )

    return over_items(arguments[0], body)


def _index_of(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The place of a value from 0, -1 when it is not there; search from `start`, over `length` items, nth time."""
    if call.arguments[1].type is REAL:
        raise UnsupportedError("a real is not looked for: 1 and 1.0 are written differently")
    value = json_item(call.arguments[1], arguments[1])
    if len(arguments) == 2:
        return over_array(
            arguments[0],
            lambda array: sql.coalesce(
                sql.cast(_minus(sql.call("list_position", json.items(array), value), ONE), "BIGINT"), sql.number(-1)
            ),
        )
    length = arguments[3] if len(arguments) > 3 else sql.number(-1)
    occurrence = arguments[4] if len(arguments) > 4 else ONE
    start = arguments[2]

    def body(values: Sql) -> Sql:
        size = json.length(values)
        from_end = sql.call("greatest", _plus(size, start), ZERO)
        first = sql.case([(sql.binary(exp.LT, start, ZERO), from_end)], start)
        stop = sql.case([(sql.equal(length, sql.number(-1)), size)], sql.call("least", size, _plus(first, length)))
        places = json.filtered(
            sql.call("range", sql.cast(first, "BIGINT"), sql.cast(stop, "BIGINT")),
            "i",
            sql.equal(_at(values, sql.variable("i")), value),
        )
        return sql.coalesce(sql.call("list_extract", places, occurrence), sql.number(-1))

    wrong = sql.either(sql.binary(exp.LT, occurrence, ZERO), sql.binary(exp.LT, length, sql.number(-1)))
    return sql.case([(sql.negate(wrong), over_items(arguments[0], body))])


def _has_element(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    if call.arguments[1].type is REAL:
        raise UnsupportedError("a real is not looked for: 1 and 1.0 are written differently")
    value = json_item(call.arguments[1], arguments[1])
    found = over_array(arguments[0], lambda array: sql.call("list_contains", json.items(array), value))
    return sql.coalesce(found, sql.FALSE)


def _strcat_array(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The items' texts with a delimiter between; a null is an empty text."""
    text = sql.coalesce(json.dynamic_text(sql.variable("x")), sql.text(""))
    made = over_array(
        arguments[0],
        lambda array: sql.call("array_to_string", json.transformed(json.items(array), "x", text), arguments[1]),
    )
    return sql.coalesce(made, sql.text(""))


# Several arrays


def _concat(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The items of all arrays; what is no array adds none, and null when none is an array."""
    _dynamic(call)
    # DuckDB's list_concat takes a null for an empty list, and `items` has none of a value that is no array.
    every = sql.call("list_concat", *map(json.items, arguments))
    return sql.case([(sql.either(*map(json.is_array, arguments)), json.joined(every))])


def _zip(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Arrays of the items at the same place, null where an array has ended."""
    _dynamic(call)
    names = [f"z{at}" for at in range(len(arguments))]

    def made(at: int, lists: list[Sql]) -> Sql:
        if at < len(arguments):
            return once(json.items(arguments[at]), names[at], lambda values: made(at + 1, [*lists, values]))
        row = json.joined(json.listed([_at(values, sql.variable("i")) for values in lists]))
        return json.joined(_indexed(sql.call("greatest", *map(json.length, lists)), "i", row))

    return _all_arrays(arguments, made(0, []))


def _iff(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """One of two values for every condition, from arrays at its place; null where the condition is null.

    Conditions are truth values and numbers (learn.microsoft.com, "array_iff()"); another one stops the query.
    """

    def choice(at: int) -> Sql:
        value = json_item(call.arguments[at], arguments[at])
        if call.arguments[at].type is not DYNAMIC:
            return value
        return sql.case([(json.is_array(value), _at(json.items(value), sql.variable("i")))], value)

    def body(values: Sql) -> Sql:
        condition = _at(values, sql.variable("i"))
        number = sql.try_cast(condition, "DOUBLE")
        holds = sql.either(sql.equal(condition, sql.text("true")), sql.binary(exp.NEQ, number, ZERO))
        fails = sql.either(sql.equal(condition, sql.text("false")), sql.equal(number, ZERO))
        other = halt("array_iff: a condition is neither a truth value nor a number")
        missing = sql.either(sql.is_null(condition), sql.equal(condition, sql.text("null")))
        branches = [(missing, json.NULL_ITEM), (holds, choice(1)), (fails, choice(2))]
        chosen = sql.case(branches, sql.cast(other, "VARCHAR"))
        return json.joined(_indexed(json.length(values), "i", chosen))

    return over_items(arguments[0], body)


def distinct_items(values: Sql) -> Sql:
    """Every item once, in the order of first appearance (any order in a long list)."""
    first = sql.equal(sql.call("list_position", values, sql.variable("x")), sql.variable("i"))
    ordered = sql.call("list_filter", values, sql.function(["x", "i"], first))
    short = sql.binary(exp.LTE, json.length(values), sql.number(ORDERED_UP_TO))
    return sql.case([(short, ordered)], sql.call("list_distinct", values))


def _union(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    _dynamic(call)
    every = sql.call("list_concat", *map(json.items, arguments))
    return _all_arrays(arguments, json.joined(once(every, "lst", distinct_items)))


def _intersect(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    _dynamic(call)
    return _all_arrays(arguments, json.joined(_common(arguments)))


def _common(arguments: Sequence[Sql]) -> Sql:
    item = sql.variable("x")
    inside = sql.both(*(sql.call("list_contains", json.items(other), item) for other in arguments[1:]))
    return json.filtered(once(json.items(arguments[0]), "lst", distinct_items), "x", inside)


def _difference(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    _dynamic(call)
    others = sql.call("list_concat", *map(json.items, arguments[1:]))
    left = once(json.items(arguments[0]), "lst", distinct_items)
    missing = sql.negate(sql.call("list_contains", sql.variable("gone"), sql.variable("x")))
    return _all_arrays(arguments, json.joined(once(others, "gone", lambda _: json.filtered(left, "x", missing))))


def _equals(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    _dynamic(call)
    sorted_ = [sql.call("list_sort", sql.call("list_distinct", json.items(argument))) for argument in arguments]
    return _all_arrays(arguments, sql.equal(*sorted_))


def _jaccard(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Common items divided by all items, each counted once."""
    _dynamic(call)
    if len(arguments) != 2:
        raise UnsupportedError("it compares two sets")
    common = json.length(sql.call("list_distinct", _common(arguments)))
    every = json.length(sql.call("list_distinct", sql.call("list_concat", *map(json.items, arguments))))
    share = sql.binary(exp.Div, sql.cast(common, "DOUBLE"), sql.cast(every, "DOUBLE"))
    filled = sql.binary(exp.GT, every, ZERO)
    return _all_arrays(arguments, sql.case([(filled, sql.cast(share, "VARCHAR"))], sql.text('"NaN"')))


def _sort(descending: bool) -> EmitFunction:
    """The first array sorted, the others in the same new order; null in the place of one of another length.

    Numbers come first, then strings by code point, then all else, in either direction; nulls last unless the last
    argument is false (learn.microsoft.com, "array_sort_desc()"). Several arrays are given as an array of them.
    """

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        arrays = [value for part, value in zip(call.arguments, arguments, strict=True) if part.type is DYNAMIC]
        option = call.arguments[-1]
        if len(arrays) < len(arguments) and not (isinstance(option, Constant) and isinstance(option.value, bool)):
            raise UnsupportedError("whether nulls are last must be known before the run")
        nulls_last = len(arrays) == len(arguments) or (isinstance(option, Constant) and option.value is True)

        def order(values: Sql) -> Sql:
            """The places of the items, from 1, in their new order."""
            item, place = sql.variable("x"), sql.variable("i")
            is_null = sql.equal(item, json.NULL_ITEM)
            number = sql.try_cast(item, "DOUBLE")
            last, sign = 9 if nulls_last else -9, -1 if descending else 1
            ranks = [(is_null, sql.number(last * sign)), (sql.not_null(number), ZERO)]
            rank = sql.case([*ranks, (json.is_string(item), sql.number(sign))], sql.number(2 * sign))
            text = sql.case(
                [(json.is_string(item), json.dynamic_text(item))], sql.case([(sql.is_null(number), item)], sql.text(""))
            )
            key = sql.call(
                "row",
                rank,
                sql.coalesce(number, sql.cast(ZERO, "DOUBLE")),
                text,
                _minus(ZERO, place) if descending else place,
            )
            keyed = sql.call("list_transform", values, sql.function(["x", "i"], key))
            found = sql.call("abs", sql.call("struct_extract", sql.variable("k"), sql.number(4)))
            direction = sql.text("DESC" if descending else "ASC")
            return json.transformed(sql.call("list_sort", keyed, direction), "k", found)

        def arranged(places: Sql, values: Sql) -> Sql:
            return json.joined(json.transformed(places, "n", sql.call("list_extract", values, sql.variable("n"))))

        if len(arrays) == 1:
            return over_items(arrays[0], lambda values: arranged(order(values), values))

        def several(values: Sql) -> Sql:
            def made(places: Sql) -> Sql:
                results = [arranged(places, values)]
                for other in arrays[1:]:
                    alike = sql.equal(json.length(json.items(other)), json.length(values))
                    fits = sql.both(json.is_array(other), alike)
                    results.append(sql.case([(fits, arranged(places, json.items(other)))], json.NULL_ITEM))
                return json.joined(json.listed(results))

            return once(order(values), "places", made)

        return over_items(arrays[0], several)

    return emit


NO_ARRAY: Final = "null when an argument is no array"
SORTING: Final = "whole numbers beyond 2^53 are compared as reals"

ARRAYS: Final[tuple[ScalarRow, ...]] = (
    Scalar("array_concat", _concat, note="what is no array adds nothing: not documented"),
    Scalar("array_iff", _iff),
    Scalar("array_index_of", _index_of, note=TEXT_EQUALITY),
    Scalar("array_length", _length),
    Scalar("array_reverse", _reverse, note=NO_ARRAY),
    Scalar("array_rotate_left", _rotate(1), note=NO_ARRAY),
    Scalar("array_rotate_right", _rotate(-1), note=NO_ARRAY),
    Scalar("array_shift_left", _shift(1), note=NO_ARRAY),
    Scalar("array_shift_right", _shift(-1), note=NO_ARRAY),
    Scalar("array_slice", _array_slice, note=NO_ARRAY),
    Scalar("array_sort_asc", _sort(False), note=SORTING),
    Scalar("array_sort_desc", _sort(True), note=SORTING),
    Scalar("array_split", _array_split, note=NO_ARRAY),
    Scalar("array_sum", _array_sum),
    Scalar("jaccard_index", _jaccard, note=TEXT_EQUALITY),
    Scalar("set_difference", _difference, note=f"{NO_ARRAY}; {TEXT_EQUALITY}"),
    Scalar("set_equals", _equals, note=f"{NO_ARRAY}; {TEXT_EQUALITY}"),
    Scalar("set_has_element", _has_element, note=TEXT_EQUALITY),
    Scalar("set_intersect", _intersect, note=f"{NO_ARRAY}; {TEXT_EQUALITY}"),
    Scalar("set_union", _union, note=f"{NO_ARRAY}; {TEXT_EQUALITY}"),
    Scalar("strcat_array", _strcat_array),
    Scalar("zip", _zip, note=NO_ARRAY),
)
