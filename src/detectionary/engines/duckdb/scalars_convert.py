"""Conversions between Kusto's types in DuckDB SQL: `tolong`, `tostring`, `todatetime`, … of every type.

`convert` is what the other emitters use where Kusto converts by itself. How texts are read follows the recorded answers
of the real engine and .NET's invariant parsers, on which it rests: blanks around are ignored, nothing else is (`1_000`
and `1,000` are no numbers), a whole number may be hexadecimal and then holds the bits of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.json_texts import extraction
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.scalars_format import datetime_text, real_text, timespan_text
from detectionary.engines.duckdb.scalars_read import (
    read_datetime,
    read_decimal,
    read_guid,
    read_real,
    read_timespan,
    read_whole,
)
from detectionary.engines.duckdb.scalars_span import datetime_of_ticks, ticks_of_datetime
from detectionary.engines.duckdb.stopping import halt
from detectionary.languages.kusto.syntax import ScalarType

BOOL, INT, LONG, REAL = ScalarType.BOOL, ScalarType.INT, ScalarType.LONG, ScalarType.REAL
DECIMAL, STRING, DYNAMIC = ScalarType.DECIMAL, ScalarType.STRING, ScalarType.DYNAMIC
DATETIME, TIMESPAN, GUID = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.GUID

Convert = Callable[[Sql], Sql]


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
    found = extraction(value)
    if found is not None:  # a member's text is read without its JSON
        return sql.coalesce(sql.call("json_extract_string", *found), sql.text(""))
    return once(
        value,
        "dyn",
        lambda json: sql.case(
            [(sql.call("starts_with", json, sql.text('"')), sql.call("json_extract_string", json, sql.text("$")))],
            sql.coalesce(json, sql.text("")),
        ),
    )


def whole_of_dynamic(value: Sql) -> Sql:
    """The long that a dynamic value is, to compare it; null when it is none."""
    text = sql.call("regexp_extract", text_of_dynamic(value), sql.text(r"^(-?[0-9]+)(?:\.0+)?$"), sql.number(1))
    return sql.try_cast(text, "BIGINT")


def _varchar(value: Sql) -> Sql:
    return sql.coalesce(sql.cast(value, "VARCHAR"), sql.text(""))


def _bool_text(value: Sql) -> Sql:
    return sql.case([(value, sql.text("True")), (sql.is_null(value), sql.text(""))], sql.text("False"))


def _not_zero(value: Sql) -> Sql:
    return sql.binary(exp.NEQ, value, sql.number(0))


def _text_bool(value: Sql) -> Sql:
    """`true` and `false` in any case, and whole numbers, of which 0 is false."""
    return once(
        value,
        "word",
        lambda text: sql.case(
            [
                (sql.equal(_lower_trimmed(text), sql.text("true")), sql.TRUE),
                (sql.equal(_lower_trimmed(text), sql.text("false")), sql.FALSE),
            ],
            _not_zero(read_whole(text, 64)),
        ),
    )


def _lower_trimmed(text: Sql) -> Sql:
    return sql.call("lower", sql.call("trim", text, sql.text("\t\n\v\f\r ")))


def wrapped_long(value: Sql) -> Sql:
    """The low 64 bits of a whole number as a long: Kusto's arithmetic wraps round, DuckDB's stops the query."""
    low = sql.binary(exp.BitwiseAnd, sql.cast(value, "HUGEINT"), _huge(2**64 - 1))
    return sql.cast(sql.binary(exp.Sub, sql.call("xor", low, _huge(2**63)), _huge(2**63)), "BIGINT")


def wrapped_int(value: Sql) -> Sql:
    """The low 32 bits of a long as an int."""
    low = sql.binary(exp.BitwiseAnd, value, sql.cast(sql.number(2**32 - 1), "BIGINT"))
    half = sql.cast(sql.number(2**31), "BIGINT")
    return sql.cast(sql.binary(exp.Sub, sql.call("xor", low, half), half), "INTEGER")


def _huge(number: int) -> Sql:
    return sql.cast(sql.number(number), "HUGEINT")


def _saturated(bits: int) -> Convert:
    """A real to a whole number, towards zero; what is out of range becomes the end of the range, NaN becomes 0."""
    kind = "INTEGER" if bits == 32 else "BIGINT"
    last = 2 ** (bits - 1)

    def held(x: Sql) -> Sql:
        ends = sql.case(
            [
                (sql.call("isnan", x), sql.cast(sql.number(0), kind)),
                (sql.binary(exp.GT, x, sql.number(0)), sql.cast(sql.number(last - 1), kind)),
                (sql.binary(exp.LT, x, sql.number(0)), sql.cast(sql.number(-last), kind)),
            ]
        )
        return sql.coalesce(sql.try_cast(sql.call("trunc", x), kind), ends)

    def convert_real(value: Sql) -> Sql:
        return once(value, "real", held)

    return convert_real


def _truncated(kind: str) -> Convert:
    return lambda value: sql.try_cast(sql.call("trunc", value), kind)


def _to(kind: str) -> Convert:
    return lambda value: sql.cast(value, kind)


# Dynamic values: a string in them is read as a text, a number as a number


def _dynamic_number(target: ScalarType) -> Convert:
    def read(value: Sql) -> Sql:
        def of_json(json: Sql) -> Sql:
            text = sql.call("json_extract_string", json, sql.text("$"))
            one, none = (sql.cast(sql.number(number), _SQL[target]) for number in (1, 0))
            as_real = sql.try_cast(json, "DOUBLE")
            number: Sql = as_real
            if target is not REAL:
                whole = convert(LONG, target, sql.try_cast(text, "BIGINT"))
                is_whole = sql.call("regexp_full_match", json, sql.text("-?[0-9]+"))
                number = sql.case([(is_whole, whole)], convert(REAL, target, as_real))
            return sql.case(
                [
                    (sql.call("starts_with", json, sql.text('"')), convert(STRING, target, text)),
                    (sql.equal(json, sql.text("true")), one),
                    (sql.equal(json, sql.text("false")), none),
                ],
                number,
            )

        return once(value, "dyn", of_json)

    return read


def _dynamic_bool(value: Sql) -> Sql:
    def of_json(json: Sql) -> Sql:
        text = sql.call("json_extract_string", json, sql.text("$"))
        return sql.case(
            [
                (sql.call("starts_with", json, sql.text('"')), _text_bool(text)),
                (sql.equal(json, sql.text("true")), sql.TRUE),
            ],
            sql.case([(sql.equal(json, sql.text("false")), sql.FALSE)], _not_zero(sql.try_cast(json, "DOUBLE"))),
        )

    return once(value, "dyn", of_json)


def _by_text(target: ScalarType) -> Convert:
    return lambda value: convert(STRING, target, text_of_dynamic(value))


# Anything as dynamic: the JSON text of the value


def _quoted(value: Sql) -> Sql:
    return sql.cast(sql.call("to_json", value), "VARCHAR")


def _quoted_plain(text: Sql) -> Sql:
    """A text in which nothing needs an escape; null where it is null."""
    return exp.DPipe(this=exp.DPipe(this=sql.text('"'), expression=text), expression=sql.text('"'))


def _real_json(value: Sql) -> Sql:
    """JSON has no NaN and no infinity: Kusto writes them as strings."""
    return once(
        value,
        "real",
        lambda x: sql.case([(sql.call("isfinite", x), sql.cast(x, "VARCHAR"))], _quoted_plain(real_text(x))),
    )


_SQL: Final = {INT: "INTEGER", LONG: "BIGINT", REAL: "DOUBLE", DECIMAL: "DECIMAL(38, 18)"}

_CONVERSIONS: Final[Mapping[tuple[ScalarType, ScalarType], Convert]] = {
    # to bool
    (INT, BOOL): _not_zero,
    (LONG, BOOL): _not_zero,
    (REAL, BOOL): _not_zero,
    (DECIMAL, BOOL): _not_zero,
    (STRING, BOOL): _text_bool,
    (DYNAMIC, BOOL): _dynamic_bool,
    # to int
    (BOOL, INT): _to("INTEGER"),
    (LONG, INT): wrapped_int,
    (REAL, INT): _saturated(32),
    (DECIMAL, INT): _truncated("INTEGER"),
    (STRING, INT): lambda value: read_whole(value, 32),
    (TIMESPAN, INT): wrapped_int,
    (DATETIME, INT): lambda value: wrapped_int(ticks_of_datetime(value)),
    (DYNAMIC, INT): _dynamic_number(INT),
    # to long
    (BOOL, LONG): _to("BIGINT"),
    (INT, LONG): _to("BIGINT"),
    (REAL, LONG): _saturated(64),
    (DECIMAL, LONG): _truncated("BIGINT"),
    (STRING, LONG): lambda value: read_whole(value, 64),
    (TIMESPAN, LONG): lambda value: value,
    (DATETIME, LONG): ticks_of_datetime,
    (DYNAMIC, LONG): _dynamic_number(LONG),
    # to real
    (BOOL, REAL): lambda value: sql.cast(sql.cast(value, "INTEGER"), "DOUBLE"),
    (INT, REAL): _to("DOUBLE"),
    (LONG, REAL): _to("DOUBLE"),
    (DECIMAL, REAL): _to("DOUBLE"),
    (STRING, REAL): read_real,
    (TIMESPAN, REAL): _to("DOUBLE"),
    (DATETIME, REAL): lambda value: sql.cast(ticks_of_datetime(value), "DOUBLE"),
    (DYNAMIC, REAL): _dynamic_number(REAL),
    # to decimal
    (BOOL, DECIMAL): lambda value: sql.cast(sql.cast(value, "INTEGER"), _SQL[DECIMAL]),
    (INT, DECIMAL): _to(_SQL[DECIMAL]),
    (LONG, DECIMAL): _to(_SQL[DECIMAL]),
    (STRING, DECIMAL): read_decimal,
    (DYNAMIC, DECIMAL): _by_text(DECIMAL),
    # to text
    (BOOL, STRING): _bool_text,
    (INT, STRING): _varchar,
    (LONG, STRING): _varchar,
    (REAL, STRING): lambda value: sql.coalesce(real_text(value), sql.text("")),
    (DATETIME, STRING): lambda value: sql.coalesce(datetime_text(value), sql.text("")),
    (TIMESPAN, STRING): lambda value: sql.coalesce(timespan_text(value), sql.text("")),
    (GUID, STRING): lambda value: sql.coalesce(value, sql.text("")),
    (DYNAMIC, STRING): text_of_dynamic,
    # to datetime
    (LONG, DATETIME): datetime_of_ticks,
    (INT, DATETIME): lambda value: datetime_of_ticks(sql.cast(value, "BIGINT")),
    (STRING, DATETIME): read_datetime,
    (DYNAMIC, DATETIME): _by_text(DATETIME),
    # to timespan
    (LONG, TIMESPAN): lambda value: value,
    (INT, TIMESPAN): _to("BIGINT"),
    (STRING, TIMESPAN): read_timespan,
    (DYNAMIC, TIMESPAN): _by_text(TIMESPAN),
    # to guid
    (STRING, GUID): read_guid,
    (DYNAMIC, GUID): _by_text(GUID),
    # to dynamic
    (BOOL, DYNAMIC): _to("VARCHAR"),
    (INT, DYNAMIC): _to("VARCHAR"),
    (LONG, DYNAMIC): _to("VARCHAR"),
    (REAL, DYNAMIC): _real_json,
    (STRING, DYNAMIC): _quoted,
    (DATETIME, DYNAMIC): lambda value: _quoted_plain(datetime_text(value)),
    (TIMESPAN, DYNAMIC): lambda value: _quoted_plain(timespan_text(value)),
    (GUID, DYNAMIC): _quoted_plain,
}
"""What Kusto converts, by (from, to); `value` null gives null, '' for text."""


def _converts(target: ScalarType) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return convert(call.arguments[0].type, target, arguments[0])

    return emit


def _type_name(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`gettype`: the type of a value; what a dynamic value holds (learn.microsoft.com, "gettype()").

    The page names no type for a number with a fraction, so that one stops the query.
    """
    kind = call.arguments[0].type
    if kind is not DYNAMIC:
        return sql.text(kind.value)

    def named(json: Sql) -> Sql:
        kinds = (("VARCHAR", "string"), ("OBJECT", "dictionary"), ("ARRAY", "array"), ("BOOLEAN", "bool"))
        inner = sql.call("json_type", json)
        whole = sql.try_cast(json, "BIGINT")
        small = exp.Between(this=whole, low=sql.number(-(2**31)), high=sql.number(2**31 - 1))
        is_whole = sql.one_of(inner, [sql.text("BIGINT"), sql.text("UBIGINT")])
        return sql.case(
            [
                (sql.is_null(json), sql.text("null")),
                *((sql.equal(inner, sql.text(found)), sql.text(name)) for found, name in kinds),
                (sql.both(is_whole, small), sql.text("int")),
                (is_whole, sql.text("long")),
            ],
            halt("gettype of a dynamic number with a fraction is not supported"),
        )

    return once(arguments[0], "dyn", named)


