"""From the tree to the model's predicates.

What is an `eq` here depends on the mapping, which no query knows: words on a field analysed as text match any of them,
on a keyword the whole value. The documentation of the language:
https://www.elastic.co/docs/reference/query-languages/kql
"""

from __future__ import annotations

import re
from typing import Final, assert_never

from detectionary.languages.kuery.syntax import Bad, Junction, Literal, LiteralKind, Match, Nested, Node, Not, Range
from detectionary.model import predicate as model
from detectionary.model.predicate import Comparison, Opaque, Operator, Quantifier, TimeFilter, Value, ValueKind
from detectionary.text import Span

RECORD_TIMES: Final = frozenset({"@timestamp", "event.ingested", "event.created"})
"""Fields with the record's own time."""

EVERYTHING: Final = model.AllOf(())
"""`*` and `*: *`: every document."""

_RANGES: Final = {"<": Operator.LT, "<=": Operator.LE, ">": Operator.GT, ">=": Operator.GE}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,15})?")
_DATE_MATH: Final = re.compile(r"now(?:[+-][0-9]+[yMwdhHms]|/[yMwdhHms])*+")


def predicate(tree: Node, text: str) -> model.Predicate:
    """What the query filters on."""
    return _Predicates(text).condition(tree, ())


class _Predicates:
    def __init__(self, text: str) -> None:
        self._text = text

    def condition(self, node: Node, path: tuple[str, ...]) -> model.Predicate:
        """A condition; `path` are the nested fields that it stands in."""
        match node:
            case Junction(operator, operands):
                parts = tuple(self.condition(operand, path) for operand in operands)
                return model.AllOf(parts) if operator == "and" else model.AnyOf(parts)
            case Not(operand):
                return model.Not(self.condition(operand, path))
            case Match(name, values, span):
                return self._match(_field(name, path), values, span)
            case Range(name, operator, value, span):
                return self._range(_field(name, path), operator, value, span)
            case Nested(name, query):
                return self.condition(query, (*path, _text(name)))
            case Bad(text, span):
                return Opaque("syntax error", text, span)
            case Literal():
                return self._match(None, node, node.span)
            case _:
                assert_never(node)

    def _match(self, name: str | None, values: Node, span: Span) -> model.Predicate:
        if name in RECORD_TIMES and not (isinstance(values, Literal) and values.kind is LiteralKind.PATTERN):
            return TimeFilter(span.of(self._text), span)
        return self._values(name, values, span)

    def _values(self, name: str | None, node: Node, span: Span) -> model.Predicate:
        """A list of values is a tree of its own; neighbours that are compared in the same way are one comparison."""
        match node:
            case Literal():
                return _compared(name, (node,), Quantifier.ANY, span)
            case Junction(operator, operands):
                quantifier = Quantifier.ANY if operator == "or" else Quantifier.ALL
                parts = self._members(name, operands, quantifier, span)
                if len(parts) == 1:
                    return parts[0]
                return model.AnyOf(parts) if operator == "or" else model.AllOf(parts)
            case Not(operand):
                return model.Not(self._values(name, operand, operand.span if name is None else span))
            case Bad(text, bad):
                return Opaque("syntax error", text, bad)
            case Match() | Range() | Nested():
                return self.condition(node, ())
            case _:
                assert_never(node)

    def _members(
        self, name: str | None, operands: tuple[Node, ...], quantifier: Quantifier, span: Span
    ) -> tuple[model.Predicate, ...]:
        alike: dict[Operator | None, list[Literal]] = {}
        others: list[model.Predicate] = []
        for operand in operands:
            if isinstance(operand, Literal):
                alike.setdefault(_operator(operand), []).append(operand)
            else:
                others.append(self._values(name, operand, span))
        listed = [_compared(name, tuple(literals), quantifier, span) for literals in alike.values()]
        return (*listed, *others)

    def _range(self, name: str | None, operator: str, value: Literal, span: Span) -> model.Predicate:
        if name in RECORD_TIMES:
            return TimeFilter(span.of(self._text), span)
        return Comparison(name, _RANGES[operator], Quantifier.ANY, (_value(value, in_range=True),), span)


def _field(name: Literal | None, path: tuple[str, ...]) -> str | None:
    """The field's whole name; None for all fields, `path.*` for all below a nested one. Wildcards are kept."""
    last = "*" if name is None or name.kind is LiteralKind.NULL else _text(name)
    if not path and (name is None or (name.kind is not LiteralKind.PHRASE and last == "*")):
        return None
    return ".".join((*path, last))


def _text(literal: Literal) -> str:
    match literal.value:
        case None:
            return "null"
        case bool():
            return "true" if literal.value else "false"
        case str():
            return literal.value
        case _:
            assert_never(literal.value)


def _operator(literal: Literal) -> Operator | None:
    """How a value is compared; None for `*`, which anything matches."""
    match literal.kind:
        case LiteralKind.PATTERN:
            return None if literal.value == "*" else Operator.WILDCARD
        case LiteralKind.NULL:
            return Operator.IS_NULL
        case LiteralKind.PHRASE if not literal.value:
            return Operator.IS_NULL  # nothing between the quotes: `field: ""` is `field == ""`
        case LiteralKind.WORDS | LiteralKind.PHRASE | LiteralKind.BOOL:
            return Operator.EQ
        case _:
            assert_never(literal.kind)


def _compared(name: str | None, literals: tuple[Literal, ...], quantifier: Quantifier, span: Span) -> model.Predicate:
    """A field and values that are compared in the same way."""
    operator = _operator(literals[0])
    if operator is None:
        return EVERYTHING if name is None else Comparison(name, Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
    if operator is Operator.IS_NULL and (name is not None or literals[0].kind is LiteralKind.NULL):
        return Comparison(name, operator, Quantifier.ANY, (), span)
    if name is None and operator in (Operator.EQ, Operator.IS_NULL):
        operator = Operator.CONTAINS  # any part of any field, as with Sigma's keywords
    chosen = quantifier if len(literals) > 1 else Quantifier.ANY
    return Comparison(name, operator, chosen, tuple(_value(literal) for literal in literals), span)


def _value(literal: Literal, *, in_range: bool = False) -> Value:
    """The value as evaluated. A number is what could be one: whether it is, only the mapping knows."""
    value = literal.value
    if isinstance(value, bool):
        return Value(ValueKind.BOOL, value)
    if value is None:
        return Value(ValueKind.NULL, None)
    if literal.kind is not LiteralKind.PATTERN and _DATE_MATH.fullmatch(value) and (in_range or value != "now"):
        return Value(ValueKind.SYMBOLIC, value)
    if is_number(literal):
        return Value(ValueKind.NUMBER, float(value) if "." in value else int(value))
    return Value(ValueKind.TEXT, value)


def is_number(literal: Literal) -> bool:
    """Whether the literal, outside of quotes, is written as a number is (`007` is not)."""
    return literal.kind is LiteralKind.WORDS and _NUMBER.fullmatch(str(literal.value)) is not None
