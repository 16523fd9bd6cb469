"""Functions of bags in DuckDB SQL. An argument that is no bag, where one is needed, gives null.

Inside, a bag is a list of pairs, `struct(key text, JSON text of the value)`, in the order of its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_convert import convert
from detectionary.engines.duckdb.scalars_dynamic import json_item
from detectionary.engines.duckdb.stopping import halt
from detectionary.languages.kusto.syntax import ScalarType

DYNAMIC, STRING = ScalarType.DYNAMIC, ScalarType.STRING

NO_BAG: Final = "null when an argument is no bag"
MAX_DEPTH: Final = 8
"""How deep `dynamic_to_json` sorts; a deeper value stops the query."""

PATH: Final = re.compile(r"""\$((?:\.[A-Za-z_][A-Za-z0-9_]*|\[(?:'[^']*'|"[^"]*"|-?\d+)\])+)""")
STEP: Final = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_]*)|\['([^']*)'\]|\["([^"]*)"\]|\[(-?\d+)\]""")


def steps(path: str) -> tuple[str | int, ...]:
    """The names and places of a JSONPath without wildcards; refuses any other (learn.microsoft.com, "JSONPath")."""
    found = PATH.fullmatch(path)
    if found is None:
        raise UnsupportedError(f"the path {path} is not supported", "use names and places, as in $.a['b'][0]")
    result: list[str | int] = []
    for name, single, double, place in STEP.findall(found[1]):
        result.append(int(place) if place else name or single or double)
    return tuple(result)


def _names(key: str) -> tuple[str, ...]:
    """A key, or the keys of a JSONPath in which arrays may not be indexed."""
    if not key.startswith("$"):
        return (key,)
    result = steps(key)
    if any(isinstance(step, int) for step in result):
        raise UnsupportedError("a path here cannot index arrays")
    return tuple(str(step) for step in result)


def _key(argument: Expr) -> str:
    if isinstance(argument, Constant) and isinstance(argument.value, str):
        return argument.value
    raise UnsupportedError("the key must be known before the run")


# Pairs


def _pairs(value: Sql) -> Sql:
    return sql.call("list_zip", json.keys(value), json.values(value))


def _pair_key(pair: Sql) -> Sql:
    return sql.call("struct_extract", pair, sql.number(1))


def _pair_value(pair: Sql) -> Sql:
    return sql.call("struct_extract", pair, sql.number(2))


def _member(key: Sql, value: Sql) -> Sql:
    return json.concatenated(json.quoted(key), sql.text(":"), value)


def _bag(pairs: Sql) -> Sql:
    pair = sql.variable("m")
    return json.bag(json.transformed(pairs, "m", _member(_pair_key(pair), _pair_value(pair))))


def _over_bag(value: Sql, body: Callable[[Sql], Sql]) -> Sql:
    return once(value, "obj", lambda bag: json.if_bag(bag, body(bag)))


# Functions


