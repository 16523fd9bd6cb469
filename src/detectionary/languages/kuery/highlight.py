"""What each stretch of a query is, for a page that shows it in colours: the parser's tokens, and fields by the tree."""

from __future__ import annotations

from detectionary.languages.kuery.parser import Parsed
from detectionary.languages.kuery.predicates import is_number
from detectionary.languages.kuery.syntax import Literal, LiteralKind, Match, Nested, Range, walk
from detectionary.languages.kuery.tokens import CONNECTIVES, LITERALS, RANGES
from detectionary.languages.language import Highlight


def highlight(parsed: Parsed) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks and brackets are left out."""
    fields: set[int] = set()
    values: dict[int, Literal] = {}
    for node in () if parsed.tree is None else walk(parsed.tree):
        match node:
            case Match(Literal() as name) | Range(name) | Nested(name):
                fields.add(name.span.start)
            case Literal():
                values[node.span.start] = node
    found: list[Highlight] = []
    for kind, _, span in parsed.tokens:
        if span.start in fields:
            found.append(Highlight(span, "column"))
        elif span.start in values:
            found.append(Highlight(span, _kind_of(values[span.start])))
        elif kind in LITERALS:
            found.append(Highlight(span, "error"))
        elif kind in CONNECTIVES or kind in RANGES or kind == ":":
            found.append(Highlight(span, "operator"))
    return tuple(found)


def _kind_of(literal: Literal) -> str:
    if literal.kind in (LiteralKind.BOOL, LiteralKind.NULL):
        return "keyword"
    return "number" if is_number(literal) else "string"
