"""What every query language offers to the rooms above; each folder beside this file holds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, SourceText, Span


@dataclass(frozen=True, slots=True)
class SyntaxStage:
    """One step of a top-level pipeline: canonical lower-case operator and its span without the pipe."""

    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class SyntaxReport:
    """The verdict of the parser alone."""

    accepted: bool
    errors: tuple[Diagnostic, ...]
    stages: tuple[SyntaxStage, ...]


@dataclass(frozen=True, slots=True)
class Highlight:
    """A stretch of text and what it is: keyword, operator, function, column, table, string, number, comment,
    name, error.
    """

    span: Span
    kind: str


class Language(Protocol):
    """A query language. Nothing here raises on bad text: faults are diagnostics."""

    @property
    def name(self) -> str:
        """The name that `Rule.language` holds."""

    @property
    def analyzer_version(self) -> str:
        """Changes whenever the same text could be analysed otherwise; stored analyses of another version are redone."""

    def check(self, source: SourceText) -> SyntaxReport:
        """Parse alone."""

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:
        """Parse, bind and take apart."""

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        """Non-overlapping stretches in order; blanks are left out."""

    def normalised(self, source: SourceText) -> str:
        """A text that two accepted queries share when only blanks, comments and spelling differ: copies share it."""

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        """The ranges of a text that hold a query each, in order; none when it holds no query of this language."""
