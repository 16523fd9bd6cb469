"""Functions that put texts together, measure them and take them apart, in DuckDB SQL. Positions count code points."""

from __future__ import annotations

import json
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.texts import (
    EMPTY,
    constant_number,
    constant_text,
    joined,
    json_list,
    needed_number,
    needed_text,
    stop,
    text_of,
    texts_of,
)
from detectionary.languages.kusto.syntax import ScalarType

LONG, STRING = ScalarType.LONG, ScalarType.STRING

LARGEST_REPETITION: Final = 1024
"""learn.microsoft.com, "strrep()": what happens beyond is told in two ways there."""


def _whole(value: int) -> Sql:
    return sql.cast(sql.number(value), "BIGINT")


def _plus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Add, left, right)


def _minus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Sub, left, right)


def _less(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.LT, left, right)


def _length(value: Sql) -> Sql:
    return sql.call("length", value)


def _one(function: str) -> EmitFunction:
    """A function of one text that the engine has under another name."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return sql.call(function, text_of(call.arguments[0], arguments[0], emission))

    return emit


SHARP: Final = "\u00df"


def _upper(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Every character by Unicode's simple mapping; `upper` would make the rare capital letter of the German sharp s."""

    def by_parts(text: Sql) -> Sql:
        parts = sql.call("string_split", text, sql.text(SHARP))
        upper = sql.call("list_transform", parts, sql.function(["part"], sql.call("upper", sql.variable("part"))))
        return sql.case(
            [(sql.call("contains", text, sql.text(SHARP)), sql.call("array_to_string", upper, sql.text(SHARP)))],
            sql.call("upper", text),
        )

    return once(text_of(call.arguments[0], arguments[0], emission), "text", by_parts)


# Putting together


