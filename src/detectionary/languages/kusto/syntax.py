"""The syntax tree of a Kusto query: frozen nodes, every one with its span.

The tree is what the printer, the binder and the analysis see. Spans and spellings (`span`, `text`, `keyword`) take
no part in comparison: two trees are equal when they mean the same query. Names of node classes follow
Microsoft's documentation of the query language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from detectionary.languages.kusto.syntax_expressions import (
    BadExpression,
    Between,
    Binary,
    Call,
    ColumnDeclaration,
    ContextualDataTable,
    DataScope,
    DataTable,
    DynamicLiteral,
    Element,
    EntityGroup,
    Expression,
    ExternalData,
    InList,
    JsonArray,
    JsonObject,
    JsonValue,
    Literal,
    Materialize,
    MaterializedViewCombine,
    Name,
    Named,
    NameReference,
    Parenthesized,
    Path,
    Pipeline,
    RowSchema,
    Star,
    ToScalar,
    ToTable,
    Unary,
    WildcardName,
)
from detectionary.languages.kusto.syntax_nodes import (
    UNPLACED,
    BinaryOperator,
    ListOperator,
    Node,
    ScalarType,
    children,
    walk,
)
from detectionary.languages.kusto.syntax_operators import (
    As,
    AssertSchema,
    BadOperator,
    Consume,
    Count,
    Distinct,
    Evaluate,
    ExecuteAndCache,
    ExpandItem,
    Extend,
    Facet,
    Find,
    FindColumn,
    Fork,
    ForkBranch,
    GetSchema,
    GraphEdge,
    GraphMarkComponents,
    GraphMatch,
    GraphNode,
    GraphOutput,
    GraphPattern,
    GraphToTable,
    GraphWhere,
    InlineExternalTable,
    Invoke,
    Join,
    Lookup,
    MacroExpand,
    MakeGraph,
    MakeSeries,
    MvApply,
    MvExpand,
    Operator,
    Ordered,
    Parse,
    ParseColumn,
    ParseKv,
    ParsePart,
    Partition,
    PartitionBy,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    QueryParameter,
    Range,
    Reduce,
    Render,
    Sample,
    SampleDistinct,
    Scan,
    ScanStep,
    Search,
    Serialize,
    SeriesAggregate,
    Sort,
    Summarize,
    Take,
    Top,
    TopHitters,
    TopNested,
    TopNestedPart,
    Union,
    Where,
)

__all__ = [
    "UNPLACED",
    "AliasDatabase",
    "As",
    "AssertSchema",
    "BadExpression",
    "BadOperator",
    "BadStatement",
    "Between",
    "Binary",
    "BinaryOperator",
    "Call",
    "ColumnDeclaration",
    "Consume",
    "ContextualDataTable",
    "Count",
    "DataScope",
    "DataTable",
    "DeclareParameters",
    "DeclarePattern",
    "Distinct",
    "DynamicLiteral",
    "Element",
    "EntityGroup",
    "Evaluate",
    "ExecuteAndCache",
    "ExpandItem",
    "Expression",
    "ExpressionStatement",
    "Extend",
    "ExternalData",
    "Facet",
    "Find",
    "FindColumn",
    "Fork",
    "ForkBranch",
    "FunctionDeclaration",
    "GetSchema",
    "GraphEdge",
    "GraphMarkComponents",
    "GraphMatch",
    "GraphNode",
    "GraphOutput",
    "GraphPattern",
    "GraphToTable",
    "GraphWhere",
    "InList",
    "InlineExternalTable",
    "Invoke",
    "Join",
    "JsonArray",
    "JsonObject",
    "JsonValue",
    "Let",
    "ListOperator",
    "Literal",
    "Lookup",
    "MacroExpand",
    "MakeGraph",
    "MakeSeries",
    "Materialize",
    "MaterializedViewCombine",
    "MvApply",
    "MvExpand",
    "Name",
    "NameReference",
    "Named",
    "Node",
    "Operator",
    "Ordered",
    "Parameter",
    "Parenthesized",
    "Parse",
    "ParseColumn",
    "ParseKv",
    "ParsePart",
    "Partition",
    "PartitionBy",
    "Path",
    "PatternRule",
    "Pipeline",
    "Print",
    "Project",
    "ProjectAway",
    "ProjectByNames",
    "ProjectKeep",
    "ProjectRename",
    "ProjectReorder",
    "Query",
    "QueryParameter",
    "Range",
    "Reduce",
    "Render",
    "RestrictAccess",
    "RowSchema",
    "Sample",
    "SampleDistinct",
    "ScalarType",
    "Scan",
    "ScanStep",
    "Search",
    "Serialize",
    "SeriesAggregate",
    "SetOption",
    "Sort",
    "Star",
    "Statement",
    "Summarize",
    "Take",
    "ToScalar",
    "ToTable",
    "Top",
    "TopHitters",
    "TopNested",
    "TopNestedPart",
    "Unary",
    "Union",
    "Where",
    "WildcardName",
    "children",
    "walk",
]


# Statements


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`name: type = default`; a tabular parameter has a `schema` and type None."""

    name: Name
    type: ScalarType | None
    schema: RowSchema | None = None
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Node):
    """`(parameters) { statements; expression }`; `view` marks `view () { … }`."""

    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    expression: Expression | None
    view: bool = False


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: Name
    value: Expression | FunctionDeclaration


@dataclass(frozen=True, slots=True)
class SetOption(Node):
    name: Name
    value: Expression | None


@dataclass(frozen=True, slots=True)
class AliasDatabase(Node):
    name: Name
    expression: Expression


@dataclass(frozen=True, slots=True)
class PatternRule(Node):
    arguments: tuple[Expression, ...]
    path: Expression | None
    body: FunctionDeclaration


@dataclass(frozen=True, slots=True)
class DeclarePattern(Node):
    name: Name
    parameters: tuple[Parameter, ...] = ()
    path: Parameter | None = None
    rules: tuple[PatternRule, ...] | None = None


@dataclass(frozen=True, slots=True)
class DeclareParameters(Node):
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class RestrictAccess(Node):
    entities: tuple[Expression, ...]
    properties: tuple[QueryParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpressionStatement(Node):
    expression: Expression


@dataclass(frozen=True, slots=True)
class BadStatement(Node):
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Query(Node):
    """All statements of one text; the last one is usually the expression that gives the result."""

    statements: tuple[Statement, ...]


Statement: TypeAlias = (
    Let
    | SetOption
    | AliasDatabase
    | DeclarePattern
    | DeclareParameters
    | RestrictAccess
    | ExpressionStatement
    | BadStatement
)
