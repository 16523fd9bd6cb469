"""From luqum's tree to the model's predicates.

Which clauses must hold follows Lucene's classic parser (`QueryParserBase.addClause`) with the default operator OR, as
Elasticsearch's `query_string` has it: operators have no precedence over each other. AND makes the clauses on both its
sides required, NOT and `-` forbid one, `+` requires one, all others are optional. At least one optional clause must
hold where none is required; beside required ones they only add to the score. Words are upper case: `or` is a text.

The language: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from luqum.tree import (
    AndOperation,
    BaseApprox,
    Boost,
    FieldGroup,
    Group,
    Item,
    Not,
    OrOperation,
    Phrase,
    Plus,
    Prohibit,
    Range,
    Regex,
    SearchField,
    UnknownOperation,
    Word,
)

from detectionary.languages.lucene.lexer import unescaped
from detectionary.languages.lucene.parser import Piece
from detectionary.model import predicate as model
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    Comparison,
    Opaque,
    Operator,
    Predicate,
    Quantifier,
    ScalarValue,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.model.wildcards import Part, Wild, spelled
from detectionary.text import Span

EVERYTHING: Final = AllOf(())
"""`*` and `*:*`: every document."""

RECORD_TIMES: Final = frozenset({"@timestamp", "event.ingested", "event.created"})
"""Fields with the record's own time."""

_OPERATIONS: Final = (AndOperation, OrOperation, UnknownOperation)
_SIDES: Final = {">=": Operator.GE, ">": Operator.GT, "<=": Operator.LE, "<": Operator.LT}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,15})?")
_DATE_MATH: Final = re.compile(r"now(?:[+-][0-9]+[yMwdhHms]|/[yMwdhHms])*+")
_WORD_PARTS: Final = re.compile(r"[^\\*?]++|\\u[0-9a-fA-F]{4}|\\.?|[*?]", re.DOTALL)


def predicate(pieces: tuple[Piece, ...], text: str) -> Predicate:
    """What the query asks for; pieces that could not be read are opaque."""
    rows: list[tuple[bool, Item | Span]] = []
    for piece in pieces:
        row: list[tuple[bool, Item | Span]] = [(False, piece.span)] if piece.tree is None else list(_row(piece.tree))
        rows += [(piece.after_and and bool(rows), row[0][1]), *row[1:]]
    return _Reading(text).clauses(rows, None)


