"""Dynamic values in DuckDB SQL: access to members, reading and writing JSON, building bags and arrays."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.json_texts import dynamic_text
from detectionary.engines.duckdb.scalars_convert import convert
from detectionary.languages.kusto.syntax import ScalarType

DYNAMIC, STRING = ScalarType.DYNAMIC, ScalarType.STRING

__all__ = ["DYNAMIC_FUNCTIONS", "dynamic_text"]


# Values of any type as JSON


def json_value(argument: Expr, value: Sql) -> Sql:
    """A value of any type as JSON text, null for null; what is known before the run is written out."""
    match argument:
        case Constant(type=ScalarType.STRING, value=str(text)):
            return sql.text(json.quoted_text(text))
        case Constant(type=ScalarType.BOOL | ScalarType.INT | ScalarType.LONG, value=int(number)):
            return sql.text(str(number).lower())
        case _:
            return convert(argument.type, DYNAMIC, value)


def json_item(argument: Expr, value: Sql) -> Sql:
    """The same as an item of a list: never null."""
    made = json_value(argument, value)
    known = isinstance(made, exp.Literal) or argument.type is STRING
    return made if known else sql.coalesce(made, json.NULL_ITEM)


# Access


def _member(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`d.name`: the member of a bag. A string is never looked into, even when its text is JSON."""
    name = call.arguments[1]
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        raise UnsupportedError("the name of a member must be known before the run")
    return json.member(arguments[0], name.value)


def _element(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`d[index]`: a whole number is a place in an array, from the end when negative; a text is a key of a bag."""
    index, value = call.arguments[1], arguments[0]
    match index:
        case Constant(type=ScalarType.STRING, value=str(name)):
            return json.member(value, name)
        case Constant(type=ScalarType.INT | ScalarType.LONG, value=int(place)):
            return json.element(value, place)
    match index.type:
        case ScalarType.STRING:
            return json.member_named(value, arguments[1])
        case ScalarType.INT | ScalarType.LONG:
            return json.element_at(value, arguments[1])
        case ScalarType.DYNAMIC:
            by_name = json.member_named(value, dynamic_text(arguments[1]))
            by_place = json.element_at(value, sql.try_cast(arguments[1], "BIGINT"))
            return sql.case([(json.is_string(arguments[1]), by_name)], by_place)
        case _:
            raise UnsupportedError(f"a {index.type.value} is no place in a dynamic value")


# Reading and writing


def _parse_json(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A text that is no JSON is a dynamic string of itself; a dynamic value stays as it is (even a string of JSON).

    learn.microsoft.com, "parse_json()": its second call on a member needs tostring.
    """
    value = arguments[0]
    if call.arguments[0].type is DYNAMIC:
        return value
    return json.parsed(value)


# Building


def _pack(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`bag_pack(key, value, …)`."""
    if len(arguments) % 2:
        raise UnsupportedError("it takes pairs of a key and a value")
    parts: list[Sql] = []
    before = "{"
    for at in range(0, len(arguments), 2):
        key, value = call.arguments[at : at + 2]
        if isinstance(key, Constant):
            before += json.quoted_text(str(key.value)) + ":"
        else:
            parts += [sql.text(before), json.quoted(arguments[at])]
            before = ":"
        parts += [sql.text(before), json_item(value, arguments[at + 1])]
        before = ","
    parts.append(sql.text("}" if before == "," else before + "}"))
    return sql.call("concat", *parts)


def _pack_array(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    parts: list[Sql] = []
    before = "["
    for value, argument in zip(arguments, call.arguments, strict=True):
        parts += [sql.text(before), json_item(argument, value)]
        before = ","
    parts.append(sql.text("]" if before == "," else "[]"))
    return sql.call("concat", *parts)


DYNAMIC_FUNCTIONS: Final[tuple[ScalarRow, ...]] = (
    Scalar("element", _element),
    Scalar("member", _member),
    Scalar("pack", _pack),
    Scalar("pack_array", _pack_array),
    Scalar("parse_json", _parse_json),
    Gap("parse_xml", "no exact form of it is known in SQL"),
)
