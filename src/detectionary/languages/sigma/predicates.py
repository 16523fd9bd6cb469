"""Items of a detection as predicates: what the modifiers of the specification do to fields and values.

https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html. Texts compare without regard to case
unless `cased` says otherwise; expressions (`re`) with regard to it unless they carry the flag `i`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from detectionary.languages.sigma.syntax import Detection, Item, Literal, Scalar
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    Quantifier,
    Value,
    ValueKind,
)
from detectionary.model.wildcards import Wild, parts, spelled
from detectionary.text import Diagnostic, Level, Span

_PLACES: Final = {
    "contains": Operator.CONTAINS,
    "startswith": Operator.STARTS_WITH,
    "endswith": Operator.ENDS_WITH,
}
_ORDERS: Final = {"lt": Operator.LT, "lte": Operator.LE, "gt": Operator.GT, "gte": Operator.GE}
_ENCODINGS: Final = frozenset({"base64", "base64offset", "utf16le", "utf16be", "utf16", "wide", "windash"})
"""Modifiers that change a value and leave the field alone: transforms beside the value as its author wrote it."""
_TIME_PARTS: Final = frozenset({"minute", "hour", "day", "week", "month", "year"})
_FLAGS: Final = {
    "i": "i",
    "ignorecase": "i",
    "m": "multiline",
    "multiline": "multiline",
    "s": "dotall",
    "dotall": "dotall",
}

MODIFIERS: Final = frozenset(
    {*_PLACES, *_ORDERS, *_ENCODINGS, *_TIME_PARTS, *_FLAGS}
    | {"all", "re", "cidr", "expand", "fieldref", "exists", "neq", "cased"}
)
"""All modifiers that are read."""


@dataclass(slots=True)
class _Reading:
    """What the modifiers of one item ask for."""

    operator: Operator = Operator.EQ
    every: bool = False
    negated: bool = False
    cased: bool = False
    exists: bool = False
    reference: bool = False
    expands: bool = False
    encodings: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    time_part: str | None = None


class Predicates:
    """Turns detections into predicates and collects what is wrong with them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.diagnostics: list[Diagnostic] = []

    def detection(self, detection: Detection) -> Predicate:
        """All or any of its parts."""
        found = tuple(self.item(part) if isinstance(part, Item) else self.detection(part) for part in detection.parts)
        if len(found) == 1:
            return found[0]
        return AllOf(found) if detection.every else AnyOf(found)

    def item(self, item: Item) -> Predicate:
        """One field with its values."""
        unknown = [modifier for modifier in item.modifiers if modifier not in MODIFIERS]
        if unknown:
            message = f"“{unknown[0]}” is no modifier"
            near = get_close_matches(unknown[0], sorted(MODIFIERS), 1)
            advice = f"did you mean {near[0]}?" if near else "the modifiers are " + ", ".join(sorted(MODIFIERS))
            self._report("SIG010", message, item.span, advice)
            return Opaque("unknown modifier", item.span.of(self._text), item.span)
        reading = _read(item.modifiers)
        if reading.exists:
            return self._exists(item)
        if reading.reference:
            return self._references(item, reading)
        if not item.values:
            # An empty list can never match; it is kept as a value of its own.
            empty = Value(ValueKind.EMPTY_LIST, None)
            return Comparison(item.field, reading.operator, Quantifier.ANY, (empty,), item.span)
        found = tuple(self._comparisons(item, reading))
        whole = found[0] if len(found) == 1 else AllOf(found) if reading.every else AnyOf(found)
        return Not(whole) if reading.negated else whole

    def _exists(self, item: Item) -> Predicate:
        wanted = item.values[0].value if item.values else None
        if not isinstance(wanted, bool):
            self._report("SIG011", "exists asks for true or false", item.span, "write true or false without quotes")
        operator = Operator.IS_NULL if wanted is False else Operator.IS_NOT_NULL
        # A field that is there and empty exists, but is null to all other tests.
        return Comparison(item.field, operator, Quantifier.ANY, (), item.span, transforms=("exists",))

    def _references(self, item: Item, reading: _Reading) -> Predicate:
        """Another field of the event in the place of a value."""
        operator = "==" if reading.operator is Operator.EQ else reading.operator.value
        found = tuple(
            ColumnComparison(
                Operand(item.field or "", OperandKind.NAME),
                operator,
                Operand(str(value.value), OperandKind.NAME),
                item.span.of(self._text),
                item.span,
            )
            for value in item.values
        )
        whole = found[0] if len(found) == 1 else AllOf(found) if reading.every else AnyOf(found)
        return Not(whole) if reading.negated else whole

    def _comparisons(self, item: Item, reading: _Reading) -> Iterator[Comparison]:
        """A comparison for each operator that the values ask for, in order of the first that does."""
        rows: dict[Operator, dict[Value, None]] = {}
        for literal in item.values:
            operator, value = self._value(literal, item, reading)
            values = rows.setdefault(operator, {})
            if value is not None:
                values[value] = None
        for operator, values in rows.items():
            quantifier = Quantifier.ALL if reading.every else Quantifier.ANY
            transforms = (reading.time_part,) if reading.time_part and not values else ()
            yield Comparison(item.field, operator, quantifier, tuple(values), item.span, transforms=transforms)

    def _value(self, literal: Literal, item: Item, reading: _Reading) -> tuple[Operator, Value | None]:
        operator = reading.operator
        transforms = tuple(reading.encodings)
        if literal.kind is Scalar.NULL:
            return Operator.IS_NULL, None
        if literal.kind is Scalar.TEXT:
            return self._text_value(str(literal.value), item, reading)
        if item.field is None and operator is Operator.EQ:
            # A keyword: what the event holds anywhere is text.
            return Operator.CONTAINS, Value(ValueKind.TEXT, _plain(literal), transforms)
        if operator in (Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.REGEX_MATCH):
            return operator, Value(ValueKind.TEXT, _plain(literal), transforms)
        if reading.time_part:
            transforms = (reading.time_part, *transforms)
        kind = ValueKind.BOOL if literal.kind is Scalar.BOOL else ValueKind.NUMBER
        return operator, Value(kind, literal.value, transforms)

    def _text_value(self, text: str, item: Item, reading: _Reading) -> tuple[Operator, Value | None]:
        transforms = (*reading.encodings, *(("cased",) if reading.cased else ()))
        operator = reading.operator
        if operator is Operator.REGEX_MATCH:
            flags = tuple(sorted(reading.flags - {"i"}))
            insensitive = "i" in reading.flags or "i" in _leading_flags(text)
            return operator, Value(ValueKind.TEXT, text, (*flags, *(() if insensitive else ("cased",))))
        if operator is Operator.CIDR_MATCH:
            return operator, Value(ValueKind.TEXT, text)
        if operator in _ORDERS.values():
            self._report("SIG011", f"“{text}” is compared by size and is no number", item.span, "write a number")
            return operator, Value(ValueKind.TEXT, text, transforms)
        if reading.expands and _placeholders(text):
            return operator, Value(ValueKind.PLACEHOLDER, text, transforms)
        if text == "" and operator is Operator.EQ and item.field is not None:
            return Operator.IS_NULL, None
        pattern = parts(text)
        anywhere = item.field is None and operator is Operator.EQ
        if not any(isinstance(part, Wild) for part in pattern):
            plain = "".join(part for part in pattern if isinstance(part, str))
            return Operator.CONTAINS if anywhere else operator, Value(ValueKind.TEXT, plain, transforms)
        if pattern == (Wild.ANY,) and item.field is not None:
            # The field is there, whatever it holds.
            return Operator.IS_NOT_NULL, None
        before = anywhere or operator in (Operator.CONTAINS, Operator.ENDS_WITH)
        behind = anywhere or operator in (Operator.CONTAINS, Operator.STARTS_WITH)
        whole = ((Wild.ANY,) if before else ()) + pattern + ((Wild.ANY,) if behind else ())
        return Operator.WILDCARD, Value(ValueKind.TEXT, spelled(parts(spelled(whole))), transforms)

    def _report(self, code: str, message: str, span: Span, advice: str) -> None:
        self.diagnostics.append(Diagnostic(code, Level.ERROR, message, span, advice))


