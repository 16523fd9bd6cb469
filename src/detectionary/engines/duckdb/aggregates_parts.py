"""What the aggregate functions in DuckDB SQL are made of: calls over the rows of a group, lists, their JSON text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitMeasure
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import ColumnId, ColumnUse, Constant, Measure
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.scalars_dynamic import json_item
from detectionary.languages.kusto.syntax import ScalarType

MOST_ITEMS: Final = 1_048_576
"""How many items an aggregate collects at most (learn.microsoft.com, "make_list() (aggregation function)")."""


class EmitOver(Protocol):
    """An aggregate over the rows of a group for which `where` holds; None: all of them."""

    def __call__(self, call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None, /) -> Sql: ...


def plain(emit: EmitOver) -> EmitMeasure:
    """The aggregate over all rows of the group."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return emit(call, arguments, emission, None)

    return emitted


def conditional(emit: EmitOver, at: int = 1) -> EmitMeasure:
    """The `…if` form of the aggregate: argument `at` is the condition, which a null does not meet."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        if call.arguments[at].type is not ScalarType.BOOL:
            raise UnsupportedError("the condition must be a bool")
        inner = replace(call, arguments=call.arguments[:at] + call.arguments[at + 1 :])
        return emit(inner, arguments[:at] + arguments[at + 1 :], emission, arguments[at])

    return emitted


def over(
    function: str,
    *arguments: Sql,
    where: Sql | None = None,
    order: Sequence[Sql] = (),
    distinct: bool = False,
) -> Sql:
    """`function([DISTINCT] arguments [ORDER BY order]) [FILTER (WHERE where)]`; the order belongs to one argument."""
    items = list(arguments)
    if distinct:
        items = [exp.Distinct(expressions=items)]
    if order:
        items[-1] = exp.Order(this=items[-1], expressions=list(order))
    result = sql.call(function, *items)
    return result if where is None else exp.Filter(this=result, expression=exp.Where(this=where))


def present(value: Sql, where: Sql | None) -> Sql:
    """The condition that `value` is there, and `where`."""
    return sql.not_null(value) if where is None else sql.both(where, sql.not_null(value))


def most(call: Measure, at: int) -> int:
    """The largest number of items to collect: the constant argument `at`, at most what Kusto allows."""
    if len(call.arguments) <= at:
        return MOST_ITEMS
    limit = call.arguments[at]
    if not isinstance(limit, Constant) or not isinstance(limit.value, int) or limit.value < 1:
        raise UnsupportedError("the largest number of items must be a positive constant")
    return min(limit.value, MOST_ITEMS)


def first_items(items: Sql, limit: int) -> Sql:
    return sql.call("list_slice", items, sql.number(1), sql.number(limit))


ITEM: Final = ColumnId("item")


def json_array(items: Sql, kind: ScalarType, emission: Emission) -> Sql:
    """The JSON text of a list of values of a Kusto type, `[]` of no list."""
    match kind:
        case ScalarType.STRING | ScalarType.GUID | ScalarType.INT | ScalarType.LONG | ScalarType.BOOL:
            text = sql.cast(sql.call("to_json", items), "VARCHAR")
        case ScalarType.DYNAMIC:
            text = json.joined(json.transformed(items, ITEM, sql.coalesce(sql.variable(ITEM), json.NULL_ITEM)))
        case _:
            item = json_item(ColumnUse(ITEM, kind), sql.variable(ITEM))
            text = json.joined(json.transformed(items, ITEM, item))
    return sql.coalesce(text, json.EMPTY_ARRAY)


def members(value: Sql) -> Sql:
    """A dynamic value as a list of JSON texts: the items of an array, any other value alone."""
    return sql.case([(json.is_array(value), json.items(value))], exp.Array(expressions=[value]))


def firsts(items: Sql, key: Callable[[Sql], Sql] = lambda item: item) -> Sql:
    """The items of a list without those whose key an earlier one has, in the order of the list.

    Equal keys are brought together by a sort that keeps places, so a long list does not cost the square of its length.
    """
    entry, entries, at, item = (sql.variable(name) for name in ("entry", "entries", "at", "item"))
    sorted_ = sql.call(
        "list_sort",
        sql.call(
            "list_transform",
            items,
            sql.function(["item", "at"], record(k=key(item), i=at, v=item)),
        ),
    )
    before = sql.call("list_extract", entries, sql.binary(exp.Sub, at, sql.number(1)))
    is_new = sql.either(
        sql.equal(at, sql.number(1)), exp.NullSafeNEQ(this=field(entry, "k"), expression=field(before, "k"))
    )
    kept = sql.call("list_filter", entries, sql.function(["entry", "at"], is_new))
    by_place = sql.call("list_sort", json.transformed(kept, "entry", record(i=field(entry, "i"), v=field(entry, "v"))))
    values = json.transformed(by_place, "entry", field(entry, "v"))
    return bound(sorted_, "entries", values)


def bound(value: Sql, name: str, result: Sql) -> Sql:
    """`result`, in which the variable `name` is `value`: computed once, however often it is read."""
    return sql.call("list_extract", json.transformed(exp.Array(expressions=[value]), name, result), sql.number(1))


def record(**fields: Sql) -> Sql:
    """A STRUCT of these fields."""
    pairs = [exp.PropertyEQ(this=sql.name(name), expression=value) for name, value in fields.items()]
    return sql.call("struct_pack", *pairs)


def field(of: Sql, name: str) -> Sql:
    return sql.call("struct_extract", of, sql.text(name))
