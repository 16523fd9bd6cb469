"""Operators that hold pipelines of their own, scan, and the operators on graphs."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.kusto.parser_base import Fault
from detectionary.languages.kusto.parser_parts import OPTIONS, OptionValue
from detectionary.languages.kusto.parser_tables import Tables
from detectionary.languages.kusto.syntax import (
    Expression,
    Facet,
    Fork,
    ForkBranch,
    GraphEdge,
    GraphMarkComponents,
    GraphMatch,
    GraphNode,
    GraphOutput,
    GraphPattern,
    GraphToTable,
    GraphWhere,
    Literal,
    MakeGraph,
    Name,
    Named,
    Ordered,
    Parameter,
    Partition,
    PartitionBy,
    Pipeline,
    ScalarType,
    Scan,
    ScanStep,
)
from detectionary.languages.kusto.tokens import DECLARED_NAMES, OPERATOR_KEYWORDS

_VALUE: Final = OptionValue.VALUE
_MATCH_OPTIONS: Final = OPTIONS | {"output": _VALUE}
_COMPONENT_OPTIONS: Final = OPTIONS | {"with_component_id": _VALUE}
_NODE_OPTIONS: Final = OPTIONS | {"with_node_id": _VALUE}
_EDGE_OPTIONS: Final = OPTIONS | {"with_source_id": _VALUE, "with_target_id": _VALUE}
_EDGES: Final = {"-->": "->", "<--": "<-", "--": "-"}


class Nested(Tables):
    """Productions of operators with pipelines, steps or patterns inside."""

    def operators_in_parentheses(self) -> Pipeline:
        """operators = "(" [ contextual-datatable "|" ] operator { "|" operator } ")" """
        opener = self.expect("(")
        depth = self.depth
        try:
            self.enter()
            pipeline = self.operator_pipeline()
            if self.kinds[self.at] != ")":
                self.fail_expected("`|` or `)`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            pipeline = Pipeline((self.bad_between(opener),), span=self.span_from(opener))
        return pipeline

    def fork(self) -> Fork:
        """fork = "fork" branch { branch }; branch = [ name "=" ] "(" operators | pipeline ")" """
        at = self.keyword()
        branches = [self._branch()]
        while self.kinds[self.at] == "(" or self._is_named_branch():
            branches.append(self._branch())
        return Fork(tuple(branches), span=self.span_from(at), keyword=self.kinds[at])

    def _is_named_branch(self) -> bool:
        length = self.name_length(self.at)
        return length > 0 and self.peek(length) == "="

    def _branch(self) -> ForkBranch:
        at = self.at
        name: Name | None = None
        if self._is_named_branch():
            name = self.expect_name()
            self.expect("=")
        if self.peek(0) == "(" and self.peek(1) not in OPERATOR_KEYWORDS:
            content = self.parenthesized().expression
            pipeline = content if isinstance(content, Pipeline) else Pipeline((content,), span=content.span)
        else:
            pipeline = self.operators_in_parentheses()
        return ForkBranch(name, pipeline, span=self.span_from(at))

    def facet(self) -> Facet:
        """facet = "facet" "by" column { "," column } [ "with" ( "(" operators ")" | operator ) ]"""
        at = self.keyword()
        self.expect("by")
        columns = self.listed(self._facet_column)
        pipeline: Pipeline | None = None
        if self.accept("with"):
            if self.kinds[self.at] == "(":
                pipeline = self.operators_in_parentheses()
            else:
                only = self.operator()
                pipeline = Pipeline((only,), span=only.span)
        return Facet(columns, pipeline, span=self.span_from(at), keyword=self.kinds[at])

    def _facet_column(self) -> Expression:
        if self.kinds[self.at] == "with":
            self.fail_expected("a column name")
        return self.entity_path()

    def partition(self) -> Partition:
        """partition = "partition" options "by" column [ "in" list ] ( "(" operators ")" | "{" pipeline "}" )"""
        at = self.keyword()
        options = self.options(equals=False)
        self.expect("by")
        by = self.entity_path()
        in_list: Expression | None = None
        if self.accept("in"):
            dynamic = self.kinds[self.at] == "dynamic" and self.peek(1) == "("
            in_list = self.literal() if dynamic else self.call("a list")
        braced = self.kinds[self.at] == "{"
        pipeline: Expression
        if braced:
            pipeline = self._braced_pipeline()
        elif self.kinds[self.at] == "(":
            pipeline = self.operators_in_parentheses()
        else:
            self.fail_expected("`(`")
        return Partition(
            by, pipeline, braced, in_list, span=self.span_from(at), parameters=options, keyword=self.kinds[at]
        )

    def _braced_pipeline(self) -> Expression:
        opener = self.expect("{")
        depth = self.depth
        content: Expression
        try:
            self.enter()
            content = self.pipeline()
            self.expect("}")
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            content = self.bad_between(opener)
        return content

    def partition_by(self) -> PartitionBy:
        """partition-by = "__partitionby" options column [ "id" literal ] "(" operators ")" """
        at = self.keyword()
        options = self.options(equals=False)
        column = self.entity_path()
        identity: Literal | None = None
        if self.accept("id"):
            value = self.literal()
            if value is None:
                self.fail_expected("a literal", "KQL012")
            identity = (
                value
                if isinstance(value, Literal)
                else Literal(ScalarType.UNKNOWN, None, value.span.of(self.text), span=value.span)
            )
        pipeline = self.operators_in_parentheses()
        return PartitionBy(
            column, pipeline, identity, span=self.span_from(at), parameters=options, keyword=self.kinds[at]
        )

    # scan

    def scan(self) -> Scan:
        """scan = "scan" options [ order ] [ partition ] [ declare ] "with" "(" { step } ")" """
        at = self.keyword()
        options = self.options(equals=False)
        order_by: tuple[Ordered, ...] = ()
        partition_by: tuple[Expression, ...] = ()
        declared: tuple[Parameter, ...] = ()
        if self.accept("order"):
            self.expect("by")
            order_by = self.listed(self.ordered)
        if self.accept("partition"):
            self.expect("by")
            partition_by = self.listed(self.expression)
        if self.accept("declare"):
            self.expect("(")
            declared = self.optional_list(self.parameter)
            self.expect(")")
        self.expect("with")
        opener = self.expect("(")
        depth = self.depth
        steps: list[ScanStep] = []
        try:
            self.enter()
            while self.kinds[self.at] == "step":
                steps.append(self._step())
            if self.kinds[self.at] != ")":
                self.fail_expected("`step` or `)`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
        return Scan(
            tuple(steps),
            order_by,
            partition_by,
            declared,
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    def _step(self) -> ScanStep:
        """step = "step" name [ "optional" ] [ "output" "=" word ] ":" expression [ "=>" assignments ] ";" """
        at = self.expect("step")
        name = self.expect_name("the name of the step", DECLARED_NAMES)
        optional = self.accept("optional")
        output: str | None = None
        if self.accept("output"):
            self.expect("=")
            output = self.expect_word(("all", "last", "none"))
        self.expect(":")
        condition = self.expression()
        assignments = self.listed(self._assignment) if self.accept("=>") else ()
        self.expect(";")
        return ScanStep(name, condition, assignments, optional, output, span=self.span_from(at))

    def _assignment(self) -> Named:
        """assignment = name "=" expression"""
        at = self.at
        name = self.expect_name("a column name", DECLARED_NAMES)
        self.expect("=")
        value = self.expression()
        return Named((name,), value, span=self.span_from(at))

    # Graphs

    def make_graph(self) -> MakeGraph:
        """make-graph = "make-graph" options source ( "-->" | "--" ) target [ nodes ] [ partitioned-by ]

        nodes = "with_node_id" "=" name | "with" table "on" column { "," table "on" column }
        """
        at = self.keyword()
        options = self.options()
        source = self.expect_name_reference()
        direction = next((edge for edge in ("-->", "--") if self.accept_text(edge)), None)
        if direction is None:
            self.fail_expected("`-->` or `--`")
        target = self.expect_name_reference()
        node_id: Name | None = None
        tables: tuple[tuple[Expression, Expression], ...] = ()
        if self.accept("with_node_id"):
            self.expect("=")
            node_id = self.expect_name()
        elif self.accept("with"):
            tables = self.listed(self._nodes_table)
        partition: tuple[Expression, Expression] | None = None
        if self.accept("partitioned-by"):
            column = self.entity_path()
            partition = (column, self.operators_in_parentheses())
        return MakeGraph(
            source,
            direction,
            target,
            tables,
            node_id,
            partition,
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    def _nodes_table(self) -> tuple[Expression, Expression]:
        if self.kinds[self.at] == "partitioned-by":
            self.fail_expected("a table")
        table = self.signed_path()
        self.expect("on")
        return table, self.expect_name_reference()

    def graph_match(self) -> GraphMatch:
        """graph-match = ( "graph-match" | "graph-shortest-paths" ) options patterns [ "where" pipeline ] [ project ]"""
        at = self.keyword()
        shortest = self.kinds[at] == "graph-shortest-paths"
        options = self.options(_MATCH_OPTIONS if shortest else OPTIONS)
        patterns = self.listed(self._graph_pattern)
        predicate = self.pipeline("project") if self.accept("where") else None
        project = self.listed(self.named_expression) if self.accept("project") else None
        return GraphMatch(
            patterns,
            predicate,
            project,
            shortest,
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    def _graph_pattern(self) -> GraphPattern:
        """pattern = element { element }; element = "(" [ name ] ")" | edge"""
        at = self.at
        elements: list[GraphNode | GraphEdge] = []
        while (element := self._graph_node() or self._graph_edge()) is not None:
            elements.append(element)
        if not elements:
            self.fail_expected("a graph pattern")
        return GraphPattern(tuple(elements), span=self.span_from(at))

    def _graph_node(self) -> GraphNode | None:
        at = self.at
        if not self.accept("("):
            return None
        name = self.accept_name()
        self.expect(")")
        return GraphNode(name, span=self.span_from(at))

    def _graph_edge(self) -> GraphEdge | None:
        """edge = "-->" | "<--" | "--" | ( "-[" | "<-[" ) [ name ] [ "*" path ".." path ] ( "]->" | "]-" )"""
        at = self.at
        for spelling, direction in _EDGES.items():
            if self.accept_text(spelling):
                return GraphEdge(direction, span=self.span_from(at))
        backwards = self.accept_text("<-[")
        if not backwards and not self.accept_text("-["):
            return None
        name = self.accept_name()
        hops: tuple[Expression, Expression] | None = None
        if self.accept("*"):
            fewest = self.signed_path()
            self.expect("..")
            hops = (fewest, self.signed_path())
        forwards = self.accept_text("]->")
        if not forwards and not self.accept_text("]-"):
            self.fail_expected("`]->` or `]-`")
        direction = "<-" if backwards else "->" if forwards else "-"
        return GraphEdge(direction, name, True, hops, span=self.span_from(at))

    def graph_to_table(self) -> GraphToTable:
        """graph-to-table = "graph-to-table" output { "," output }"""
        at = self.keyword()
        outputs = self.listed(self._graph_output)
        return GraphToTable(outputs, span=self.span_from(at), keyword=self.kinds[at])

    def _graph_output(self) -> GraphOutput:
        """output = ( "nodes" | "edges" ) [ "as" name ] options"""
        at = self.at
        what = self.expect_word(("nodes", "edges"))
        name = self.expect_name() if self.accept("as") else None
        options = self.options(_NODE_OPTIONS if what == "nodes" else _EDGE_OPTIONS)
        return GraphOutput(what, name, options, span=self.span_from(at))

    def graph_mark_components(self) -> GraphMarkComponents:
        """graph-mark-components = "graph-mark-components" options"""
        at = self.keyword()
        options = self.options(_COMPONENT_OPTIONS)
        return GraphMarkComponents(span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def graph_where(self) -> GraphWhere:
        """graph-where = ( "graph-where-nodes" | "graph-where-edges" ) expression"""
        at = self.keyword()
        predicate = self.expression()
        what = self.kinds[at].rpartition("-")[2]
        return GraphWhere(what, predicate, span=self.span_from(at), keyword=self.kinds[at])
