"""From a plan to one SQL statement of an engine: a chain of named sub-queries, one for each node that needs its own.

The chain (`WITH s1 AS (…), s2 AS (…)`) is flat, so a query of any length costs no depth, and a reader sees the stages.
Filters join the node above them. What an engine does differently stands in its `Dialect`; here is what all share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Dialect, Gap, StoredTable
from detectionary.compiler.filters import written
from detectionary.compiler.hoisting import hoist
from detectionary.compiler.moments import known
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnUse,
    Constant,
    Expand,
    Expr,
    Filter,
    InQuery,
    Join,
    JoinKind,
    Limit,
    Measure,
    Plan,
    PlanColumn,
    Project,
    ScalarQuery,
    Scan,
    Sequence,
    Sort,
    SortKey,
    UnionAll,
    Values,
    Window,
    WindowCall,
    children,
    nodes,
)
from detectionary.compiler.refused import UnsupportedError, refuse
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.syntax import ScalarType
from detectionary.text import Diagnostic, Level, Span

MANY: Final = 8
"""So many columns that are taken over are written `*`."""


@dataclass(slots=True)
class Emission:
    """One plan on its way to SQL; given to every emitter, which may ask it for expressions, types and the clock."""

    dialect: Dialect
    now: int
    """The run's `now()`, in ticks of 100 ns since 0001-01-01."""
    storage: Mapping[str, StoredTable]
    """Where the rows of tables lie, by table; one that is not here is empty."""
    notes: dict[tuple[str, Span], Diagnostic] = field(default_factory=dict)
    """What is approximate, once for each place."""
    needs: set[str] = field(default_factory=set)
    """Functions of the engine's own that the statement calls, by name; its session has to provide them."""
    ctes: list[exp.CTE] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    """The span of the stage that each named sub-query computes."""
    _readers: dict[int, int] = field(default_factory=dict)
    _blocks: dict[int, _Block] = field(default_factory=dict)
    _queries: bool = False
    """Whether a query has stood inside an expression so far."""

    # Expressions

    def expression(self, expression: Expr) -> Sql:
        match expression:
            case Constant():
                return self._literal(expression)
            case ColumnUse():
                return sql.column(expression.id)
            case Apply():
                value = known(expression, self.now)
                return self._literal(value) if value is not None else self._applied(expression)
            case ScalarQuery():
                return self._scalar_query(expression)
            case InQuery():
                return self._in_query(expression)
            case _:
                assert_never(expression)

    def _literal(self, value: Constant) -> Sql:
        if value.type is ScalarType.DATETIME and isinstance(value.value, int) and value.value % 10:
            message = "the seventh digit of this datetime is dropped: engines keep microseconds"
            self.notes.setdefault(("datetime", value.span), Diagnostic("KQL412", Level.NOTE, message, value.span))
        return self.dialect.constant(value)

    def constant(self, kind: ScalarType, value: bool | int | float | str | None) -> Sql:
        """A value of a Kusto type in SQL (see `plan.Constant`)."""
        return self.dialect.constant(Constant(kind, value))

    def apply(self, function: str, kind: ScalarType, *arguments: Expr, span: Span) -> Sql:
        """Another Kusto function, for emitters that rest on one."""
        return self.expression(Apply(function, arguments, kind, span))

    def _applied(self, call: Apply) -> Sql:
        row = self.dialect.scalars.get(call.function)
        if row is None or isinstance(row, Gap):
            raise refuse(self._unsupported(call.function, row), call.span)
        call = replace(call, arguments=tuple(known(part, self.now) or part for part in call.arguments))
        arguments = tuple(map(self.expression, call.arguments))
        try:
            result = row.emit(call, arguments, self)
        except UnsupportedError as error:
            raise refuse(f"{written(call.function)}: {error.reason}", call.span, error.advice) from error
        if row.approximate:
            self.approximate(call.function, row.approximate, call.span)
        return result

    def _unsupported(self, function: str, row: Gap | None) -> str:
        reason = row.reason if row is not None else "this engine has no exact form of it"
        return f"{function} is not supported: {reason}"

    def approximate(self, function: str, how: str, span: Span) -> None:
        """Note that a result is estimated."""
        message = f"{function} is approximate: {how}"
        self.notes.setdefault((function, span), Diagnostic("KQL411", Level.NOTE, message, span))

    def _scalar_query(self, query: ScalarQuery) -> Sql:
        first = query.plan.columns[0].id
        block = self.block(query.plan)
        self._queries = True
        value: Sql = sql.subquery(sql.select([sql.column(first)], block.source, where=block.condition, limit=1))
        if query.type is ScalarType.STRING:
            return sql.coalesce(value, sql.text(""))
        return value

    def _in_query(self, query: InQuery) -> Sql:
        found = query.plan.columns[0]
        block = self.block(query.plan)
        self._queries = True
        operand, item = self.expression(query.operand), sql.column(found.id)
        if query.folded:
            operand, item = sql.call("lower", operand), sql.call("lower", item)
        inner = sql.select([item], block.source, where=sql.both(block.condition or sql.TRUE, sql.not_null(item)))
        return sql.coalesce(exp.In(this=operand, query=sql.subquery(inner)), sql.FALSE)

    # Nodes

    def name_relation(self, node: Plan) -> str:
        """The name of the sub-query that computes `node`."""
        block = self.block(node)
        if block.condition is None:
            return block.name
        name = self._add(sql.select(self._carried(node.columns, block), block.source, where=block.condition))
        self._blocks[id(node)] = _Block(name)
        return name

    def _carried(self, columns: tuple[PlanColumn, ...], below: _Block) -> list[Sql]:
        """The columns of the input, all of which are taken over; `*` when they are many, for short statements."""
        if len(columns) < MANY or below.extra:
            return [sql.column(column.id) for column in columns]
        return [sql.STAR]

    def block(self, node: Plan) -> _Block:
        found = self._blocks.get(id(node))
        if found is None:
            found = self._emitted(node)
            self.spans.setdefault(found.name, node.span)
            shared = self._readers.get(id(node), 0) > 1
            if shared and not isinstance(node, Scan) and self.dialect.materialized:
                if found.condition is not None or found.extra:
                    chosen = [sql.column(c.id) for c in node.columns]
                    found = _Block(self._add(sql.select(chosen, found.source, where=found.condition)))
                self._share(found.name)
            self._blocks[id(node)] = found
        return found

    def _share(self, name: str) -> None:
        for cte in self.ctes:
            if cte.alias == name:
                cte.set("materialized", True)

    def _add(self, query: Sql) -> str:
        if self._queries:
            hoist(query)
        name = f"s{len(self.ctes) + 1}"
        kept = False if self.dialect.materialized else None
        self.ctes.append(exp.CTE(this=query, alias=exp.TableAlias(this=sql.name(name)), materialized=kept))
        return name

    def _emitted(self, node: Plan) -> _Block:
        match node:
            case Scan():
                return _Block(self._add(self.dialect.scan(node, self)))
            case Filter():
                below = self.block(node.input)
                condition = self.expression(node.condition)
                if self._readers.get(id(node.input), 0) > 1 or below.condition is None:
                    name = self.name_relation(node.input)
                    return _Block(name, condition, self.block(node.input).extra)
                return _Block(below.name, sql.both(below.condition, condition), below.extra)
            case Project():
                below = self.block(node.input)
                columns, extra = self._projected(node, below)
                return _Block(self._add(sql.select(columns, below.source, where=below.condition)), None, extra)
            case Aggregate():
                return _Block(self._add(self._aggregated(node)))
            case Window():
                below = self.block(node.input)
                carried = node.input.columns
                columns = self._carried(carried, below)
                for column, called in zip(node.columns[len(carried) :], node.calls, strict=True):
                    columns.append(sql.alias(self._windowed(called), column.id))
                return _Block(self._add(sql.select(columns, below.source, where=below.condition)))
            case Join():
                return _Block(self._add(self._joined(node)))
            case UnionAll():
                return _Block(self._add(self._united(node)))
            case Limit():
                return _Block(self._add(self._limited(node)))
            case Sort():
                below = self.block(node.input)
                columns = [sql.column(column.id) for column in node.columns]
                order = self.order(node.order)
                return _Block(self._add(sql.select(columns, below.source, where=below.condition, order=order)))
            case Expand():
                return _Block(self._add(self.dialect.expand(node, self.name_relation(node.input), self)))
            case Values():
                return _Block(self._add(self._values(node)))
            case Sequence():
                return _Block(self._add(self.dialect.sequence(node, node.columns[0], self)))
            case _:
                assert_never(node)

    def _projected(self, node: Project, below: _Block) -> tuple[list[Sql], bool]:
        """The columns of a projection, and whether there may be more than those.

        Many that are taken over are written `*`, the columns that are left out among them. New ones are not put beside
        such leftovers, since ids could meet.
        """
        kept: list[Sql] = []
        made: list[Sql] = []
        for column, value in zip(node.columns, node.expressions, strict=True):
            if isinstance(value, ColumnUse) and value.id == column.id:
                kept.append(sql.column(column.id))
            else:
                made.append(sql.alias(self.expression(value), column.id))
        if len(kept) < MANY or below.extra:
            return [*kept, *made] or [sql.alias(sql.number(0), "none")], False
        return [sql.STAR, *made], len(kept) < len(node.input.columns)

    def _aggregated(self, node: Aggregate) -> Sql:
        below = self.block(node.input)
        keys = [self.expression(key) for key in node.keys]
        chosen = [
            sql.alias(value, column.id)
            for column, value in zip(
                node.columns, [*keys, *(self._measured(measure) for measure in node.measures)], strict=True
            )
        ]
        places: list[Sql] = [sql.number(at + 1) for at in range(len(keys))]
        source, condition = below.source, below.condition
        if self.dialect.grouped is not None:
            source, condition = self.dialect.grouped(node, source, condition)
        return sql.select(chosen, source, where=condition, group=places or None)

    def _measured(self, measure: Measure) -> Sql:
        row = self.dialect.aggregates.get(measure.function)
        if row is None or isinstance(row, Gap):
            raise refuse(self._unsupported(measure.function, row), measure.span)
        arguments = tuple(map(self.expression, measure.arguments))
        try:
            result = row.emit(measure, arguments, self)
        except UnsupportedError as error:
            raise refuse(f"{measure.function}: {error.reason}", measure.span, error.advice) from error
        if row.approximate:
            self.approximate(measure.function, row.approximate, measure.span)
        return result

    def _windowed(self, called: WindowCall) -> Sql:
        row = self.dialect.windows.get(called.function)
        if row is None or isinstance(row, Gap):
            raise refuse(self._unsupported(called.function, row), called.span)
        arguments = tuple(map(self.expression, called.arguments))
        try:
            return row.emit(called, arguments, self)
        except UnsupportedError as error:
            raise refuse(f"{called.function}: {error.reason}", called.span, error.advice) from error

    def over(self, called: WindowCall, function: Sql, frame: exp.WindowSpec | None = None) -> Sql:
        """`function OVER (PARTITION BY … ORDER BY …)` for this call."""
        return exp.Window(
            this=function,
            partition_by=[sql.column(column) for column in called.partition],
            order=exp.Order(expressions=self.order(called.order)) if called.order else None,
            spec=frame,
        )

    def order(self, keys: tuple[SortKey, ...]) -> list[Sql]:
        return [sql.ordered(sql.column(key.column), key.descending, key.nulls_first) for key in keys]

    def _joined(self, node: Join) -> Sql:
        left, right = self.name_relation(node.left), self.name_relation(node.right)
        conditions = [
            _same(one.type, _qualified(self.expression(one), "l"), _qualified(self.expression(other), "r"))
            for one, other in node.keys
        ]
        on = sql.both(*conditions)
        if node.kind in (JoinKind.LEFT_SEMI, JoinKind.LEFT_ANTI):
            exists: Sql = exp.Exists(this=sql.select([sql.number(1)], sql.table(right, "r"), where=on))
            condition = sql.negate(exists) if node.kind is JoinKind.LEFT_ANTI else exists
            columns = [sql.column(column.id, "l") for column in node.columns]
            return sql.select(columns, sql.table(left, "l"), where=condition)
        sides = {
            JoinKind.INNER: ("", "INNER"),
            JoinKind.LEFT_OUTER: ("LEFT", ""),
            JoinKind.RIGHT_OUTER: ("RIGHT", ""),
            JoinKind.FULL_OUTER: ("FULL", ""),
            JoinKind.CROSS: ("", "CROSS"),
        }
        side, kind = sides[node.kind]
        join = exp.Join(
            this=sql.table(right, "r"),
            side=side or None,
            kind=kind or None,
            on=None if node.kind is JoinKind.CROSS else on,
        )
        columns = [sql.column(column.id, "l") for column in node.left.columns]
        columns += [sql.column(column.id, "r") for column in node.right.columns]
        return sql.select(columns, sql.table(left, "l"), joins=[join])

    def _united(self, node: UnionAll) -> Sql:
        selects: list[Sql] = []
        for part, sources in zip(node.parts, node.sources, strict=True):
            below = self.block(part)
            columns = [
                sql.alias(sql.column(source), target.id) for source, target in zip(sources, node.columns, strict=True)
            ]
            selects.append(sql.select(columns, below.source, where=below.condition))
        result = selects[0]
        for other in selects[1:]:
            result = exp.Union(this=result, expression=other, distinct=False)
        return result

    def _limited(self, node: Limit) -> Sql:
        below = self.block(node.input)
        columns = self._carried(node.columns, below)
        if not node.partition:
            order = self.order(node.order)
            return sql.select(columns, below.source, where=below.condition, order=order, limit=node.count)
        ranked = exp.Window(
            this=sql.call("row_number"),
            partition_by=[sql.column(column) for column in node.partition],
            order=exp.Order(expressions=self.order(node.order) or [sql.number(1)]),
        )
        within = exp.LTE(this=ranked, expression=sql.number(node.count))
        return sql.select(columns, below.source, where=below.condition, qualify=within)

    def _values(self, node: Values) -> Sql:
        if not node.columns:
            return sql.select([sql.alias(sql.number(0), "none")])
        if not node.rows:
            return self.no_rows(node.columns)
        rows = [exp.Tuple(expressions=[self.expression(value) for value in row]) for row in node.rows]
        names = [sql.name(column.id) for column in node.columns]
        typed = [
            sql.alias(sql.cast(sql.column(column.id), self.dialect.types[column.type]), column.id)
            for column in node.columns
        ]
        values = exp.Values(expressions=rows, alias=exp.TableAlias(this=sql.name("v"), columns=names))
        return sql.select(typed, values)

    def no_rows(self, columns: tuple[PlanColumn, ...]) -> Sql:
        """A SELECT of these columns that gives no row."""
        return sql.select([sql.alias(self.missing(column.type), column.id) for column in columns], where=sql.FALSE)

    def missing(self, kind: ScalarType) -> Sql:
        """What a value of a type is when there is none: null, '' for text."""
        if kind is ScalarType.STRING:
            return sql.text("")
        return sql.cast(sql.NULL, self.dialect.types[kind])

    def statement(self, plan: Plan) -> Sql:
        """The whole statement, with the columns of `plan` in their order."""
        for node in nodes(plan):
            for child in children(node):
                self._readers[id(child)] = self._readers.get(id(child), 0) + 1
        for node in nodes(plan)[:-1]:
            self.block(node)
        order: tuple[SortKey, ...] = ()
        body = plan
        if isinstance(plan, Sort):
            order, body = plan.order, plan.input
        block = self.block(body)
        columns = [sql.column(column.id) for column in plan.columns] or [sql.alias(sql.number(0), "none")]
        query = sql.select(columns, block.source, where=block.condition, order=self.order(order))
        if self._queries:
            hoist(query)
        if self.ctes:
            query.set("with_", exp.With(expressions=self.ctes))
        return query


@dataclass(frozen=True, slots=True)
class _Block:
    """A named sub-query and the condition that its reader must still apply."""

    name: str
    condition: Sql | None = None
    extra: bool = False
    """Whether the sub-query may have columns that the plan's node does not."""

    @property
    def source(self) -> Sql:
        return sql.table(self.name)


def _same(kind: ScalarType, left: Sql, right: Sql) -> Sql:
    """Whether two keys match: nulls do, as Kusto's joins have it. Texts are never null."""
    return sql.equal(left, right) if kind is ScalarType.STRING else sql.binary(exp.NullSafeEQ, left, right)


def _qualified(expression: Sql, side: str) -> Sql:
    """The columns of one side of a join, named by that side."""
    for found in list(expression.find_all(exp.Column)):
        if isinstance(found.this, exp.Identifier) and found.this.quoted:
            found.set("table", sql.name(side))
    return expression
