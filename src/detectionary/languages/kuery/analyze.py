"""A Kibana KQL query taken apart. It has one stage, and no case: how a field compares is up to its mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from detectionary.languages.kuery.parser import Parsed, parse
from detectionary.languages.kuery.syntax import Connected, Is, Literal, Missing, Negated, Nested, Query, Range
from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.rows import Place, Rows
from detectionary.model.analysis import Analysis, Stage
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    Comparison,
    Not,
    Opaque,
    Operator,
    Predicate,
    Quantifier,
    TimeFilter,
    Value,
    ValueKind,
    leaves,
)
from detectionary.model.wildcards import Wild, spelled
from detectionary.text import SourceText, Span

_RANGES: Final = {"<": Operator.LT, "<=": Operator.LE, ">": Operator.GT, ">=": Operator.GE}

_TIME_FIELDS: Final = frozenset({"@timestamp", "event.ingested"})
"""The record's own time."""


def check(source: SourceText) -> SyntaxReport:
    """The verdict; the query is its only stage."""
    parsed = parse(source.text)
    span = _whole(source.text)
    stages = () if parsed.tree is None else (SyntaxStage("query", span),)
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)


def analyze(source: SourceText) -> Analysis:
    """Everything that the query says about the events that it finds."""
    return _Analyzer(source.text).analysis(parse(source.text))


def _whole(text: str) -> Span:
    """The text without blanks at its ends."""
    start = len(text) - len(text.lstrip())
    return Span(start, max(start, len(text.rstrip())))


class _Analyzer:
    def __init__(self, text: str) -> None:
        self._text = text

    def analysis(self, parsed: Parsed) -> Analysis:
        if parsed.tree is None:
            return Analysis(accepted=parsed.accepted, open_fields=True, diagnostics=parsed.diagnostics)
        predicate = self._of(parsed.tree, "")
        span = _whole(self._text)
        rows = Rows()
        rows.add(predicate, Place(1))
        tested = tuple(leaves(predicate))
        return Analysis(
            accepted=parsed.accepted,
            stages=(Stage(1, "query", span.of(self._text), span, predicate=predicate),),
            indicators=tuple(rows.indicators),
            exclusions=tuple(rows.exclusions),
            time_filters=tuple(leaf for leaf in tested if isinstance(leaf, TimeFilter)),
            opaques=tuple(leaf for leaf in tested if isinstance(leaf, Opaque)),
            open_fields=True,
            diagnostics=parsed.diagnostics,
            predicate_count=len(tested),
        )

    def _of(self, query: Query, prefix: str) -> Predicate:
        """The predicate of a query below `prefix` (the path of the nested objects that it is about)."""
        match query:
            case Connected(operands, every):
                found = tuple(self._of(each, prefix) for each in operands)
                return AllOf(found) if every else AnyOf(found)
            case Negated(operand):
                return Not(self._of(operand, prefix))
            case Nested(field, inner):
                return self._of(inner, f"{prefix}{_name(field)}.")
            case Range(field, operator, value, span):
                name = f"{prefix}{_name(field)}"
                if name in _TIME_FIELDS:
                    return TimeFilter(span.of(self._text), span)
                return Comparison(name, _RANGES[operator], Quantifier.ANY, (_value(value),), span)
            case Is(field, values, span):
                named = None if field is None or field.is_any else f"{prefix}{_name(field)}"
                if field is not None and field.is_any and isinstance(values, Literal) and values.is_any:
                    return AllOf(())  # `*: *` asks for nothing
                return self._values(named, values, span)
            case Literal(_, _, span):
                return self._values(None, query, span)
            case Missing(span):
                return Opaque("unreadable", span.of(self._text), span)
            case _:
                assert_never(query)

    def _values(self, field: str | None, values: Query, span: Span) -> Predicate:
        """A value, or the tree of values in brackets; alternatives of one operator are one comparison."""
        match values:
            case Literal():
                return _compared(field, (values,), Quantifier.ANY, span)
            case Connected(operands, every):
                plain = [each for each in operands if isinstance(each, Literal)]
                if len(plain) == len(operands):
                    return _compared(field, tuple(plain), Quantifier.ALL if every else Quantifier.ANY, span)
                found = tuple(self._grouped(field, operands, every, span))
                return found[0] if len(found) == 1 else AllOf(found) if every else AnyOf(found)
            case Negated(operand):
                return Not(self._values(field, operand, span))
            case _:
                return Opaque("unreadable", values.span.of(self._text), values.span)

    def _grouped(self, field: str | None, operands: tuple[Query, ...], every: bool, span: Span) -> Iterator[Predicate]:
        """Literals of a mixed list together, its other parts each for itself."""
        plain = tuple(each for each in operands if isinstance(each, Literal))
        if plain:
            yield _compared(field, plain, Quantifier.ALL if every else Quantifier.ANY, span)
        for each in operands:
            if not isinstance(each, Literal):
                yield self._values(field, each, each.span)


def _compared(field: str | None, literals: tuple[Literal, ...], quantifier: Quantifier, span: Span) -> Predicate:
    """The comparisons of one list: each operator that its values ask for is one."""
    rows: dict[Operator, list[Value]] = {}
    for literal in literals:
        if literal.is_any and not literal.quoted:
            rows.setdefault(Operator.IS_NOT_NULL, [])
        elif any(isinstance(part, Wild) for part in literal.parts):
            rows.setdefault(Operator.WILDCARD, []).append(Value(ValueKind.TEXT, spelled(literal.parts)))
        else:
            # A value without a field is looked for in all of them, which analyzed texts contain as a term.
            operator = Operator.CONTAINS if field is None else Operator.EQ
            rows.setdefault(operator, []).append(_value(literal))
    found = tuple(
        Comparison(field, operator, quantifier if values else Quantifier.ANY, tuple(values), span)
        for operator, values in rows.items()
    )
    if len(found) == 1:
        return found[0]
    return AllOf(found) if quantifier is Quantifier.ALL else AnyOf(found)


def _name(field: Literal) -> str:
    """A field's name; a pattern of names keeps its stars."""
    return "".join(part if isinstance(part, str) else part.value for part in field.parts)


def _value(literal: Literal) -> Value:
    """A literal as Kibana reads it: numbers, truth values and null only outside of quotes."""
    text = "".join(part if isinstance(part, str) else part.value for part in literal.parts)
    if literal.quoted:
        return Value(ValueKind.TEXT, text)
    if text.lower() in ("true", "false"):
        return Value(ValueKind.BOOL, text.lower() == "true")
    number = _number(text)
    return Value(ValueKind.TEXT, text) if number is None else Value(ValueKind.NUMBER, number)


def _number(text: str) -> int | float | None:
    """A literal that is a number as a whole: digits, a sign, one point. Leading zeros are no numbers (`007`)."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.replace(".", "", 1).isdecimal() or len(digits) > 30:
        return None
    if "." in digits:
        whole, _, rest = digits.partition(".")
        return float(text) if whole and rest else None
    return int(text) if digits == "0" or not digits.startswith("0") else None
