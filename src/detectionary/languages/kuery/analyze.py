"""A KQL query taken apart: its verdict, and the model's analysis. Nothing here raises on bad text."""

from __future__ import annotations

from typing import TypeVar

from detectionary.languages.kuery.parser import Parsed
from detectionary.languages.kuery.predicates import predicate
from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.rows import Place, Rows
from detectionary.model import analysis as model
from detectionary.model.predicate import Leaf, Opaque, TimeFilter, leaves
from detectionary.text import Span

_Kind = TypeVar("_Kind", bound=Leaf)


def check_parsed(parsed: Parsed) -> SyntaxReport:
    """The verdict of the parser alone, and the only step."""
    stages = () if parsed.tree is None else (SyntaxStage("query", _whole(parsed)),)
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)


def analyze_parsed(text: str, parsed: Parsed) -> model.Analysis:
    """Everything that one parse of a query says about it. A blank query is right, and filters on nothing."""
    if parsed.tree is None:
        return model.Analysis(accepted=True, open_fields=True)
    condition = predicate(parsed.tree, text)
    found = tuple(leaves(condition))
    rows = Rows()
    rows.add(condition, Place(1))
    span = _whole(parsed)
    return model.Analysis(
        accepted=parsed.accepted,
        stages=(model.Stage(1, "query", span.of(text), span, predicate=condition),),
        indicators=tuple(rows.indicators),
        exclusions=tuple(rows.exclusions),
        time_filters=_of_kind(found, TimeFilter),
        opaques=_of_kind(found, Opaque),
        open_fields=True,
        diagnostics=parsed.diagnostics,
        predicate_count=len(found),
    )


def _whole(parsed: Parsed) -> Span:
    """From the first token to the last one before the end."""
    return Span(parsed.tokens[0].span.start, parsed.tokens[-2].span.end)


def _of_kind(found: tuple[Leaf, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in found if isinstance(leaf, kind))
