"""How each tabular operator is printed: one production each, in the order of `syntax.py`."""

from __future__ import annotations

from collections.abc import Iterable

from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.layout import LINE, NOTHING, NOTHING_OUTWARD, SPACE, Close, Open
from detectionary.languages.kusto.printer_parts import (
    Part,
    Parts,
    block,
    columns,
    enclosed,
    entities,
    listed,
    option_value,
    optional,
    parameters,
    properties,
)


def operator_parts(node: syntax.Operator) -> Parts:
    """The parts of a stage, from its keyword to its end."""
    match node:
        case syntax.As(name):
            yield from _head("as", node)
            yield " "
            yield name
        case syntax.AssertSchema(schema):
            yield from _head("assert-schema", node)
            yield " "
            yield schema
        case syntax.Consume():
            yield from _head("consume", node)
        case syntax.Count(as_name):
            yield from _head("count", node)
            yield from optional(" as ", as_name)
        case syntax.Distinct(expressions):
            yield from _list("distinct", node, expressions)
        case syntax.Evaluate(call, schema):
            yield from _one("evaluate", node, call)
            yield from optional(" : ", schema)
        case syntax.ExecuteAndCache():
            yield from _head("__executeAndCache", node)
        case syntax.Extend(expressions):
            yield from _list("extend", node, expressions)
        case syntax.Facet(by, pipeline):
            yield from _list("facet", node, by, " by")
            if pipeline is not None:
                yield from block(" with (", pipeline, ")")
        case syntax.Find():
            yield from _find(node)
        case syntax.Fork(branches):
            yield from _head("fork", node)
            yield Open()
            for branch in branches:
                yield LINE
                yield branch
            yield Close()
        case syntax.GetSchema():
            yield from _head("getschema", node)
        case syntax.GraphMarkComponents():
            yield from _head("graph-mark-components", node)
        case syntax.GraphMatch(patterns, predicate, project, shortest):
            yield from _list("graph-shortest-paths" if shortest else "graph-match", node, patterns)
            yield Open()
            if predicate is not None:
                yield LINE
                yield "where "
                yield predicate
            if project is not None:
                yield LINE
                yield "project"
                yield from columns(project)
            yield Close()
        case syntax.GraphToTable(outputs):
            yield from _list("graph-to-table", node, outputs)
        case syntax.GraphWhere(what, predicate):
            yield from _one(f"graph-where-{what}", node, predicate)
        case syntax.Invoke(call):
            yield from _one("invoke", node, call)
        case syntax.Join(right, on, predicate):
            yield from _one("join", node, right)
            yield from _on(on)
            yield from optional(" where ", predicate)
        case syntax.Lookup(right, on):
            yield from _one("lookup", node, right)
            yield from _on(on)
        case syntax.MacroExpand(group, scope, statements):
            yield from _one("macro-expand", node, group)
            yield from optional(" as ", scope)
            yield " ("
            yield Open()
            for statement in statements:
                yield LINE
                yield statement
                yield ";"
            yield Close()
            yield LINE
            yield ")"
        case syntax.MakeGraph():
            yield from _make_graph(node)
        case syntax.MakeSeries():
            yield from _make_series(node)
        case syntax.MvExpand(items, limit):
            yield from _list("mv-expand", node, items)
            yield from optional(" limit ", limit)
        case syntax.MvApply(items, pipeline, limit, identity):
            yield from _list("mv-apply", node, items)
            yield from optional(" limit ", limit)
            yield from optional(" id ", identity)
            yield from block(" on (", pipeline, ")")
        case syntax.Parse(expression, pattern, where):
            yield from _one("parse-where" if where else "parse", node, expression)
            yield " with"
            yield Open()
            for part in pattern:
                yield SPACE
                yield part
            yield Close()
        case syntax.ParseKv(expression, schema, settings):
            yield from _one("parse-kv", node, expression)
            yield " as "
            yield schema
            if settings:
                yield from enclosed(" with (", settings, ")")
        case syntax.Partition(by, pipeline, braced, in_list):
            yield from _head("partition", node)
            yield " by "
            yield by
            yield from optional(" in ", in_list)
            yield from block(" {", pipeline, "}") if braced else block(" (", pipeline, ")")
        case syntax.PartitionBy(column, pipeline, identity):
            yield from _one("__partitionby", node, column)
            yield from optional(" id ", identity)
            yield from block(" (", pipeline, ")")
        case syntax.Print(expressions):
            yield from _list("print", node, expressions)
        case syntax.Project(expressions):
            yield from _list("project", node, expressions)
        case syntax.ProjectAway(away):
            yield from _list("project-away", node, entities(away))
        case syntax.ProjectByNames(expressions):
            yield from _list("project-by-names", node, expressions)
        case syntax.ProjectKeep(kept):
            yield from _list("project-keep", node, entities(kept))
        case syntax.ProjectRename(expressions):
            yield from _list("project-rename", node, expressions)
        case syntax.ProjectReorder(ordered):
            yield from _list("project-reorder", node, ordered)
        case syntax.Range(name, start, stop, step):
            yield from _one("range", node, name)
            yield from optional(" from ", start)
            yield from optional(" to ", stop)
            yield from optional(" step ", step)
        case syntax.Reduce(by, with_parameters):
            yield from _head("reduce", node)
            yield " by "
            yield by
            if with_parameters:
                yield " with"
                yield from columns(with_parameters)
        case syntax.Render():
            yield from _render(node)
        case syntax.Sample(count):
            yield from _one("sample", node, count)
        case syntax.SampleDistinct(count, of):
            yield from _one("sample-distinct", node, count)
            yield from optional(" of ", of)
        case syntax.Scan():
            yield from _scan(node)
        case syntax.Search(predicate, sources, star_and, data_scope):
            yield from _head("search", node)
            if data_scope is not None:
                yield f" datascope={data_scope}"
            if sources is not None:
                yield from enclosed(" in (", entities(sources), ")")
            yield " * and " if star_and else " "
            yield predicate
        case syntax.Serialize(expressions):
            yield from _list("serialize", node, expressions)
        case syntax.Sort(by):
            yield from _list("sort", node, by, " by")
        case syntax.Summarize(aggregates, by, legacy_bin):
            yield from _head("summarize", node)
            yield Open()
            if aggregates:
                yield SPACE
                yield from listed(aggregates)
            if by is not None:
                yield SPACE
                yield "by"
                yield from columns(by)
                yield from optional(" bin = ", legacy_bin)
            yield Close()
        case syntax.Take(count):
            yield from _one("take", node, count)
        case syntax.Top(count, by):
            yield from _one("top", node, count)
            yield from optional(" by ", by)
        case syntax.TopHitters(count, of, by):
            yield from _one("top-hitters", node, count)
            yield from optional(" of ", of)
            yield from optional(" by ", by)
        case syntax.TopNested(parts):
            yield Open()
            yield from listed(parts)
            yield Close()
        case syntax.Union(tables):
            yield from _list("union", node, entities(tables))
        case syntax.Where(predicate):
            yield from _one("where", node, predicate)
        case syntax.InlineExternalTable():
            yield from _inline_external_table(node)
        case syntax.BadOperator():
            yield node.text
        case _:
            raise AssertionError(f"no production prints {type(node).__name__}")


