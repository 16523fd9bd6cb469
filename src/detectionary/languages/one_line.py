"""A piece of a query on one line."""

from __future__ import annotations

from collections.abc import Iterable

from detectionary.text import Span


def one_line(text: str, comments: Iterable[Span] = ()) -> str:
    """The text on one line, without the comments in it, which are given in order."""
    parts: list[str] = []
    at = 0
    for comment in comments:
        parts.append(text[at : comment.start])
        at = comment.end
    parts.append(text[at:])
    return " ".join(" ".join(parts).split())
