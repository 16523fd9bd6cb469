"""The verdict of the parser alone, and the sections of a rule; and where the rules of a text are."""

from __future__ import annotations

from collections.abc import Sequence

from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.yaral.parser import parse
from detectionary.languages.yaral.syntax import Literal, Reference, Section, Stage, Text
from detectionary.text import SourceText


def check(source: SourceText) -> SyntaxReport:
    """Parse alone."""
    parsed = parse(source.text)
    stages = tuple(
        SyntaxStage("stage" if isinstance(part, Stage) else part.kind, part.span)
        for rule in parsed.tree.rules
        for part in rule.parts
        if isinstance(part, Stage) or part.kind != "meta"
    )
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)


def split_rules(text: str) -> Sequence[tuple[int, int]]:
    """The range of every rule; of a text without `rule` the whole of it when it is a search."""
    parsed = parse(text)
    named = tuple((rule.span.start, rule.span.end) for rule in parsed.tree.rules if rule.name is not None)
    if named:
        return named
    start = len(text) - len(text.lstrip())
    return ((start, len(text.rstrip())),) if parsed.accepted and _is_search(parsed.tree) else ()


def _is_search(tree: Text) -> bool:
    """Whether a text without rules filters on something: words alone could be fields, and are any text."""
    items = [item for rule in tree.rules for part in rule.parts if isinstance(part, Section) for item in part.items]
    stages = any(isinstance(part, Stage) for rule in tree.rules for part in rule.parts)
    return stages or (bool(items) and not any(isinstance(item, Reference | Literal) for item in items))
