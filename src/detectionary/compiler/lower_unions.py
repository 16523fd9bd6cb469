"""`union`: the rows of several tables one after the other, columns by name and type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detectionary.compiler.lower_calls import stored_table
from detectionary.compiler.lowering import Lowering, null_of, use
from detectionary.compiler.plan import ColumnUse, Constant, Expr, PlanColumn, Scan, UnionAll
from detectionary.compiler.refused import MissingTableError, refuse
from detectionary.compiler.relation import FunctionName, Relation, Scope
from detectionary.languages.kusto.bind_columns import common_columns, made_unique, united_by_name_and_type
from detectionary.languages.kusto.bind_names import matches
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.bound import ColumnSymbol, TableType
from detectionary.languages.kusto.syntax import (
    As,
    Expression,
    Parenthesized,
    Path,
    Pipeline,
    ScalarType,
    Star,
    Union,
    WildcardName,
)
from detectionary.text import Span


@dataclass(frozen=True, slots=True)
class Leg:
    """One table of a union, find or search; `name` is what the operator calls it when it says where a row is from."""

    relation: Relation
    name: str | None


@dataclass(frozen=True, slots=True)
class Labels:
    """The column that says where a row is from, and what it holds for each table."""

    column: str
    values: tuple[str, ...]


def union(low: Lowering, node: Union, relation: Relation | None, scope: Scope) -> Relation:
    """All rows of all tables; `kind=inner` keeps the columns that all have, `withsource` adds the table's name.

    `isfuzzy=true` leaves out tables that do not exist, as long as there is one (learn.microsoft.com, "union operator").
    """
    if relation is not None and relation.partition:
        raise refuse("union is not supported inside of a sub-query for each row", node.span)
    kind = option(node.parameters, "kind")
    if kind not in (None, "inner", "outer"):
        raise refuse(f"there is no union of kind {kind}", node.span, "kinds are inner and outer")
    fuzzy = str(option(node.parameters, "isfuzzy")).lower() == "true"
    legs = [] if relation is None else [Leg(relation, table_name(relation))]
    legs.extend(table_legs(low, node.tables, scope, fuzzy=fuzzy))
    if not legs:
        raise refuse("none of these tables exists", node.span)
    source = option(node.parameters, "withsource", "with_source")
    labels = Labels(source, labels_of(legs, "union_arg")) if isinstance(source, str) else None
    return united(low, [leg.relation for leg in legs], node.span, inner=kind == "inner", labels=labels)


def labels_of(legs: Sequence[Leg], prefix: str) -> tuple[str, ...]:
    """What each table is called in the column that says where a row is from: its name, else its place in the list."""
    return tuple(leg.name if leg.name is not None else f"{prefix}{at}" for at, leg in enumerate(legs))


def table_legs(low: Lowering, items: Iterable[Expression], scope: Scope, *, fuzzy: bool = False) -> list[Leg]:
    """The tables of a list that may hold wildcards, in its order."""
    legs: list[Leg] = []
    for item in items:
        inner = item
        while isinstance(inner, Parenthesized):
            inner = inner.expression
        if isinstance(inner, Path) and isinstance(inner.member, WildcardName):
            inner = inner.member
        try:
            if isinstance(inner, Star):
                raise refuse("every table would be read", inner.span, "name the tables")
            if isinstance(inner, WildcardName):
                legs.extend(_matching(low, inner, scope))
            else:
                relation = low.table(item, scope.with_row(None))
                legs.append(Leg(relation, _given_name(inner) or table_name(relation)))
        except MissingTableError:
            if not fuzzy:
                raise
    return legs


def _matching(low: Lowering, item: WildcardName, scope: Scope) -> list[Leg]:
    """The tables of the environment that match, in its order, then the `view` functions of this query."""
    if not item.pattern.strip("*"):
        raise refuse("every table would be read", item.span, "name the tables")
    names = [name for name in low.environment.tables if matches(item.pattern, name)]
    legs = [Leg(stored_table(low, low.environment.tables[name], item.span), name) for name in names]
    for name, local in scope.names.items():
        if isinstance(local, FunctionName) and local.declaration.view and matches(item.pattern, name):
            raise refuse("a wildcard that matches a view is not supported", item.span, "name the views")
    if not legs:
        raise MissingTableError(item.pattern, item.span)
    return legs


def _given_name(node: Expression) -> str | None:
    """The name that `(… | as name)` gives to a table."""
    if isinstance(node, Pipeline) and isinstance(node.stages[-1], As):
        return node.stages[-1].name.text
    return None


def table_name(relation: Relation) -> str | None:
    """The name of a stored table that stands there as it is; None for everything else."""
    return relation.plan.table if isinstance(relation.plan, Scan) else None


def united(
    low: Lowering, tables: Sequence[Relation], span: Span, *, inner: bool = False, labels: Labels | None = None
) -> Relation:
    """The rows of `tables`; a column that one does not have is null there, '' when it holds text."""
    if len(tables) == 1 and labels is None:
        return tables[0]
    types = [TableType(tuple(ColumnSymbol(column.name, column.type) for column in table.columns)) for table in tables]
    places = {
        id(symbol): (at, column)
        for at, (kind, table) in enumerate(zip(types, tables, strict=True))
        for symbol, column in zip(kind.columns, table.columns, strict=True)
    }
    symbols = united_by_name_and_type(types)
    if inner:
        shared = {column.name for column in common_columns(types)}
        symbols = [symbol for symbol in symbols if symbol.name in shared]
    found: list[dict[int, Expr]] = []
    for symbol in symbols:
        own = [places[id(source)] for source in symbol.sources or (symbol,)]
        found.append({at: use(column) for at, column in own})
    if labels is not None:
        symbols.insert(0, ColumnSymbol(labels.column, ScalarType.STRING))
        found.insert(0, {at: Constant(ScalarType.STRING, label) for at, label in enumerate(labels.values)})
    made = tuple(low.column(symbol.name, symbol.type, span) for symbol in made_unique(symbols))
    parts = [_part(low, table, made, [values.get(at) for values in found], span) for at, table in enumerate(tables)]
    if len(parts) == 1:
        return Relation(parts[0].plan, tuple(map(_renamed, made, parts[0].columns)), tables[0].order)
    low.count_node(span)
    plan = UnionAll(
        columns=made,
        parts=tuple(part.plan for part in parts),
        sources=tuple(tuple(column.id for column in part.columns) for part in parts),
        span=span,
        stage=low.stage,
    )
    return Relation(plan, made)


def _part(
    low: Lowering, table: Relation, made: Sequence[PlanColumn], values: Sequence[Expr | None], span: Span
) -> Relation:
    """One table with the columns of the union."""
    own = {column.id: column for column in table.columns}
    chosen: list[tuple[PlanColumn, Expr]] = []
    for column, value in zip(made, values, strict=True):
        if isinstance(value, ColumnUse):
            chosen.append((own[value.id], value))
        else:
            chosen.append((low.column(column.name, column.type), null_of(column.type) if value is None else value))
    return low.project(table, chosen, span)


def _renamed(name: PlanColumn, column: PlanColumn) -> PlanColumn:
    return PlanColumn(name.name, column.type, column.id)


UNIONS = {Union: union}
"""The operators of this file."""
