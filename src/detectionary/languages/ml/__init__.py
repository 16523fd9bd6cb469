"""Rules without a query: Elastic's machine learning rules, whose job and threshold stand elsewhere in their file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.languages.language import Highlight, SyntaxReport
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, SourceText, Span

__all__ = ["LANGUAGE", "MachineLearning"]


@dataclass(frozen=True, slots=True)
class MachineLearning:
    """The language of rules that a job of an engine decides; see `languages.language.Language`."""

    name: str = "ml"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Nothing is right, anything else is a fault."""
        faults = _faults(source)
        return SyntaxReport(not faults, faults, ())

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:  # noqa: ARG002  # nothing is looked up
        """An empty analysis: what the rule says stands in its file."""
        faults = _faults(source)
        return Analysis(accepted=not faults, open_fields=True, diagnostics=faults)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:  # noqa: ARG002  # there is no text
        """Nothing."""
        return ()

    def normalised(self, source: SourceText) -> str:
        """The text without blanks at its ends: none."""
        return source.text.strip()

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """A text is one query, were there any."""
        return [(0, len(text))] if text.strip() else []


def _faults(source: SourceText) -> tuple[Diagnostic, ...]:
    if not source.text.strip():
        return ()
    at = Span(0, len(source.text))
    advice = "give the rule another type, or remove the query"
    return (Diagnostic("MLR001", Level.ERROR, "a machine learning rule has no query", at, advice),)


LANGUAGE: Final = MachineLearning()
