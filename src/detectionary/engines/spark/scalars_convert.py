"""Conversions between Kusto's types in Spark SQL: `tolong`, `tostring`, `todatetime`, … of every type.

`convert` is what the other emitters use where Kusto converts by itself. Spark's casts of numbers are those of Java:
towards zero, the ends of the range for what lies outside, 0 for NaN, the low bits of a whole number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark import json_texts as json
from detectionary.engines.spark.formats import datetime_text, real_text, timespan_text
from detectionary.engines.spark.pieces import EMPTY, ZERO, matches, once
from detectionary.engines.spark.reading import read_datetime, read_guid, read_real, read_timespan, read_whole
from detectionary.engines.spark.spans import datetime_of_ticks, ticks_of_datetime
from detectionary.languages.kusto.syntax import ScalarType

BOOL, INT, LONG, REAL = ScalarType.BOOL, ScalarType.INT, ScalarType.LONG, ScalarType.REAL
DECIMAL, STRING, DYNAMIC = ScalarType.DECIMAL, ScalarType.STRING, ScalarType.DYNAMIC
DATETIME, TIMESPAN, GUID = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.GUID

Convert = Callable[[Sql], Sql]

SQL_TYPES: Final = {INT: "INTEGER", LONG: "BIGINT", REAL: "DOUBLE", DECIMAL: "DECIMAL(38, 18)"}


def convert(source: ScalarType, target: ScalarType, value: Sql) -> Sql:
    """`value` of one type as another, as Kusto's conversion function does; refuses what Kusto does not convert."""
    if source is target:
        return value
    found = _CONVERSIONS.get((source, target))
    if found is None:
        raise UnsupportedError(f"a {source.value} cannot be converted to {target.value}")
    return found(value)


def text_of_dynamic(value: Sql) -> Sql:
    """`tostring` of a dynamic value: a string without its quotes, JSON of anything else, '' of null."""
    return sql.coalesce(json.dynamic_text(value), EMPTY)


def _cast(kind: str) -> Convert:
    return lambda value: sql.cast(value, kind)


def _texted(write: Convert) -> Convert:
    return lambda value: sql.coalesce(write(value), EMPTY)


def _bool_text(value: Sql) -> Sql:
    return sql.case([(value, sql.text("True")), (sql.is_null(value), EMPTY)], sql.text("False"))


def _not_zero(value: Sql) -> Sql:
    return sql.binary(exp.NEQ, value, ZERO)


def _text_bool(value: Sql) -> Sql:
    """`true` and `false` in any case, and whole numbers, of which 0 is false."""

    def read(text: Sql) -> Sql:
        return sql.case(
            [
                (matches(text, r"\A[\t-\r ]*(?i:true)[\t-\r ]*\z"), sql.TRUE),
                (matches(text, r"\A[\t-\r ]*(?i:false)[\t-\r ]*\z"), sql.FALSE),
            ],
            _not_zero(read_whole(text, 64)),
        )

    return once(value, "word", read)


# Dynamic values: a string in them is read as a text, a number as a number


def _dynamic_number(target: ScalarType) -> Convert:
    def read(value: Sql) -> Sql:
        def of_json(dynamic: Sql) -> Sql:
            one, none = (sql.cast(sql.number(number), SQL_TYPES[target]) for number in (1, 0))
            number: Sql = sql.cast(sql.case([(matches(dynamic, r"\A-?[0-9]"), dynamic)]), "DOUBLE")
            if target is not REAL:
                # Spark's cast would take the whole part of any number; too large a whole number is null.
                is_whole = matches(dynamic, r"\A-?[0-9]+\z")
                whole = convert(LONG, target, sql.cast(dynamic, "BIGINT"))
                number = sql.case([(is_whole, whole)], convert(REAL, target, number))
            return sql.case(
                [
                    (json.is_string(dynamic), convert(STRING, target, json.unquoted(dynamic))),
                    (sql.equal(dynamic, sql.text("true")), one),
                    (sql.equal(dynamic, sql.text("false")), none),
                ],
                number,
            )

        return once(value, "dyn", of_json)

    return read


def _dynamic_bool(value: Sql) -> Sql:
    def of_json(dynamic: Sql) -> Sql:
        return sql.case(
            [
                (json.is_string(dynamic), _text_bool(json.unquoted(dynamic))),
                (sql.equal(dynamic, sql.text("true")), sql.TRUE),
                (sql.equal(dynamic, sql.text("false")), sql.FALSE),
                (matches(dynamic, r"\A-?[0-9]"), _not_zero(sql.cast(dynamic, "DOUBLE"))),
            ]
        )

    return once(value, "dyn", of_json)


def _by_text(target: ScalarType) -> Convert:
    return lambda value: convert(STRING, target, text_of_dynamic(value))


def _real_json(value: Sql) -> Sql:
    """JSON has no NaN and no infinity: Kusto writes them as strings."""

    def of(real: Sql) -> Sql:
        text = sql.cast(real, "VARCHAR")
        return sql.case([(matches(text, "[NI]"), json.quoted_plain(text))], text)

    return once(value, "real", of)


