"""Tabular operators of the syntax tree, and the parts that they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from detectionary.languages.kusto.syntax_expressions import (
    Call,
    Expression,
    Literal,
    Name,
    Named,
    NameReference,
    Path,
    Pipeline,
    RowSchema,
    Star,
    WildcardName,
)
from detectionary.languages.kusto.syntax_nodes import Node, ScalarType

if TYPE_CHECKING:
    from detectionary.languages.kusto.syntax import Parameter, Statement


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
    """`inline_external_table (schema) kind=storage partition by (…) pathformat=(…) dataformat=csv (uri) with (…)`."""

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