def _strcat(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return joined(*texts_of(call, arguments, emission))


def _strcat_delim(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    delimiter, first, *others = texts_of(call, arguments, emission)
    return joined(first, *(part for other in others for part in (delimiter, other)))


def _strrep(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`strrep(value, times, delimiter)`; none for a number below one."""
    value = text_of(call.arguments[0], arguments[0], emission)
    times = needed_number(call.arguments[1], "the number of repetitions")
    if times > LARGEST_REPETITION:
        raise UnsupportedError(f"more than {LARGEST_REPETITION} repetitions are not supported")
    if times <= 0:
        return EMPTY
    if len(arguments) == 2:
        return sql.call("repeat", value, sql.number(times))
    delimiter = text_of(call.arguments[2], arguments[2], emission)
    return joined(sql.call("repeat", joined(value, delimiter), sql.number(times - 1)), value)


# Measuring and comparing


def _strcmp(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    left, right = texts_of(call, arguments, emission)
    return sql.case([(sql.equal(left, right), _whole(0)), (_less(left, right), _whole(-1))], _whole(1))


def _is_empty(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """An empty text or null (learn.microsoft.com, "isempty()")."""
    match call.arguments[0].type:
        case ScalarType.STRING:
            return sql.equal(arguments[0], EMPTY)
        case ScalarType.DYNAMIC:
            return sql.either(
                sql.is_null(arguments[0]), sql.one_of(sql.coalesce(arguments[0], EMPTY), [sql.text('""')])
            )
        case _:
            return sql.is_null(arguments[0])


def _is_not_empty(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    match call.arguments[0].type:
        case ScalarType.STRING:
            return sql.binary(exp.NEQ, arguments[0], EMPTY)
        case _:
            return sql.negate(_is_empty(call, arguments, emission))


# Taking apart


def _substring(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A negative start counts from the end; one before the first character gives nothing."""
    value = text_of(call.arguments[0], arguments[0], emission)
    start = constant_number(call.arguments[1])
    size: tuple[Sql, ...] = ()
    if len(arguments) > 2:
        length = constant_number(call.arguments[2])
        if length is None:
            message = "substring with a negative length is not supported"
            size = (stop(_less(arguments[2], sql.number(0)), message, arguments[2]),)
        elif length < 0:
            raise UnsupportedError("a negative length is not supported")
        else:
            size = (arguments[2],)
    if start is not None and start >= 0:
        return _sure(call, sql.call("substring", value, sql.number(start + 1), *size))
    behind = sql.call("substring", value, arguments[1], *size)
    short = _less(_plus(_length(value), arguments[1]), sql.number(0))
    if start is not None:
        return _sure(call, sql.case([(short, EMPTY)], behind))
    front = sql.binary(exp.GTE, arguments[1], sql.number(0))
    from_front = sql.call("substring", value, _plus(arguments[1], sql.number(1)), *size)
    return _sure(call, sql.case([(front, from_front), (short, EMPTY)], behind))


def _sure(call: Apply, value: Sql) -> Sql:
    """'' for the null that a null position gives."""
    return value if all(isinstance(part, Constant) for part in call.arguments[1:]) else sql.coalesce(value, EMPTY)


def _overlaps(text: str) -> bool:
    """Whether a text can overlap with itself (`aa` in `aaa`)."""
    return any(text.startswith(text[at:]) for at in range(1, len(text)))


def _indexof(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`indexof(text, wanted, start, length, occurrence)`: from 0, -1 when absent, null for an empty `wanted`.

    A negative start counts from the end; a length of -1 is no bound (learn.microsoft.com, "indexof()").
    """
    value = text_of(call.arguments[0], arguments[0], emission)
    wanted = text_of(call.arguments[1], arguments[1], emission)
    occurrence = needed_number(call.arguments[4], "the occurrence") if len(arguments) > 4 else 1
    if occurrence < 1:
        raise UnsupportedError("an occurrence below 1 is not supported")
    if occurrence > 1 and len(arguments) > 3 and constant_number(call.arguments[3]) != -1:
        raise UnsupportedError("the documentation contradicts itself about a length together with an occurrence")
    searched, offset = _searched(call, arguments, value)
    if occurrence == 1:
        place = sql.call("instr", searched, wanted)
        found = _plus(_minus(place, sql.number(1)), offset) if offset is not None else _minus(place, sql.number(1))
        if offset is not None:
            found = sql.case([(sql.equal(place, sql.number(0)), _whole(-1))], found)
    else:
        text = needed_text(call.arguments[1], "the text that is looked for")
        if _overlaps(text):
            raise UnsupportedError("an occurrence of a text that can overlap with itself is not supported")
        parts = sql.call("string_split", searched, wanted)
        before = sql.call("list_slice", parts, sql.number(1), sql.number(occurrence))
        place = _length(sql.call("array_to_string", before, wanted))
        found = _plus(place, offset) if offset is not None else place
        enough = sql.binary(exp.GT, _length(parts), sql.number(occurrence))
        found = sql.case([(enough, found)], _whole(-1))
    found = sql.cast(found, "BIGINT")
    text_ = constant_text(call.arguments[1])
    if text_ is not None:
        return found if text_ else sql.cast(sql.NULL, "BIGINT")
    return sql.case([(sql.equal(wanted, EMPTY), sql.cast(sql.NULL, "BIGINT"))], found)


def _searched(call: Apply, arguments: tuple[Sql, ...], value: Sql) -> tuple[Sql, Sql | None]:
    """The part of the text that is searched, and where it starts (None: at its beginning)."""
    start = constant_number(call.arguments[2]) if len(arguments) > 2 else 0
    length = constant_number(call.arguments[3]) if len(arguments) > 3 else -1
    if start is None or length is None:
        raise UnsupportedError("start and length must be constants")
    if length < -1:
        raise UnsupportedError("a negative length is not supported")
    if start == 0 and length == -1:
        return value, None
    size = () if length == -1 else (sql.number(length),)
    if start >= 0:
        return sql.call("substring", value, sql.number(start + 1), *size), sql.number(start)
    message = "a start before the beginning of the text is not supported"
    offset = _plus(_length(value), sql.number(start))
    offset = stop(_less(offset, sql.number(0)), message, offset)
    return sql.call("substring", value, _plus(offset, sql.number(1)), *size), offset


def countof(value: Sql, wanted: Sql, text: str | None) -> Sql:
    """How often a text stands in another, overlaps counted (learn.microsoft.com, "countof()")."""
    if text == "":
        raise UnsupportedError("counting an empty text is not supported")
    if text is not None and not _overlaps(text):
        parts = _length(sql.call("string_split", value, wanted))
        return sql.cast(_minus(parts, sql.number(1)), "BIGINT")
    size = _length(wanted)
    places = sql.call("range", sql.number(1), _plus(_minus(_length(value), size), sql.number(2)))
    same = sql.equal(sql.call("substring", value, sql.variable("at"), size), wanted)
    found = sql.cast(_length(sql.call("list_filter", places, sql.function(["at"], same))), "BIGINT")
    if text is not None:
        return found
    return stop(sql.equal(wanted, EMPTY), "countof of an empty text is not supported", found)


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
    parts = sql.call("string_split", value, delimiter)
    if len(arguments) < 3:
        return json_list(parts)
    index = needed_number(call.arguments[2], "the index")
    if index < 0:
        raise UnsupportedError("a negative index is not supported")
    return json_list(sql.call("list_slice", parts, sql.number(index + 1), sql.number(index + 1)))


def _reverse(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    # DuckDB's own reverse keeps clusters of code points together; Kusto's turns code points.
    value = text_of(call.arguments[0], arguments[0], emission)
    turned = sql.call("list_reverse", sql.call("string_split", value, EMPTY))
    return sql.call("array_to_string", turned, EMPTY)


# Replacing


def _replace_string(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("replace", *texts_of(call, arguments, emission))


HOLDERS: Final = 0xF0000
"""The first of the private characters that hold the places of replaced texts; Unicode gives them no meaning."""


def _replace_strings(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """All texts of the first array by those of the second; what one has replaced, no later one replaces."""
    wanted, given = (_texts(argument) for argument in call.arguments[1:])
    if len(wanted) != len(given) or not all(wanted):
        raise UnsupportedError("the arrays must be of one length, without empty texts to look for")
    source = text_of(call.arguments[0], arguments[0], emission)
    holders = [sql.text(chr(HOLDERS + at)) for at in range(len(wanted))]
    result = source
    for text, holder in zip(wanted, holders, strict=True):
        result = sql.call("replace", result, sql.text(text), holder)
    for text, holder in zip(given, holders, strict=True):
        result = sql.call("replace", result, holder, sql.text(text))
    held = sql.call("regexp_matches", source, sql.text(f"[\\x{{{HOLDERS:X}}}-\\x{{{HOLDERS + 0xFFFF:X}}}]"))
    return stop(held, "replace_strings in a text with private characters is not supported", result)


def _texts(argument: Expr) -> list[str]:
    """The items of a constant array of texts."""
    items = json.loads(argument.value) if isinstance(argument, Constant) and isinstance(argument.value, str) else None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise UnsupportedError("the arrays must be constants that hold texts")
    return items


def _translate(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`translate(search, replacement, source)`: the last replacement stands for all that have none of their own."""
    search = needed_text(call.arguments[0], "the list of characters")
    given = needed_text(call.arguments[1], "the list of replacements")
    if len(set(search)) < len(search):
        raise UnsupportedError("a character that stands twice in the list is not supported")
    padded = given + given[-1:] * (len(search) - len(given))
    return sql.call("translate", arguments[2], sql.text(search), sql.text(padded[: len(search)]))


# Code points and numbers


def _codepoints(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    value = text_of(call.arguments[0], arguments[0], emission)
    code = sql.call("unicode", sql.variable("c"))
    codes = sql.call("list_transform", sql.call("string_split", value, EMPTY), sql.function(["c"], code))
    return sql.case([(sql.equal(value, EMPTY), sql.text("[]"))], json_list(codes))


def _from_codepoints(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The characters of the numbers given, and of those in the arrays given."""
    parts: list[Sql] = []
    for part, value in zip(call.arguments, arguments, strict=True):
        if part.type is ScalarType.DYNAMIC:
            numbers = sql.cast(sql.cast(value, "JSON"), "INTEGER[]")
            made = sql.function(["n"], sql.call("chr", sql.variable("n")))
            parts.append(sql.call("array_to_string", sql.call("list_transform", numbers, made), EMPTY))
        else:
            parts.append(sql.call("chr", sql.cast(value, "INTEGER")))
    return sql.coalesce(joined(*parts), EMPTY)


def _tohex(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Lower-case digits, a negative number in two's complement of 64 bits, '' for null."""
    digits = sql.call("lower", sql.call("to_hex", sql.cast(arguments[0], "BIGINT")))
    if len(arguments) > 1:
        width = needed_number(call.arguments[1], "the number of digits")
        missing = sql.call("greatest", _minus(sql.number(width), _length(digits)), sql.number(0))
        digits = joined(sql.call("repeat", sql.text("0"), missing), digits)
        return sql.case([(sql.is_null(arguments[0]), EMPTY)], digits)
    return sql.coalesce(digits, EMPTY)


def _is_ascii(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    value = text_of(call.arguments[0], arguments[0], emission)
    return sql.equal(sql.call("strlen", value), _length(value))


def _is_utf8(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.TRUE  # a text of this engine is always valid


PARTS: Final[tuple[ScalarRow, ...]] = (
    Scalar("strcat", _strcat),
    Scalar("strcat_delim", _strcat_delim),
    Scalar("strrep", _strrep, note=f"a constant number of at most {LARGEST_REPETITION} repetitions"),
    Scalar("strlen", _one("length")),
    Scalar("string_size", _one("strlen")),
    Scalar("strcmp", _strcmp),
    Scalar("isempty", _is_empty),
    Scalar("isnotempty", _is_not_empty),
    Scalar("toupper", _upper),
    Scalar("tolower", _one("lower")),
    Scalar("substring", _substring, note="a negative length is refused, or stops the run"),
    Scalar("indexof", _indexof, note="start, length and occurrence must be constants"),
    Scalar("split", _split, note="an empty delimiter is refused, or stops the run; the index must be a constant"),
    Scalar("reverse", _reverse),
    Scalar("replace_string", _replace_string),
    Scalar("replace_strings", _replace_strings, note="the arrays must be constants"),
    Scalar("translate", _translate, note="the lists must be constants"),
    Scalar("unicode_codepoints_from_string", _codepoints),
    Scalar("to_utf8", _codepoints),
    Scalar("unicode_codepoints_to_string", _from_codepoints),
    Scalar("make_string", _from_codepoints),
    Scalar("tohex", _tohex),
    Scalar("isascii", _is_ascii),
    Scalar("isutf8", _is_utf8),
    Gap("punycode_from_string", "it is an algorithm with a state, which SQL cannot express"),
    Gap("punycode_to_string", "it is an algorithm with a state, which SQL cannot express"),
    Gap("punycode_domain_from_string", "it is an algorithm with a state, which SQL cannot express"),
    Gap("punycode_domain_to_string", "it is an algorithm with a state, which SQL cannot express"),
    Gap("regex_quote", "the documentation contradicts itself about the characters that it escapes"),
)
