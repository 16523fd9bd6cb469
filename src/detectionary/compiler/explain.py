"""A plan in lines that people read: a node a line, inputs below, expressions as calls."""

from __future__ import annotations

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
    nodes,
)
from detectionary.compiler.ticks import datetime_text, timespan_text
from detectionary.languages.kusto.syntax import ScalarType

_LONGEST = 160


def plan_lines(plan: Plan) -> list[str]:
    """The nodes in the order in which they are computed: `number  what  <- inputs`."""
    numbers: dict[int, int] = {}
    lines: list[str] = []
    for node in nodes(plan):
        number = len(numbers) + 1
        numbers[id(node)] = number
        inputs = ", ".join(str(numbers[id(part)]) for part in node.inputs)
        arrow = f"  <- {inputs}" if inputs else ""
        lines.append(_cut(f"{number:>3}  {_node(node, numbers)}") + arrow)
    return lines


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _node(node: Plan, numbers: dict[int, int]) -> str:
    def value(expression: Expr) -> str:
        return _expression(expression, numbers)

    match node:
        case Scan():
            return f"scan {node.table}({', '.join(_named(column) for column in node.columns)})"
        case Values():
            return f"values of {len(node.rows)} rows"
        case Sequence():
            return f"range from {value(node.start)} to {value(node.stop)} step {value(node.step)}"
        case Filter():
            return f"filter {value(node.condition)}"
        case Project():
            made = [
                f"{column.id} = {value(part)}"
                for column, part in zip(node.columns, node.expressions, strict=True)
                if not (isinstance(part, ColumnUse) and part.id == column.id)
            ]
            kept = len(node.columns) - len(made)
            return f"project {', '.join([*made, f'{kept} kept'] if kept else made)}"
        case Aggregate():
            keys = ", ".join(map(value, node.keys))
            return f"aggregate {', '.join(_call(m, numbers) for m in node.measures)} by ({keys})"
        case Window():
            return f"window {', '.join(_call(call, numbers) for call in node.calls)}"
        case Join():
            on = " and ".join(f"{value(one)} == {value(other)}" for one, other in node.keys)
            return f"{node.kind.value} join on {on}"
        case UnionAll():
            return f"union of {len(node.parts)}"
        case Limit():
            return f"first {node.count}{_order(node.order)}" + (f" in each {node.partition}" if node.partition else "")
        case Sort():
            return f"sort{_order(node.order)}"
        case Expand():
            return f"expand {', '.join(value(item.source) for item in node.items)}"


def _named(column: PlanColumn) -> str:
    return f"{column.name}: {column.type.value}"


def _order(order: tuple[SortKey, ...]) -> str:
    if not order:
        return ""
    return " by " + ", ".join(f"{key.column}{' desc' if key.descending else ''}" for key in order)


def _call(call: Measure | WindowCall, numbers: dict[int, int]) -> str:
    return f"{call.function}({', '.join(_expression(part, numbers) for part in call.arguments)})"


def _expression(expression: Expr, numbers: dict[int, int]) -> str:
    match expression:
        case Constant():
            return _constant(expression)
        case ColumnUse():
            return expression.id
        case Apply():
            return f"{expression.function}({', '.join(_expression(part, numbers) for part in expression.arguments)})"
        case ScalarQuery():
            return f"value of {numbers.get(id(expression.plan), 0)}"
        case InQuery():
            return f"{_expression(expression.operand, numbers)} in {numbers.get(id(expression.plan), 0)}"


def _constant(constant: Constant) -> str:
    match constant.type, constant.value:
        case _, None:
            return f"{constant.type.value}(null)"
        case ScalarType.DATETIME, int(ticks):
            return datetime_text(ticks)
        case ScalarType.TIMESPAN, int(ticks):
            return timespan_text(ticks)
        case ScalarType.STRING, str(text):
            return repr(text)
    return str(constant.value)
