"""The syntax tree of a Kusto query: frozen nodes, every one with its span.

The tree is what the printer, the binder and the analysis see. Spans and spellings (`span`, `text`, `keyword`) take
no part in comparison: two trees are equal when they mean the same query. Names of node classes follow
Microsoft's documentation of the query language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from detectionary.text import Span

UNPLACED = Span(0, 0)


class ScalarType(Enum):
    """The scalar types of Kusto (learn.microsoft.com, "Scalar data types"), under their canonical names."""

    BOOL = "bool"
    INT = "int"
    LONG = "long"
    REAL = "real"
    DECIMAL = "decimal"
    STRING = "string"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    GUID = "guid"
    DYNAMIC = "dynamic"
    TYPE = "type"
    UNKNOWN = "unknown"


class BinaryOperator(Enum):
    """Operators between two operands, by their canonical spelling."""

    OR = "or"
    AND = "and"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    EQUAL_FOLD = "=~"
    NOT_EQUAL_FOLD = "!~"
    HAS = "has"
    NOT_HAS = "!has"
    HAS_CS = "has_cs"
    NOT_HAS_CS = "!has_cs"
    HASPREFIX = "hasprefix"
    NOT_HASPREFIX = "!hasprefix"
    HASPREFIX_CS = "hasprefix_cs"
    NOT_HASPREFIX_CS = "!hasprefix_cs"
    HASSUFFIX = "hassuffix"
    NOT_HASSUFFIX = "!hassuffix"
    HASSUFFIX_CS = "hassuffix_cs"
    NOT_HASSUFFIX_CS = "!hassuffix_cs"
    CONTAINS = "contains"
    NOT_CONTAINS = "!contains"
    CONTAINS_CS = "contains_cs"
    NOT_CONTAINS_CS = "!contains_cs"
    STARTSWITH = "startswith"
    NOT_STARTSWITH = "!startswith"
    STARTSWITH_CS = "startswith_cs"
    NOT_STARTSWITH_CS = "!startswith_cs"
    ENDSWITH = "endswith"
    NOT_ENDSWITH = "!endswith"
    ENDSWITH_CS = "endswith_cs"
    NOT_ENDSWITH_CS = "!endswith_cs"
    LIKE = "like"
    NOT_LIKE = "notlike"
    LIKE_CS = "likecs"
    NOT_LIKE_CS = "notlikecs"
    MATCHES_REGEX = "matches regex"
    SEARCH = ":"


class ListOperator(Enum):
    """Operators whose right side is a list in parentheses."""

    IN = "in"
    NOT_IN = "!in"
    IN_FOLD = "in~"
    NOT_IN_FOLD = "!in~"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the tree; `span` covers its text without leading and trailing trivia."""

    span: Span = field(default=UNPLACED, compare=False, repr=False, kw_only=True)


# Names


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name as it is meant: `['a b']`, `["a b"]` and, where allowed, `a` alike hold the bare characters."""

    text: str


@dataclass(frozen=True, slots=True)
class WildcardName(Node):
    """A name with one `*` or more (`project-away x_*`, `union Device*`)."""

    pattern: str


# Expressions


@dataclass(frozen=True, slots=True)
class NameReference(Node):
    """A use of a column, table, variable, parameter or function without parentheses."""

    name: str


@dataclass(frozen=True, slots=True)
class Star(Node):
    """`*` as an argument, a column list or the left side of a search comparison."""


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A literal other than dynamic.

    `value` by `type`: BOOL bool; INT, LONG int; REAL float; DECIMAL Decimal; STRING str; GUID str (lower case, with
    hyphens); DATETIME int, ticks of 100 ns since 0001-01-01; TIMESPAN int, ticks of 100 ns; TYPE str (the type's name).
    None is the null of the type, or a content that only the engine would refuse: `text` then keeps it.
    """

    type: ScalarType
    value: bool | int | float | Decimal | str | None
    text: str = field(default="", compare=False)
    obfuscated: bool = False
    """`h"…"`: the service hides the value in its traces."""


@dataclass(frozen=True, slots=True)
class JsonArray(Node):
    items: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class JsonObject(Node):
    members: tuple[tuple[str, JsonValue], ...]


