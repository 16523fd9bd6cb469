"""What `parse` asks of an engine, in Spark SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import needed_number
from detectionary.engines.spark.regex import regex_of, written


def _group(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A group of the first match, '' when there is none; arguments: text, regex, the group's number, the last."""
    number = needed_number(call.arguments[2], "the number of the group")
    return sql.call("regexp_extract", arguments[0], _pattern(call), sql.number(number))


def _matches(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("regexp_like", arguments[0], _pattern(call))


def _pattern(call: Apply) -> Sql:
    """The pattern of Kusto's syntax, of which a rule wrote parts, in that of Java."""
    return sql.text(written(regex_of(call.arguments[1])))


_KV: Final = "parse-kv is not written for Spark"

PARSE: Final[tuple[ScalarRow, ...]] = (
    Scalar("parse_group", _group),
    Scalar("parse_matches", _matches),
    Gap("kv_split", _KV),
    Gap("kv_match", _KV),
)
