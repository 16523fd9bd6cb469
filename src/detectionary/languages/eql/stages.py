"""The steps of a query (`analysis.md` decision 15): the query, or the sequence and its events; then the pipes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detectionary.languages.eql.syntax import EventQuery, Pipe, Query, Sequence, Term
from detectionary.text import Span


@dataclass(frozen=True, slots=True)
class Part:
    """One step: what it is called, its text (a pipe's begins with the bar), its span, and its node."""

    operator: str
    text: str
    span: Span
    node: EventQuery | Sequence | Term | Pipe


def parts(tree: Query, text: str) -> Iterator[Part]:
    """The steps in the order of the text."""
    match tree.body:
        case EventQuery():
            yield Part("query", tree.body.span.of(text), tree.body.span, tree.body)
        case Sequence(kind, terms=terms, until=until, head=head):
            yield Part(kind, head.of(text), head, tree.body)
            for term in terms:
                yield Part("missing" if term.missing else "query", term.span.of(text), term.span, term)
            if until is not None:
                yield Part("until", until.span.of(text), until.span, until)
    for pipe in tree.pipes:
        yield Part(pipe.name, text[pipe.bar.start : pipe.span.end], pipe.span, pipe)