def _head(keyword: str, node: syntax.Operator) -> Parts:
    yield keyword
    yield from parameters(node.parameters)


def _one(keyword: str, node: syntax.Operator, operand: syntax.Node) -> Parts:
    yield from _head(keyword, node)
    yield " "
    yield operand


def _list(keyword: str, node: syntax.Operator, items: Iterable[Part], after: str = "") -> Parts:
    yield from _head(keyword, node)
    yield after
    yield from columns(items)


def _on(conditions: tuple[syntax.Expression, ...] | None) -> Parts:
    if conditions is not None:
        yield " on"
        yield from columns(conditions)


def _find(node: syntax.Find) -> Parts:
    yield "find"
    if node.data_scope is not None:
        yield f" datascope={node.data_scope}"
    yield from parameters(node.parameters)
    if node.sources is not None:
        yield from enclosed(" in (", entities(node.sources), ")")
    yield " where " if node.has_where else " "
    yield node.predicate
    yield Open()
    if node.project is not None:
        yield SPACE
        yield "project"
        yield from columns(node.project)
    if node.project_smart:
        yield SPACE
        yield "project-smart"
    if node.project_away is not None:
        yield SPACE
        yield "__projectAway"
        yield from columns(node.project_away)
    yield Close()


def _inline_external_table(node: syntax.InlineExternalTable) -> Parts:
    yield from _head("inline_external_table", node)
    yield from optional(" ", node.schema)
    yield f" kind={node.kind}"
    if node.partitions:
        yield " partition by ("
        for index, column in enumerate(node.partitions):
            yield ", " if index else ""
            yield column.name
            yield "" if column.type is None else f": {column.type.value}"
            yield from optional(" = ", column.default)
        yield ")"
    if node.path_format:
        yield " pathformat=("
        yield from listed(node.path_format, separator="", between=SPACE)
        yield ")"
    if node.data_format is not None:
        yield f" dataformat={node.data_format}"
    yield from enclosed(" (", node.sources, ")")
    if node.properties:
        yield from properties(node.properties)


