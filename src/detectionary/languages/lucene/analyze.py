"""A Lucene query taken apart: its verdict, and the model's analysis. Nothing here raises on bad text."""

from __future__ import annotations

from typing import TypeVar

from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.lucene.parser import Parsed
from detectionary.languages.lucene.predicates import predicate
from detectionary.languages.rows import Place, Rows
from detectionary.model import analysis as model
from detectionary.model.predicate import Leaf, Opaque, TimeFilter, leaves

_Kind = TypeVar("_Kind", bound=Leaf)


def check_parsed(parsed: Parsed) -> SyntaxReport:
    """The verdict of the parser alone, and the only step."""
    stages = (SyntaxStage("query", parsed.span),) if parsed.tokens else ()
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)


def analyze_parsed(text: str, parsed: Parsed) -> model.Analysis:
    """Everything that one parse of a query says about it. A blank query is right, and filters on nothing."""
    if not parsed.tokens:
        return model.Analysis(accepted=True, open_fields=True)
    span = parsed.span
    condition = predicate(parsed.pieces, text)
    found = tuple(leaves(condition))
    rows = Rows()
    rows.add(condition, Place(1))
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


def _of_kind(found: tuple[Leaf, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in found if isinstance(leaf, kind))
