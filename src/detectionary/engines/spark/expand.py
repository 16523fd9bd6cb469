"""`mv-expand` in Spark SQL: the items of each value as a list, the lists side by side, a row for each place."""

from __future__ import annotations

from detectionary.compiler import sql
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Expand, Expansion
from detectionary.compiler.sql import Sql
from detectionary.engines.spark import json_texts as json
from detectionary.engines.spark.pieces import array, at, joined, once, places


def expand(node: Expand, source: str, emission: Emission) -> Sql:
    """A sub-select with a list for each item, its rows numbered by an inner `explode` of the longest list's places."""
    lists = [_items(item, node, emission) for item in node.items]
    names = [f"list_{number}" for number in range(1, len(lists) + 1)]
    before = [sql.column(column.id) for column in node.input.columns]
    inner = sql.select(
        [*before, *(sql.alias(made, name) for made, name in zip(lists, names, strict=True))], sql.table(source)
    )
    lengths = [sql.call("size", sql.column(name)) for name in names]
    longest = lengths[0] if len(lengths) == 1 else sql.call("greatest", *lengths)
    if node.limit is not None:
        longest = sql.call("least", longest, sql.number(node.limit))
    place = sql.alias(sql.call("explode", places(longest)), "place")
    placed = sql.select([*before, *(sql.column(name) for name in names), place], sql.subquery(inner, "l"))
    made = node.columns[len(node.input.columns) :]
    values = [
        sql.alias(json.item(at(sql.column(name), sql.column("place"))), column.id)
        for name, column in zip(names, made, strict=False)
    ]
    if node.indexed:
        values.append(sql.alias(sql.cast(sql.column("place"), "BIGINT"), made[-1].id))
    return sql.select([*before, *values], sql.subquery(placed, "p"))


def _items(item: Expansion, node: Expand, emission: Emission) -> Sql:
    """The items of one value as JSON texts. A null and a value that is no array or bag are their only item."""

    def of(value: Sql) -> Sql:
        marks = ("{", ":", "}") if node.bag_kind == "bag" else ("[", ",", "]")
        key, content = sql.variable("key"), sql.variable("content")
        one = joined(sql.text(marks[0]), json.quoted(key), sql.text(marks[1]), content, sql.text(marks[2]))
        members = sql.call("zip_with", json.keys(value), json.values(value), sql.function(["key", "content"], one))
        alone = array(sql.coalesce(value, json.NULL_ITEM))
        return sql.case([(json.is_array(value), json.items(value)), (json.is_bag(value), members)], alone)

    return once(emission.expression(item.source), "value", of)