_CONVERSIONS: Final[Mapping[tuple[ScalarType, ScalarType], Convert]] = {
    # to bool
    (INT, BOOL): _not_zero,
    (LONG, BOOL): _not_zero,
    (REAL, BOOL): _not_zero,
    (DECIMAL, BOOL): _not_zero,
    (STRING, BOOL): _text_bool,
    (DYNAMIC, BOOL): _dynamic_bool,
    # to int
    (BOOL, INT): _cast("INTEGER"),
    (LONG, INT): _cast("INTEGER"),
    (REAL, INT): _cast("INTEGER"),
    (STRING, INT): lambda value: read_whole(value, 32),
    (TIMESPAN, INT): _cast("INTEGER"),
    (DATETIME, INT): lambda value: sql.cast(ticks_of_datetime(value), "INTEGER"),
    (DYNAMIC, INT): _dynamic_number(INT),
    # to long
    (BOOL, LONG): _cast("BIGINT"),
    (INT, LONG): _cast("BIGINT"),
    (REAL, LONG): _cast("BIGINT"),
    (STRING, LONG): lambda value: read_whole(value, 64),
    (TIMESPAN, LONG): lambda value: value,
    (DATETIME, LONG): ticks_of_datetime,
    (DYNAMIC, LONG): _dynamic_number(LONG),
    # to real
    (BOOL, REAL): lambda value: sql.cast(sql.cast(value, "INTEGER"), "DOUBLE"),
    (INT, REAL): _cast("DOUBLE"),
    (LONG, REAL): _cast("DOUBLE"),
    (DECIMAL, REAL): _cast("DOUBLE"),
    (STRING, REAL): read_real,
    (TIMESPAN, REAL): _cast("DOUBLE"),
    (DATETIME, REAL): lambda value: sql.cast(ticks_of_datetime(value), "DOUBLE"),
    (DYNAMIC, REAL): _dynamic_number(REAL),
    # to decimal
    (INT, DECIMAL): _cast(SQL_TYPES[DECIMAL]),
    (LONG, DECIMAL): _cast(SQL_TYPES[DECIMAL]),
    # to text
    (BOOL, STRING): _bool_text,
    (INT, STRING): _texted(_cast("VARCHAR")),
    (LONG, STRING): _texted(_cast("VARCHAR")),
    (REAL, STRING): _texted(real_text),
    (DATETIME, STRING): _texted(datetime_text),
    (TIMESPAN, STRING): _texted(timespan_text),
    (GUID, STRING): _texted(lambda value: value),
    (DYNAMIC, STRING): text_of_dynamic,
    # to datetime
    (LONG, DATETIME): datetime_of_ticks,
    (INT, DATETIME): lambda value: datetime_of_ticks(sql.cast(value, "BIGINT")),
    (STRING, DATETIME): read_datetime,
    (DYNAMIC, DATETIME): _by_text(DATETIME),
    # to timespan
    (LONG, TIMESPAN): lambda value: value,
    (INT, TIMESPAN): _cast("BIGINT"),
    (STRING, TIMESPAN): read_timespan,
    (DYNAMIC, TIMESPAN): _by_text(TIMESPAN),
    # to guid
    (STRING, GUID): read_guid,
    (DYNAMIC, GUID): _by_text(GUID),
    # to dynamic
    (BOOL, DYNAMIC): _cast("VARCHAR"),
    (INT, DYNAMIC): _cast("VARCHAR"),
    (LONG, DYNAMIC): _cast("VARCHAR"),
    (REAL, DYNAMIC): _real_json,
    (STRING, DYNAMIC): json.quoted,
    (DATETIME, DYNAMIC): lambda value: json.quoted_plain(datetime_text(value)),
    (TIMESPAN, DYNAMIC): lambda value: json.quoted_plain(timespan_text(value)),
    (GUID, DYNAMIC): json.quoted_plain,
}
"""What Kusto converts and Spark does exactly, by (from, to); `value` null gives null, '' for text."""


def _converts(target: ScalarType) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return convert(call.arguments[0].type, target, arguments[0])

    return emit


CONVERSIONS: Final[tuple[ScalarRow, ...]] = (
    Scalar("tobool", _converts(BOOL)),
    Scalar("toint", _converts(INT)),
    Scalar("tolong", _converts(LONG)),
    Scalar("toreal", _converts(REAL), note="not of decimal texts"),
    Scalar("todecimal", _converts(DECIMAL), note="of whole numbers"),
    Scalar("tostring", _converts(STRING), note="reals of more than 15 digits stop the run"),
    Scalar("todatetime", _converts(DATETIME)),
    Scalar("totimespan", _converts(TIMESPAN)),
    Scalar("toguid", _converts(GUID)),
    Scalar("todynamic_value", _converts(DYNAMIC)),
)
