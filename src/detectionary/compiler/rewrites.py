"""Rewrites of a plan that keep its rows: columns that nobody reads go; a rule's window is put over its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, assert_never

from detectionary.compiler.filters import loosened
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnId,
    ColumnUse,
    Constant,
    Expand,
    Expr,
    Filter,
    InQuery,
    Join,
    JoinKind,
    Limit,
    Plan,
    Project,
    ScalarQuery,
    Scan,
    Sort,
    UnionAll,
    Values,
    Window,
    children,
    expressions,
    nodes,
    parts,
)
from detectionary.compiler.plan import (
    Sequence as SequenceNode,
)
from detectionary.languages.kusto.syntax import ScalarType

Rewrite = Callable[[Plan], Plan]

TIME_COLUMNS: Final = ("TimeGenerated", "Timestamp")
"""The column of a record's own time: of Log Analytics tables, and of Defender XDR's."""


def rebuilt(plan: Plan, change: Callable[[Plan], Plan]) -> Plan:
    """The plan with `change` applied to every node once, from the leaves up; shared nodes stay shared."""
    made: dict[int, Plan] = {}
    for node in nodes(plan):
        made[id(node)] = change(_relinked(node, made))
    return made[id(plan)]


def _relinked(node: Plan, made: dict[int, Plan]) -> Plan:
    """`node` reading what its inputs have become."""
    if all(made[id(child)] is child for child in children(node)):
        return node

    def new(child: Plan) -> Plan:
        return made[id(child)]

    def value(expression: Expr) -> Expr:
        return _relinked_expression(expression, made)

    match node:
        case Filter():
            return replace(node, input=new(node.input), condition=value(node.condition))
        case Project():
            return replace(node, input=new(node.input), expressions=tuple(map(value, node.expressions)))
        case Aggregate():
            measures = tuple(replace(m, arguments=tuple(map(value, m.arguments))) for m in node.measures)
            return replace(node, input=new(node.input), keys=tuple(map(value, node.keys)), measures=measures)
        case Window():
            calls = tuple(replace(c, arguments=tuple(map(value, c.arguments))) for c in node.calls)
            return replace(node, input=new(node.input), calls=calls)
        case Join():
            keys = tuple((value(one), value(other)) for one, other in node.keys)
            return replace(node, left=new(node.left), right=new(node.right), keys=keys)
        case UnionAll():
            return replace(node, parts=tuple(map(new, node.parts)))
        case Limit() | Sort():
            return replace(node, input=new(node.input))
        case Expand():
            items = tuple(replace(item, source=value(item.source)) for item in node.items)
            return replace(node, input=new(node.input), items=items)
        case Values():
            return replace(node, rows=tuple(tuple(map(value, row)) for row in node.rows))
        case SequenceNode():
            return replace(node, start=value(node.start), stop=value(node.stop), step=value(node.step))
        case Scan():
            return node
        case _:
            assert_never(node)


def _relinked_expression(expression: Expr, made: dict[int, Plan]) -> Expr:
    if isinstance(expression, ColumnUse | Constant):
        return expression
    if not any(isinstance(part, ScalarQuery | InQuery) for part in parts(expression)):
        return expression
    match expression:
        case ScalarQuery():
            return replace(expression, plan=made[id(expression.plan)])
        case InQuery():
            operand = _relinked_expression(expression.operand, made)
            return replace(expression, operand=operand, plan=made[id(expression.plan)])
        case Apply():
            arguments = tuple(_relinked_expression(argument, made) for argument in expression.arguments)
            return replace(expression, arguments=arguments)
        case _:
            assert_never(expression)


# A rule's window


def within(plan: Plan, start: int | None, end: int) -> Plan:
    """Only the records of one evaluation: `start` <= time < `end`, ticks, in every table that has a record's time."""

    def change(node: Plan) -> Plan:
        if not isinstance(node, Scan):
            return node
        names = {column.name: column for column in node.columns}
        time = next((names[name] for name in TIME_COLUMNS if name in names), None)
        if time is None or time.type is not ScalarType.DATETIME:
            return node
        moment = ColumnUse(time.id, time.type)
        conditions: list[Expr] = [_compared("<", moment, end)]
        if start is not None:
            conditions.insert(0, _compared(">=", moment, start))
        return Filter(
            columns=node.columns,
            input=node,
            condition=Apply("and", tuple(conditions), ScalarType.BOOL),
            span=node.span,
            stage=node.stage,
        )

    return rebuilt(plan, change)


def _compared(operator: str, moment: Expr, ticks: int) -> Expr:
    return Apply(operator, (moment, Constant(ScalarType.DATETIME, ticks)), ScalarType.BOOL)


# Columns that nobody reads


def pruned(plan: Plan) -> Plan:
    """The plan without columns that nobody reads: an engine that reads columns reads fewer of them."""
    order = nodes(plan)
    needed: dict[int, set[ColumnId]] = {id(node): set() for node in order}
    needed[id(plan)] = {column.id for column in plan.columns}
    for node in reversed(order):
        _ask(node, needed)
    narrowed: dict[int, Plan] = {}
    for node in order:
        narrowed[id(node)] = _narrowed(_relinked(node, narrowed), needed[id(node)])
    return narrowed[id(plan)]


