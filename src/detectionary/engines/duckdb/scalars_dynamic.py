"""Dynamic values in DuckDB SQL: access to members, reading and writing JSON, building bags and arrays."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.json_texts import dynamic_text
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_convert import convert
from detectionary.engines.duckdb.stopping import halt
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


def _item_as(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """An item as the type that `to typeof(…)` declares: a cast, in which nothing is parsed or converted.

    learn.microsoft.com, "mv-expand operator": items that do not conform become null. Whether a fraction conforms to a
    whole number, or anything but a string to string, it does not say: such an item stops the query. Of the types that
    JSON has no form for, the items are strings here.
    """
    kind = call.type
    mark = sql.variable("dyn")
    is_text = json.is_string(mark)
    number = sql.try_cast(mark, "DOUBLE")
    match kind:
        case ScalarType.DYNAMIC:
            return arguments[0]
        case ScalarType.STRING:
            other = _stop("an item that is no string where typeof(string) is declared")
            text = sql.case([(is_text, dynamic_text(mark)), (sql.is_null(mark), sql.text(""))], other)
            return once(_column(arguments[0]), "dyn", lambda _: text)
        case ScalarType.INT | ScalarType.LONG:
            whole = sql.equal(sql.call("trunc", number), number)
            fraction = _stop(f"an item with a fraction where typeof({kind.value}) is declared")
            value = sql.case([(sql.is_null(number), sql.NULL), (whole, convert(DYNAMIC, kind, mark))], fraction)
        case ScalarType.REAL:
            special = sql.one_of(mark, [sql.text(text) for text in ('"NaN"', '"Infinity"', '"-Infinity"')])
            known = sql.either(sql.not_null(number), special)
            value = sql.case([(known, convert(DYNAMIC, kind, mark))])
        case ScalarType.BOOL:
            value = sql.case([(sql.one_of(mark, [sql.text("true"), sql.text("false")]), convert(DYNAMIC, kind, mark))])
        case _:
            value = sql.case([(is_text, convert(DYNAMIC, kind, mark))])
    return once(_column(arguments[0]), "dyn", lambda _: value)


def _column(value: Sql) -> Sql:
    """A value that `once` always gives its name, even a column."""
    return exp.Paren(this=value) if isinstance(value, exp.Column | exp.Literal) else value


def _stop(why: str) -> Sql:
    return halt(f"mv-expand met {why}: how Kusto casts it is not documented")


# Building


def _pack(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`bag_pack(key, value, …)`."""
    if len(arguments) % 2:
        raise UnsupportedError("it takes pairs of a key and a value")
    parts: list[Sql] = []
    before = "{"
    for at in range(0, len(arguments), 2):
        key, value = call.arguments[at : at + 2]
        if isinstance(key, Constant) and key.type is STRING:
            before += json.quoted_text(str(key.value)) + ":"
        else:
            name = arguments[at] if key.type is STRING else emission.apply("tostring", STRING, key, span=call.span)
            parts += [sql.text(before), json.quoted(name)]
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


