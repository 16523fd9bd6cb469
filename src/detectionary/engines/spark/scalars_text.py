"""Functions that put texts together, measure them and take them apart, in Spark SQL. Positions count code points."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import (
    EMPTY,
    ONE,
    ZERO,
    constant_number,
    constant_text,
    joined,
    less,
    long,
    matches,
    minus,
    needed_number,
    once,
    plus,
    stop,
    text_of,
    texts_of,
    transformed,
)
from detectionary.languages.kusto.syntax import ScalarType

LONG, STRING = ScalarType.LONG, ScalarType.STRING

_FAR: Final = 2**31 - 2
"""A place behind the end of every text: Spark counts places in 32 bits."""


def _length(value: Sql) -> Sql:
    return sql.call("length", value)


def _measured(function: str) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return sql.cast(sql.call(function, text_of(call.arguments[0], arguments[0], emission)), "BIGINT")

    return emit


def _strcat(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return joined(*texts_of(call, arguments, emission))


def _strcat_delim(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    delimiter, first, *others = texts_of(call, arguments, emission)
    return joined(first, *(part for other in others for part in (delimiter, other)))


def _strcmp(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    left, right = texts_of(call, arguments, emission)
    return sql.case([(sql.equal(left, right), long(0)), (less(left, right), long(-1))], long(1))


# Case: one character for one, where Java's way can give several or another at the end of a word

_TOO_MANY: Final = r"[\x{1F80}-\x{1FAF}\x{1FB3}\x{1FBC}\x{1FC3}\x{1FCC}\x{1FF3}\x{1FFC}]"


def _upper(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    def made(value: Sql) -> Sql:
        character = sql.variable("c")
        single = sql.equal(_length(sql.call("upper", character)), ONE)
        one = sql.case([(single, sql.call("upper", character))], character)
        by_character = sql.call("array_join", transformed(sql.call("split", value, EMPTY), "c", one), EMPTY)
        message = "toupper of a letter with an iota subscript is not supported"
        careful = stop(matches(value, _TOO_MANY), message, by_character)
        return sql.case([(matches(value, r"\A\p{ASCII}*\z"), sql.call("upper", value))], careful)

    return once(text_of(call.arguments[0], arguments[0], emission), "text", made)


def _lower(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    def made(value: Sql) -> Sql:
        message = "tolower of the letter İ is not supported"
        plain = sql.call("lower", sql.call("replace", value, sql.text("Σ"), sql.text("σ")))
        return stop(sql.call("contains", value, sql.text("İ")), message, plain)

    return once(text_of(call.arguments[0], arguments[0], emission), "text", made)


# Taking apart


def _place(value: Sql) -> Sql:
    """A place as Spark counts them; one out of its range is behind the end, or before the beginning."""
    return sql.cast(sql.call("greatest", sql.call("least", value, long(_FAR)), long(-_FAR)), "INTEGER")


def _substring(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A negative start counts from the end; one before the first character gives nothing."""
    value = text_of(call.arguments[0], arguments[0], emission)
    start = constant_number(call.arguments[1])
    size: tuple[Sql, ...] = ()
    if len(arguments) > 2:
        length = constant_number(call.arguments[2])
        if length is None:
            message = "substring with a negative length is not supported"
            size = (stop(less(arguments[2], ZERO), message, _place(arguments[2])),)
        elif length < 0:
            raise UnsupportedError("a negative length is not supported")
        else:
            size = (sql.number(min(length, _FAR)),)
    if start is not None and start >= 0:
        return _sure(call, sql.call("substring", value, sql.number(min(start, _FAR) + 1), *size))

    def cut(place: Sql) -> Sql:
        behind = sql.call("substring", value, place, *size)
        front = sql.call("substring", value, plus(place, ONE), *size)
        short = less(plus(_length(value), place), ZERO)
        return sql.case([(sql.binary(exp.GTE, place, ZERO), front), (short, EMPTY)], behind)

    return _sure(call, once(_place(arguments[1]), "place", cut))


def _sure(call: Apply, value: Sql) -> Sql:
    """'' for the null that a null position gives."""
    return value if all(isinstance(part, Constant) for part in call.arguments[1:]) else sql.coalesce(value, EMPTY)


def _indexof(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The place counted from 0, -1 when the text is absent."""
    if len(arguments) > 2:
        raise UnsupportedError("start, length and occurrence are not supported on this engine")
    text = constant_text(call.arguments[1])
    value, wanted = texts_of(call, arguments, emission)
    found = sql.cast(minus(sql.call("instr", value, wanted), ONE), "BIGINT")
    if text is not None:
        return found if text else sql.cast(sql.NULL, "BIGINT")
    return sql.case([(sql.binary(exp.NEQ, wanted, EMPTY), found)])


def _split(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The parts as an array; with an index, an array of that part alone, empty when there is none."""
    value = text_of(call.arguments[0], arguments[0], emission)
    delimiter = text_of(call.arguments[1], arguments[1], emission)
    text = constant_text(call.arguments[1])
    if text == "":
        raise UnsupportedError("an empty delimiter is not supported")
    if text is None:
        message = "split by an empty delimiter is not supported"
        delimiter = stop(sql.equal(delimiter, EMPTY), message, delimiter)
    literal = sql.call("replace", delimiter, sql.text(r"\E"), sql.text(r"\E\\E\Q"))
    pattern = sql.text(quoted(text)) if text is not None else joined(sql.text(r"\Q"), literal, sql.text(r"\E"))
    parts = sql.call("split", value, pattern, sql.number(-1))
    if len(arguments) > 2:
        index = needed_number(call.arguments[2], "the index")
        if index < 0:
            raise UnsupportedError("a negative index is not supported")
        parts = sql.call("slice", parts, sql.number(min(index, _FAR) + 1), ONE)
    return sql.call("to_json", parts)


def quoted(text: str) -> str:
    r"""A text as a regular expression (Java's) that matches it: between `\Q` and `\E`."""
    return rf"\Q{text.replace(chr(92) + 'E', chr(92) + 'E' + chr(92) * 2 + 'E' + chr(92) + 'Q')}\E"


def _replace_string(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("replace", *texts_of(call, arguments, emission))


def _reverse(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("reverse", text_of(call.arguments[0], arguments[0], emission))


def _tohex(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Lower-case digits, a negative number in two's complement of 64 bits, '' for null."""
    if len(arguments) > 1:
        raise UnsupportedError("a number of digits is not supported on this engine")
    return sql.coalesce(sql.call("lower", sql.call("hex", sql.cast(arguments[0], "BIGINT"))), EMPTY)


TEXTS: Final[tuple[ScalarRow, ...]] = (
    Scalar("strcat", _strcat),
    Scalar("strcat_delim", _strcat_delim),
    Scalar("strlen", _measured("length")),
    Scalar("string_size", _measured("octet_length")),
    Scalar("strcmp", _strcmp),
    Scalar("toupper", _upper, note="a letter with an iota subscript stops the run"),
    Scalar("tolower", _lower, note="the letter İ stops the run"),
    Scalar("substring", _substring, note="a negative length is refused, or stops the run"),
    Scalar("indexof", _indexof, note="without start, length and occurrence"),
    Scalar("split", _split, note="an empty delimiter is refused, or stops the run; the index must be a constant"),
    Scalar("reverse", _reverse),
    Scalar("replace_string", _replace_string),
    Scalar("tohex", _tohex, note="without a number of digits"),
)
