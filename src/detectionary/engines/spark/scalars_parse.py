"""What `parse` asks of an engine, in Spark SQL. The regular expressions are the compiler's, in what RE2 and Java share."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql


def _group(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A group of the first match, '' when there is none; arguments: text, regex, the group's number, the last."""
    return sql.call("regexp_extract", *arguments[:2], sql.cast(arguments[2], "INTEGER"))


def _matches(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("regexp_like", *arguments)


_KV: Final = "parse-kv is not written for Spark"

PARSE: Final[tuple[ScalarRow, ...]] = (
    Scalar("parse_group", _group),
    Scalar("parse_matches", _matches),
    Gap("kv_split", _KV),
    Gap("kv_match", _KV),
)