JsonValue: TypeAlias = "Literal | JsonArray | JsonObject | DynamicLiteral | BadExpression"
"""A value inside `dynamic(…)`; JSON null is a `Literal` of type DYNAMIC and value None."""


@dataclass(frozen=True, slots=True)
class DynamicLiteral(Node):
    """`dynamic(json)`; the elements of the JSON keep their own spans."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `+x`."""

    sign: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands; `and`/`or` nest to the left as the official tree does."""

    operator: BinaryOperator
    left: Expression
    right: Expression
    operator_span: Span = field(default=UNPLACED, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InList(Node):
    """`x in (a, b)`, `x has_any (list)`; the list may hold sub-queries (a `Pipeline`)."""

    operator: ListOperator
    operand: Expression
    items: tuple[Expression, ...]
    operator_span: Span = field(default=UNPLACED, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`x between (low .. high)` and its negation `!between`."""

    negated: bool
    operand: Expression
    low: Expression
    high: Expression
    operator_span: Span = field(default=UNPLACED, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parenthesized(Node):
    """`(e)`; around a pipeline too."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`f(a, name = b)`; `count()` and tabular functions too."""

    name: Name
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`target.member`: a dynamic path, or a reference such as `database("d").T` and `workspace("w").f(x)`."""

    target: Expression
    member: Name | Call | WildcardName


@dataclass(frozen=True, slots=True)
class Element(Node):
    """`target[index]`; the old spelling `target.[index]` has `dotted`."""

    target: Expression
    index: Expression
    dotted: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Named(Node):
    """`name = expression`, `(a, b) = expression` (`listed`), and named arguments."""

    names: tuple[Name, ...]
    expression: Expression
    listed: bool = False


@dataclass(frozen=True, slots=True)
class ToScalar(Node):
    """`toscalar(pipeline)`, with `kind=nooptimization` as an option."""

    pipeline: Expression
    no_optimization: bool = False


@dataclass(frozen=True, slots=True)
class ToTable(Node):
    pipeline: Expression
    no_optimization: bool = False


@dataclass(frozen=True, slots=True)
class Materialize(Node):
    """`materialize(pipeline)`."""

    pipeline: Expression


@dataclass(frozen=True, slots=True)
class ColumnDeclaration(Node):
    """`name: type` in a row schema; the type as canonical name."""

    name: Name
    type: ScalarType


@dataclass(frozen=True, slots=True)
class RowSchema(Node):
    """`(a: string, b: long)`. `open` is `(*)`, or a schema that starts with `*` (`assert-schema`, plug-ins)."""

    columns: tuple[ColumnDeclaration, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class DataTable(Node):
    """`datatable(a: string) [ … ]`; `values` run row by row."""

    parameters: tuple[QueryParameter, ...]
    schema: RowSchema
    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ContextualDataTable(Node):
    id: Literal
    schema: RowSchema


@dataclass(frozen=True, slots=True)
class ExternalData(Node):
    """`externaldata(schema) [ uri, … ] with (properties)`."""

    parameters: tuple[QueryParameter, ...]
    schema: RowSchema
    sources: tuple[Expression, ...]
    properties: tuple[QueryParameter, ...]


@dataclass(frozen=True, slots=True)
class MaterializedViewCombine(Node):
    name: Expression
    base: Expression
    delta: Expression
    aggregations: Operator


@dataclass(frozen=True, slots=True)
class EntityGroup(Node):
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class DataScope(Node):
    """`T datascope=hotcache`."""

    expression: Expression
    scope: str


@dataclass(frozen=True, slots=True)
class BadExpression(Node):
    """Where an expression is missing or cannot be read; a diagnostic stands at its span."""


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """`source | operator | …`: two stages or more, or a single leading operator (`union A, B`, `print 1`).

    `stages[0]` is an expression or a leading operator; the others are operators. Each stage's span runs from its first
    token (the keyword after the pipe) to its end: stage n of an explanation is `stages[n - 1]`. A lone source
    (`T`, `f(x)`) is just that expression, without a pipeline round it.
    """

    stages: tuple[Expression | Operator, ...]


# Parts of operators


@dataclass(frozen=True, slots=True)
class QueryParameter(Node):
    """`kind=inner`, `hint.strategy=shuffle`, `isfuzzy=true`, `format="csv"`."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Ordered(Node):
    """`expression asc nulls last`; None where nothing is written."""

    expression: Expression
    descending: bool | None = None
    nulls_first: bool | None = None
    granny: bool = False
    """`granny-asc`, `granny-desc` of project-reorder: by the numbers inside the names."""


@dataclass(frozen=True, slots=True)
class ExpandItem(Node):
    """`name = expression to typeof(type)` of mv-expand and mv-apply."""

    expression: Expression
    to_type: Literal | None = None


@dataclass(frozen=True, slots=True)
class ParseColumn(Node):
    """`name: type` in a parse pattern; no type means string."""

    name: Name
    type: ScalarType | None = None


ParsePart: TypeAlias = "Star | Literal | ParseColumn | Expression"


@dataclass(frozen=True, slots=True)
class SeriesAggregate(Node):
    """`name = aggregate default = value` of make-series."""

    expression: Expression
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class TopNestedPart(Node):
    """`top-nested N of expression with others = e by aggregate`."""

    count: Expression | None
    of: Expression
    others: Expression | None
    by: Ordered


@dataclass(frozen=True, slots=True)
class ForkBranch(Node):
    """`name = (operators)`; the pipeline starts with an operator."""

    name: Name | None
    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class ScanStep(Node):
    """`step name output=all: condition => a = e, b = f;`."""

    name: Name
    condition: Expression
    assignments: tuple[Named, ...]
    optional: bool = False
    output: str | None = None


@dataclass(frozen=True, slots=True)
class GraphNode(Node):
    """`(name)` of a graph pattern."""

    name: Name | None


@dataclass(frozen=True, slots=True)
class GraphEdge(Node):
    """`-[name*1..5]->`, `<-[name]-`, `-[name]-`, `-->`, `<--`, `--`; `direction` is `->`, `<-` or `-`."""

    direction: str
    name: Name | None = None
    bracketed: bool = False
    range: tuple[Expression, Expression] | None = None


@dataclass(frozen=True, slots=True)
class GraphPattern(Node):
    elements: tuple[GraphNode | GraphEdge, ...]


@dataclass(frozen=True, slots=True)
class GraphOutput(Node):
    """`nodes as N` or `edges as E` of graph-to-table."""

    what: str
    name: Name | None
    parameters: tuple[QueryParameter, ...]


# Tabular operators. `keyword` keeps an alternative spelling (filter, order, limit, mvexpand) for messages.


@dataclass(frozen=True, slots=True)
class Operator(Node):
    """A tabular operator; `parameters` are its hints and options in order."""

    parameters: tuple[QueryParameter, ...] = field(default=(), kw_only=True)
    keyword: str = field(default="", compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class As(Operator):
    name: Name


@dataclass(frozen=True, slots=True)
class AssertSchema(Operator):
    schema: RowSchema


@dataclass(frozen=True, slots=True)
class Consume(Operator):
    pass


@dataclass(frozen=True, slots=True)
class Count(Operator):
    as_name: Name | None = None


@dataclass(frozen=True, slots=True)
class Distinct(Operator):
    """`distinct *` holds one `Star`."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Evaluate(Operator):
    call: Call | Path
    schema: RowSchema | None = None


@dataclass(frozen=True, slots=True)
class ExecuteAndCache(Operator):
    pass


@dataclass(frozen=True, slots=True)
class Extend(Operator):
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Facet(Operator):
    columns: tuple[Expression, ...]
    with_pipeline: Pipeline | None = None


@dataclass(frozen=True, slots=True)
class FindColumn(Node):
    """A column of find's project list; `pack` is `pack(*)`."""

    name: Name
    type: ScalarType | None = None
    pack: bool = False


@dataclass(frozen=True, slots=True)
class Find(Operator):
    """`find datascope=… withsource=… in (T, …) where predicate project … project-away …`."""

    predicate: Expression
    sources: tuple[Expression, ...] | None = None
    has_where: bool = True
    project: tuple[FindColumn | Star, ...] | None = None
    project_smart: bool = False
    project_away: tuple[FindColumn | Star, ...] | None = None
    data_scope: str | None = None


@dataclass(frozen=True, slots=True)
class Fork(Operator):
    branches: tuple[ForkBranch, ...]


@dataclass(frozen=True, slots=True)
class GetSchema(Operator):
    pass


@dataclass(frozen=True, slots=True)
class GraphMarkComponents(Operator):
    pass


@dataclass(frozen=True, slots=True)
class GraphMatch(Operator):
    """`graph-match`; `shortest` is `graph-shortest-paths`."""

    patterns: tuple[GraphPattern, ...]
    where: Expression | None = None
    project: tuple[Expression, ...] | None = None
    shortest: bool = False


@dataclass(frozen=True, slots=True)
class GraphToTable(Operator):
    outputs: tuple[GraphOutput, ...]


@dataclass(frozen=True, slots=True)
class GraphWhere(Operator):
    """`graph-where-nodes` and `graph-where-edges` (`what` is "nodes" or "edges")."""

    what: str
    predicate: Expression


@dataclass(frozen=True, slots=True)
class Invoke(Operator):
    call: Call | Path


@dataclass(frozen=True, slots=True)
class Join(Operator):
    """`join kind=… (right) on …`; `lookup` is its own class. `where` is the undocumented predicate form."""

    right: Expression
    on: tuple[Expression, ...] | None = None
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Lookup(Operator):
    right: Expression
    on: tuple[Expression, ...] | None = None


@dataclass(frozen=True, slots=True)
class MacroExpand(Operator):
    group: Expression
    scope: Name | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class MakeGraph(Operator):
    source: Expression
    direction: str
    target: Expression
    tables: tuple[tuple[Expression, Expression], ...] = ()
    """`with T1 on c1, T2 on c2`."""
    node_id: Name | None = None
    """`with_node_id = name`."""
    partition: tuple[Expression, Expression] | None = None
    """`partitioned-by column ( sub-query )`."""


@dataclass(frozen=True, slots=True)
class MakeSeries(Operator):
    aggregates: tuple[SeriesAggregate, ...]
    on: Expression
    start: Expression | None
    stop: Expression | None
    step: Expression
    by: tuple[Expression, ...] = ()
    in_range: bool = False
    """The old form `in range(start, stop, step)`, whose stop is inclusive."""


@dataclass(frozen=True, slots=True)
class MvExpand(Operator):
    items: tuple[ExpandItem, ...]
    limit: Expression | None = None


@dataclass(frozen=True, slots=True)
class MvApply(Operator):
    """`pipeline` starts with an operator (or a contextual data table)."""

    items: tuple[ExpandItem, ...]
    pipeline: Pipeline
    limit: Expression | None = None
    id: Literal | None = None


@dataclass(frozen=True, slots=True)
class Parse(Operator):
    """`parse kind=regex flags=i expression with pattern`; `where` is parse-where."""

    expression: Expression
    pattern: tuple[ParsePart, ...]
    where: bool = False


@dataclass(frozen=True, slots=True)
class ParseKv(Operator):
    expression: Expression
    schema: RowSchema
    properties: tuple[QueryParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Partition(Operator):
    """`partition by column (operators)` or `{ pipeline }` (`braced`)."""

    by: Expression
    pipeline: Expression
    braced: bool = False
    in_list: Expression | None = None


@dataclass(frozen=True, slots=True)
class PartitionBy(Operator):
    """`__partitionby column (sub-query)`, which Microsoft's parser accepts and its pages do not describe."""

    column: Expression
    pipeline: Expression
    id: Literal | None = None


@dataclass(frozen=True, slots=True)
class Print(Operator):
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Project(Operator):
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ProjectAway(Operator):
    columns: tuple[NameReference | WildcardName | Star | Expression, ...]


@dataclass(frozen=True, slots=True)
class ProjectByNames(Operator):
    """`project-by-names`."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ProjectKeep(Operator):
    columns: tuple[NameReference | WildcardName | Star | Expression, ...]


@dataclass(frozen=True, slots=True)
class ProjectRename(Operator):
    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ProjectReorder(Operator):
    columns: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Range(Operator):
    name: Name
    start: Expression
    stop: Expression
    step: Expression


@dataclass(frozen=True, slots=True)
class Reduce(Operator):
    by: Expression
    with_parameters: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Render(Operator):
    chart: str
    properties: tuple[tuple[str, tuple[Expression, ...]], ...] = ()
    legacy: bool = False
    """Properties without `with (…)`."""


@dataclass(frozen=True, slots=True)
class Sample(Operator):
    count: Expression


@dataclass(frozen=True, slots=True)
class SampleDistinct(Operator):
    count: Expression
    of: Expression


@dataclass(frozen=True, slots=True)
class Scan(Operator):
    steps: tuple[ScanStep, ...]
    order_by: tuple[Ordered, ...] = ()
    partition_by: tuple[Expression, ...] = ()
    declare: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Search(Operator):
    """`search kind=… in (T, …) predicate`; `star_and` is `search * and predicate`."""

    predicate: Expression
    sources: tuple[Expression, ...] | None = None
    star_and: bool = False
    data_scope: str | None = None


@dataclass(frozen=True, slots=True)
class Serialize(Operator):
    expressions: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Sort(Operator):
    by: tuple[Ordered, ...]


@dataclass(frozen=True, slots=True)
class Summarize(Operator):
    aggregates: tuple[Expression, ...] = ()
    by: tuple[Expression, ...] | None = None
    legacy_bin: Expression | None = None
    """`by x bin = 1h`, the oldest form of `bin(x, 1h)`."""


@dataclass(frozen=True, slots=True)
class Take(Operator):
    count: Expression


@dataclass(frozen=True, slots=True)
class Top(Operator):
    count: Expression
    by: Ordered


@dataclass(frozen=True, slots=True)
class TopHitters(Operator):
    count: Expression
    of: Expression
    by: Ordered | None = None


@dataclass(frozen=True, slots=True)
class TopNested(Operator):
    parts: tuple[TopNestedPart, ...]


@dataclass(frozen=True, slots=True)
class Union(Operator):
    tables: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class InlineExternalTable(Operator):
    """`inline_external_table (schema) kind=storage partition by (…) pathformat=(…) dataformat=csv (uri, …) with (…)`."""

    kind: str
    sources: tuple[Expression, ...]
    schema: RowSchema | None = None
    partitions: tuple[Parameter, ...] = ()
    """The columns of `partition by`; a default is the expression behind their `=`."""
    path_format: tuple[Expression, ...] = ()
    """Strings, columns, and calls of `datetime_pattern`, in order."""
    data_format: str | None = None
    properties: tuple[QueryParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Where(Operator):
    predicate: Expression


@dataclass(frozen=True, slots=True)
class BadOperator(Operator):
    """A stage that is no operator, or was given up: its span runs to the next `|`, `;` or closing bracket."""

    text: str = field(default="", compare=False)


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


Expression: TypeAlias = (
    NameReference
    | Star
    | WildcardName
    | Literal
    | DynamicLiteral
    | Unary
    | Binary
    | InList
    | Between
    | Parenthesized
    | Call
    | Path
    | Element
    | Named
    | ToScalar
    | ToTable
    | Materialize
    | DataTable
    | ContextualDataTable
    | ExternalData
    | MaterializedViewCombine
    | EntityGroup
    | DataScope
    | BadExpression
    | Pipeline
)
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


_CHILD_FIELDS: dict[type[Node], tuple[str, ...]] = {}


def _child_fields(kind: type[Node]) -> tuple[str, ...]:
    names = _CHILD_FIELDS.get(kind)
    if names is None:
        names = tuple(f.name for f in fields(kind) if f.name not in ("span", "operator_span", "text", "keyword"))
        _CHILD_FIELDS[kind] = names
    return names


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below `node`, in the order of their fields."""
    for name in _child_fields(type(node)):
        yield from _nodes_in(getattr(node, name))


def _nodes_in(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first; no recursion, so depth costs no stack."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(children(current))))
