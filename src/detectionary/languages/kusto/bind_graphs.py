"""Graph operators: what their patterns name, and the tables that come out."""

from __future__ import annotations

from collections.abc import Iterable

from detectionary.languages.kusto.bind_columns import Projection, made_unique
from detectionary.languages.kusto.bind_names import Graph, Locals, Meaning, Row, Scope, Variable
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol, TableType
from detectionary.languages.kusto.syntax import (
    Element,
    Expression,
    GraphEdge,
    GraphMarkComponents,
    GraphMatch,
    GraphOutput,
    GraphToTable,
    GraphWhere,
    MakeGraph,
    Named,
    NameReference,
    Operator,
    Path,
    walk,
)
from detectionary.languages.kusto.types import DYNAMIC, LONG, UNKNOWN

EMPTY = TableType((), True)


class Graphs(BinderState):
    """The part of the binder that reads graphs."""

    def make_graph(self, node: MakeGraph, row: TableType, scope: Scope) -> Meaning:
        """The rows become edges; `with` tables, or the ids alone, become nodes."""
        source = self.scalar(node.source, scope)
        self.scalar(node.target, scope)
        nodes: list[ColumnSymbol] = []
        for table, key in node.tables:
            made = self.tabular(table, Scope(scope.locals))
            self.scalar(key, Scope(scope.locals, made))
            names = {column.name for column in nodes}
            nodes.extend(column for column in self.full(made).columns if column.name not in names)
        if node.node_id is not None:
            nodes.append(ColumnSymbol(node.node_id.text, source, maker=node))
        graph = Graph(self.full(row), TableType(made_unique(nodes)) if nodes else None)
        if node.partition is None:
            return graph
        column, pipeline = node.partition
        self.scalar(column, scope)
        stages = getattr(pipeline, "stages", (pipeline,))
        return self.stages(stages, graph, Scope(scope.locals))

    def graph_operator(self, node: Operator, graph: Graph, scope: Scope) -> Meaning:
        match node:
            case GraphMatch():
                return self._match(node, graph, scope)
            case GraphToTable():
                return self._to_table(node, graph)
            case GraphMarkComponents():
                name = option(node.parameters, "with_component_id")
                column = ColumnSymbol(name if isinstance(name, str) else "ComponentId", LONG, maker=node)
                known = graph.nodes.columns if graph.nodes is not None else ()
                return Graph(graph.edges, TableType(made_unique((*known, column))))
            case GraphWhere():
                row = graph.nodes if node.what == "nodes" else graph.edges
                self.scalar(node.predicate, Scope(scope.locals, row if row is not None else EMPTY))
                return graph
            case _:
                return graph

    def _match(self, node: GraphMatch, graph: Graph, scope: Scope) -> Meaning:
        """`project` of a pattern: `name_column` for each, an array where the edge may repeat."""
        names = Locals(scope.locals)
        repeated: set[str] = set()
        for pattern in node.patterns:
            for element in pattern.elements:
                if element.name is None:
                    continue
                is_edge = isinstance(element, GraphEdge)
                if isinstance(element, GraphEdge) and element.range is not None:
                    repeated.add(element.name.text)
                table = graph.edges if is_edge else graph.nodes or EMPTY
                symbol = ColumnSymbol(element.name.text, UNKNOWN, maker=node)
                names.add(element.name.text, Variable(symbol, Row(table)))
        inner = Scope(names, nodes=graph.nodes)
        if node.where is not None:
            self.scalar(node.where, inner)
        if node.project is None:
            return graph
        projection = Projection()
        for item in node.project:
            kind = self.scalar(item, inner)
            if repeated & set(_names_in(item)):
                kind = DYNAMIC
            if isinstance(item, Named):
                column = ColumnSymbol(item.names[0].text, kind, expression=item.expression, maker=node)
                projection.declare(column)
            else:
                name = self._pattern_name(item, inner)
                if name is None:
                    name = f"Column{self.next_column}"
                    self.next_column += 1
                projection.add(ColumnSymbol(name, kind, expression=item, maker=node))
        return projection.table()

    def _pattern_name(self, item: Expression, scope: Scope) -> str | None:
        if isinstance(item, Path | Element):
            left = self._pattern_name(item.target, scope)
            right = self.result_name(item, scope) or ""
            if isinstance(item.target, NameReference):
                return f"{left}_{right}" if left else right
            return right
        return self.result_name(item, scope)

    def _to_table(self, node: GraphToTable, graph: Graph) -> TableType:
        """Nodes or edges; with both, the first stands for the result."""
        tables = [self._output(output, graph, node) for output in node.outputs]
        return tables[0] if tables else graph.edges

    def _output(self, output: GraphOutput, graph: Graph, node: GraphToTable) -> TableType:
        wanted = ("with_node_id",) if output.what == "nodes" else ("with_source_id", "with_target_id")
        table = (graph.nodes or EMPTY) if output.what == "nodes" else graph.edges
        columns: list[ColumnSymbol] = []
        for parameter in wanted:
            name = option(output.parameters, parameter)
            if isinstance(name, str):
                columns.append(ColumnSymbol(name, LONG, maker=node))
        return TableType(made_unique((*columns, *table.columns)), table.open)


def _names_in(node: Expression) -> Iterable[str]:
    return (part.name for part in walk(node) if isinstance(part, NameReference))
