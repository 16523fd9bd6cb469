"""Which queries a text holds: files and fences of community collections often hold more than one."""

from __future__ import annotations

import re
from typing import Final

from detectionary.languages.kusto.lexer import tokenize
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import ExpressionStatement, NameReference, Statement
from detectionary.languages.kusto.tokens import END

_BLANK_LINE: Final = re.compile(r"\r?\n[^\S\r\n]*\r?\n")
_STARTS_STATEMENT: Final = frozenset({"let", "set", "declare", "alias", "restrict"})


def blank_line_parts(text: str) -> list[tuple[int, int]]:
    """The stretches of `text` between blank lines, those of comments alone left out.

    A blank line inside a string is part of the string. Microsoft's editors cut a script in this way before they
    parse it; each part begins with the comments right above it.
    """
    tokens = tokenize(text)
    parts: list[tuple[int, int]] = []
    before = 0
    start = -1
    for kind, at, end in zip(tokens.kinds, tokens.starts, tokens.ends, strict=True):
        trivia = text[before:at]
        cuts = [match.end() for match in _BLANK_LINE.finditer(trivia)]
        if cuts and start >= 0:
            parts.append((start, _end_of(text, start, before + _BLANK_LINE.search(trivia).start())))  # type: ignore[union-attr]  # there is a cut
            start = -1
        if start < 0 and kind != END:
            first = before + (cuts[-1] if cuts else 0)
            start = first + len(text[first:at]) - len(text[first:at].lstrip())
        before = end
    if start >= 0:
        parts.append((start, _end_of(text, start, len(text))))
    return parts


def _end_of(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def split_queries(text: str) -> list[tuple[int, int]]:
    """Start and end of every query in `text`.

    A text that parses whole is one query (none, if it is comments alone). Another is cut at blank lines, and then: a
    part that begins with `|` goes on with the one before it; parts that hold declarations alone (`let`) belong to the
    part after them; prose and lone names, such as headings, are no queries. So a broken query without blank lines
    stays one query, with its diagnostics.
    """
    parts = blank_line_parts(text)
    if len(parts) < 2 or parse(text).accepted:
        return [(parts[0][0], parts[-1][1])] if parts else []
    queries: list[tuple[int, int]] = []
    waiting: int | None = None
    for start, end in _joined(text, parts):
        parsed = parse(text[start:end])
        if parsed.accepted and not _gives_result(parsed.tree.statements):
            waiting = start if waiting is None else waiting
            continue
        if not (_is_heading(parsed.tree.statements) if parsed.accepted else _is_prose(text[start:end])):
            queries.append((start if waiting is None else waiting, end))
            waiting = None
    if waiting is not None:
        queries.append((waiting, parts[-1][1]))
    return queries


def _joined(text: str, parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Parts whose first token is a pipe, put to the part before."""
    joined: list[tuple[int, int]] = []
    for start, end in parts:
        if joined and tokenize(text[start:end]).kinds[0] == "|":
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _gives_result(statements: tuple[Statement, ...]) -> bool:
    return any(isinstance(statement, ExpressionStatement) for statement in statements)


def _is_heading(statements: tuple[Statement, ...]) -> bool:
    """Is this part a single name?"""
    match statements:
        case (ExpressionStatement(NameReference()),):
            return True
    return False


def _is_prose(part: str) -> bool:
    """Does a part that does not parse look like no query at all: no pipe, and no statement?"""
    kinds = tokenize(part).kinds
    return "|" not in kinds and kinds[0] not in _STARTS_STATEMENT
