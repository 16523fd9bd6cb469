"""The columns after every stage: one entrance for all operators, and those that are simple."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from detectionary.languages.kusto.bind_columns import Projection, continued, made_unique
from detectionary.languages.kusto.bind_graphs import Graphs
from detectionary.languages.kusto.bind_names import (
    OPEN,
    Graph,
    Locals,
    Meaning,
    Row,
    Scope,
    Variable,
)
from detectionary.languages.kusto.bind_projections import Projections, option
from detectionary.languages.kusto.bind_tables import Tables
from detectionary.languages.kusto.bound import ColumnSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.syntax import (
    As,
    AssertSchema,
    BadOperator,
    BinaryOperator,
    Call,
    Consume,
    Count,
    Distinct,
    Evaluate,
    ExecuteAndCache,
    Expression,
    Extend,
    Facet,
    Find,
    Fork,
    GetSchema,
    GraphMarkComponents,
    GraphMatch,
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
    Parse,
    ParseKv,
    Partition,
    PartitionBy,
    Path,
    Pipeline,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    Range,
    Reduce,
    Render,
    Sample,
    SampleDistinct,
    Scan,
    Search,
    Serialize,
    Sort,
    Summarize,
    Take,
    Top,
    TopHitters,
    TopNested,
    Union,
    Where,
)
from detectionary.languages.kusto.types import (
    BOOL,
    DYNAMIC,
    INT,
    LONG,
    STRING,
    UNKNOWN,
    arithmetic,
    common_type,
    scalar_type,
)
from detectionary.text import Level

LEADING = (Union, Find, Search, Print, Range, MacroExpand, InlineExternalTable, Evaluate, BadOperator)
"""Operators that may stand first."""


class Operators(Projections, Tables, Graphs):
    """The part of the binder that reads pipelines."""

    def stages(self, stages: Sequence[Expression | Operator], current: Meaning | None, scope: Scope) -> Meaning:
        fuzzy = self.fuzzy
        for stage in stages:
            if isinstance(stage, Union) and str(option(stage.parameters, "isfuzzy")).lower() == "true":
                self.fuzzy = True
        for stage in stages:
            if isinstance(stage, Operator):
                if current is None and not isinstance(stage, LEADING):
                    name = stage.keyword or type(stage).__name__.lower()
                    self.report("KQL218", Level.ERROR, f"{name} needs a table before it", stage)
                before = current
                current = self.operator(stage, current, scope)
                if isinstance(current, TableType):
                    self.results[id(stage)] = current
                    if current is not before:
                        self.budget.spend_columns(len(current.columns))
                elif isinstance(current, Graph):
                    self.results[id(stage)] = current.edges
            else:
                current = self._source(stage, scope)
        self.fuzzy = fuzzy
        return OPEN if current is None else current

    def _source(self, node: Expression, scope: Scope) -> Meaning:
        if isinstance(node, Call):
            meaning = self.expression(node, scope)
            if isinstance(meaning, Graph):
                return meaning
            # Not `tabular`, which would bind the call again: functions that begin with functions would take 2^n times.
            table = self.results[id(node)] = self.as_table(meaning, node)
            return table
        return self.tabular(node, scope)

    def operator(self, node: Operator, current: Meaning | None, scope: Scope) -> Meaning:
        if isinstance(current, Graph):
            return self.graph_operator(node, current, scope)
        if isinstance(node, Union | Find | Search | Print | Range | MacroExpand | InlineExternalTable):
            return self._source_operator(node, current if isinstance(current, TableType) else None, scope)
        row = current if isinstance(current, TableType) else OPEN
        return self._table_operator(node, row, Scope(scope.locals, row))

    def _source_operator(
        self,
        node: Union | Find | Search | Print | Range | MacroExpand | InlineExternalTable,
        row: TableType | None,
        scope: Scope,
    ) -> Meaning:
        match node:
            case Union():
                return self.union(node, row, scope)
            case Find():
                return self.find(node, row, scope)
            case Search():
                return self.search(node, row, scope)
            case Print():
                return self.print_(node, Scope(scope.locals))
            case Range():
                return self._range(node, scope)
            case MacroExpand():
                return self._macro_expand(node, scope)
            case InlineExternalTable():
                return self._inline_table(node, scope)
            case _:
                assert_never(node)

    def _table_operator(self, node: Operator, row: TableType, scope: Scope) -> Meaning:
        match node:
            case Where():
                self.condition(node.predicate, scope)
                return self.full(row)
            case Extend() | Serialize():
                return self.extend(node, row, scope)
            case Project():
                return self.project(node, scope)
            case Summarize():
                return self.summarize(node, row, scope)
            case Join():
                return self.join(node, row, scope)
            case MvExpand():
                return self.expanded(node, row, scope)
            case Sort():
                for item in node.by:
                    self.scalar(item.expression, scope)
                self.comparable((item.expression for item in node.by), "a sort key")
                return self.full(row)
            case Take() | Sample():
                self.scalar(node.count, scope)
                return self.full(row)
            case Top():
                self.scalar(node.count, scope)
                self.scalar(node.by.expression, scope)
                return self.full(row)
            case Parse():
                return self.parse(node, row, scope)
            case ParseKv():
                return self.parse_kv(node, row, scope)
            case ProjectAway():
                return self.project_away(node, row, scope)
            case ProjectKeep():
                return self.project_keep(node, row, scope)
            case ProjectRename():
                return self.project_rename(node, row, scope)
            case ProjectReorder():
                return self.project_reorder(node, row, scope)
            case ProjectByNames():
                return self.project_by_names(node, row, scope)
            case Distinct():
                return self.distinct(node, row, scope)
            case Count():
                name = node.as_name.text if node.as_name is not None else "Count"
                return TableType((ColumnSymbol(name, LONG, maker=node, aggregate=True),))
            case Lookup():
                return self.lookup(node, row, scope)
            case MvApply():
                return self.mv_apply(node, row, scope)
            case MakeSeries():
                return self.make_series(node, row, scope)
            case Evaluate():
                return self._evaluate(node, row, scope)
            case Invoke():
                return self._invoke(node, row, scope)
            case As():
                return self._as(node, row, scope)
            case TopNested():
                return self.top_nested(node, row, scope)
            case TopHitters():
                return self.top_hitters(node, scope)
            case SampleDistinct():
                return self._sample_distinct(node, scope)
            case Reduce():
                return self._reduce(node, row, scope)
            case Partition() | PartitionBy():
                return self._partition(node, row, scope)
            case Fork():
                return self._fork(node, row, scope)
            case Facet():
                return self._facet(node, row, scope)
            case Scan():
                return self._scan(node, row, scope)
            case GetSchema():
                return _schema_table(node)
            case MakeGraph():
                return self.make_graph(node, row, scope)
            case GraphMatch() | GraphWhere() | GraphToTable() | GraphMarkComponents():
                return self.graph_operator(node, Graph(row, None), scope)
            case AssertSchema() | Consume() | ExecuteAndCache() | Render() | BadOperator():
                return self.full(row)
            case _:
                return self.full(row)

    def condition(self, node: Expression, scope: Scope) -> None:
        """A predicate: true or false, or something that can be read so."""
        kind = self.scalar(node, scope)
        if kind is not BOOL and kind is not UNKNOWN and kind is not DYNAMIC:
            self.report("KQL219", Level.ERROR, f"a condition is expected here, this is a {kind.value}", node)

    # Operators that make a table of their own

    def _range(self, node: Range, scope: Scope) -> TableType:
        inner = Scope(scope.locals)
        start, stop, step = (self.scalar(part, inner) for part in (node.start, node.stop, node.step))
        both = common_type((start, stop)) or UNKNOWN
        kind = INT if both is step is INT else arithmetic(BinaryOperator.ADD, both, step) or UNKNOWN
        return TableType((ColumnSymbol(node.name.text, kind, expression=node.start, maker=node),))

    def _inline_table(self, node: InlineExternalTable, scope: Scope) -> TableType:
        """The columns of its schema, then those that only its paths hold; without a schema they are not known."""
        declared = Projection()
        if node.schema is not None:
            for item in node.schema.columns:
                declared.add(ColumnSymbol(item.name.text, item.type, maker=node))
        stored = TableType(tuple(declared.columns))
        for partition in node.partitions:
            if partition.default is not None:
                self.scalar(partition.default, Scope(scope.locals, stored))
            else:
                declared.add(ColumnSymbol(partition.name.text, partition.type or UNKNOWN, maker=node))
        for source in node.sources:
            self.scalar(source, Scope(scope.locals))
        return TableType(tuple(declared.columns), node.schema is None)

    def _macro_expand(self, node: MacroExpand, scope: Scope) -> TableType:
        self.expression(node.group, scope.with_row(None))
        inner = Locals(scope.locals)
        meaning = self.statements(node.statements, Scope(inner))
        return meaning if isinstance(meaning, TableType) else OPEN

    def _sample_distinct(self, node: SampleDistinct, scope: Scope) -> TableType:
        self.scalar(node.count, scope)
        kind = self.scalar(node.of, scope)
        column = self.result_column(node.of)
        if column is None:
            name = self.result_name(node.of, scope) or "Column1"
            column = ColumnSymbol(name, kind, expression=node.of, maker=node, key=True)
        return TableType((column,))

    def _reduce(self, node: Reduce, row: TableType, scope: Scope) -> TableType:
        self.scalar(node.by, scope)
        made = (("Pattern", STRING), ("Count", LONG), ("Representative", STRING))
        columns = tuple(ColumnSymbol(name, kind, expression=node.by, maker=node) for name, kind in made)
        if option(node.parameters, "kind") == "source":
            return TableType(made_unique((*self.full(row).columns, *columns)))
        return TableType(columns)

    def _as(self, node: As, row: TableType, scope: Scope) -> TableType:
        name = node.name.text
        scope.locals.add(name, Variable(VariableSymbol(name, node, row), row))
        return row

    # Operators with pipelines inside

    def _partition(self, node: Partition | PartitionBy, row: TableType, scope: Scope) -> TableType:
        by = node.by if isinstance(node, Partition) else node.column
        self.scalar(by, scope)
        column = self.referenced_column(by)
        names = Locals(scope.locals)
        if column is not None:
            names.add(column.name, Variable(column, column.type))
        inner = node.pipeline
        if isinstance(node, Partition) and node.braced:
            result: Meaning = self.tabular(inner, Scope(names))
        elif isinstance(inner, Pipeline):
            result = self.stages(inner.stages, row, Scope(names))
            self.types[id(inner)] = result if isinstance(result, TableType) else OPEN
        else:
            result = self.tabular(inner, Scope(names, row))
        table = result if isinstance(result, TableType) else row
        return TableType(self.full(table).columns, row.open or table.open)

    def _fork(self, node: Fork, row: TableType, scope: Scope) -> TableType:
        """Several results; the first stands for them all."""
        results = [self.stages(branch.pipeline.stages, row, scope.with_row(None)) for branch in node.branches]
        first = results[0] if results else row
        return first if isinstance(first, TableType) else row

    def _facet(self, node: Facet, row: TableType, scope: Scope) -> TableType:
        """Several results: that of the inner pipeline, then a table for each column."""
        for item in node.columns:
            self.scalar(item, scope)
        if node.with_pipeline is not None:
            result = self.stages(node.with_pipeline.stages, row, scope.with_row(None))
            return result if isinstance(result, TableType) else row
        if not node.columns:
            return row
        first = node.columns[0]
        name = self.result_name(first, scope) or ""
        column = self.referenced_column(first)
        kind = column.type if column is not None else UNKNOWN
        key = ColumnSymbol(name, kind, maker=node, sources=(column,) if column is not None else (), key=True)
        return TableType((key, ColumnSymbol(f"count_{name}", LONG, maker=node, aggregate=True)))

    def _evaluate(self, node: Evaluate, row: TableType, scope: Scope) -> TableType:
        call = node.call
        if isinstance(call, Path):
            self.expression(call, scope)
            made = OPEN
        else:
            made = self.plugin(call, scope, row)
        found = self.discovered.get(id(node))
        if found is not None and node.schema is None:
            columns = tuple(ColumnSymbol(column.name, scalar_type(column.type), maker=node) for column in found)
            return TableType(columns)
        if node.schema is None:
            return made
        declared = Projection()
        for item in node.schema.columns:
            declared.add(ColumnSymbol(item.name.text, item.type, maker=node))
        if not node.schema.open:
            return declared.table()
        named = {column.name for column in declared.columns}
        kept = [column for column in made.columns if column.name not in named]
        return TableType((*kept, *declared.columns))

    def _invoke(self, node: Invoke, row: TableType, scope: Scope) -> TableType:
        call = node.call
        while isinstance(call, Path) and isinstance(call.member, Call):
            self.expression(call.target, Scope(scope.locals))
            call = call.member
        if not isinstance(call, Call):
            return OPEN
        meaning = self.call(call, Scope(scope.locals), self.full(row))
        if isinstance(meaning, TableType):
            self.types[id(node.call)] = meaning
            return meaning
        return OPEN

    def _scan(self, node: Scan, row: TableType, scope: Scope) -> TableType:
        for item in (*node.order_by,):
            self.scalar(item.expression, scope)
        for by in node.partition_by:
            self.scalar(by, scope)
        names = Locals(scope.locals)
        declared: list[ColumnSymbol] = []
        for parameter in node.declare:
            if parameter.default is not None:
                self.expression(parameter.default, Scope(scope.locals))
            column = ColumnSymbol(parameter.name.text, parameter.type or UNKNOWN, maker=node)
            declared.append(column)
        state = continued(row, (*self.full(row).columns, *declared))
        for step in node.steps:
            names.add(step.name.text, self._step(step.name.text, state, node))
        inner = Scope(names, state)
        for step in node.steps:
            self.condition(step.condition, inner)
            for assignment in step.assignments:
                self.scalar(assignment.expression, inner)
        columns = [*self.full(row).columns, *declared]
        match_id = option(node.parameters, "with_match_id")
        if isinstance(match_id, str):
            columns.append(ColumnSymbol(match_id, LONG, maker=node))
        return continued(row, made_unique(columns))

    def _step(self, name: str, state: TableType, node: Scan) -> Variable:
        return Variable(ColumnSymbol(name, UNKNOWN, maker=node), Row(state))


def _schema_table(node: GetSchema) -> TableType:
    if option(node.parameters, "kind") == "csl":
        return TableType((ColumnSymbol("Schema", STRING, maker=node),))
    made = (("ColumnName", STRING), ("ColumnOrdinal", LONG), ("DataType", STRING), ("ColumnType", STRING))
    return TableType(tuple(ColumnSymbol(name, kind, maker=node) for name, kind in made))
