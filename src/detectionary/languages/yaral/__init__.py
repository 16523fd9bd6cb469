"""YARA-L 2.0, the rule language of Google Security Operations."""

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
    from detectionary.languages.yaral.parser import Parsed

__all__ = ["LANGUAGE", "YaraL"]


@dataclass(frozen=True, slots=True)
class YaraL:
    """YARA-L for the rooms above; see `languages.language.Language`."""

    name: str = "yaral"
    analyzer_version: str = "1"

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone: the verdict, the errors, and the sections."""
        from detectionary.languages.yaral.check import check

        return check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:  # noqa: ARG002  # other languages need it
        """Parse and take apart. Reference lists are named, not read: their entries are no text of the rule."""
        from detectionary.languages.yaral.analyze import analyze_parsed

        return analyze_parsed(source, _parsed(source.text))

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""
        from detectionary.languages.yaral.highlight import highlight

        return highlight(source)

    def normalised(self, source: SourceText) -> str:
        """A text that two rules share when they do the same, whatever their names and metadata."""
        from detectionary.languages.yaral.printer import normalised

        return normalised(_parsed(source.text).tree)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The ranges of a text that hold a rule each, in order; a text without `rule` is one search."""
        from detectionary.languages.yaral.check import split_rules

        return split_rules(text)


@lru_cache(maxsize=1)
def _parsed(text: str) -> Parsed:
    """One rule is asked for its analysis and its normalised text, one after the other: it is parsed once."""
    from detectionary.languages.yaral.parser import parse

    return parse(text)


LANGUAGE: Final = YaraL()