def _make_graph(node: syntax.MakeGraph) -> Parts:
    yield from _one("make-graph", node, node.source)
    yield f" {node.direction} "
    yield node.target
    yield Open()
    for index, (table, column) in enumerate(node.tables):
        yield "," if index else ""
        yield SPACE
        yield "" if index else "with "
        yield table
        yield " on "
        yield column
    if node.node_id is not None:
        yield SPACE
        yield "with_node_id="
        yield node.node_id
    if node.partition is not None:
        column, pipeline = node.partition
        yield SPACE
        yield "partitioned-by "
        yield column
        yield from block(" (", pipeline, ")")
    yield Close()


def _make_series(node: syntax.MakeSeries) -> Parts:
    yield from _head("make-series", node)
    yield Open()
    yield SPACE
    yield from listed(node.aggregates)
    yield SPACE
    yield "on "
    yield node.on
    if node.in_range:
        given = (part for part in (node.start, node.stop, node.step) if not isinstance(part, syntax.BadExpression))
        yield from enclosed(" in range(", filter(None, given), ")")
    else:
        yield from optional(" from ", node.start)
        yield from optional(" to ", node.stop)
        yield from optional(" step ", node.step)
    if node.by:
        yield SPACE
        yield "by"
        yield from columns(node.by)
    yield Close()


def _render(node: syntax.Render) -> Parts:
    yield f"render {node.chart}"
    for option in node.parameters:
        yield from _old_property(option.name, (option.value,))
    if node.legacy:
        for name, values in node.properties:
            yield from _old_property(name, values)
    elif node.properties:
        yield " with ("
        yield Open()
        yield NOTHING
        for index, (name, values) in enumerate(node.properties):
            if index:
                yield ","
                yield SPACE
            yield f"{name}="
            yield from listed(map(option_value, values))
        yield NOTHING_OUTWARD
        yield Close()
        yield ")"


def _old_property(name: str, values: tuple[syntax.Expression, ...]) -> Parts:
    """` kind=stacked`, ` with "x"`, ` by a, b`: properties without `with (…)`."""
    yield f" {name} " if name in ("with", "by") else f" {name}="
    yield from listed(map(option_value, values))


def _scan(node: syntax.Scan) -> Parts:
    yield from _head("scan", node)
    if node.order_by:
        yield " order by"
        yield from columns(node.order_by)
    if node.partition_by:
        yield " partition by"
        yield from columns(node.partition_by)
    if node.declare:
        yield from enclosed(" declare (", node.declare, ")")
    yield " with ("
    yield Open()
    for step in node.steps:
        yield LINE
        yield step
    yield Close()
    yield LINE
    yield ")"
