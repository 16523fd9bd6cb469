"""Operators that look for texts in texts: `has`, `contains`, `in`, … in DuckDB SQL.

Rules from learn.microsoft.com, "String operators": operators without `_cs` ignore case; a term is a longest run of
letters and digits. Letters and digits are those of Unicode; which other characters the real engine takes into a term is
not documented. A text that is looked for as a term need not be one: `has ".exe"` asks for a border only at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.texts import constant_text, list_of, lower, text_of, texts_of
from detectionary.languages.kusto.syntax import ScalarType

BOOL, DYNAMIC, STRING = ScalarType.BOOL, ScalarType.DYNAMIC, ScalarType.STRING

BEFORE: Final = r"(?:^|[^\p{L}\p{Nd}])"
AFTER: Final = r"(?:$|[^\p{L}\p{Nd}])"
PLAIN: Final = re.compile(r"[A-Za-z0-9_ ]")


@dataclass(frozen=True, slots=True)
class Term:
    """How a text is looked for as a term: whether a border must stand before and behind it, and whether case counts."""

    before: bool
    after: bool
    cased: bool


def escaped(text: str) -> str:
    """A text as a regular expression (RE2) that matches it."""
    return "".join(part if PLAIN.match(part) else f"\\x{{{ord(part):X}}}" for part in text)


def _is_part(character: str) -> bool:
    """Whether a character belongs to a term."""
    return character.isalpha() or character.isdecimal()


def _bordered(text: str, term: Term) -> str:
    """The expression for `text` with the borders that it needs: a border can be missing only at a letter or digit."""
    before = BEFORE if term.before and _is_part(text[0]) else ""
    after = AFTER if term.after and _is_part(text[-1]) else ""
    return f"{before}{escaped(text)}{after}"


def _flag(term: Term) -> str:
    return "" if term.cased else "(?i)"


def _holds(value: Sql, wanted: Sql, cased: bool) -> Sql:
    return sql.call("contains", value, wanted) if cased else sql.call("contains", lower(value), lower(wanted))


def _has_constant(value: Sql, text: str, term: Term) -> Sql:
    """A cheap search first, then the borders."""
    if not text:
        return sql.TRUE
    cheap = _holds(value, sql.text(text), term.cased)
    pattern = _bordered(text, term)
    if pattern == escaped(text):
        return cheap
    return sql.both(cheap, sql.call("regexp_matches", value, sql.text(_flag(term) + pattern)))


def _has_value(value: Sql, wanted: Sql, term: Term) -> Sql:
    """The same for a text that only the run knows: an expression made for every row would cost more than a search.

    Mostly the first place decides; otherwise every place is looked at, for occurrences can overlap.
    """
    if not term.cased:
        value, wanted = lower(value), lower(wanted)

    def placed(text: Sql, word: Sql) -> Sql:
        return once(sql.call("instr", text, word), "place", lambda place: decided(text, word, place))

    def decided(text: Sql, word: Sql, place: Sql) -> Sql:
        behind = sql.call("substring", text, sql.binary(exp.Add, place, sql.number(1)))
        branches = [
            (sql.equal(place, sql.number(0)), sql.FALSE),
            (_is_bordered(text, word, place, term), sql.TRUE),
            (sql.negate(sql.call("contains", behind, word)), sql.FALSE),
        ]
        return sql.case(branches, anywhere(text, word))

    def anywhere(text: Sql, word: Sql) -> Sql:
        at, size = sql.variable("at"), sql.call("length", word)
        count = sql.binary(exp.Sub, sql.call("length", text), size)
        places = sql.call("range", sql.number(1), sql.binary(exp.Add, count, sql.number(2)))
        same = sql.equal(sql.call("substring", text, at, size), word)
        # Two filters, since a lambda computes all of a condition for every item.
        held = sql.call("list_filter", places, sql.function(["at"], same))
        found = sql.call("list_filter", held, sql.function(["at"], _is_bordered(text, word, at, term)))
        return sql.binary(exp.GT, sql.call("len", found), sql.number(0))

    return once(value, "text", lambda text: once(wanted, "word", lambda word: placed(text, word)))


def _is_bordered(text: Sql, word: Sql, place: Sql, term: Term) -> Sql:
    """Whether the borders that `term` wants stand around `word` at this place of `text`."""
    tests: list[Sql] = []
    if term.before:
        before = sql.call("substring", text, sql.binary(exp.Sub, place, sql.number(1)), sql.number(1))
        parted = _parted(before, sql.call("left", word, sql.number(1)))
        tests.append(sql.either(sql.equal(place, sql.number(1)), parted))
    if term.after:
        after = sql.call("substring", text, sql.binary(exp.Add, place, sql.call("length", word)), sql.number(1))
        tests.append(_parted(after, sql.call("right", word, sql.number(1))))
    return sql.both(*tests)


def _parted(neighbour: Sql, edge: Sql) -> Sql:
    """Whether a border lies between two characters: one of them belongs to no term."""
    return sql.negate(sql.call("regexp_full_match", sql.call("concat", neighbour, edge), sql.text(r"[\p{L}\p{Nd}]{2}")))


def _has(term: Term) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        value, wanted = texts_of(call, arguments, emission)
        text = constant_text(call.arguments[1])
        return _has_value(value, wanted, term) if text is None else _has_constant(value, text, term)

    return emit


def _compare(function: str, cased: bool) -> EmitFunction:
    """`contains`, `starts_with`, `ends_with`: the empty text is in every text."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        value, wanted = texts_of(call, arguments, emission)
        if cased:
            return sql.call(function, value, wanted)
        return sql.call(function, lower(value), lower(wanted))

    return emit


