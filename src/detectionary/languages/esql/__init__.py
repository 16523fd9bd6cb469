"""ES|QL, the piped query language of Elasticsearch."""

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
    from detectionary.languages.esql.parser import Parsed

__all__ = ["LANGUAGE", "Esql"]


@dataclass(frozen=True, slots=True)
class Esql:
    """The ES|QL language for the rooms above; see `languages.language.Language`."""

    name: str = "esql"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone: the verdict, the errors, and the commands of the query."""
        from detectionary.languages.esql.check import check

        return check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:
        """Parse, follow the columns and take apart."""
        from detectionary.languages.esql.analyze import analyze_parsed

        return analyze_parsed(source, _parsed(source.text), environment)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.esql.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """A text that two queries share when their trees are equal."""
        from detectionary.languages.esql.printer import printed

        return printed(_parsed(source.text).tree)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The ranges of a text that hold a query each, in order; none when it holds no ES|QL query."""
        from detectionary.languages.esql.check import split_queries

        return split_queries(text)


@lru_cache(maxsize=1)
def _parsed(text: str) -> Parsed:
    """One query is asked for its analysis and its normalised text, one after the other: it is parsed once."""
    from detectionary.languages.esql.parser import parse

    return parse(text)


LANGUAGE: Final = Esql()
