"""What is wrong with a text, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from detectionary.text.source import SourceText
from detectionary.text.span import Span


class Level(Enum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A fault of a rule: a stable code, the level, one sentence, the span, and a hint.

    `span` is None when the fault belongs to the file as a whole (a missing key, say); `place` then says where
    in words ("entityMappings[0]").
    """

    code: str
    level: Level
    message: str
    span: Span | None = None
    help: str | None = None
    place: str | None = None


def render(diagnostic: Diagnostic, source: SourceText) -> str:
    """`name:line:column: CODE level: message`, the line with a marker under the span, and the hint."""
    if diagnostic.span is None:
        where = f"{source.name}: " if diagnostic.place is None else f"{source.name}: {diagnostic.place}: "
        lines = [f"{where}{diagnostic.code} {diagnostic.level.value}: {diagnostic.message}"]
    else:
        start, end = diagnostic.span
        position = source.position(start)
        line, line_start = source.line_at(start)
        before = line[: start - line_start]
        marker = "".join("\t" if character == "\t" else " " for character in before)
        width = max(1, min(end, line_start + len(line)) - start)
        lines = [
            f"{source.name}:{position.line}:{position.column}: "
            f"{diagnostic.code} {diagnostic.level.value}: {diagnostic.message}",
            f"  {line}",
            f"  {marker}{'^' * width}",
        ]
    if diagnostic.help:
        lines.append(f"  help: {diagnostic.help}")
    return "\n".join(lines)
