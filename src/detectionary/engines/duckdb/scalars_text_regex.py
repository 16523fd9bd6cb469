"""Functions of regular expressions in DuckDB SQL."""

from __future__ import annotations

import json
import re
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.lowering import CONVERSION
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.regex import Expression, matches_nothing
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.regex import guarded, regex_of, searched, written
from detectionary.engines.duckdb.scalars_text_parts import countof
from detectionary.engines.duckdb.texts import (
    EMPTY,
    constant_text,
    json_list,
    list_of,
    needed_number,
    needed_text,
    text_of,
)
from detectionary.languages.kusto.syntax import ScalarType

LONG, STRING = ScalarType.LONG, ScalarType.STRING
ALL: Final = sql.text("g")


def _matches(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    source = text_of(call.arguments[0], arguments[0], emission)
    expression = regex_of(call.arguments[1])
    return searched(expression, source, lambda pattern, _: sql.call("regexp_matches", source, pattern))


def _extract(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`extract(regex, group, source, type)`: '' where nothing matches, converted when a type is given."""
    if len(arguments) > 3:
        taken = Apply("extract", call.arguments[:3], STRING, call.span)
        if call.type is STRING:
            return emission.expression(taken)
        if call.type is ScalarType.DYNAMIC:
            raise UnsupportedError("extracting a dynamic value is not supported", "extract a text and parse it")
        return emission.apply(CONVERSION[call.type], call.type, taken, span=call.span)
    expression = regex_of(call.arguments[0])
    group = needed_number(call.arguments[1], "the number of the group")
    _known(expression, group)
    source = text_of(call.arguments[2], arguments[2], emission)

    def taken_from(pattern: Sql, whole: int) -> Sql:
        return sql.call("regexp_extract", source, pattern, sql.number(group + whole))

    return searched(expression, source, taken_from)


def _known(expression: Expression, group: int) -> None:
    if not 0 <= group <= len(expression.groups):
        raise UnsupportedError(f"the regular expression has no group {group}")


def _extract_all(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """All matches as an array: of texts when one group is asked for, of arrays otherwise; null without a match."""
    expression = regex_of(call.arguments[0])
    source = text_of(call.arguments[-1], arguments[-1], emission)
    count = len(expression.groups)
    if not 1 <= count <= 16:
        raise UnsupportedError("the regular expression must have between one and 16 groups")
    groups = _groups(call.arguments[1], expression) if len(arguments) > 2 else tuple(range(1, count + 1))
    pattern = sql.text(written(expression))
    if len(groups) == 1:
        found = sql.call("regexp_extract_all", source, pattern, sql.number(groups[0]))
        result = json_list(sql.call("list_transform", found, sql.function(["m"], _sure(sql.variable("m")))))
    else:
        if 0 in groups:
            pattern, groups = sql.text(f"({written(expression)})"), tuple(group + 1 for group in groups)
            count += 1
        names = [f"g{number}" for number in range(1, count + 1)]
        found = sql.call("regexp_extract_all", source, pattern, list_of([sql.text(name) for name in names]))
        parts = [_sure(sql.call("struct_extract", sql.variable("m"), sql.text(names[group - 1]))) for group in groups]
        result = json_list(sql.call("list_transform", found, sql.function(["m"], list_of(parts))))
    none = sql.equal(sql.call("length", found), sql.number(0))
    return guarded(expression, source, sql.case([(none, sql.cast(sql.NULL, "VARCHAR"))], result))


def _sure(value: Sql) -> Sql:
    """'' for a group that has no part in the match."""
    return sql.coalesce(value, EMPTY)


def _groups(argument: Expr, expression: Expression) -> tuple[int, ...]:
    """The groups that a constant array names, by number or name."""
    if not (isinstance(argument, Constant) and isinstance(argument.value, str)):
        raise UnsupportedError("the groups must be a constant array")
    wanted = json.loads(argument.value)
    if not isinstance(wanted, list) or not wanted:
        raise UnsupportedError("the groups must be a constant array")
    result: list[int] = []
    for item in wanted:
        if isinstance(item, str) and item in expression.groups:
            result.append(expression.groups.index(item) + 1)
        elif isinstance(item, int) and not isinstance(item, bool):
            _known(expression, item)
            result.append(item)
        else:
            raise UnsupportedError(f"the regular expression has no group {item}")
    return tuple(result)


def _replace_regex(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    r"""`replace_regex(source, regex, rewrite)`: `\0` stands for the match, `\1` for its first group."""
    return _replaced(call, emission, source=0, regex=1, rewrite=2, value=arguments[0])


def _replace(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The old `replace(regex, rewrite, source)`."""
    return _replaced(call, emission, source=2, regex=0, rewrite=1, value=arguments[2])


def _replaced(call: Apply, emission: Emission, *, source: int, regex: int, rewrite: int, value: Sql) -> Sql:
    text = text_of(call.arguments[source], value, emission)
    expression = regex_of(call.arguments[regex])
    pattern = needed_text(call.arguments[rewrite], "the rewriting")
    for found in re.finditer(r"\\(.?)", pattern, re.DOTALL):
        if found[1] != "\\" and not (found[1].isascii() and found[1].isdigit()):
            raise UnsupportedError("a backslash in the rewriting must be followed by a digit or a backslash")
        if found[1] != "\\":
            _known(expression, int(found[1]))
    return guarded(
        expression, text, sql.call("regexp_replace", text, sql.text(written(expression)), sql.text(pattern), ALL)
    )


def _trim(start: bool, end: bool) -> EmitFunction:
    """One match is cut off at each end (learn.microsoft.com, "trim()")."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        expression = regex_of(call.arguments[0])
        source = text_of(call.arguments[1], arguments[1], emission)
        pattern, result = written(expression), source
        if start:
            result = sql.call("regexp_replace", result, sql.text(rf"\A(?:{pattern})"), EMPTY)
        if end:
            result = sql.call("regexp_replace", result, sql.text(rf"(?:{pattern})\z"), EMPTY)
        return guarded(expression, source, result)

    return emit


def _countof(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`countof(source, wanted, kind)`: texts may overlap, matches of a regular expression do not."""
    source = text_of(call.arguments[0], arguments[0], emission)
    kind = needed_text(call.arguments[2], "the kind") if len(arguments) > 2 else "normal"
    match kind:
        case "normal":
            return countof(source, arguments[1], constant_text(call.arguments[1]))
        case "regex":
            expression = regex_of(call.arguments[1])
            found = sql.call("regexp_extract_all", source, sql.text(written(expression)))
            return guarded(expression, source, sql.cast(sql.call("length", found), "BIGINT"))
        case _:
            raise UnsupportedError(f"the kind {kind} is not known")


def _indexof_regex(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`indexof_regex(source, regex, start, length, occurrence)`: -1 when absent, null for an invalid start."""
    source = text_of(call.arguments[0], arguments[0], emission)
    expression = regex_of(call.arguments[1])
    pattern = written(expression)
    given = [needed_number(argument, "start, length or occurrence") for argument in call.arguments[2:]]
    start, length, occurrence = (*given, *(0, -1, 1)[len(given) :])
    if length < -1 or occurrence < 1:
        raise UnsupportedError("a negative length and an occurrence below 1 are not supported")
    if start < 0:
        return sql.cast(sql.NULL, "BIGINT")
    searched = source
    if (start, length) != (0, -1):
        if expression.borders:
            raise UnsupportedError("a search in a part of the text is not supported for an expression with ^, $ or \\b")
        size = () if length == -1 else (sql.number(length),)
        searched = sql.call("substring", source, sql.number(start + 1), *size)
    if occurrence == 1:
        before = sql.call("regexp_extract", searched, sql.text(rf"\A((?s:.)*?)(?:{pattern})"), sql.number(1))
        place = sql.call("length", before)
        present = sql.call("regexp_matches", searched, sql.text(pattern))
    else:
        if matches_nothing(expression.tree):
            raise UnsupportedError("an occurrence of what can match nothing is not supported")
        matches = sql.call("regexp_extract_all", searched, sql.text(pattern))
        gaps = sql.call("regexp_split_to_array", searched, sql.text(pattern))
        passed = sql.call("list_concat", _first(matches, occurrence - 1), _first(gaps, occurrence))
        place = sql.call("length", sql.call("array_to_string", passed, EMPTY))
        present = sql.binary(exp.GTE, sql.call("length", matches), sql.number(occurrence))
    if start:
        place = sql.binary(exp.Add, place, sql.number(start))
    found = sql.case([(present, place)], sql.number(-1))
    return guarded(expression, source, sql.cast(found, "BIGINT"))


def _first(values: Sql, count: int) -> Sql:
    return sql.call("list_slice", values, sql.number(1), sql.number(count))


NOTE: Final = (
    "the expression must be a constant; \\b{…}, the flags x and R and scripts other than the common ones are refused; "
    "\\b and \\B inside of it, or in a function of all matches, stop the run at a text with letters that are not ASCII"
)

REGEXES: Final[tuple[ScalarRow, ...]] = (
    Scalar("matches regex", _matches, note=NOTE),
    Scalar("extract", _extract, note=NOTE),
    Scalar("extract_all", _extract_all, note=NOTE),
    Scalar("replace_regex", _replace_regex, note=NOTE),
    Scalar("replace", _replace, note=NOTE),
    Scalar("trim", _trim(True, True), note=NOTE),
    Scalar("trim_start", _trim(True, False), note=NOTE),
    Scalar("trim_end", _trim(False, True), note=NOTE),
    Scalar("countof", _countof, note=NOTE),
    Scalar("indexof_regex", _indexof_regex, note=NOTE),
    Gap("like", "the operator is not documented"),
    Gap("likecs", "the operator is not documented"),
)
