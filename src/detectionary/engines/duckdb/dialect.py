"""DuckDB's side of the compiler: how values, stored tables and ranges are written, and the tables of its functions."""

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
from detectionary.engines.duckdb.aggregates import AGGREGATES
from detectionary.engines.duckdb.expand import expand
from detectionary.engines.duckdb.own_functions import OWN
from detectionary.engines.duckdb.ranges import sequence
from detectionary.engines.duckdb.scalars_bin import BINS
from detectionary.engines.duckdb.scalars_convert import CONVERSIONS
from detectionary.engines.duckdb.scalars_dynamic import DYNAMIC_FUNCTIONS
from detectionary.engines.duckdb.scalars_dynamic_arrays import ARRAYS
from detectionary.engines.duckdb.scalars_dynamic_bags import BAGS
from detectionary.engines.duckdb.scalars_format import FORMATS
from detectionary.engines.duckdb.scalars_geo import PLACES
from detectionary.engines.duckdb.scalars_logic import LOGIC
from detectionary.engines.duckdb.scalars_math import MATH
from detectionary.engines.duckdb.scalars_number import NUMBERS
from detectionary.engines.duckdb.scalars_parse import PARSE
from detectionary.engines.duckdb.scalars_series import SERIES
from detectionary.engines.duckdb.scalars_service import SERVICE
from detectionary.engines.duckdb.scalars_text import TEXTS
from detectionary.engines.duckdb.scalars_time import TIMES
from detectionary.engines.duckdb.windows import WINDOWS
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


def constant(value: Constant) -> Sql:
    """A value as a literal of exactly its type; see `compiler.plan.Constant`."""
    kind, content = value.type, value.value
    if content is None:
        return sql.text("") if kind is ScalarType.STRING else sql.cast(sql.NULL, TYPES[kind])
    match content:
        case bool():
            return exp.Boolean(this=content)
        case int() if kind is ScalarType.DATETIME:
            return sql.cast(sql.text(f"{moment_of(content).isoformat(' ', 'microseconds')}"), "TIMESTAMP")
        case int() if kind is ScalarType.REAL:
            return sql.cast(sql.text(repr(float(content))), "DOUBLE")
        case int():
            return sql.cast(sql.number(content), TYPES[kind])
        case float():
            name = repr(content) if math.isfinite(content) else str(content)
            return sql.cast(sql.text(name), "DOUBLE")
        case Decimal():
            return _decimal(content, value)
        case str():
            if "\0" in content:
                raise refuse("a text with a zero character is not supported", value.span)
            if any(0xD800 <= ord(character) <= 0xDFFF for character in content):
                raise refuse("a text with half a character is not supported", value.span)
            return sql.text(content)
    raise UnsupportedError("this value cannot be written")


def _decimal(content: Decimal, value: Constant) -> Sql:
    if abs(content) >= 10**20 or content != round(content, 18):
        raise refuse("a decimal of this length is not supported", value.span)
    return sql.cast(sql.text(f"{content:f}"), TYPES[ScalarType.DECIMAL])


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
    name="duckdb",
    printed_as="duckdb",
    types=TYPES,
    scalars={
        row.name: row
        for row in (
            *LOGIC,
            *OWN,
            *NUMBERS,
            *BINS,
            *MATH,
            *FORMATS,
            *SERVICE,
            *CONVERSIONS,
            *TEXTS,
            *PLACES,
            *TIMES,
            *DYNAMIC_FUNCTIONS,
            *ARRAYS,
            *BAGS,
            *PARSE,
            *SERIES,
        )
    },
    aggregates={row.name: row for row in AGGREGATES},
    windows={row.name: row for row in WINDOWS},
    constant=constant,
    scan=scan,
    sequence=sequence,
    expand=expand,
)
