"""The verdict of the parser alone, and the steps of the top-level pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import (
    ContextualDataTable,
    DataTable,
    Expression,
    ExpressionStatement,
    ExternalData,
    MaterializedViewCombine,
    Node,
    Operator,
    Pipeline,
    Query,
)
from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.text import SourceText

SOURCE: Final = "source"

_ALIASES: Final = {
    "filter": "where",
    "order": "sort",
    "limit": "take",
    "mvexpand": "mv-expand",
    "mvapply": "mv-apply",
    "__executeAndCache": "execute-and-cache",
    "__partitionby": "partition-by",
}


def stage_kind(stage: Node) -> str:
    """The canonical name of a stage: its operator, or "source" for a name, call or pipeline that begins a query.

    Tables written in the query itself keep their names: `datatable`, `externaldata`. A stage that is no operator is
    called by its first word, "?" where it has none.
    """
    match stage:
        case Operator(keyword=keyword):
            return _ALIASES.get(keyword, keyword) or "?"
        case DataTable():
            return "datatable"
        case ExternalData():
            return "externaldata"
        case ContextualDataTable():
            return "datatable"
        case MaterializedViewCombine():
            return "materialized-view-combine"
        case _:
            return SOURCE


def stages_of(expression: Expression) -> tuple[Node, ...]:
    """The stages of a pipeline; an expression that is none is its only stage."""
    return expression.stages if isinstance(expression, Pipeline) else (expression,)


def top_level_stages(tree: Query) -> Iterator[Node]:
    """The stages of all statements that give a result, in order; those of lets are not among them."""
    for statement in tree.statements:
        if isinstance(statement, ExpressionStatement):
            yield from stages_of(statement.expression)


def check(source: SourceText) -> SyntaxReport:
    """Parse alone: the verdict, the errors, and the steps of the top-level pipelines."""
    parsed = parse(source)
    stages = tuple(SyntaxStage(stage_kind(stage), stage.span) for stage in top_level_stages(parsed.tree))
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)
