"""Dynamic values in Spark SQL: access to members, reading and writing JSON, building bags and arrays."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark import json_texts as json
from detectionary.engines.spark.pieces import array, at, joined, less, long, once, plus
from detectionary.engines.spark.scalars_convert import convert
from detectionary.languages.kusto.syntax import ScalarType

DYNAMIC, STRING = ScalarType.DYNAMIC, ScalarType.STRING


def json_item(argument: Expr, value: Sql) -> Sql:
    """A value of any type as a JSON text that is never null; what is known before the run is written out."""
    match argument:
        case Constant(type=ScalarType.STRING, value=str(text)):
            return sql.text(json.quoted_text(text))
        case Constant(type=ScalarType.BOOL | ScalarType.INT | ScalarType.LONG, value=int(number)):
            return sql.text(str(number).lower())
        case _:
            return sql.coalesce(convert(argument.type, DYNAMIC, value), json.NULL_ITEM)


def _member(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`d.name`: the member of a bag. A string is never looked into, even when its text is JSON."""
    name = call.arguments[1]
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        raise UnsupportedError("the name of a member must be known before the run")
    return json.member(arguments[0], name.value)


def _element(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`d[index]`: a whole number is a place in an array, from the end when negative; a text is a key of a bag."""
    match call.arguments[1]:
        case Constant(type=ScalarType.STRING, value=str(name)):
            return json.member(arguments[0], name)
        case Constant(type=ScalarType.INT | ScalarType.LONG, value=int(place)):
            return json.element(arguments[0], place)
    if call.arguments[1].type not in (ScalarType.INT, ScalarType.LONG):
        raise UnsupportedError("a key that only the run knows is not supported on this engine")

    def found(pair: Sql) -> Sql:
        value, index = at(pair, 0), sql.cast(at(pair, 1), "BIGINT")
        place = sql.case([(less(index, long(0)), plus(json.length(value), index))], index)
        return json.element_at(value, place)

    return once(array(arguments[0], sql.cast(arguments[1], "VARCHAR")), "element", found)


def _parse_json(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A text that is no JSON is a dynamic string of itself; a dynamic value stays as it is (even a string of JSON).

    learn.microsoft.com, "parse_json()": its second call on a member needs tostring.
    """
    return arguments[0] if call.arguments[0].type is DYNAMIC else json.parsed(arguments[0])


def _pack(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`bag_pack(key, value, …)`."""
    if len(arguments) % 2:
        raise UnsupportedError("it takes pairs of a key and a value")
    parts: list[Sql] = [sql.text("{")]
    for place in range(0, len(arguments), 2):
        key, value = call.arguments[place : place + 2]
        if not isinstance(key, Constant) or key.type is not ScalarType.STRING or not isinstance(key.value, str):
            raise UnsupportedError("a key that only the run knows is not supported on this engine")
        name = ("," if place else "") + json.quoted_text(key.value) + ":"
        parts += [sql.text(name), json_item(value, arguments[place + 1])]
    return joined(*parts, sql.text("}"))


def _pack_array(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    parts: list[Sql] = [sql.text("[")]
    for place, (value, argument) in enumerate(zip(arguments, call.arguments, strict=True)):
        parts += [sql.text(","), json_item(argument, value)] if place else [json_item(argument, value)]
    return joined(*parts, sql.text("]"))


def _array_length(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Null for what is no array."""
    return once(
        arguments[0],
        "dyn",
        lambda value: sql.case([(json.is_array(value), sql.cast(json.length(value), "BIGINT"))]),
    )


def _bag_keys(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("to_json", json.keys(arguments[0]))


DYNAMIC_FUNCTIONS: Final[tuple[ScalarRow, ...]] = (
    Scalar("array_length", _array_length),
    Scalar("bag_keys", _bag_keys),
    Scalar("element", _element, note="a key must be a constant"),
    Scalar("member", _member, note="not of names with quotes, brackets, stars or question marks"),
    Scalar("pack", _pack, note="keys must be constants"),
    Scalar("pack_array", _pack_array),
    Scalar("parse_json", _parse_json, note="a real number is written anew, as Java writes it"),
    Gap("parse_xml", "no exact form of it is known in SQL"),
)
