"""Spark's side of the compiler: how values, stored tables and ranges are written, and the tables of its functions."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Dialect
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Constant, Scan
from detectionary.compiler.refused import UnsupportedError, refuse
from detectionary.compiler.sql import Sql
from detectionary.compiler.ticks import moment_of
from detectionary.engines.spark.aggregates import AGGREGATES, grouped
from detectionary.engines.spark.expand import expand
from detectionary.engines.spark.gaps import AGGREGATE_GAPS, SCALAR_GAPS
from detectionary.engines.spark.printed import PRINTED_AS
from detectionary.engines.spark.ranges import sequence
from detectionary.engines.spark.scalars_convert import CONVERSIONS
from detectionary.engines.spark.scalars_dynamic import DYNAMIC_FUNCTIONS
from detectionary.engines.spark.scalars_logic import LOGIC
from detectionary.engines.spark.scalars_network import NETWORK
from detectionary.engines.spark.scalars_number import NUMBERS
from detectionary.engines.spark.scalars_parse import PARSE
from detectionary.engines.spark.scalars_regex import REGEXES
from detectionary.engines.spark.scalars_search import SEARCHES
from detectionary.engines.spark.scalars_text import TEXTS
from detectionary.engines.spark.scalars_time import TIMES
from detectionary.engines.spark.windows import WINDOWS
from detectionary.languages.kusto.syntax import ScalarType

TYPES: Final = {
    ScalarType.BOOL: "BOOLEAN",
    ScalarType.INT: "INTEGER",
    ScalarType.LONG: "BIGINT",
    ScalarType.REAL: "DOUBLE",
    ScalarType.DECIMAL: "DECIMAL(38, 18)",
    ScalarType.STRING: "VARCHAR",
    ScalarType.DATETIME: "TIMESTAMP",
    ScalarType.TIMESPAN: "BIGINT",
    ScalarType.GUID: "VARCHAR",
    ScalarType.DYNAMIC: "VARCHAR",
}
"""In the words of `compiler.sql`; they are printed as Spark's (STRING, TIMESTAMP_NTZ)."""


def constant(value: Constant) -> Sql:
    """A value as a literal of exactly its type; see `compiler.plan.Constant`."""
    kind, content = value.type, value.value
    if content is None:
        return sql.text("") if kind is ScalarType.STRING else sql.cast(sql.NULL, TYPES[kind])
    match content:
        case bool():
            return exp.Boolean(this=content)
        case int() if kind is ScalarType.DATETIME:
            return sql.cast(sql.text(moment_of(content).isoformat(" ", "microseconds")), "TIMESTAMP")
        case int() if kind is ScalarType.REAL:
            return sql.cast(sql.text(repr(float(content))), "DOUBLE")
        case int():
            return sql.cast(sql.number(content), TYPES[kind])
        case float():
            return sql.cast(sql.text(repr(content) if math.isfinite(content) else str(content)), "DOUBLE")
        case Decimal():
            if abs(content) >= 10**20 or content != round(content, 18):
                raise refuse("a decimal of this length is not supported", value.span)
            return sql.cast(sql.text(f"{content:f}"), TYPES[kind])
        case str():
            if "\0" in content:
                raise refuse("a text with a zero character is not supported", value.span)
            if any(0xD800 <= ord(character) <= 0xDFFF for character in content):
                raise refuse("a text with half a character is not supported", value.span)
            return sql.text(content)
    raise UnsupportedError("this value cannot be written")


def scan(node: Scan, emission: Emission) -> Sql:
    """The stored columns under their ids. A column that the store lacks is empty; so is a table that it lacks."""
    stored = emission.storage.get(node.table)
    if stored is None:
        return emission.no_rows(node.columns)
    chosen: list[Sql] = []
    for column in node.columns:
        found = stored.columns.get(column.name)
        if found is None:
            chosen.append(sql.alias(emission.missing(column.type), column.id))
            continue
        if found.type is not column.type:
            raise refuse(f"{column.name} is stored as {found.type.value}, not as {column.type.value}", node.span)
        value = sql.column(found.name)
        if column.type is ScalarType.STRING and found.nullable:
            value = sql.coalesce(value, sql.text(""))
        chosen.append(sql.alias(value, column.id))
    return sql.select(chosen, sql.table(stored.relation))


DIALECT: Final = Dialect(
    name="spark",
    printed_as=PRINTED_AS,
    types=TYPES,
    scalars={
        row.name: row
        for row in (
            *SCALAR_GAPS,
            *LOGIC,
            *NUMBERS,
            *CONVERSIONS,
            *TEXTS,
            *SEARCHES,
            *REGEXES,
            *TIMES,
            *DYNAMIC_FUNCTIONS,
            *PARSE,
            *NETWORK,
        )
    },
    aggregates={row.name: row for row in (*AGGREGATE_GAPS, *AGGREGATES)},
    windows={row.name: row for row in WINDOWS},
    constant=constant,
    scan=scan,
    sequence=sequence,
    expand=expand,
    materialized=False,
    grouped=grouped,
)
