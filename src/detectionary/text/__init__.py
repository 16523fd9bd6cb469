"""Source text, spans and diagnostics: what every other room points at."""

from detectionary.text.diagnostics import Diagnostic, Level, render
from detectionary.text.source import Position, SourceText
from detectionary.text.span import Span

__all__ = ["Diagnostic", "Level", "Position", "SourceText", "Span", "render"]