def _read(modifiers: tuple[str, ...]) -> _Reading:
    """The chain of modifiers from left to right; encodings are kept outermost first, so the last comes first."""
    reading = _Reading()
    for modifier in modifiers:
        if modifier in _PLACES:
            # An expression is looked for anywhere as it is: only texts have a place.
            if reading.operator is not Operator.REGEX_MATCH:
                reading.operator = _PLACES[modifier]
        elif modifier in _ORDERS:
            reading.operator = _ORDERS[modifier]
        elif modifier in _ENCODINGS:
            reading.encodings.insert(0, modifier)
        elif modifier in _TIME_PARTS:
            reading.time_part = modifier
        elif modifier in _FLAGS:
            reading.flags.add(_FLAGS[modifier])
        elif modifier == "re":
            reading.operator = Operator.REGEX_MATCH
        elif modifier == "cidr":
            reading.operator = Operator.CIDR_MATCH
        else:
            reading.every = reading.every or modifier == "all"
            reading.negated = reading.negated or modifier == "neq"
            reading.cased = reading.cased or modifier == "cased"
            reading.exists = reading.exists or modifier == "exists"
            reading.reference = reading.reference or modifier == "fieldref"
            reading.expands = reading.expands or modifier == "expand"
    return reading


def _leading_flags(expression: str) -> str:
    """The flags that an expression begins with: `(?is)`; what else begins with `(?` is no flags."""
    flags, closed, _ = expression[2:12].partition(")") if expression.startswith("(?") else ("", "", "")
    return flags if closed and flags.isalpha() else ""


def _plain(literal: Literal) -> str:
    """A number or truth value as the text that an event would hold."""
    return str(literal.value).lower() if literal.kind is Scalar.BOOL else str(literal.value)


def _placeholders(text: str) -> bool:
    """Whether a text holds `%name%`."""
    pieces = text.split("%")
    return len(pieces) > 2 and any(piece and piece.replace("_", "").isalnum() for piece in pieces[1:-1])