def _ask(node: Plan, needed: dict[int, set[ColumnId]]) -> None:
    """Add to what is needed of the inputs, given what is needed of `node`."""
    wanted = needed[id(node)]
    if not wanted and node.columns:
        # A node always has a column, so one that nobody reads needs what its first is made of.
        wanted = {node.columns[0].id}
    for expression in expressions(node) if not isinstance(node, Project | Aggregate | Window) else ():
        _ask_expression(expression, node, needed)
    match node:
        case Filter():
            needed[id(node.input)] |= wanted
        case Project():
            for column, value in zip(node.columns, node.expressions, strict=True):
                if column.id in wanted:
                    _ask_expression(value, node, needed)
        case Aggregate():
            for key in node.keys:
                _ask_expression(key, node, needed)
            for column, measure in zip(node.columns[len(node.keys) :], node.measures, strict=True):
                if column.id in wanted:
                    needed[id(node.input)].update(key.column for key in measure.order)
                    for argument in measure.arguments:
                        _ask_expression(argument, node, needed)
        case Window():
            own = {column.id for column in node.columns[len(node.input.columns) :]}
            needed[id(node.input)] |= wanted - own
            for column, call in zip(node.columns[len(node.input.columns) :], node.calls, strict=True):
                if column.id in wanted:
                    needed[id(node.input)].update(call.partition, (key.column for key in call.order))
                    for argument in call.arguments:
                        _ask_expression(argument, node, needed)
        case Join():
            for side in node.inputs:
                needed[id(side)] |= wanted & {column.id for column in side.columns}
        case UnionAll():
            for part, sources in zip(node.parts, node.sources, strict=True):
                needed[id(part)].update(
                    source for source, target in zip(sources, node.columns, strict=True) if target.id in wanted
                )
        case Limit():
            needed[id(node.input)] |= wanted | set(node.partition) | {key.column for key in node.order}
        case Sort():
            needed[id(node.input)] |= wanted | {key.column for key in node.order}
        case Expand():
            needed[id(node.input)] |= wanted & {column.id for column in node.input.columns}
        case Scan() | Values() | SequenceNode():
            return
        case _:
            assert_never(node)


def _ask_expression(expression: Expr, node: Plan, needed: dict[int, set[ColumnId]]) -> None:
    if isinstance(expression, ColumnUse):
        for child in node.inputs:
            needed[id(child)].add(expression.id)
        return
    for part in parts(expression):
        match part:
            case ColumnUse():
                for child in node.inputs:
                    needed[id(child)].add(part.id)
            case ScalarQuery() | InQuery():
                needed[id(part.plan)].add(part.plan.columns[0].id)


def _narrowed(node: Plan, wanted: set[ColumnId]) -> Plan:
    """`node` without the columns that nobody wants, as far as it can do without them."""
    match node:
        case Scan():
            kept = tuple(column for column in node.columns if column.id in wanted)
            return replace(node, columns=kept or node.columns[:1])
        case Filter() | Limit():
            return replace(node, columns=node.input.columns)
        case Sort():
            return node
        case Project():
            pairs = [pair for pair in zip(node.columns, node.expressions, strict=True) if pair[0].id in wanted]
            pairs = pairs or list(zip(node.columns, node.expressions, strict=True))[:1]
            columns, values = tuple(c for c, _ in pairs), tuple(v for _, v in pairs)
            return replace(node, columns=columns, expressions=values)
        case Aggregate():
            width = len(node.keys)
            measured = [p for p in zip(node.columns[width:], node.measures, strict=True) if p[0].id in wanted]
            if not measured and not node.keys:
                measured = [(node.columns[0], node.measures[0])]
            columns = (*node.columns[:width], *(column for column, _ in measured))
            return replace(node, columns=columns, measures=tuple(measure for _, measure in measured))
        case Window():
            old = len(node.columns) - len(node.calls)
            called = [p for p in zip(node.columns[old:], node.calls, strict=True) if p[0].id in wanted]
            columns = (*node.input.columns, *(column for column, _ in called))
            return replace(node, columns=columns, calls=tuple(call for _, call in called))
        case Join():
            if node.kind in (JoinKind.LEFT_SEMI, JoinKind.LEFT_ANTI):
                return replace(node, columns=node.left.columns)
            return replace(node, columns=(*node.left.columns, *node.right.columns))
        case UnionAll():
            return _narrowed_union(node, wanted)
        case Expand():
            made = node.columns[len(node.columns) - len(node.items) - node.indexed :]
            return replace(node, columns=(*node.input.columns, *made))
        case Values() | SequenceNode():
            return node
        case _:
            assert_never(node)


def _narrowed_union(node: UnionAll, wanted: set[ColumnId]) -> Plan:
    """A union whose parts have lost the same columns; a part that could not lose them is projected."""
    keep = [at for at, column in enumerate(node.columns) if column.id in wanted] or [0]
    columns = tuple(node.columns[at] for at in keep)
    parts_: list[Plan] = []
    for part, names in zip(node.parts, node.sources, strict=True):
        chosen = [names[at] for at in keep]
        by_id = {column.id: column for column in part.columns}
        if [column.id for column in part.columns] == chosen:
            parts_.append(part)
        else:
            kept = tuple(by_id[name] for name in chosen)
            values = tuple(ColumnUse(column.id, column.type) for column in kept)
            parts_.append(Project(columns=kept, input=part, expressions=values, span=part.span, stage=part.stage))
    sources = tuple(tuple(names[at] for at in keep) for names in node.sources)
    return replace(node, columns=columns, parts=tuple(parts_), sources=sources)


def loosened_filters(plan: Plan) -> Plan:
    return rebuilt(plan, loosened)


REWRITES: Final[Sequence[Rewrite]] = (pruned, loosened_filters)
"""What is done to every plan, in order."""
