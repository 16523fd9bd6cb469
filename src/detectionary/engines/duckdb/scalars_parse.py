"""What `parse` and `parse-kv` ask of an engine, in DuckDB SQL.

The regular expressions are the compiler's, with parts that a rule wrote, in Kusto's syntax. RE2 runs them in linear
time, whatever they hold.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.regex import guarded, regex_of, written
from detectionary.engines.duckdb.texts import needed_text, stop

BLANKS: Final = " \t\n\v\f\r"


def _group(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A group of the first match, '' when there is none; arguments: text, regex, the group's number, the last number.

    All columns of one pattern ask for the same groups, so that DuckDB matches once for all of them.
    """
    number, last = _number(call, 2), _number(call, 3)
    expression = regex_of(call.arguments[1])
    names = exp.Array(expressions=[sql.text(f"g{at}") for at in range(1, last + 1)])
    found = sql.call("regexp_extract", arguments[0], sql.text(written(expression)), names)
    return guarded(expression, arguments[0], sql.call("struct_extract", found, sql.text(f"g{number}")))


def _matches(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    expression = regex_of(call.arguments[1])
    found = sql.call("regexp_matches", arguments[0], sql.text(written(expression)))
    return guarded(expression, arguments[0], found)


def _agreed(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A value that two ways of reading a pattern agree on; the run stops where they do not."""
    one, other = arguments[:2]
    return stop(sql.negate(sql.equal(one, other)), needed_text(call.arguments[2], "the reason"), one)


def _number(call: Apply, at: int) -> int:
    """A number that the compiler wrote."""
    argument = call.arguments[at]
    if isinstance(argument, Constant) and isinstance(argument.value, int):
        return argument.value
    raise UnsupportedError("a constant number is needed here")


def _first(found: Sql) -> Sql:
    return sql.call("list_extract", found, sql.number(1))


def _trim(value: Sql) -> Sql:
    return sql.call("trim", value, sql.text(BLANKS))


def _split(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The text behind the key of the first pair of this key; arguments: text, key, the two delimiters."""
    text, key, pair, delimiter = arguments
    part = sql.variable("p")
    named = sql.equal(_trim(sql.call("split_part", part, delimiter, sql.number(1))), key)
    wanted = sql.both(sql.call("contains", part, delimiter), named)
    found = _first(sql.call("list_filter", sql.call("string_split", text, pair), sql.function(["p"], wanted)))
    start = sql.binary(exp.Add, sql.call("strpos", found, delimiter), sql.call("length", delimiter))
    return sql.coalesce(_trim(sql.call("substr", found, start)), sql.text(""))


def _match(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The value of the first match of this key; arguments: text, key, regex, how many groups it has, the escape."""
    text, key = arguments[:2]
    expression = regex_of(call.arguments[2])
    regex = sql.text(written(expression))
    groups = _number(call, 3)
    names = exp.Array(expressions=[sql.text(f"g{at}") for at in range(1, groups + 1)])
    matches = sql.call("regexp_extract_all", text, regex, names)
    named = sql.equal(_either(sql.variable("p"), range(1, groups // 2 + 1)), key)
    found = _first(sql.call("list_filter", matches, sql.function(["p"], named)))
    escape = call.arguments[4]
    if not (isinstance(escape, Constant) and escape.value):
        return _either(found, range(groups // 2 + 1, groups + 1))
    quoted = sql.call(
        "regexp_replace", _part(found, 3), sql.text(f"\\{escape.value}(.)"), sql.text("\\1"), sql.text("gs")
    )
    return sql.binary(exp.DPipe, quoted, _trim(_part(found, 4)))


def _part(match: Sql, group: int) -> Sql:
    """A group of a match, '' when it took no part."""
    return sql.coalesce(sql.call("struct_extract", match, sql.text(f"g{group}")), sql.text(""))


def _either(match: Sql, groups: range) -> Sql:
    """The one group that took part: the last is plain, without the blanks round it, one before it was quoted."""
    *quoted, plain = (_part(match, group) for group in groups)
    return sql.binary(exp.DPipe, quoted[0], _trim(plain)) if quoted else _trim(plain)


PARSE: Final[tuple[ScalarRow, ...]] = (
    Scalar("agreed", _agreed),
    Scalar("parse_group", _group),
    Scalar("parse_matches", _matches),
    Scalar("kv_split", _split),
    Scalar("kv_match", _match),
)
