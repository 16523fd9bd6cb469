"""Operators about a table's shape, options of a query, and the table of operators that are not supported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.compiler.lowering import Lowering
from detectionary.compiler.plan import Constant, Expr, SortKey, Values
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.syntax import (
    AssertSchema,
    BadOperator,
    ExecuteAndCache,
    Facet,
    Fork,
    GetSchema,
    GraphMarkComponents,
    GraphMatch,
    GraphToTable,
    GraphWhere,
    InlineExternalTable,
    MacroExpand,
    MakeGraph,
    Operator,
    PartitionBy,
    Reduce,
    ScalarType,
    Scan,
    SetOption,
)
from detectionary.languages.kusto.tokens import words

STORED_AS: Final[Mapping[ScalarType, str]] = {
    ScalarType.BOOL: "System.SByte",
    ScalarType.INT: "System.Int32",
    ScalarType.LONG: "System.Int64",
    ScalarType.REAL: "System.Double",
    ScalarType.DECIMAL: "System.Data.SqlTypes.SqlDecimal",
    ScalarType.STRING: "System.String",
    ScalarType.DATETIME: "System.DateTime",
    ScalarType.TIMESPAN: "System.TimeSpan",
    ScalarType.GUID: "System.Guid",
    ScalarType.DYNAMIC: "System.Object",
}
"""What `getschema` says of a type (learn.microsoft.com, "Scalar data types" and "getschema operator")."""


def get_schema(low: Lowering, node: GetSchema, relation: Relation, scope: Scope) -> Relation:
    """A row for every column: its name, its place from 0, and its type in .NET's words and in Kusto's."""
    if option(node.parameters, "kind") is not None:
        raise refuse("getschema with a kind is not supported", node.span)
    symbols = low.result(node, scope).columns
    columns = tuple(low.column(symbol.name, symbol.type, node.span) for symbol in symbols)
    rows: list[tuple[Expr, ...]] = []
    for place, column in enumerate(relation.columns):
        texts = (column.name, STORED_AS[column.type], column.type.value)
        name, stored, kind = (Constant(ScalarType.STRING, text, node.span) for text in texts)
        rows.append((name, Constant(ScalarType.LONG, place, node.span), stored, kind))
    low.count_node(node.span)
    plan = Values(columns=columns, rows=tuple(rows), span=node.span, stage=low.stage)
    return Relation(plan, columns, (SortKey(columns[1].id),), sorted=True)


def assert_schema(low: Lowering, node: AssertSchema, relation: Relation, scope: Scope) -> Relation:
    """The table as it is; refused unless its columns are the asserted ones, in order."""
    wanted = [(column.name.text, column.type) for column in node.schema.columns]
    found = [(column.name, column.type) for column in relation.columns]
    if wanted != found or node.schema.open:
        has = ", ".join(f"{name}:{kind.value}" for name, kind in found)
        raise refuse("the table does not have the asserted columns", node.span, f"it has {has}")
    return relation


OTHER = {AssertSchema: assert_schema, GetSchema: get_schema}
"""The operators of this file."""

_GRAPHS: Final = "graphs are not supported"

UNSUPPORTED_OPERATORS: Final[Mapping[type[Operator], str]] = {
    BadOperator: "this is no operator",
    ExecuteAndCache: "it is not documented",
    Facet: "it gives several tables, and a query here gives one",
    Fork: "it gives several tables, and a query here gives one",
    GraphMarkComponents: _GRAPHS,
    GraphMatch: _GRAPHS,
    GraphToTable: _GRAPHS,
    GraphWhere: _GRAPHS,
    InlineExternalTable: "it reads from places outside, and a query here reads only the files that its caller names",
    MacroExpand: "it repeats a query over the databases of a cluster, and there is none here",
    MakeGraph: _GRAPHS,
    PartitionBy: "it is not documented",
    Reduce: "how it chooses its patterns is not documented",
    Scan: "it keeps a state from row to row, which SQL cannot do exactly",
}
"""Operators that are refused, and why."""


HARMLESS: Final = words(
    """
    client_max_redirect_count client_results_reader_allow_varying_row_widths deferpartialqueryfailures
    materialized_view_shuffle_query max_memory_consumption_per_query_per_node maxmemoryconsumptionperiterator
    maxoutputcolumns norequesttimeout notruncation push_selection_through_aggregation query_distribution_nodes_span
    query_fanout_nodes_percent query_fanout_threads_percent query_log_query_parameters
    query_results_cache_force_refresh query_results_cache_max_age query_results_cache_per_shard
    query_results_progressive_row_count query_results_progressive_update_period queryconsistency querytrace
    query_weakconsistency_session_id request_app_name request_callout_disabled request_description
    request_external_table_disabled request_readonly request_readonly_hardline request_user
    results_error_reporting_placement results_progressive_enabled results_v2_fragment_primary_tables
    results_v2_newlines_between_frames servertimeout validatepermissions
    """
)
"""Options of `set` that change how a query is run and not what it gives (learn.microsoft.com, "Request properties")."""


def check_option(node: SetOption) -> None:
    """Refuse an option that changes rows (`query_take_max_records`, `query_now`, …), and one that nobody knows."""
    name = node.name.text
    if name.lower() not in HARMLESS:
        raise refuse(f"the option {name} is not supported: it changes what the query gives, or is not known", node.span)
