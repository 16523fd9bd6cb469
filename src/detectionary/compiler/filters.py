"""A rewrite: in a filter null and false are one, so an equality there may be as plain as SQL's.

Kusto's `==` gives false for a null and a value, and null for two nulls; said exactly, that hides the comparison from
the statistics of files. `equal_or_null` is `==` where false may be null.
"""

from __future__ import annotations

from dataclasses import replace

from detectionary.compiler.plan import Apply, Expr, Filter, Plan


def written(function: str) -> str:
    """A function's name as the query has it."""
    return "==" if function == "equal_or_null" else function


def loosened(node: Plan) -> Plan:
    """A filter whose equalities, as far as only their truth counts, are `equal_or_null`."""
    return replace(node, condition=_true_or_not(node.condition)) if isinstance(node, Filter) else node


def _true_or_not(condition: Expr) -> Expr:
    """The condition for a reader who takes null for false."""
    match condition:
        case Apply(function="and" | "or"):
            return replace(condition, arguments=tuple(_true_or_not(part) for part in condition.arguments))
        case Apply(function="=="):
            return replace(condition, function="equal_or_null")
        case _:
            return condition
