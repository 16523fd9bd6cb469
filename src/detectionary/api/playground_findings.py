"""Diagnostics by their place in the text that was pasted."""

from __future__ import annotations

from detectionary.api.playground_shapes import TextFinding
from detectionary.text import Diagnostic, SourceText


def finding_of(diagnostic: Diagnostic, source: SourceText, section: str) -> TextFinding:
    """A diagnostic whose span counts in `source`, by its place in the text that `source` is a part of."""
    line = column = None
    length = 0
    if diagnostic.span is not None:
        start = min(diagnostic.span.start, len(source.text))
        line, column = source.position(start)
        row, row_start = source.line_at(start)
        length = max(1, min(diagnostic.span.end, row_start + len(row)) - start)
    return TextFinding(
        diagnostic.code,
        diagnostic.level.value,
        diagnostic.message,
        diagnostic.help,
        diagnostic.place,
        line,
        column,
        length,
        section,
    )
