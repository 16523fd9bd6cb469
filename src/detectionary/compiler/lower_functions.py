"""Functions that are more than a value of their arguments' values: those that take the row's columns by name, and those
that give several columns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from detectionary.compiler.lowering import Lowering, use
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.functions import Columns
from detectionary.languages.kusto.functions_series import SERIES_FUNCTIONS
from detectionary.languages.kusto.syntax import Call, NameReference, ScalarType, Star
from detectionary.text import Span

STRING, DYNAMIC, LONG = ScalarType.STRING, ScalarType.DYNAMIC, ScalarType.LONG


# The columns of the row


def pack_all(low: Lowering, node: Call, scope: Scope) -> Expr:
    """`pack_all(ignore empty)`: a bag of all columns by their names, or of those that are neither null nor ''."""
    function = "pack"
    if node.arguments:
        ignores = low.expression(node.arguments[0], scope)
        if not isinstance(ignores, Constant):
            raise refuse("whether empty columns are left out must be known before the run", node.arguments[0].span)
        function = "pack_filled" if ignores.value is True else "pack"
    return _packed(function, _row(node, scope), node.span)


def bag_pack_columns(low: Lowering, node: Call, scope: Scope) -> Expr:
    """`bag_pack_columns(a, b)`: a bag of columns by their names."""
    row = _row(node, scope)
    arguments: list[Expr] = []
    for argument in node.arguments:
        found = row.get(argument.name) if isinstance(argument, NameReference) else None
        if found is None:
            raise refuse("a column is needed here", argument.span)
        arguments += [Constant(STRING, found.name), use(found, argument.span)]
    return Apply("pack", tuple(arguments), DYNAMIC, node.span)


def pack_array(low: Lowering, node: Call, scope: Scope) -> Expr:
    """`pack_array(a, b)`, or of all columns: `pack_array(*)`."""
    arguments: list[Expr] = []
    for argument in node.arguments:
        if isinstance(argument, Star):
            arguments += [use(column, argument.span) for column in _row(node, scope).columns]
        else:
            arguments.append(low.expression(argument, scope))
    return Apply("pack_array", tuple(arguments), DYNAMIC, node.span)


def _row(node: Call, scope: Scope) -> Relation:
    if scope.row is None:
        raise refuse(f"{node.name.text} packs the columns of a row, and there is none here", node.span)
    return scope.row


def _packed(function: str, row: Relation, span: Span) -> Expr:
    pairs = ((Constant(STRING, column.name), use(column, span)) for column in row.columns)
    return Apply(function, tuple(part for pair in pairs for part in pair), DYNAMIC, span)


# Several results


SORTS: Final = frozenset({"array_sort_asc", "array_sort_desc"})
"""They give a sorted array for every array."""


def results(value: Expr) -> int:
    """How many columns a value gives when a stage takes it whole."""
    if not isinstance(value, Apply):
        return 1
    if value.function in SORTS:
        return sum(argument.type is DYNAMIC for argument in value.arguments)
    known = SERIES_FUNCTIONS.get(value.function)
    returns = known.signatures[0].returns if known is not None else None
    return len(returns.text.split()) if isinstance(returns, Columns) else 1


def result_at(value: Expr, place: int) -> Expr:
    """One of several results: a function that gives several gives them as one array."""
    whole = replace(value, type=DYNAMIC) if isinstance(value, Apply) else value
    return Apply("element", (whole, Constant(LONG, place)), DYNAMIC, value.span)
