"""A half-open range of code points in one source text."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """`start` is the first code point, `end` the one after the last; both count from 0."""

    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def shifted(self, offset: int) -> Span:
        """The same range in a text that begins `offset` code points earlier."""
        return Span(self.start + offset, self.end + offset)

    def of(self, text: str) -> str:
        """The characters of `text` that this span covers."""
        return text[self.start : self.end]
