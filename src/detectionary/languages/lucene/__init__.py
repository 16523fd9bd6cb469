"""Lucene's query syntax, as Elasticsearch's `query_string` reads it; parsed by luqum (decision 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.languages.language import Highlight, SyntaxReport
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText

__all__ = ["LANGUAGE", "Lucene"]


@dataclass(frozen=True, slots=True)
class Lucene:
    """The Lucene query language for the rooms above; see `languages.language.Language`."""

    name: str = "lucene"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone; the query is its only stage."""
        from detectionary.languages.lucene.analyze import check

        return check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:  # noqa: ARG002  # nothing is looked up
        """Parse and take apart."""
        from detectionary.languages.lucene.analyze import analyze

        return analyze(source)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.lucene.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """The query with one blank between its parts."""
        from detectionary.languages.lucene.parser import parse

        tree = parse(source.text).tree
        return source.text.strip() if tree is None else " ".join(str(tree).split())

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """A text is one query."""
        return [(0, len(text))] if text.strip() else []


LANGUAGE: Final = Lucene()
