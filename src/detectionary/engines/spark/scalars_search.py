"""Operators that look for texts in texts: `has`, `contains`, `in`, … in Spark SQL.

Rules from learn.microsoft.com, "String operators": operators without `_cs` ignore case; a term is a longest run of
letters and digits. Where case does not count, both sides are put in lower case: Java's own way to ignore it takes `ı`
for an `i`. Java writes a `Σ` at the end of a word in another way than elsewhere, so Greek texts with one are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark import json_texts as json
from detectionary.engines.spark.pieces import EMPTY, constant_text, joined, once, text_of, texts_of, transformed
from detectionary.languages.kusto.syntax import ScalarType

BOOL, DYNAMIC, STRING = ScalarType.BOOL, ScalarType.DYNAMIC, ScalarType.STRING

BEFORE: Final = r"(?:\A|[^\p{L}\p{Nd}])"
AFTER: Final = r"(?:\z|[^\p{L}\p{Nd}])"


@dataclass(frozen=True, slots=True)
class Term:
    """How a text is looked for as a term: whether a border must stand before and behind it, and whether case counts."""

    before: bool
    after: bool
    cased: bool


WHOLE_TERM: Final = Term(True, True, False)


def escaped(text: str) -> str:
    """A text as a regular expression (Java's) that matches it."""
    return "".join(
        part if part.isascii() and (part.isalnum() or part in " _") else f"\\x{{{ord(part):X}}}" for part in text
    )


def lower(value: Sql) -> Sql:
    return sql.call("lower", value)


def lowered(text: str) -> str:
    """A constant as Spark's `lower` would have it."""
    if set(text) & set("Σσςİ"):
        raise UnsupportedError("ignoring the case of a Σ or İ is not supported")
    return text.lower()


def _is_part(character: str) -> bool:
    """Whether a character belongs to a term."""
    return character.isalpha() or character.isdecimal()


def _has_constant(value: Sql, text: str, term: Term) -> Sql:
    """A cheap search first, then the borders."""
    if not text:
        return sql.TRUE
    if not term.cased:
        value, text = lower(value), lowered(text)
    cheap = sql.call("contains", value, sql.text(text))
    before = BEFORE if term.before and _is_part(text[0]) else ""
    after = AFTER if term.after and _is_part(text[-1]) else ""
    if not (before or after):
        return cheap
    return sql.both(cheap, sql.call("regexp_like", value, sql.text(f"{before}{escaped(text)}{after}")))


def _has_value(value: Sql, wanted: Sql, term: Term) -> Sql:
    """The same for a text that is known only in the run; the expression is made where the text is in the value."""
    if not term.cased:
        value, wanted = lower(value), lower(wanted)

    def found(text: Sql) -> Sql:
        quoted = joined(
            sql.text(r"\Q"), sql.call("replace", text, sql.text(r"\E"), sql.text(r"\E\\E\Q")), sql.text(r"\E")
        )
        pattern = joined(
            _border(text, r"\A[\p{L}\p{Nd}]", BEFORE) if term.before else EMPTY,
            quoted,
            _border(text, r"[\p{L}\p{Nd}]\z", AFTER) if term.after else EMPTY,
        )
        return sql.case([(sql.call("contains", value, text), sql.call("regexp_like", value, pattern))], sql.FALSE)

    return once(wanted, "wanted", found)


def _border(wanted: Sql, edge: str, border: str) -> Sql:
    return sql.case([(sql.call("regexp_like", wanted, sql.text(edge)), sql.text(border))], EMPTY)


def _has(term: Term) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        value, wanted = texts_of(call, arguments, emission)
        text = constant_text(call.arguments[1])
        return _has_value(value, wanted, term) if text is None else _has_constant(value, text, term)

    return emit


def _lowered(part: Expr, value: Sql) -> Sql:
    text = constant_text(part)
    return lower(value) if text is None else sql.text(lowered(text))


def _compare(function: str, cased: bool) -> EmitFunction:
    """`contains`, `startswith`, `endswith`: the empty text is in every text."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        values = texts_of(call, arguments, emission)
        if not cased:
            values = tuple(_lowered(part, value) for part, value in zip(call.arguments, values, strict=True))
        return sql.call(function, *values)

    return emit


def _equal_folded(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    values = texts_of(call, arguments, emission)
    left, right = (_lowered(part, value) for part, value in zip(call.arguments, values, strict=True))
    return sql.equal(left, right)


# Lists


def _has_list(joiner: Callable[..., Sql], any_: bool) -> EmitFunction:
    """`has_any` and `has_all`: the constants of `has_any` make one expression, whose cost hardly grows by number."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        operand, *items = call.arguments
        value = text_of(operand, arguments[0], emission)
        constants: list[str] = []
        tests: list[Sql] = []
        for item, wanted in zip(items, arguments[1:], strict=True):
            if item.type is DYNAMIC:
                raise UnsupportedError("a list within the list is not supported")
            text = constant_text(item)
            if text is None and isinstance(item, Constant) and item.type in (ScalarType.LONG, ScalarType.INT):
                text = "" if item.value is None else str(item.value)
            if text is None:
                tests.append(_has_value(value, text_of(item, wanted, emission), WHOLE_TERM))
            else:
                constants.append(text)
        if not items:
            raise UnsupportedError("the list is empty")
        if any_ and len(constants) > 1 and all(constants):
            tests.insert(0, sql.call("regexp_like", lower(value), sql.text(alternatives(constants))))
        else:
            tests[:0] = [_has_constant(value, text, WHOLE_TERM) for text in constants]
        return joiner(*tests)

    return emit


def alternatives(texts: list[str]) -> str:
    """One expression for any of the texts as a term, in a value in lower case."""
    groups: dict[tuple[bool, bool], list[str]] = {}
    for text in dict.fromkeys(map(lowered, texts)):
        groups.setdefault((_is_part(text[0]), _is_part(text[-1])), []).append(escaped(text))
    return "|".join(
        f"{BEFORE if before else ''}(?:{'|'.join(group)}){AFTER if after else ''}"
        for (before, after), group in groups.items()
    )


def strings(dynamic: Sql) -> Sql:
    """The items of a dynamic array as a list of texts; a value that is no array is its only item, null has none."""
    text = sql.variable("part")
    items = transformed(json.members(dynamic), "part", json.dynamic_text(text))
    return sql.case([(sql.not_null(dynamic), items)])


def _has_array(function: str) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        value = text_of(call.arguments[0], arguments[0], emission)
        test = _has_value(value, sql.variable("item"), WHOLE_TERM)
        return sql.coalesce(sql.call(function, strings(arguments[1]), sql.function(["item"], test)), sql.FALSE)

    return emit


NUMBERS: Final = frozenset({ScalarType.INT, ScalarType.LONG})


def _alike(left: Expr, right: Expr) -> bool:
    """Whether two values are compared as they are: dynamic values and NaN have an equality of their own."""
    if DYNAMIC in (left.type, right.type) or ScalarType.REAL in (left.type, right.type):
        return False
    return left.type is right.type or {left.type, right.type} <= NUMBERS


def _in(folded: bool) -> EmitFunction:
    """`in` and `in~`: values of the operand's type make one SQL list; others are compared one by one, by `==`."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        operand, *items = call.arguments
        value = arguments[0]
        as_text = folded or (operand.type is DYNAMIC and all(item.type is STRING for item in items))
        if as_text:
            value = text_of(operand, value, emission)
        if folded:
            value = lower(value)
        listed: list[Sql] = []
        tests: list[Sql] = []
        for item, other in zip(items, arguments[1:], strict=True):
            if isinstance(item, Constant) and item.value is None and item.type is not STRING and not folded:
                continue  # null equals nothing; among texts it is the empty one
            if folded:
                listed.append(_lowered(item, text_of(item, other, emission)))
            elif as_text or _alike(operand, item):
                listed.append(other)
            else:
                tests.append(emission.apply("==", BOOL, operand, item, span=call.span))
        if listed:
            tests.insert(0, sql.one_of(value, listed))
        if not tests:
            return sql.FALSE
        result = sql.either(*tests)
        return result if as_text else sql.coalesce(result, sql.FALSE)

    return emit


def _in_array(folded: bool) -> EmitFunction:
    """`x in (array)`, the array known only in the run: by number when `x` is a whole number, else by text."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        operand, items = call.arguments[0], strings(arguments[1])
        match operand.type:
            case ScalarType.STRING | ScalarType.DYNAMIC | ScalarType.DATETIME | ScalarType.TIMESPAN | ScalarType.GUID:
                value = text_of(operand, arguments[0], emission)
            case ScalarType.INT | ScalarType.LONG if not folded:
                value = sql.cast(arguments[0], EXACT)
                items = transformed(items, "item", sql.cast(sql.variable("item"), EXACT))
            case _:
                raise UnsupportedError(f"looking for a {operand.type.value} in a dynamic array is not supported")
        if folded:
            value, items = lower(value), transformed(items, "item", lower(sql.variable("item")))
        return sql.coalesce(sql.call("array_contains", items, value), sql.FALSE)

    return emit


EXACT: Final = "DECIMAL(38, 9)"
"""Holds every whole number, and tells it from its neighbours and from fractions."""


SEARCHES: Final[tuple[ScalarRow, ...]] = (
    Scalar("=~", _equal_folded),
    Scalar("has", _has(WHOLE_TERM)),
    Scalar("has_cs", _has(Term(True, True, True))),
    Scalar("hasprefix", _has(Term(True, False, False))),
    Scalar("hasprefix_cs", _has(Term(True, False, True))),
    Scalar("hassuffix", _has(Term(False, True, False))),
    Scalar("hassuffix_cs", _has(Term(False, True, True))),
    Scalar("contains", _compare("contains", False)),
    Scalar("contains_cs", _compare("contains", True)),
    Scalar("startswith", _compare("startswith", False)),
    Scalar("startswith_cs", _compare("startswith", True)),
    Scalar("endswith", _compare("endswith", False)),
    Scalar("endswith_cs", _compare("endswith", True)),
    Scalar("has_any", _has_list(sql.either, True)),
    Scalar("has_all", _has_list(sql.both, False)),
    Scalar("has_any_array", _has_array("exists")),
    Scalar("has_all_array", _has_array("forall")),
    Scalar("in", _in(False)),
    Scalar("in~", _in(True)),
    Scalar("in_array", _in_array(False)),
    Scalar("in~_array", _in_array(True)),
)
