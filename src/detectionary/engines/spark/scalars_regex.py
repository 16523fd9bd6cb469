"""Functions of regular expressions in Spark SQL."""

from __future__ import annotations

import json
import re
from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.lowering import CONVERSION
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.regex import Expression
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import (
    EMPTY,
    array,
    constant_text,
    long,
    needed_number,
    needed_text,
    text_of,
)
from detectionary.engines.spark.regex import needed_content, regex_of, written
from detectionary.engines.spark.scalars_text import quoted
from detectionary.languages.kusto.syntax import ScalarType

STRING: Final = ScalarType.STRING


def _matches(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    source = text_of(call.arguments[0], arguments[0], emission)
    return sql.call("regexp_like", source, sql.text(written(regex_of(call.arguments[1]))))


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
    return sql.call("regexp_extract", source, sql.text(written(expression)), sql.number(group))


def _known(expression: Expression, group: int) -> None:
    if not 0 <= group <= len(expression.groups):
        raise UnsupportedError(f"the regular expression has no group {group}")


def _extract_all(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """All matches as an array: of texts when one group is asked for, of arrays otherwise; null without a match."""
    expression = regex_of(call.arguments[0])
    needed_content(expression)
    source = text_of(call.arguments[-1], arguments[-1], emission)
    count = len(expression.groups)
    if not 1 <= count <= 16:
        raise UnsupportedError("the regular expression must have between one and 16 groups")
    groups = _groups(call.arguments[1], expression) if len(arguments) > 2 else tuple(range(1, count + 1))
    pattern = sql.text(written(expression))
    found = [sql.call("regexp_extract_all", source, pattern, sql.number(group)) for group in groups]
    if len(found) == 1:
        rows = found[0]
    else:
        # One array a group, of the same length: they are laid side by side.
        rows = sql.call("transform", found[0], sql.function(["t"], array(sql.variable("t"))))
        for others in found[1:]:
            beside = sql.call("concat", sql.variable("row"), array(sql.variable("other")))
            rows = sql.call("zip_with", rows, others, sql.function(["row", "other"], beside))
    any_ = sql.call("regexp_like", source, pattern)
    return sql.case([(any_, sql.call("to_json", rows))])


def _groups(argument: Expr, expression: Expression) -> tuple[int, ...]:
    """The groups that a constant array names, by number or name."""
    wanted = json.loads(argument.value) if isinstance(argument, Constant) and isinstance(argument.value, str) else None
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
    needed_content(expression)
    rewriting = _rewriting(needed_text(call.arguments[rewrite], "the rewriting"), expression)
    return sql.call("regexp_replace", text, sql.text(written(expression)), sql.text(rewriting))


def _rewriting(text: str, expression: Expression) -> str:
    r"""A rewriting in Java's words: `$1` is a group, a backslash takes away what the next character means."""
    parts: list[str] = []
    for found in re.finditer(r"\\(.?)|([^\\])", text, re.DOTALL):
        escaped, plain = found[1], found[2]
        if plain is not None:
            parts.append(f"\\{plain}" if plain == "$" or plain.isdigit() else plain)
        elif escaped == "\\":
            parts.append(r"\\")
        elif escaped.isascii() and escaped.isdigit():
            _known(expression, int(escaped))
            parts.append(f"${escaped}")
        else:
            raise UnsupportedError("a backslash in the rewriting must be followed by a digit or a backslash")
    return "".join(parts)


def _trim(start: bool, end: bool) -> EmitFunction:
    """One match is cut off at each end (learn.microsoft.com, "trim()")."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        pattern = written(regex_of(call.arguments[0]))
        result = text_of(call.arguments[1], arguments[1], emission)
        if start:
            result = sql.call("regexp_replace", result, sql.text(rf"\A(?:{pattern})"), EMPTY)
        if end:
            result = sql.call("regexp_replace", result, sql.text(rf"(?:{pattern})\z"), EMPTY)
        return result

    return emit


def _countof(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`countof(source, wanted, kind)`: texts may overlap, matches of a regular expression do not."""
    source = text_of(call.arguments[0], arguments[0], emission)
    kind = needed_text(call.arguments[2], "the kind") if len(arguments) > 2 else "normal"
    if kind == "regex":
        expression = regex_of(call.arguments[1])
        needed_content(expression)
        return sql.cast(sql.call("regexp_count", source, sql.text(written(expression))), "BIGINT")
    wanted = constant_text(call.arguments[1])
    if kind != "normal" or not wanted:
        raise UnsupportedError("a text that is empty or only known in the run is not supported")
    # A look ahead takes nothing, so that overlapping texts are found, too.
    return sql.cast(sql.call("regexp_count", source, sql.text(f"(?={quoted(wanted)})")), "BIGINT")


def _indexof_regex(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`indexof_regex(source, regex)`: the place of the first match counted from 0, -1 when there is none."""
    if len(arguments) > 2:
        raise UnsupportedError("start, length and occurrence are not supported on this engine")
    source = text_of(call.arguments[0], arguments[0], emission)
    pattern = written(regex_of(call.arguments[1]))
    # Spark's own place counts UTF-16 units; the text before the match is measured instead.
    before = sql.call("regexp_extract", source, sql.text(rf"\A((?s:.)*?)(?:{pattern})"), sql.number(1))
    present = sql.call("regexp_like", source, sql.text(pattern))
    return sql.case([(present, sql.cast(sql.call("length", before), "BIGINT"))], long(-1))


NOTE: Final = (
    "the expression must be a constant; \\b{…}, the flags x and R, scripts other than the common ones and repetitions "
    "of what can be empty are refused"
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
)
