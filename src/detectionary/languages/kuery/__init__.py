"""KQL, the query language of Kibana, which its own code calls `kuery`."""

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
    from detectionary.languages.kuery.parser import Parsed

__all__ = ["LANGUAGE", "Kuery"]


@dataclass(frozen=True, slots=True)
class Kuery:
    """Kibana's KQL for the rooms above; see `languages.language.Language`."""

    name: str = "kuery"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone: the verdict, the errors, and the only step."""
        from detectionary.languages.kuery.analyze import check_parsed

        return check_parsed(_parsed(source.text))

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:  # noqa: ARG002  # other languages need it
        """Parse and take apart; KQL needs nothing of its environment."""
        from detectionary.languages.kuery.analyze import analyze_parsed

        return analyze_parsed(source.text, _parsed(source.text))

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.kuery.highlight import highlight

        return highlight(_parsed(source.text))

    def normalised(self, source: SourceText) -> str:
        """A text that two queries share when their trees are equal."""
        from detectionary.languages.kuery.printer import printed

        return printed(_parsed(source.text).tree)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The whole text without the blanks round it: KQL has one query a text."""
        start = len(text) - len(text.lstrip())
        return ((start, len(text.rstrip())),) if text.strip() else ()


@lru_cache(maxsize=1)
def _parsed(text: str) -> Parsed:
    """One query is asked for its analysis and its normalised text, one after the other: it is parsed once."""
    from detectionary.languages.kuery.parser import parse

    return parse(text)


LANGUAGE: Final = Kuery()
