"""Dynamic values in DuckDB SQL: a dynamic value is the minified text of a JSON value, SQL's null for null.

The first character of such a text tells its kind: `[` an array, `{` a bag, `"` a string, `t` or `f` a bool, else a
number. Inside lists of items a null is the text `null`, so that a list can be joined to an array again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once

EMPTY_ARRAY: Final = sql.text("[]")
NULL_DYNAMIC: Final = sql.cast(sql.NULL, "VARCHAR")
NULL_ITEM: Final = sql.text("null")
NO_ITEMS: Final = sql.cast(exp.Array(expressions=[]), "VARCHAR[]")


# Kinds


def is_array(value: Sql) -> Sql:
    return sql.call("starts_with", value, sql.text("["))


def is_bag(value: Sql) -> Sql:
    return sql.call("starts_with", value, sql.text("{"))


def is_string(value: Sql) -> Sql:
    return sql.call("starts_with", value, sql.text('"'))


def if_array(value: Sql, result: Sql) -> Sql:
    """`result` where `value` is an array, else null."""
    return sql.case([(is_array(value), result)])


def if_bag(value: Sql, result: Sql) -> Sql:
    """`result` where `value` is a bag, else null."""
    return sql.case([(is_bag(value), result)])


# From dynamic values


def dynamic_text(value: Sql) -> Sql:
    """The text of a dynamic value, null for null: a string without its quotes, anything else as JSON."""
    found = extraction(value)
    if found is not None:
        return sql.call("json_extract_string", *found)
    return sql.call("json_extract_string", value, sql.text("$"))


def items(value: Sql) -> Sql:
    """The items of an array as a list of JSON texts; no items for another value, null for null."""
    return sql.cast(sql.call("json_extract", value, sql.text("$[*]")), "VARCHAR[]")


def keys(value: Sql) -> Sql:
    """The keys of a bag as a list of texts, in their order; none for another value, null for null."""
    return sql.call("json_keys", value)


def values(value: Sql) -> Sql:
    """The values of a bag as a list of JSON texts, as `keys` stand; none for another value, null for null."""
    return sql.cast(sql.call("json_extract", value, sql.text("$.*")), "VARCHAR[]")


def item(value: Sql) -> Sql:
    """A dynamic value from an item of a list: JSON's null is null."""
    return sql.call("nullif", value, NULL_ITEM)


# To dynamic values


def joined(parts: Sql) -> Sql:
    """An array from a list of JSON texts, of which none is null."""
    return concatenated(sql.text("["), sql.call("array_to_string", parts, sql.text(",")), sql.text("]"))


def bag(members: Sql) -> Sql:
    """A bag from a list of texts `"key":value`, of which none is null."""
    return concatenated(sql.text("{"), sql.call("array_to_string", members, sql.text(",")), sql.text("}"))


def concatenated(*parts: Sql) -> Sql:
    """The parts behind one another; null when one is null, unlike DuckDB's `concat`."""
    result = parts[0]
    for part in parts[1:]:
        result = exp.DPipe(this=result, expression=part)
    return exp.Paren(this=result)


def quoted(value: Sql) -> Sql:
    """A text as a JSON string."""
    return sql.cast(sql.call("to_json", value), "VARCHAR")


def quoted_text(value: str) -> str:
    """The JSON string of a text that is known before the run, as DuckDB writes it."""
    return json.dumps(value, ensure_ascii=False)


def array_of_texts(value: object) -> list[str]:
    """The strings of an array that is known before the run (its JSON text); other items are left out."""
    content = json.loads(value) if isinstance(value, str) else None
    return [part for part in content if isinstance(part, str)] if isinstance(content, list) else []


# Access


def member(value: Sql, name: str) -> Sql:
    """The member of a bag, null when there is none; a chain of members is one extraction."""
    if "\0" in name:
        raise UnsupportedError("a name with a zero character is not supported")
    if name in ("", "*"):  # DuckDB has no path for the first and takes the second for all members
        found = sql.call("json_extract", value, sql.text("/" + name))
        return sql.case([(is_bag(value), item(sql.cast(found, "VARCHAR")))])
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return _extended(value, f'."{escaped}"')


def element(value: Sql, index: int) -> Sql:
    """The item of an array at a place, from the end when negative; null when there is none."""
    return _extended(value, f"[{index}]")


def member_named(value: Sql, name: Sql) -> Sql:
    """The member of a bag by a name that only the run knows."""
    pointer = sql.call(
        "replace", sql.call("replace", name, sql.text("~"), sql.text("~0")), sql.text("/"), sql.text("~1")
    )
    found = sql.call("json_extract", value, concatenated(sql.text("/"), pointer))
    # A pointer would also take the digits of a name for a place in an array.
    return sql.case([(is_bag(value), item(sql.cast(found, "VARCHAR")))])


def element_at(value: Sql, index: Sql) -> Sql:
    """The item of an array at a place that only the run knows."""
    return item(sql.cast(sql.call("json_extract", value, sql.cast(index, "BIGINT")), "VARCHAR"))


def parsed(text: Sql) -> Sql:
    """The dynamic value that a text writes as JSON; the text itself as a dynamic string when it writes none."""
    return once(text, "txt", _parsed)


def _parsed(text: Sql) -> Sql:
    # TRY_CAST never fails, and DuckDB may compute a branch of a CASE that it does not need.
    found = sql.cast(sql.call("json", sql.try_cast(text, "JSON")), "VARCHAR")
    return item(sql.coalesce(found, quoted(sql.call("nullif", text, sql.text("")))))


def _unparsed(value: Sql) -> Sql | None:
    """The JSON that `parsed` reads when `value` was made by it: a member needs no minified text of the whole."""
    match value:
        case exp.Anonymous(this="list_extract", expressions=[exp.Anonymous(expressions=[source, body]), _]):
            match source, body:
                case exp.Array(expressions=[text]), exp.Lambda(this=inner) if _unparsed(inner) is not None:
                    return sql.try_cast(text, "JSON")
        case exp.Anonymous(
            this="nullif",
            expressions=[exp.Anonymous(this="coalesce", expressions=[exp.Cast(this=inner), _]), _],
        ):
            match inner:
                case exp.Anonymous(this="json", expressions=[exp.TryCast() as found]):
                    return found
    return None


def _extended(value: Sql, step: str) -> Sql:
    found = extraction(value)
    if found is not None:
        source, path = found[0], str(found[1].this)
    else:
        source, path = _unparsed(value) or value, "$"
    return item(sql.cast(sql.call("json_extract", source, sql.text(path + step)), "VARCHAR"))


def extraction(value: Sql) -> tuple[Sql, exp.Literal] | None:
    """The source and the path when `value` is an extraction by `member` or `element`, so that another step joins it."""
    match value:
        case exp.Anonymous(this="nullif", expressions=[exp.Cast(this=inner), _]):
            match inner:
                case exp.Anonymous(this="json_extract", expressions=[source, exp.Literal(is_string=True) as path]):
                    return (source, path) if str(path.this).startswith("$") else None
    return None


# Lists


def transformed(values: Sql, variable: str, body: Sql) -> Sql:
    """`list_transform(values, lambda variable: body)`."""
    return sql.call("list_transform", values, sql.function([variable], body))


def filtered(values: Sql, variable: str, condition: Sql) -> Sql:
    return sql.call("list_filter", values, sql.function([variable], condition))


def length(values: Sql) -> Sql:
    return sql.call("len", values)


def listed(parts: Sequence[Sql]) -> Sql:
    """A list of texts."""
    return exp.Array(expressions=list(parts)) if parts else NO_ITEMS