@dataclass(slots=True)
class _Clause:
    """A part of a row of clauses, and what becomes of it."""

    item: Item | Span
    """A span is a piece that could not be read."""
    required: bool
    forbidden: bool


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text

    def clauses(self, row: Iterable[tuple[bool, Item | Span]], field: str | None) -> Predicate:
        """What a row of clauses asks for."""
        found: list[_Clause] = []
        for is_and, part in row:
            forbidden = isinstance(part, Not | Prohibit)
            if is_and and not found[-1].forbidden:
                found[-1].required = True
            required = isinstance(part, Plus) or (is_and and not forbidden)
            clause = part.a if isinstance(part, Not | Prohibit | Plus) else part
            found.append(_Clause(clause, required, forbidden))
        required_parts = [self._one(each.item, field) for each in found if each.required]
        optional = [self._one(each.item, field) for each in found if not each.required and not each.forbidden]
        parts = required_parts
        if optional:
            # Beside required clauses nothing depends on the optional ones, which are still shown.
            parts = [*parts, _alternatives((EVERYTHING, *optional) if required_parts else tuple(optional))]
        parts += [model.Not(self._one(each.item, field)) for each in found if each.forbidden]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, item: Item | Span, field: str | None, start: int | None = None) -> Predicate:
        """A clause; `start` is where the name of its field begins."""
        if isinstance(item, Span):
            return Opaque("syntax error", item.of(self._text), item)
        span = _span(item, start)
        match item:
            case SearchField():
                return self._one(item.expr, unescaped(item.name), span.start)
            case Group() | FieldGroup():
                return self.clauses(_row(item.expr), field)
            case Boost():
                return self._one(item.expr, field, start)
            case Word() | Phrase() if field == "_exists_":
                return Comparison(_text(item), Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
            case Word(value="*"):
                every = field in (None, "*")
                return EVERYTHING if every else Comparison(field, Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
            case _ if field in RECORD_TIMES:
                return TimeFilter(span.of(self._text), span)
            case Word():
                return self._word(item.value, field, span)
            case Phrase():
                return _compared(field, _equal(field), Value(ValueKind.TEXT, _text(item)), span)
            case Regex():
                pattern = Value(ValueKind.TEXT, item.value[1:-1].replace("\\/", "/"), ("whole",))
                return _compared(field, Operator.REGEX_MATCH, pattern, span)
            case BaseApprox():
                return _near(item, field, span)
            case Range():
                return _range(item, field, span)
            case _:
                return Opaque("unreadable", span.of(self._text), span)

    def _word(self, word: str, field: str | None, span: Span) -> Predicate:
        # Elasticsearch looks for the sign of a range only behind a field.
        for sign, operator in _SIDES.items():
            if field is not None and word.startswith(sign) and len(word) > len(sign):
                return _compared(field, operator, Value(*_scalar(word[len(sign) :], bound=True)), span)
        pattern = _parts(word)
        if any(isinstance(part, Wild) for part in pattern):
            return _compared(field, Operator.WILDCARD, Value(ValueKind.TEXT, spelled(pattern)), span)
        return _compared(field, _equal(field), Value(*_scalar(word)), span)


def _row(item: Item) -> Iterator[tuple[bool, Item]]:
    """The clauses of a row in order, each with whether an AND stands before it.

    luqum binds AND more strongly than OR and a blank, which Lucene does not: its nested operations are one row.
    """
    waiting = [(False, item)]
    while waiting:
        is_and, part = waiting.pop()
        if not isinstance(part, _OPERATIONS):
            yield is_and, part
            continue
        joined = isinstance(part, AndOperation)
        first, *others = part.children
        waiting += [(joined, other) for other in reversed(others)]
        waiting.append((is_and, first))


def _alternatives(choices: tuple[Predicate, ...]) -> Predicate:
    """Alternatives of one field and operator are the values of one comparison."""
    first = choices[0]
    if len(choices) == 1:
        return first
    values: list[Value] = []
    for each in choices:
        same = (
            isinstance(first, Comparison)
            and isinstance(each, Comparison)
            and each.values
            and (each.field, each.operator) == (first.field, first.operator)
        )
        if not same or not isinstance(each, Comparison):
            return AnyOf(choices)
        values += each.values
        span = each.span
    assert isinstance(first, Comparison)  # noqa: S101  # all of them are
    return Comparison(first.field, first.operator, Quantifier.ANY, tuple(values), first.span | span)


def _near(item: BaseApprox, field: str | None, span: Span) -> Predicate:
    """`word~2` and `"a phrase"~3`: close to the text, which is kept with a transform."""
    name = "fuzzy" if isinstance(item.term, Word) else "proximity"
    if not item._implicit_degree:  # luqum fills in a default, and only here says so
        name = f"{name}({item.degree})"
    return _compared(field, Operator.MATCH, Value(ValueKind.TEXT, _text(item.term), (name,)), span)


def _range(item: Range, field: str | None, span: Span) -> Predicate:
    low, high = _bound(item.low), _bound(item.high)
    if low is not None and high is not None and item.include_low and item.include_high:
        return _compared(field, Operator.BETWEEN, Value(ValueKind.RANGE, (low[1], high[1])), span)
    bounds: list[Predicate] = []
    if low is not None:
        bounds.append(_compared(field, Operator.GE if item.include_low else Operator.GT, Value(*low), span))
    if high is not None:
        bounds.append(_compared(field, Operator.LE if item.include_high else Operator.LT, Value(*high), span))
    if not bounds:
        return Comparison(field, Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
    return bounds[0] if len(bounds) == 1 else AllOf(tuple(bounds))


def _bound(item: Item) -> tuple[ValueKind, ScalarValue] | None:
    """A bound of a range; None where it is open."""
    if isinstance(item, Phrase):
        return ValueKind.TEXT, _text(item)
    return None if item.value == "*" else _scalar(item.value, bound=True)


def _compared(field: str | None, operator: Operator, value: Value, span: Span) -> Comparison:
    if operator is Operator.EQ and value.value == "":
        return Comparison(field, Operator.IS_NULL, Quantifier.ANY, (), span)
    return Comparison(None if field == "*" else field, operator, Quantifier.ANY, (value,), span)


def _equal(field: str | None) -> Operator:
    """A text without a field is looked for in all of them."""
    return Operator.CONTAINS if field in (None, "*") else Operator.EQ


def _span(item: Item, start: int | None) -> Span:
    first, last = item.span()
    return Span(first if start is None else start, last)


def _parts(word: str) -> tuple[Part, ...]:
    """A word: `*` and `?` are wildcards, unless a backslash stands before them."""
    found: list[Part] = []
    for match in _WORD_PARTS.finditer(word):
        part = match[0]
        if part in ("*", "?"):
            if part == "?" or not found or found[-1] is not Wild.ANY:
                found.append(Wild(part))
        elif found and isinstance(found[-1], str):
            found[-1] += unescaped(part)
        else:
            found.append(unescaped(part))
    return tuple(found)


def _text(item: Word | Phrase) -> str:
    return unescaped(item.value[1:-1] if isinstance(item, Phrase) else item.value)


def _scalar(word: str, *, bound: bool = False) -> tuple[ValueKind, ScalarValue]:
    """A word: a number or truth value where it is written as one; date math in bounds."""
    text = unescaped(word)
    if text in ("true", "false"):
        return ValueKind.BOOL, text == "true"
    if _NUMBER.fullmatch(text):
        return ValueKind.NUMBER, float(text) if "." in text else int(text)
    if bound and _DATE_MATH.fullmatch(text):
        return ValueKind.SYMBOLIC, text
    return ValueKind.TEXT, text
