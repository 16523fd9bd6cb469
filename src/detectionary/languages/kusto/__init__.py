"""Kusto, the query language of Microsoft Sentinel and Defender XDR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from detectionary.languages.language import Highlight, SyntaxReport
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText

if TYPE_CHECKING:
    from detectionary.languages.kusto.parser import Parsed

__all__ = ["LANGUAGE", "Kusto"]


@dataclass(frozen=True, slots=True)
class Kusto:
    """The Kusto language for the rooms above; see `languages.language.Language`."""

    name: str = "kusto"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone: the verdict, the errors, and the steps of the top-level pipelines."""
        from detectionary.languages.kusto.check import check

        return check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:
        """Parse, bind and take apart."""
        from detectionary.languages.kusto.analyze import analyze_parsed

        return analyze_parsed(source, _parsed(source.text), environment)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.kusto.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """A text that two queries share when their trees are equal."""
        from detectionary.languages.kusto.printer import normalised

        return normalised(_parsed(source.text).tree)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The ranges of a text that hold a query each, in order; none when it holds no Kusto query."""
        from detectionary.languages.kusto.blocks import split_queries

        return split_queries(text)


@lru_cache(maxsize=1)
def _parsed(text: str) -> Parsed:
    """One query is asked for its analysis and its normalised text, one after the other: it is parsed once."""
    from detectionary.languages.kusto.parser import parse

    return parse(text)


LANGUAGE: Final = Kusto()
