"""Dynamic values in Spark SQL: a dynamic value is the minified text of a JSON value, SQL's null for null.

`get_json_object` gives a string without its quotes, which makes `"1"` a `1`; but what it finds below `$[*]` it gives as
JSON. So a value is put into an array of itself first. Numbers are written anew by it, as Java writes them.
"""

from __future__ import annotations

import json
import re
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.formats import real_text
from detectionary.engines.spark.pieces import EMPTY, NO_TEXT, array, joined, matches, once, plus, stop, transformed

EMPTY_ARRAY: Final = sql.text("[]")
NULL_ITEM: Final = sql.text("null")
_PLAIN_NAME: Final = re.compile(r"[^'?\\\[\]*\x00-\x1f]+")
_REAL: Final = r"\A-?[0-9]+[.E]"
_EXPONENT: Final = r"[:,\[]-?[0-9.]+E-?[0-9]+[,\]}]"
"""A real number inside of an array or bag as Java writes it when it is large or small."""


def is_array(value: Sql) -> Sql:
    return sql.call("startswith", value, sql.text("["))


def is_bag(value: Sql) -> Sql:
    return sql.call("startswith", value, sql.text("{"))


def is_string(value: Sql) -> Sql:
    return sql.call("startswith", value, sql.text('"'))


def unquoted(value: Sql) -> Sql:
    """The text of a dynamic string."""
    return sql.call("get_json_object", value, sql.text("$"))


def dynamic_text(value: Sql) -> Sql:
    """The text of a dynamic value, null for null: a string without its quotes, anything else as JSON."""

    def of(json_: Sql) -> Sql:
        message = "the text of an array or bag with a real number that is large or small is not supported"
        other = stop(matches(json_, _EXPONENT), message, json_)
        number = real_text(sql.cast(json_, "DOUBLE"))
        return sql.case([(is_string(json_), unquoted(json_)), (matches(json_, _REAL), number)], other)

    return once(value, "dyn", of)


def quoted(text: Sql) -> Sql:
    """A text as a JSON string; null where it is null."""
    made = sql.call("get_json_object", sql.call("to_json", array(text)), sql.text("$[*]"))
    return sql.call("nullif", made, NULL_ITEM)


def quoted_plain(text: Sql) -> Sql:
    """A text in which nothing needs an escape; null where it is null."""
    return joined(sql.text('"'), text, sql.text('"'))


def quoted_text(value: str) -> str:
    """The JSON string of a text that is known before the run."""
    return json.dumps(value, ensure_ascii=False)


def item(value: Sql) -> Sql:
    """A dynamic value from an item of a list: JSON's null is null."""
    return sql.call("nullif", value, NULL_ITEM)


def member(value: Sql, name: str) -> Sql:
    """The member of a bag, null when there is none; a chain of members is one search."""
    if not _PLAIN_NAME.fullmatch(name):
        raise UnsupportedError(f"the name of a member cannot be {name!r} on this engine")
    return _extended(value, f"['{name}']")


def element(value: Sql, index: int) -> Sql:
    """The item of an array at a place, from the end when negative; null when there is none."""
    if index >= 0:
        return _extended(value, f"[{index}]")
    return once(value, "dyn", lambda x: element_at(x, plus(length(x), sql.number(index))))


def element_at(value: Sql, index: Sql) -> Sql:
    """The item of an array at a place that only the run knows; one below 0 is no place."""
    path = joined(sql.text("$[*]["), sql.cast(index, "VARCHAR"), sql.text("]"))
    return item(sql.call("get_json_object", _wrapped(value), path))


def length(value: Sql) -> Sql:
    """The number of items of an array, null for another value."""
    return sql.call("json_array_length", value)


def _wrapped(value: Sql) -> Sql:
    return joined(sql.text("["), value, sql.text("]"))


def _extended(value: Sql, step: str) -> Sql:
    match value:
        case exp.Anonymous(this="nullif", expressions=[exp.Anonymous(this="get_json_object", expressions=found), _]):
            match found:
                case [source, exp.Literal(is_string=True) as path] if str(path.this).startswith("$[*]["):
                    return item(sql.call("get_json_object", source, sql.text(f"{path.this}{step}")))
    return item(sql.call("get_json_object", _wrapped(value), sql.text(f"$[*]{step}")))


def parsed(text: Sql) -> Sql:
    """The dynamic value that a text writes as JSON; the text itself as a dynamic string when it writes none.

    `try_parse_json` is strict but does not look behind the value; in an array of two and of three items, the text must
    be exactly one of them, which holds for nothing that closes the array by itself.
    """

    def read(x: Sql) -> Sql:
        first = joined(sql.text("["), x)
        alone = sql.both(
            sql.not_null(sql.call("try_parse_json", x)),
            sql.equal(length(joined(first, sql.text(",0]"))), sql.number(2)),
            sql.equal(length(joined(first, sql.text(",0,0]"))), sql.number(3)),
        )
        value = item(sql.call("get_json_object", joined(first, sql.text("]")), sql.text("$[*]")))
        return sql.case([(sql.equal(x, EMPTY), NO_TEXT), (alone, value)], quoted(x))

    return once(text, "json", read)


# Lists: items are JSON texts, of which none is null


def items(value: Sql) -> Sql:
    """The items of an array as a list of JSON texts; null for another value."""
    return once(value, "dyn", lambda x: sql.case([(is_array(x), _as_json(x, "ARRAY<{}>"))]))


def _as_json(value: Sql, kind: str) -> Sql:
    """Items read twice: as texts, and as variants that know which of them are strings."""
    texts = sql.call("from_json", value, sql.text(kind.format("STRING")))
    kinds = sql.call("from_json", value, sql.text(kind.format("VARIANT")))
    if kind.startswith("MAP"):
        texts, kinds = sql.call("map_values", texts), sql.call("map_values", kinds)
    text, variant = sql.variable("text"), sql.variable("kind")
    is_text = sql.equal(sql.call("schema_of_variant", variant), sql.text("STRING"))
    one = sql.case([(sql.is_null(text), NULL_ITEM), (is_text, quoted(text))], text)
    return sql.call("zip_with", texts, kinds, sql.function(["text", "kind"], one))


def keys(value: Sql) -> Sql:
    """The keys of a bag as a list of texts, in their order; null for another value."""
    return sql.call("json_object_keys", value)


def values(value: Sql) -> Sql:
    """The values of a bag as a list of JSON texts, as `keys` stand; null for another value."""
    return _as_json(value, "MAP<STRING, {}>")


def joined_items(parts: Sql) -> Sql:
    """An array from a list of JSON texts."""
    return joined(sql.text("["), sql.call("array_join", parts, sql.text(",")), sql.text("]"))


def members(value: Sql) -> Sql:
    """A dynamic value as a list of JSON texts: the items of an array, any other value alone."""
    return once(
        value,
        "member",
        lambda x: sql.case([(is_array(x), _as_json(x, "ARRAY<{}>"))], array(sql.coalesce(x, NULL_ITEM))),
    )


def with_null_items(parts: Sql) -> Sql:
    """A list of dynamic values as a list of JSON texts."""
    return transformed(parts, "one", sql.coalesce(sql.variable("one"), NULL_ITEM))
