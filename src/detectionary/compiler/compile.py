"""A Kusto query compiled: parsed, bound, lowered to a plan, rewritten, emitted for one engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from detectionary.compiler.dialect import Dialect, StoredTable
from detectionary.compiler.discovery import Discovered
from detectionary.compiler.emit import Emission
from detectionary.compiler.lower import lower
from detectionary.compiler.plan import Plan, PlanColumn
from detectionary.compiler.refused import Refused, refuse
from detectionary.compiler.rewrites import REWRITES, within
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import Query
from detectionary.model.schema import Column, Environment, TableSchema
from detectionary.text import Diagnostic, Level, SourceText, Span

UNKNOWN_NAMES: Final = frozenset({"KQL201", "KQL202", "KQL203"})
"""Names that the environment does not have: the catalog bears them, a run cannot."""


_DISABLED_PARSERS: Final = "_GetWatchlist('ASimDisabledParsers')"

OPTIONAL: Final[Mapping[str, TableSchema]] = {
    _DISABLED_PARSERS: TableSchema(
        _DISABLED_PARSERS, (Column("SearchKey", "string"), Column("SourceSpecificParser", "string"))
    ),
}
"""Tables that are empty when nobody gives them: ASIM parsers ask a watchlist, which a workspace need not have, whether
they are switched off (learn.microsoft.com, "Manage Advanced Security Information Model (ASIM) parsers")."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """When a query runs: `now` is its clock; `start` and `end` bound the records that it sees, all in ticks of 100 ns.

    `start` None: no lower bound. `end` None: no window at all.
    """

    now: int
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CompiledQuery:
    """SQL for one engine, with the columns of the result in order and what is approximate in it."""

    plan: Plan
    columns: tuple[PlanColumn, ...]
    statement: Sql
    dialect: str
    notes: tuple[Diagnostic, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)
    """The span of the stage behind each named part of the statement, for the errors of an engine."""
    needs: frozenset[str] = frozenset()
    """Functions of the engine's own that the statement calls."""

    def text(self, *, pretty: bool = False) -> str:
        """The SQL."""
        return self.statement.sql(self.dialect, pretty=pretty, copy=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a query is compiled against.

    `external` are the tables that the caller gives: for `externaldata` by its first address, for functions without a
    body by `bind_names.external_name`, such as `_GetWatchlist('alias')`.
    `discovered` are the columns of plug-ins that an earlier run has shown, by the id of their node in `tree`.
    """

    environment: Environment
    external: Mapping[str, TableSchema] = field(default_factory=dict)
    discovered: Mapping[int, Discovered] = field(default_factory=dict)


def parse_query(source: SourceText) -> Query:
    """The tree of a query that has no syntax errors; raises `Refused` with them otherwise."""
    parsed = parse(source.text)
    errors = [diagnostic for diagnostic in parsed.diagnostics if diagnostic.level is Level.ERROR]
    if errors or not parsed.accepted:
        raise Refused(errors or parsed.diagnostics)
    return parsed.tree


def plan_query(tree: Query, setting: Setting, evaluation: Evaluation) -> Plan:
    """The plan of a query, the same for every engine; raises `Refused`."""
    try:
        columns = {node: found.columns for node, found in setting.discovered.items()}
        external = {**OPTIONAL, **setting.external}
        bound = bind(tree, setting.environment, expand=True, discovered=columns, external=external)
        wrong = [
            replace(found, level=Level.ERROR)
            for found in bound.diagnostics
            if found.level is Level.ERROR or _is_unknown(found)
        ]
        if wrong:
            raise Refused(wrong)
        plan = lower(bound, setting.environment, external, setting.discovered)
        return rewritten(plan, evaluation)
    except RecursionError as error:
        raise refuse("the query is nested too deeply to be compiled", Span(0, 0)) from error


def rewritten(plan: Plan, evaluation: Evaluation) -> Plan:
    """A plan as it is run: only the records of the evaluation, and no column that nobody reads."""
    if evaluation.end is not None:
        plan = within(plan, evaluation.start, evaluation.end)
    for rewrite in REWRITES:
        plan = rewrite(plan)
    return plan


def _is_unknown(diagnostic: Diagnostic) -> bool:
    return diagnostic.code in UNKNOWN_NAMES and diagnostic.level is not Level.NOTE


def emit(plan: Plan, dialect: Dialect, evaluation: Evaluation, storage: Mapping[str, StoredTable]) -> CompiledQuery:
    """SQL of one engine for a plan; raises `Refused` for what the engine cannot do exactly."""
    emission = Emission(dialect, evaluation.now, storage)
    try:
        statement = emission.statement(plan)
    except RecursionError as error:
        raise refuse("an expression is nested too deeply to be compiled", plan.span) from error
    notes, needs = tuple(emission.notes.values()), frozenset(emission.needs)
    return CompiledQuery(plan, plan.columns, statement, dialect.printed_as, notes, emission.spans, needs)


def compile_query(
    source: SourceText,
    setting: Setting,
    dialect: Dialect,
    evaluation: Evaluation,
    storage: Mapping[str, StoredTable],
) -> CompiledQuery:
    """Compile a query to SQL that returns the rows that Kusto returns, or raise `Refused`."""
    tree = parse_query(source)
    return emit(plan_query(tree, setting, evaluation), dialect, evaluation, storage)