def _equal_folded(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    value, wanted = texts_of(call, arguments, emission)
    return sql.equal(lower(value), lower(wanted))


# Lists


WHOLE_TERM: Final = Term(True, True, False)


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
        if not items and not any_:
            raise UnsupportedError("the list is empty")
        if any_ and len(constants) > 1 and all(constants):
            parts = (sql.text(alternatives(chunk)) for chunk in _chunks(constants))
            tests[:0] = [sql.call("regexp_matches", value, part) for part in parts]
        else:
            tests[:0] = [_has_constant(value, text, WHOLE_TERM) for text in constants]
        return joiner(*tests)

    return emit


LARGEST: Final = 200_000
"""How many characters one expression looks for; RE2 refuses expressions of some megabytes of program."""


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for text in dict.fromkeys(texts):
        if size + len(text) > LARGEST and chunk:
            yield chunk
            chunk, size = [], 0
        chunk.append(text)
        size += len(text)
    yield chunk


def alternatives(texts: Sequence[str]) -> str:
    """One expression for any of the texts as a term."""
    groups: dict[tuple[bool, bool], list[str]] = {}
    for text in dict.fromkeys(texts):
        groups.setdefault((_is_part(text[0]), _is_part(text[-1])), []).append(escaped(text))
    parts = [
        f"{BEFORE if before else ''}(?:{'|'.join(group)}){AFTER if after else ''}"
        for (before, after), group in groups.items()
    ]
    return f"(?i){'|'.join(parts)}"


def strings(array: Sql) -> Sql:
    """The items of a dynamic array as a list of texts; a value that is no array is its only item, null has none."""
    items = sql.call("json_extract_string", array, sql.text("$[*]"))
    single = list_of([sql.call("json_extract_string", array, sql.text("$"))])
    is_array = sql.call("starts_with", array, sql.text("["))
    return sql.case(
        [(sql.is_null(array), sql.cast(sql.NULL, "VARCHAR[]")), (is_array, items)],
        single,
    )


def _has_array(any_: bool) -> EmitFunction:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        value = text_of(call.arguments[0], arguments[0], emission)
        item = sql.coalesce(sql.variable("item"), sql.text(""))
        test = _has_value(value, item, WHOLE_TERM)
        tests = sql.call("list_transform", strings(arguments[1]), sql.function(["item"], test))
        if any_:
            return sql.coalesce(sql.call("list_bool_or", tests), sql.FALSE)
        return sql.coalesce(sql.call("list_bool_and", tests), sql.FALSE)

    return emit


def _has_any_index(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The place of the first item that the text has as a term, -1 when it has none."""
    value = text_of(call.arguments[0], arguments[0], emission)
    item = sql.coalesce(sql.variable("item"), sql.text(""))
    tests = sql.call(
        "list_transform", strings(arguments[1]), sql.function(["item"], _has_value(value, item, WHOLE_TERM))
    )
    place = sql.coalesce(sql.call("list_position", tests, sql.TRUE), sql.number(0))
    return sql.cast(sql.binary(exp.Sub, place, sql.number(1)), "BIGINT")


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
                listed.append(lower(text_of(item, other, emission)))
            elif as_text or _alike(operand, item):
                listed.append(other)
            else:
                tests.append(emission.apply("==", BOOL, operand, item, span=call.span))
        if listed:
            tests.insert(0, sql.one_of(value, listed))
        if not tests:
            return sql.FALSE
        result = sql.either(*tests)
        constant = all(isinstance(item, Constant) for item in items)
        if as_text or (operand.type is STRING and len(tests) == 1):
            return result
        if constant and len(tests) == 1:
            return sql.both(result, sql.not_null(value))  # rather than `coalesce`, so that it can be pushed down
        return sql.coalesce(result, sql.FALSE)

    return emit


NUMBERS: Final = frozenset({ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL})


def _alike(left: Expr, right: Expr) -> bool:
    if DYNAMIC in (left.type, right.type) or ScalarType.REAL in (left.type, right.type):
        return False  # dynamic values and NaN have an equality of their own
    return left.type is right.type or {left.type, right.type} <= NUMBERS


def _in_array(folded: bool) -> EmitFunction:
    """`x in (array)`, the array known only in the run: by number when `x` is a whole number, else by text."""

    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        operand, items = call.arguments[0], strings(arguments[1])
        match operand.type:
            case ScalarType.STRING | ScalarType.DYNAMIC | ScalarType.DATETIME | ScalarType.TIMESPAN | ScalarType.GUID:
                value = text_of(operand, arguments[0], emission)
            case ScalarType.INT | ScalarType.LONG if not folded:
                value, items = sql.cast(arguments[0], EXACT), _each(items, lambda item: sql.try_cast(item, EXACT))
            case _:
                raise UnsupportedError(f"looking for a {operand.type.value} in a dynamic array is not supported")
        if folded:
            value, items = lower(value), _each(items, lower)
        return sql.coalesce(sql.call("list_contains", items, value), sql.FALSE)

    return emit


EXACT: Final = "DECIMAL(38, 9)"
"""Holds every whole number, and tells it from its neighbours and from fractions."""


def _each(items: Sql, change: Callable[[Sql], Sql]) -> Sql:
    return sql.call("list_transform", items, sql.function(["item"], change(sql.variable("item"))))


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
    Scalar("startswith", _compare("starts_with", False)),
    Scalar("startswith_cs", _compare("starts_with", True)),
    Scalar("endswith", _compare("ends_with", False)),
    Scalar("endswith_cs", _compare("ends_with", True)),
    Scalar("has_any", _has_list(sql.either, True)),
    Scalar("has_all", _has_list(sql.both, False)),
    Scalar("has_any_array", _has_array(True)),
    Scalar("has_all_array", _has_array(False)),
    Scalar("has_any_index", _has_any_index),
    Scalar("in", _in(False)),
    Scalar("in~", _in(True)),
    Scalar("in_array", _in_array(False)),
    Scalar("in~_array", _in_array(True)),
)
