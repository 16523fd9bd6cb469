"""From a bound query to a plan. What cannot be computed exactly is refused, with its span."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from detectionary.compiler.discovery import Discovered
from detectionary.compiler.lower_calls import declare, named_table
from detectionary.compiler.lower_expand import EXPANDING
from detectionary.compiler.lower_expressions import lower_expression
from detectionary.compiler.lower_joins import JOINS
from detectionary.compiler.lower_operators import SIMPLE, datatable
from detectionary.compiler.lower_other import OTHER, UNSUPPORTED_OPERATORS
from detectionary.compiler.lower_parse import PARSING
from detectionary.compiler.lower_plugins import EVALUATING
from detectionary.compiler.lower_search import SEARCHES
from detectionary.compiler.lower_series import SERIES
from detectionary.compiler.lower_sources import SOURCES, called_table, external_data, placed_table
from detectionary.compiler.lower_summarize import GROUPS
from detectionary.compiler.lower_top import TOPS
from detectionary.compiler.lower_unions import UNIONS
from detectionary.compiler.lowering import Lowering, LowerOperator, passed
from detectionary.compiler.plan import Plan, Project, Sort
from detectionary.compiler.refused import Refused, refuse
from detectionary.compiler.relation import Frame, Names, Relation, Scope
from detectionary.languages.kusto.bound import Bound
from detectionary.languages.kusto.syntax import (
    Call,
    DataScope,
    DataTable,
    Expression,
    ExternalData,
    Materialize,
    Named,
    NameReference,
    Operator,
    Parenthesized,
    Path,
    Pipeline,
    ToTable,
)
from detectionary.model.schema import Environment, TableSchema

_TABLES: Final[tuple[Mapping[Any, Any], ...]] = (  # Any: each function takes its own class of operator
    SIMPLE,
    GROUPS,
    JOINS,
    UNIONS,
    SOURCES,
    EXPANDING,
    EVALUATING,
    OTHER,
    PARSING,
    SEARCHES,
    SERIES,
    TOPS,
)

OPERATORS: Final[Mapping[type[Operator], LowerOperator]] = {
    operator: function for table in _TABLES for operator, function in table.items()
}
"""Every operator that the compiler knows."""


def lower(
    bound: Bound,
    environment: Environment,
    external: Mapping[str, TableSchema],
    discovered: Mapping[int, Discovered],
) -> Plan:
    """The plan of a query whose result is its last expression statement; raises `Refused`."""
    low = Lowering(environment, OPERATORS, lower_expression, lower_table, external, discovered)
    frame = Frame(bound.symbols, bound.types, bound.results, bound.expansions)
    scope = Scope(frame, Names())
    last = declare(low, bound.tree.statements, scope)
    if last is None:
        raise refuse("there is nothing to run: the query has no result", bound.tree.span)
    relation = low.table(last, scope)
    return finished(relation)


def finished(relation: Relation) -> Plan:
    """The plan with exactly the columns that the query shows, in its order of rows."""
    plan = relation.plan
    if relation.order:
        return Sort(columns=relation.columns, input=plan, order=relation.order, span=plan.span, stage=plan.stage)
    if plan.columns == relation.columns:
        return plan
    values = tuple(value for _, value in passed(relation.columns))
    return Project(columns=relation.columns, input=plan, expressions=values, span=plan.span, stage=plan.stage)


def lower_table(low: Lowering, node: Expression, scope: Scope) -> Relation:
    """The table that an expression gives."""
    while isinstance(node, Parenthesized | Named):
        node = node.expression
    match node:
        case Pipeline():
            return _pipeline(low, node, scope)
        case NameReference():
            return named_table(low, node, node.name, scope)
        case DataTable():
            return datatable(low, node, scope)
        case Materialize() | ToTable():
            return low.table(node.pipeline, scope)
        case Call():
            return called_table(low, node, scope)
        case Path():
            return placed_table(low, node, scope)
        case ExternalData():
            return external_data(low, node, scope)
        case DataScope():
            return low.table(node.expression, scope)
        case _:
            raise refuse("this kind of table is not supported", node.span)


def _pipeline(low: Lowering, node: Pipeline, scope: Scope) -> Relation:
    first, *others = node.stages
    before = low.stage
    low.stage = 1
    relation = _first(low, first, scope) if isinstance(first, Operator) else low.table(first, scope)
    relation = run_stages(low, others, relation, scope)
    low.stage = before
    return relation


def _first(low: Lowering, node: Operator, scope: Scope) -> Relation:
    """An operator that starts a query."""
    step = low.operators.get(type(node))
    if step is None:
        raise _unsupported(node)
    return step(low, node, None, scope)  # type: ignore[arg-type]  # leading operators take no input


def run_stages(low: Lowering, stages: list[Expression | Operator], relation: Relation, scope: Scope) -> Relation:
    """The operators of a pipeline, one after the other, on `relation`."""
    for stage in stages:
        low.stage += 1
        step = low.operators.get(type(stage)) if isinstance(stage, Operator) else None
        if step is None or not isinstance(stage, Operator):
            raise _unsupported(stage)
        relation = step(low, stage, relation, scope)
    return relation


def _unsupported(stage: Expression | Operator) -> Refused:
    keyword = stage.keyword if isinstance(stage, Operator) else ""
    reason = UNSUPPORTED_OPERATORS.get(type(stage)) if isinstance(stage, Operator) else None
    what = f"{keyword or type(stage).__name__.lower()} is not supported"
    return refuse(f"{what}: {reason}" if reason else what, stage.span)
