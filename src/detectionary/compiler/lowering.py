"""The state of one lowering, from a bound tree to a plan, and how its parts call each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from detectionary.compiler.discovery import Discovered
from detectionary.compiler.plan import (
    NOWHERE,
    Apply,
    ColumnId,
    ColumnUse,
    Constant,
    Expr,
    Filter,
    PlanColumn,
    Project,
    Scan,
    Sequence,
    SortKey,
    Values,
    Window,
    WindowCall,
    parts,
)
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Collected, Relation, Scope, TableName
from detectionary.languages.kusto.bound import TableType
from detectionary.languages.kusto.syntax import Expression, Node, Operator, ScalarType
from detectionary.model.schema import Environment, TableSchema
from detectionary.text import Span

MAX_NODES: Final = 20_000
"""How many nodes a plan may have: functions that call functions could multiply without end."""

CHEAP = (Scan, Filter, Project, Values, Sequence)
"""Nodes that are written again for every reader rather than computed once."""

LowerOperator = Callable[["Lowering", Operator, Relation, Scope], Relation]


class Lowering:
    """One query on its way to a plan.

    The parts (`lower_*.py`) are functions that take this; `operators` and the other entrances tie them together in
    `lower.py`.
    """

    def __init__(
        self,
        environment: Environment,
        operators: Mapping[type[Operator], LowerOperator],
        lower_expression: Callable[[Lowering, Expression, Scope], Expr],
        lower_table: Callable[[Lowering, Expression, Scope], Relation],
        external: Mapping[str, TableSchema],
        discovered: Mapping[int, Discovered],
    ) -> None:
        self.environment = environment
        self.operators = operators
        self.external = external
        """Tables that the caller gives for `externaldata`, watchlists and the like, by the name they are asked for."""
        self.discovered = discovered
        """What data has shown of the columns of plug-ins, by the id of their `evaluate`."""
        self.evaluated: dict[int, int] = {}
        """The body in which each `evaluate` was met, by the ids of both."""
        self.stage = 0
        self._lower_expression = lower_expression
        self._lower_table = lower_table
        self._count = 0
        self._made = 0
        self.depth = 0
        """How many functions are being written out, one inside the other."""
        self.shared: dict[int, tuple[TableName, Relation]] = {}
        """Tables behind names, lowered once, by the id of the name, which is kept alive beside them."""
        self.places: set[ColumnId] = set()
        """Columns that number the rows of their table, so that no two rows of a sub-table have the same value."""

    # Entrances of the parts

    def expression(self, node: Expression, scope: Scope) -> Expr:
        """The value of a scalar expression; refuses what has no value."""
        return self._lower_expression(self, node, scope)

    def table(self, node: Expression, scope: Scope) -> Relation:
        """The table that an expression gives; refuses what is none."""
        return self._lower_table(self, node, scope)

    def typed(self, node: Expression, scope: Scope) -> ScalarType:
        """The binder's type of an expression, UNKNOWN when it has none."""
        found = scope.frame.types.get(id(node))
        return found if isinstance(found, ScalarType) else ScalarType.UNKNOWN

    def result(self, node: Node, scope: Scope) -> TableType:
        """The columns that the binder found behind a stage; refuses when some are known only from data."""
        found = scope.frame.results.get(id(node))
        if found is None:
            raise refuse("the columns behind this stage are not known", node.span, code="KQL402")
        if found.open:
            what = f" of {found.name}" if found.name else ""
            raise refuse(f"the columns{what} are known only from data", node.span, code="KQL402")
        return found

    # Making columns and nodes

    def column(self, name: str, kind: ScalarType, span: Span | None = None) -> PlanColumn:
        """A new column; its id holds what it can of the name, for people who read the SQL."""
        if kind in (ScalarType.UNKNOWN, ScalarType.TYPE):
            raise refuse(
                f"the type of {name} is not known before the run",
                span or Span(0, 0),
                "convert it, with tostring() for example",
                code="KQL402",
            )
        self._count += 1
        return PlanColumn(name, kind, ColumnId(f"{_readable(name)}_{self._count}"))

    def renewed(self, columns: Iterable[PlanColumn]) -> tuple[PlanColumn, ...]:
        """The same columns under new ids."""
        return tuple(self.column(column.name, column.type) for column in columns)

    def count_node(self, span: Span) -> None:
        self._made += 1
        if self._made > MAX_NODES:
            raise refuse("the query grows too large when its functions are written out", span)

    def project(
        self, relation: Relation, computed: Iterable[tuple[PlanColumn, Expr]], span: Span, *, keep: bool = True
    ) -> Relation:
        """A projection to exactly these visible columns; order and partition stay when `keep`."""
        chosen = list(computed)
        kept = {column.id for column, value in chosen if isinstance(value, ColumnUse) and value.id == column.id}
        needed = ({key.column for key in relation.order} if keep else set()) | set(relation.partition)
        hidden = [c for c in relation.plan.columns if c.id in needed and c.id not in kept]
        self.count_node(span)
        plan = Project(
            columns=(*(column for column, _ in chosen), *hidden),
            input=relation.plan,
            expressions=(*(value for _, value in chosen), *(ColumnUse(c.id, c.type) for c in hidden)),
            span=span,
            stage=self.stage,
        )
        return Relation(
            plan,
            tuple(column for column, _ in chosen),
            relation.order if keep else (),
            relation.sorted and keep,
            relation.partition,
        )

    def extended(self, relation: Relation, computed: Iterable[tuple[PlanColumn, Expr]], span: Span) -> Relation:
        """Carry further columns along that the query does not see."""
        added = list(computed)
        if not added:
            return relation
        self.count_node(span)
        before = relation.plan.columns
        plan = Project(
            columns=(*before, *(column for column, _ in added)),
            input=relation.plan,
            expressions=(*(ColumnUse(c.id, c.type) for c in before), *(value for _, value in added)),
            span=span,
            stage=self.stage,
        )
        return Relation(plan, relation.columns, relation.order, relation.sorted, relation.partition)

    def filtered(self, relation: Relation, condition: Expr, span: Span) -> Relation:
        self.count_node(span)
        plan = Filter(
            columns=relation.plan.columns, input=relation.plan, condition=condition, span=span, stage=self.stage
        )
        return Relation(plan, relation.columns, relation.order, relation.sorted, relation.partition)

    def windowed(self, relation: Relation, collected: Collected, span: Span) -> Relation:
        """`relation` with a carried column for every window call that was collected.

        There are as many nodes as calls build on one another. Once rows are numbered, their numbers are the order.
        """
        plan = relation.plan
        made = {column.id for column in collected.columns}
        waiting = list(zip(collected.columns, collected.calls, strict=True))
        while waiting:
            ready = [(column, call) for column, call in waiting if not made & inputs(call)]
            waiting = [pair for pair in waiting if pair not in ready]
            made -= {column.id for column, _ in ready}
            self.count_node(span)
            plan = Window(
                columns=(*plan.columns, *(column for column, _ in ready)),
                input=plan,
                calls=tuple(call for _, call in ready),
                span=span,
                stage=self.stage,
            )
        places = [SortKey(column.id) for column in collected.columns if column.id in self.places]
        order = tuple(places[:1]) or relation.order
        return Relation(plan, relation.columns, order, relation.sorted, relation.partition)

    def fresh(self, relation: Relation, span: Span) -> Relation:
        """The same table under new ids, so that it can stand beside itself in a join."""
        new = {column.id: self.column(column.name, column.type) for column in relation.plan.columns}
        self.count_node(span)
        plan = Project(
            columns=tuple(new.values()),
            input=relation.plan,
            expressions=tuple(ColumnUse(c.id, c.type) for c in relation.plan.columns),
            span=span,
        )
        order = tuple(type(key)(new[key.column].id, key.descending, key.nulls_first) for key in relation.order)
        self.places |= {column.id for old, column in new.items() if old in self.places}
        # A join shows a column of its plan under another name.
        columns = tuple(PlanColumn(column.name, column.type, new[column.id].id) for column in relation.columns)
        return Relation(plan, columns, order, relation.sorted, tuple(new[c].id for c in relation.partition))


