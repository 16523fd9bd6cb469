"""A text with a name, and the line and column of any offset in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


class Position(NamedTuple):
    """Line and column, both from 1; columns count code points."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceText:
    """The characters of a query or file.

    `name` is what messages call it (a path, or "<query>"). A query that stands inside a file keeps where
    each of its lines begins there, so that positions are those of the file: `lines[i]` is the (line, column)
    in the file of the first character of the query's line i. Empty `lines`: the text is the whole file.
    """

    text: str
    name: str = "<query>"
    lines: tuple[Position, ...] = field(default=(), compare=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        at = self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        return starts

    def position(self, offset: int) -> Position:
        """Where `offset` stands: in the enclosing file when it is known, else in this text."""
        row = bisect_right(self._line_starts, offset) - 1
        column = offset - self._line_starts[row]
        if self.lines:
            anchor = self.lines[min(row, len(self.lines) - 1)]
            return Position(anchor.line, anchor.column + column)
        return Position(row + 1, column + 1)

    def line_at(self, offset: int) -> tuple[str, int]:
        """The text of the line that holds `offset`, without its end, and the offset at which it starts."""
        start = self._line_starts[bisect_right(self._line_starts, offset) - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r"), start
