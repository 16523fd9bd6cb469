"""What each stretch of a query is, for a page that shows it in colours: the lexer's tokens, and names by the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.languages.esql.lexer import Tokens, tokenize
from detectionary.languages.esql.parser_queries import Queries
from detectionary.languages.esql.syntax import Call, Name, NamePattern, TimeSpan, walk
from detectionary.languages.esql.syntax_commands import From, IndexPattern, Query
from detectionary.languages.esql.tokens import (
    BAD,
    COMMAND,
    COMMANDS,
    COMPARISONS,
    NAMES,
    NUMBERS,
    PARAMETER,
    PATTERN,
    POLICY,
    PROMQL,
    RESERVED,
    SOURCE,
    STRING,
)
from detectionary.languages.language import Highlight
from detectionary.text import SourceText, Span

_OPERATORS: Final = COMPARISONS | {"|", "+", "-", "*", "/", "%", "=", "::", ":", "->", "=~"}
_WORD_OPERATORS: Final = frozenset({"and", "or", "not", "in", "is", "like", "rlike"})
_CONTEXTUAL: Final = frozenset({"metadata", "with", "join", "as", "using", "info", "stats", "on"})


def highlight(source: SourceText | str) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks, brackets, commas and the like are left out."""
    tokens = tokenize(source if isinstance(source, str) else source.text)
    names = _names(Queries(tokens).statement())
    found = [*_tokens(tokens, names), *(Highlight(span, "comment") for span in tokens.comments())]
    return tuple(sorted(found, key=lambda each: each.span))


def _tokens(tokens: Tokens, names: dict[int, tuple[Span, str]]) -> Iterator[Highlight]:
    end = 0
    for token in tokens:
        if token.span.start < end:
            continue  # inside a name that is several tokens long
        named = names.get(token.span.start)
        if named is not None and named[0].end >= token.span.end:
            end = named[0].end
            yield Highlight(*named)
            continue
        kind = _kind_of(token.kind)
        if kind is not None:
            yield Highlight(token.span, kind)


def _kind_of(kind: str) -> str | None:
    """What a token is by itself; None for punctuation."""
    if kind in NAMES or kind in (PATTERN, PARAMETER):
        return "name"
    if kind == STRING:
        return "string"
    if kind in NUMBERS:
        return "number"
    if kind in (SOURCE, POLICY):
        return "table"
    if kind in _OPERATORS or kind in _WORD_OPERATORS:
        return "operator"
    if kind in COMMANDS or kind in RESERVED or kind in _CONTEXTUAL:
        return "keyword"
    if kind == PROMQL:
        return "string"
    return "error" if kind in (BAD, COMMAND) else None


def _names(tree: Query) -> dict[int, tuple[Span, str]]:
    """What the names of a query are, by where they begin."""
    found: dict[int, tuple[Span, str]] = {}
    for node in walk(tree):
        match node:
            case Call():
                found[node.name_span.start] = (node.name_span, "function")
            case Name() | NamePattern():
                found.setdefault(node.span.start, (node.span, "column"))
            case From(metadata=metadata):
                found.update((field.span.start, (field.span, "column")) for field in metadata)
            case IndexPattern(quoted=False):
                found.setdefault(node.span.start, (node.span, "table"))
            case TimeSpan():
                found.setdefault(node.span.start, (node.span, "number"))
            case _:
                pass
    return found