def _keys(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return _over_bag(arguments[0], lambda bag: sql.cast(sql.call("to_json", json.keys(bag)), "VARCHAR"))


def _merge(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Members of all bags; of equal keys the one furthest to the left stays. What is no bag adds nothing."""

    def merged(pairs: Sql) -> Sql:
        names = json.transformed(pairs, "m", _pair_key(sql.variable("m")))

        def unique(keys: Sql) -> Sql:
            position = sql.call("list_position", keys, _pair_key(sql.variable("m")))
            first = sql.equal(position, sql.variable("i"))
            return _bag(sql.call("list_filter", pairs, sql.function(["m", "i"], first)))

        return once(names, "names", unique)

    every = once(sql.call("list_concat", *map(_pairs, arguments)), "pairs", merged)
    return sql.case([(sql.either(*map(json.is_bag, arguments)), every)])


def _remove_keys(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The bag without the members of these keys, which may be paths; keys that it lacks do not matter."""
    keys = call.arguments[1]
    if isinstance(keys, Constant):
        paths = [_names(key) for key in json.array_of_texts(keys.value)]
        return _over_bag(arguments[0], lambda bag: _without(bag, paths))
    gone = once(arguments[1], "arr", json.items)

    def body(bag: Sql) -> Sql:
        kept = sql.negate(sql.call("list_contains", gone, json.quoted(_pair_key(sql.variable("m")))))
        return _bag(json.filtered(_pairs(bag), "m", kept))

    both = sql.both(json.is_bag(arguments[0]), json.is_array(arguments[1]))
    return sql.case([(both, body(arguments[0]))])


def _without(bag: Sql, paths: Sequence[tuple[str, ...]], depth: int = 0) -> Sql:
    names = [path[0] for path in paths if len(path) == 1]
    inner: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        if len(path) > 1:
            inner.setdefault(path[0], []).append(path[1:])
    pair = sql.variable(f"m{depth}")
    pairs = _pairs(bag)
    if names:
        pairs = json.filtered(
            pairs, f"m{depth}", sql.negate(sql.one_of(_pair_key(pair), [sql.text(name) for name in names]))
        )
    value = _pair_value(pair)
    if inner:
        branches = [
            (
                sql.both(sql.equal(_pair_key(pair), sql.text(name)), json.is_bag(value)),
                _without(value, further, depth + 1),
            )
            for name, further in inner.items()
        ]
        value = sql.case(branches, value)
    return json.bag(json.transformed(pairs, f"m{depth}", _member(_pair_key(pair), value)))


def _has_key(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whether the key, or the path, leads to a member, be it null."""
    if isinstance(call.arguments[1], Constant):
        value = arguments[0]
        *outer, last = _names(_key(call.arguments[1]))
        for name in outer:
            value = json.member(value, name)
        found = once(value, "obj", lambda bag: sql.call("list_contains", json.keys(bag), sql.text(last)))
    else:
        found = once(arguments[0], "obj", lambda bag: sql.call("list_contains", json.keys(bag), arguments[1]))
    return sql.coalesce(found, sql.FALSE)


def _set_key(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The bag with this member, at its place when it is there already; bags on the path are made when they lack."""
    names = _names(_key(call.arguments[1]))
    value = json_item(call.arguments[2], arguments[2])
    return _over_bag(arguments[0], lambda bag: _with(bag, names, value))


def _with(bag: Sql, names: tuple[str, ...], value: Sql, depth: int = 0) -> Sql:
    pair = sql.variable(f"m{depth}")
    name, *further = names
    new, absent = value, value
    if further:
        current = _pair_value(pair)
        inner = sql.case([(json.is_bag(current), current)], sql.text("{}"))
        new = once(inner, f"b{depth}", lambda old: _with(old, tuple(further), value, depth + 1))
        absent = _with(sql.text("{}"), tuple(further), value, depth + 100)
    chosen = sql.case([(sql.equal(_pair_key(pair), sql.text(name)), new)], _pair_value(pair))
    members = json.transformed(_pairs(bag), f"m{depth}", _member(_pair_key(pair), chosen))
    added = json.listed([json.concatenated(sql.text(json.quoted_text(name) + ":"), absent)])
    there = sql.call("list_contains", json.keys(bag), sql.text(name))
    return json.bag(sql.call("list_concat", members, sql.case([(there, json.NO_ITEMS)], added)))


def _to_json(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """JSON with the members of every bag sorted by name; a value of another type as `tostring` gives it."""
    kind = call.arguments[0].type
    if kind is not DYNAMIC:
        return convert(kind, STRING, arguments[0])

    def text(value: Sql) -> Sql:
        return sql.case([(json.is_string(value), json.dynamic_text(value))], _sorted(value, MAX_DEPTH))

    return sql.coalesce(once(arguments[0], "dyn", text), sql.text(""))


def _sorted(value: Sql, depth: int) -> Sql:
    nested = sql.either(json.is_array(value), json.is_bag(value))
    if depth == 0:
        return sql.case([(nested, halt("dynamic_to_json: nested too deeply"))], value)
    name = f"v{depth}"

    def children(values: Sql) -> Sql:
        keys = json.transformed(json.keys(value), f"k{depth}", json.quoted(sql.variable(f"k{depth}")))
        pair = sql.variable(f"p{depth}")
        key, content = _pair_key(pair), _pair_value(pair)
        members = json.transformed(
            sql.call("list_sort", sql.call("list_zip", keys, values)),
            f"p{depth}",
            json.concatenated(key, sql.text(":"), content),
        )
        return sql.case([(json.is_array(value), json.joined(values))], json.bag(members))

    inside = sql.case([(json.is_array(value), json.items(value))], json.values(value))
    made = once(json.transformed(inside, name, _sorted(sql.variable(name), depth - 1)), f"c{depth}", children)
    return sql.case([(nested, made)], value)


def _extract_json(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The value at a JSONPath in a text, as `type` or as text."""
    value = json.parsed(arguments[1]) if call.arguments[1].type is STRING else arguments[1]
    for step in steps(_key(call.arguments[0])):
        value = json.member(value, step) if isinstance(step, str) else json.element(value, step)
    return convert(DYNAMIC, call.type, value)


BAGS: Final[tuple[ScalarRow, ...]] = (
    Scalar("bag_has_key", _has_key),
    Scalar("bag_keys", _keys),
    Scalar("bag_merge", _merge, note="what is no bag adds nothing: not documented"),
    Scalar("bag_remove_keys", _remove_keys, note=NO_BAG),
    Scalar("bag_set_key", _set_key, note=NO_BAG),
    Gap("bag_zip", "its page prints results that are no JSON, and no other answer is recorded to hold ours against"),
    Scalar("dynamic_to_json", _to_json, note=f"values nested deeper than {MAX_DEPTH} levels stop the query"),
    Scalar("extract_json", _extract_json, note="paths of names and places only"),
    Gap("treepath", "it walks to any depth, which SQL expressions cannot"),
)