def _pack_filled(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`pack_all(true)`: the pairs whose value is neither null nor ''."""
    members: list[Sql] = []
    for at in range(0, len(arguments), 2):
        key, value = call.arguments[at : at + 2]
        name = sql.text("," + json.quoted_text(str(getattr(key, "value", ""))) + ":")
        made = json_value(value, arguments[at + 1])
        filled = sql.not_null(arguments[at + 1])
        if value.type is STRING:
            filled = sql.binary(exp.NEQ, arguments[at + 1], sql.text(""))
        members.append(sql.case([(filled, json.concatenated(name, made))], sql.text("")))
    inside = sql.call("substr", sql.call("concat", *members), sql.number(2)) if members else sql.text("")
    return json.concatenated(sql.text("{"), inside, sql.text("}"))


def _repeat(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """An array of a value so many times; null when that is less than no time."""
    if call.arguments[0].type is DYNAMIC:
        raise UnsupportedError("a dynamic value cannot be repeated")
    count = sql.cast(arguments[1], "BIGINT")
    made = json.joined(json.transformed(sql.call("range", count), "i", json_item(call.arguments[0], arguments[0])))
    return sql.case([(sql.binary(exp.GTE, count, sql.number(0)), made)])


MAX_RANGE: Final = 1_048_576
"""The most items that `range` gives (learn.microsoft.com, "range()")."""


def _range(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """An array from a start by a step up to a stop, both included; the step is 1, or 1 hour, when none is given."""
    kind = call.arguments[0].type
    if kind in (ScalarType.INT, ScalarType.LONG):
        ends = [sql.cast(argument, "BIGINT") for argument in arguments]
        step = ends[2] if len(ends) > 2 else sql.number(1)
        return json.joined(sql.cast(_series(ends[0], ends[1], step, call), "VARCHAR[]"))
    if kind in (ScalarType.DATETIME, ScalarType.TIMESPAN):
        ends = [
            convert(part.type, ScalarType.LONG, value) for part, value in zip(call.arguments, arguments, strict=True)
        ]
        step = ends[2] if len(ends) > 2 else sql.number(TICKS_AN_HOUR)
        item = convert(kind, DYNAMIC, convert(ScalarType.LONG, kind, sql.variable("t")))
        return json.joined(json.transformed(_series(ends[0], ends[1], step, call), "t", item))
    raise UnsupportedError(f"how a range of {kind.value} rounds is not documented")


TICKS_AN_HOUR: Final = 36_000_000_000


def _series(start: Sql, stop: Sql, step: Sql, call: Apply) -> Sql:
    """A list of at most `MAX_RANGE` whole numbers; a step of 0 stops the query, for what it gives is not documented."""
    given = call.arguments[2] if len(call.arguments) > 2 else Constant(ScalarType.LONG, 1)
    in_ticks = call.arguments[0].type is ScalarType.DATETIME
    if isinstance(given, Constant):
        if not isinstance(given.value, int) or given.value == 0:
            raise UnsupportedError("the step must not be 0")
        if in_ticks and given.value % 10:
            raise UnsupportedError("datetimes are kept to the microsecond")
    elif in_ticks:
        raise UnsupportedError("the step between datetimes must be known before the run")
    span = sql.binary(exp.Mul, sql.cast(step, "HUGEINT"), sql.number(MAX_RANGE - 1))
    furthest = sql.binary(exp.Add, sql.cast(start, "HUGEINT"), span)
    whole = sql.cast(stop, "HUGEINT")
    if isinstance(given, Constant):
        last = sql.call("least" if int(given.value or 0) > 0 else "greatest", whole, furthest)
    else:
        rises = sql.binary(exp.GT, step, sql.number(0))
        falls = sql.binary(exp.LT, step, sql.number(0))
        none = halt("range: a step of 0 is not supported")
        last = sql.case(
            [(rises, sql.call("least", whole, furthest)), (falls, sql.call("greatest", whole, furthest))], none
        )
    known = sql.both(sql.not_null(start), sql.not_null(stop), sql.not_null(step))
    return sql.case([(known, sql.call("generate_series", start, sql.cast(last, "BIGINT"), step))])


def _bag_or_null(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A bag as it is, null for anything else; of our own, for what looks at bags."""
    return json.if_bag(arguments[0], arguments[0])


def _kind_of_dynamic(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The Kusto type that a dynamic value holds: string, long, real, bool, array, dictionary, or null; of our own."""
    names = (('"', "string"), ("[", "array"), ("{", "dictionary"), ("t", "bool"), ("f", "bool"))

    def body(value: Sql) -> Sql:
        branches = [(sql.call("starts_with", value, sql.text(mark)), sql.text(name)) for mark, name in names]
        whole = sql.call("regexp_full_match", value, sql.text("-?[0-9]+"))
        number = sql.case([(whole, sql.text("long"))], sql.text("real"))
        return sql.case([(sql.is_null(value), sql.text("null")), *branches], number)

    return once(arguments[0], "dyn", body)


DYNAMIC_FUNCTIONS: Final[tuple[ScalarRow, ...]] = (
    Scalar("bag_or_null", _bag_or_null),
    Scalar("element", _element),
    Scalar("item_as", _item_as),
    Scalar("kind_of_dynamic", _kind_of_dynamic),
    Scalar("member", _member),
    Scalar("pack", _pack),
    Scalar("pack_array", _pack_array),
    Scalar("pack_filled", _pack_filled),
    Scalar(
        "parse_json",
        _parse_json,
        note="a comma before a closing bracket, NaN and numbers out of range are read as JSON",
    ),
    Scalar("range", _range, note="no reals; between datetimes a constant step"),
    Scalar("repeat", _repeat),
)
