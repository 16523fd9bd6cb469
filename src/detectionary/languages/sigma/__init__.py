"""Sigma: the generic rule format of SigmaHQ. A query of this language is the YAML document of one rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.languages.language import Highlight, SyntaxReport
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText

__all__ = ["LANGUAGE", "Sigma"]


@dataclass(frozen=True, slots=True)
class Sigma:
    """The Sigma language for the rooms above; see `languages.language.Language`."""

    name: str = "sigma"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone: the verdict, the errors, the condition and the search identifiers."""
        from detectionary.languages.sigma.analyze import check

        return check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:
        """Parse and take apart; correlations see the rules that they refer to in the environment."""
        from detectionary.languages.sigma.analyze import analyze

        return analyze(source, environment)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.sigma.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """What the rule detects, without its metadata: log source, detection, correlation, filter."""
        from detectionary.languages.sigma.printer import normalised

        return normalised(source)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The documents of a YAML stream."""
        from detectionary.text.yamldoc import parse_yaml

        return [(document.span.start, document.span.end) for document in parse_yaml(text).documents]


LANGUAGE: Final = Sigma()
