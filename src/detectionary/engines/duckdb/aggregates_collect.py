"""Aggregates that collect values into arrays and bags, in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Aggregated, AggregateRow, Gap
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Measure
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.aggregates_parts import (
    MOST_ITEMS,
    conditional,
    first_items,
    firsts,
    json_array,
    members,
    most,
    over,
    plain,
    present,
)
from detectionary.languages.kusto.syntax import ScalarType


def _list(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`make_list`: nulls are left out, but a dynamic null is an item; arrays give their items."""
    kind = call.arguments[0].type
    if kind is ScalarType.DYNAMIC:
        return _dynamic_list(arguments[0], most(call, 1), call, emission, where)
    items = over("list", arguments[0], where=present(arguments[0], where), order=emission.order(call.order))
    return json_array(first_items(items, most(call, 1)), kind, emission)


def _list_with_nulls(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    kind = call.arguments[0].type
    if kind is ScalarType.DYNAMIC:
        return _dynamic_list(arguments[0], MOST_ITEMS, call, emission, where)
    items = over("list", arguments[0], where=where, order=emission.order(call.order))
    return json_array(first_items(items, MOST_ITEMS), kind, emission)


def _dynamic_list(value: Sql, limit: int, call: Measure, emission: Emission, where: Sql | None) -> Sql:
    lists = over("list", members(value), where=where, order=emission.order(call.order))
    return json_array(first_items(sql.call("flatten", lists), limit), ScalarType.DYNAMIC, emission)


def _set(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`make_set`: rows with an order give the items as they come first, others in the order of their values.

    Kusto leaves the order open; one that is the same in every run makes results comparable.
    """
    kind, value, order = call.arguments[0].type, arguments[0], emission.order(call.order)
    given = present(value, where)
    if kind is ScalarType.DYNAMIC:
        parts = over("list", members(value), where=given, order=order, distinct=not order)
        flat = sql.call("flatten", parts)
        items = firsts(flat) if order else sql.call("list_sort", sql.call("list_distinct", flat))
    elif order:
        items = firsts(over("list", value, where=given, order=order))
    else:
        items = sql.call("list_sort", over("list", value, where=given, distinct=True))
    return json_array(first_items(items, most(call, 1)), kind, emission)


def _bag(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`make_bag`: the members of all bags, the first of every name; what is no bag is left out.

    Which value a name has that several bags hold is open (learn.microsoft.com, "make_bag()").
    """
    value, limit = arguments[0], most(call, 1)
    is_bag = json.is_bag(value)
    given = is_bag if where is None else sql.both(where, is_bag)
    lists = over(
        "list",
        sql.call("list_zip", json.keys(value), json.values(value)),
        where=given,
        order=emission.order(call.order),
    )
    entries = first_items(firsts(sql.call("flatten", lists), lambda item: pair_part(item, 1)), limit)
    entry = sql.variable("entry")
    member = json.concatenated(json.quoted(pair_part(entry, 1)), sql.text(":"), pair_part(entry, 2))
    return sql.coalesce(json.bag(json.transformed(entries, "entry", member)), sql.text("{}"))


def pair_part(pair: Sql, place: int) -> Sql:
    return sql.call("struct_extract", pair, sql.number(place))


COLLECTED: Final[tuple[AggregateRow, ...]] = (
    Aggregated("make_list", plain(_list)),
    Aggregated("make_list_if", conditional(_list)),
    Aggregated("make_list_with_nulls", plain(_list_with_nulls)),
    Aggregated("make_set", plain(_set)),
    Aggregated("make_set_if", conditional(_set)),
    Aggregated("make_bag", plain(_bag)),
    Aggregated("make_bag_if", conditional(_bag)),
    Gap("buildschema", "the schema that it describes is documented only by examples"),
)
