"""`mv-expand` in DuckDB SQL: the items of each value as a list, the lists side by side, a row for each place."""

from __future__ import annotations

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Expand, Expansion
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json


def expand(node: Expand, source: str, emission: Emission) -> Sql:
    """A sub-select with a list for each item, its rows numbered by an inner `unnest` of the longest list's places."""
    lists = [_items(item, node.bag_kind, emission) for item in node.items]
    names = [f"list_{number}" for number in range(1, len(lists) + 1)]
    before = [sql.column(column.id) for column in node.input.columns]
    inner = sql.select(
        [*before, *(sql.alias(made, name) for made, name in zip(lists, names, strict=True))], sql.table(source)
    )
    lengths = [json.length(sql.column(name)) for name in names]
    longest = lengths[0] if len(lengths) == 1 else sql.call("greatest", *lengths)
    if node.limit is not None:
        longest = sql.call("least", longest, sql.number(node.limit))
    place = sql.alias(sql.call("unnest", sql.call("range", longest)), "place")
    placed = sql.select([*before, *(sql.column(name) for name in names), place], sql.subquery(inner, "l"))
    at = sql.binary(exp.Add, sql.column("place"), sql.number(1))
    made = node.columns[len(node.input.columns) :]
    values = [
        sql.alias(json.item(sql.call("list_extract", sql.column(name), at)), column.id)
        for name, column in zip(names, made, strict=False)
    ]
    if node.indexed:
        values.append(sql.alias(sql.column("place"), made[-1].id))
    return sql.select([*before, *values], sql.subquery(placed, "p"))


def _items(item: Expansion, bag_kind: str, emission: Emission) -> Sql:
    """The items of one value as JSON texts. A null and a value that is no array or bag are their only item."""
    value = emission.expression(item.source)
    keys, values = json.keys(value), json.values(value)
    pair = sql.variable("m")
    key = json.quoted(sql.call("struct_extract", pair, sql.number(1)))
    content = sql.call("struct_extract", pair, sql.number(2))
    marks = ("{", ":", "}") if bag_kind == "bag" else ("[", ",", "]")
    one = json.concatenated(sql.text(marks[0]), key, sql.text(marks[1]), content, sql.text(marks[2]))
    members = json.transformed(sql.call("list_zip", keys, values), "m", one)
    alone = json.listed([sql.coalesce(value, json.NULL_ITEM)])
    return sql.case([(json.is_array(value), json.items(value)), (json.is_bag(value), members)], alone)
