"""What each stretch of a rule is, for a page that shows it in colours: the parser's tokens, and names by the tree."""

from __future__ import annotations

from typing import Final

from detectionary.languages.language import Highlight
from detectionary.languages.yaral.cursor import SECTIONS
from detectionary.languages.yaral.lexer import Tokens, tokenize
from detectionary.languages.yaral.parser import parse
from detectionary.languages.yaral.syntax import Call, Reference, walk
from detectionary.languages.yaral.tokens import (
    BAD,
    COUNT,
    DURATION,
    LIST,
    NAME,
    NUMBERS,
    REGEX,
    STRINGS,
    UNCLOSED_COMMENT,
    VARIABLE,
    words,
)
from detectionary.text import SourceText, Span

_WORDS: Final = words("and or not in nocase")
_CONTEXT_WORDS: Final = words("any all of over by every before after regex cidr asc desc join left right full cross")
_SIGNS: Final = words("= != < <= > >= ! + - * / %")


def highlight(source: SourceText) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks, brackets, commas and dots are left out."""
    tokens = tokenize(source.text)
    names: dict[int, Highlight] = {}
    for node in walk(parse(source.text).tree):
        if isinstance(node, Call):
            names[node.name_span.start] = Highlight(node.name_span, "function")
        elif isinstance(node, Reference) and node.is_field:
            start = node.span.start + (len(node.root) if node.is_variable else 0)
            end = _end_of_names(source.text, start, node.span.end)
            if end > start:
                names[start] = Highlight(Span(start, end), "column")
    found = [Highlight(span, "comment") for span in tokens.comments()]
    end = 0
    for at, (kind, text, span) in enumerate(tokens):
        if span.start < end:
            continue  # inside a field or a function's name
        named = names.get(span.start)
        if named is not None:
            end = named.span.end
            found.append(named)
        elif (shown := _kind_of(tokens, at, kind, text)) is not None:
            found.append(Highlight(span, shown))
    apart: list[Highlight] = []
    for each in sorted(found, key=lambda each: each.span):
        if not apart or each.span.start >= apart[-1].span.end:
            apart.append(each)
    return tuple(apart)


def _end_of_names(text: str, start: int, end: int) -> int:
    """Where a path ends before its first bracket."""
    bracket = text.find("[", start, end)
    return end if bracket < 0 else len(text[:bracket].rstrip())


def _kind_of(tokens: Tokens, at: int, kind: str, text: str) -> str | None:
    """What a token is by itself; None for punctuation."""
    if kind == NAME:
        lowered = text.lower()
        following = tokens.kinds[at + 1]
        if following == ":" and lowered in SECTIONS:
            return "keyword"
        if lowered in ("rule", "stage") and following == NAME:
            return "keyword"
        return "operator" if lowered in _CONTEXT_WORDS else "name"
    if kind in (VARIABLE, COUNT):
        return "name"
    if kind == LIST:
        return "table"
    if kind in STRINGS or kind == REGEX:
        return "string"
    if kind in NUMBERS or kind == DURATION:
        return "number"
    if kind in ("true", "false"):
        return "keyword"
    if kind in _WORDS or kind in _SIGNS:
        return "operator"
    return "error" if kind in (BAD, UNCLOSED_COMMENT) else None