def inputs(call: WindowCall) -> set[ColumnId]:
    """The columns that a window call reads."""
    used = {part.id for argument in call.arguments for part in parts(argument) if isinstance(part, ColumnUse)}
    return used | set(call.partition) | {key.column for key in call.order}


@lru_cache(maxsize=4096)
def _readable(name: str) -> str:
    """What an id can hold of a name: ASCII letters and digits, in lower case, not too many."""
    plain = "".join(character if character.isascii() and character.isalnum() else "_" for character in name[:24])
    return plain.lower()


def use(column: PlanColumn, span: Span = NOWHERE) -> ColumnUse:
    return ColumnUse(column.id, column.type, span)


def passed(columns: Iterable[PlanColumn]) -> list[tuple[PlanColumn, Expr]]:
    """Columns taken over as they are."""
    return [(column, use(column)) for column in columns]


def null_of(kind: ScalarType) -> Constant:
    """What a missing value of a type is: '' for text."""
    return Constant(kind, "" if kind is ScalarType.STRING else None)


def constant_items(value: Constant) -> Iterator[Expr]:
    """The items of a constant array as values of their own; another dynamic value is its only item."""
    if value.value is None:
        return
    content = json.loads(str(value.value))
    for item in content if isinstance(content, list) else [content]:
        match item:
            case bool():
                yield Constant(ScalarType.BOOL, item, value.span)
            case int():
                yield Constant(ScalarType.LONG, item, value.span)
            case float():
                yield Constant(ScalarType.REAL, item, value.span)
            case str():
                yield Constant(ScalarType.STRING, item, value.span)
            case _:
                yield Constant(
                    ScalarType.DYNAMIC, json.dumps(item, ensure_ascii=False, separators=(",", ":")), value.span
                )


def converted(value: Expr, kind: ScalarType) -> Expr:
    """`value` as `kind`, by Kusto's conversion function, when it is of another type."""
    if value.type is kind:
        return value
    if isinstance(value, Constant) and value.value is None:
        return null_of(kind)
    if isinstance(value, Constant) and isinstance(value.value, int) and value.type in _WHOLE:
        if kind is ScalarType.LONG:
            return Constant(kind, value.value, value.span)
        if kind is ScalarType.REAL and abs(value.value) <= 1 << 53:
            return Constant(kind, float(value.value), value.span)
    return Apply(CONVERSION[kind], (value,), kind, value.span)


_WHOLE: Final = (ScalarType.INT, ScalarType.LONG)

CONVERSION: Final[Mapping[ScalarType, str]] = {
    ScalarType.BOOL: "tobool",
    ScalarType.INT: "toint",
    ScalarType.LONG: "tolong",
    ScalarType.REAL: "toreal",
    ScalarType.DECIMAL: "todecimal",
    ScalarType.STRING: "tostring",
    ScalarType.DATETIME: "todatetime",
    ScalarType.TIMESPAN: "totimespan",
    ScalarType.GUID: "toguid",
    ScalarType.DYNAMIC: "todynamic_value",
}
"""The function that converts to each type; `todynamic_value` wraps a value as dynamic and parses no text."""
