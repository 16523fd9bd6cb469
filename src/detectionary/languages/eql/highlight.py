"""What each stretch of a query is, for a page that shows it in colours: the parser's tokens, and names by the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.languages.eql.lexer import tokenize
from detectionary.languages.eql.parser import parse
from detectionary.languages.eql.syntax import Call, EventQuery, Field, Pipe, Query, Related, Sequence, walk
from detectionary.languages.eql.tokens import (
    BAD,
    KEYWORDS,
    NAME,
    NUMBERS,
    OLD_STRING,
    QUOTED_NAME,
    STRING,
    TILDE_NAME,
    UNCLOSED_COMMENT,
    words,
)
from detectionary.languages.language import Highlight
from detectionary.text import SourceText, Span

_WORD_OPERATORS: Final = words("and or not in in~ like like~ regex regex~ of")
_SIGNS: Final = words("![ | : == != = !: < <= > >= + - * / %")
_CONTEXT_WORDS: Final = words("runs fork as")


def highlight(source: SourceText) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks, brackets, commas and dots are left out."""
    tokens = tokenize(source.text)
    names = dict(_names(parse(source).tree))
    found = [Highlight(span, "comment") for span in tokens.comments()]
    end = 0
    for kind, text, span in tokens:
        if span.start < end:
            continue  # inside a field of several words
        named = names.get(span.start)
        if named is not None:
            end = named.span.end
            found.append(named)
            continue
        shown = _kind_of(kind, text)
        if shown is not None:
            found.append(Highlight(span, shown))
    return tuple(_apart(sorted(found, key=lambda each: each.span)))


def _apart(found: list[Highlight]) -> Iterator[Highlight]:
    """Without the comments that stand inside of a field."""
    end = 0
    for each in found:
        if each.span.start >= end:
            end = each.span.end
            yield each


def _kind_of(kind: str, text: str) -> str | None:
    """What a token is by itself; None for punctuation."""
    if kind in (NAME, QUOTED_NAME, TILDE_NAME):
        return "keyword" if text in _CONTEXT_WORDS else "name"
    if kind in (STRING, OLD_STRING):
        return "string"
    if kind in NUMBERS:
        return "number"
    if kind in _WORD_OPERATORS or kind in _SIGNS:
        return "operator"
    if kind in KEYWORDS:
        return "keyword"
    return "error" if kind in (BAD, UNCLOSED_COMMENT) else None


def _names(tree: Query) -> Iterator[tuple[int, Highlight]]:
    """The names of a query by where they begin."""
    for node in walk(tree):
        span: Span | None = None
        shown = ""
        match node:
            case Field():
                span, shown = node.span, "column"
            case Call(name_span=found):
                span, shown = found, "function"
            case EventQuery(category=str(), category_span=found):
                span, shown = found, "table"
            case Pipe(name_span=found):
                span, shown = found, "keyword"
            case Related(relation, span=whole):
                span, shown = Span(whole.start, whole.start + len(relation)), "operator"
            case Sequence(maxspan=maxspan) if maxspan is not None and maxspan.unit:
                # `10m` is one number to its reader.
                span, shown = maxspan.value, "number"
        if span is not None and span.end > span.start:
            yield span.start, Highlight(span, shown)
