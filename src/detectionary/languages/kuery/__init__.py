"""Kibana's query language (KQL), which Elastic's rules call `kuery`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.languages.language import Highlight, SyntaxReport
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText

__all__ = ["LANGUAGE", "Kuery"]


@dataclass(frozen=True, slots=True)
class Kuery:
    """Kibana KQL for the rooms above; see `languages.language.Language`."""

    name: str = "kuery"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone; the query is its only stage."""
        from detectionary.languages.kuery.analyze import check

        return check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:  # noqa: ARG002  # nothing is looked up
        """Parse and take apart."""
        from detectionary.languages.kuery.analyze import analyze

        return analyze(source)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.kuery.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """The printed tree."""
        from detectionary.languages.kuery.parser import parse
        from detectionary.languages.kuery.printer import printed

        return printed(parse(source.text).tree)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """A text is one query."""
        return [(0, len(text))] if text.strip() else []


LANGUAGE: Final = Kuery()
