"""The verdict of the parser alone, and the steps of a query."""

from __future__ import annotations

from detectionary.languages.eql.parser import parse
from detectionary.languages.eql.stages import parts
from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.text import SourceText


def check(source: SourceText) -> SyntaxReport:
    """Parse alone."""
    parsed = parse(source)
    stages = tuple(SyntaxStage(part.operator, part.span) for part in parts(parsed.tree, source.text))
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)