def decimal_of(part: Expr) -> Decimal | None:
    """The decimal that a written real is, when it has at most 15 digits and its size is usual; else None."""
    if not (isinstance(part, Constant) and isinstance(part.value, float | int)):
        return None
    digits = Decimal(repr(part.value))
    usual = digits.is_finite() and len(digits.as_tuple().digits) <= 15 and abs(digits) < 10**18
    return digits if usual and digits == round(digits, 18) else None


def _to_decimal(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`todecimal`; of reals only constants, whose digits are those that are written."""
    part = call.arguments[0]
    if part.type is not REAL:
        return convert(part.type, DECIMAL, arguments[0])
    digits = decimal_of(part)
    if digits is None:
        raise UnsupportedError("how many digits a real keeps as a decimal is not documented")
    return emission.expression(Constant(DECIMAL, digits, call.span))


CONVERSIONS: Final[tuple[ScalarRow, ...]] = (
    Scalar("tobool", _converts(BOOL)),
    Scalar("toint", _converts(INT)),
    Scalar("tolong", _converts(LONG)),
    Scalar("toreal", _converts(REAL)),
    Scalar("todecimal", _to_decimal, note="not of reals in columns; at most 20 digits before the point and 18 after"),
    Scalar("tostring", _converts(STRING)),
    Scalar("todatetime", _converts(DATETIME)),
    Scalar("totimespan", _converts(TIMESPAN)),
    Scalar("toguid", _converts(GUID)),
    Scalar("todynamic_value", _converts(DYNAMIC)),
    Scalar("gettype", _type_name, note="not of a dynamic number with a fraction"),
)
