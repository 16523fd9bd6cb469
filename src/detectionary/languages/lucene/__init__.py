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
        """Parse alone: the verdict, the fault, and the only step."""
        from detectionary.languages.lucene.analyze import check_parsed
        from detectionary.languages.lucene.parser import parse

        return check_parsed(parse(source.text))

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:  # noqa: ARG002  # other languages need it
        """Parse and take apart; Lucene needs nothing of its environment."""
        from detectionary.languages.lucene.analyze import analyze_parsed
        from detectionary.languages.lucene.parser import parse

        return analyze_parsed(source.text, parse(source.text))

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.lucene.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """A text that two queries share when their tokens mean the same."""
        from detectionary.languages.lucene.lexer import tokenize
        from detectionary.languages.lucene.printer import printed

        return printed(tokenize(source.text))

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The whole text without the blanks round it: Lucene has one query a text."""
        start = len(text) - len(text.lstrip())
        return ((start, len(text.rstrip())),) if text.strip() else ()


LANGUAGE: Final = Lucene()
