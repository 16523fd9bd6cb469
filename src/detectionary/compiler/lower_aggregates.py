"""Calls of aggregate functions: each becomes a measure of the `Aggregate` below, those of several results several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from detectionary.compiler.aliases import canonical
from detectionary.compiler.lowering import Lowering, constant_items, converted, use
from detectionary.compiler.plan import Apply, ColumnUse, Constant, Expr, Measure, PlanColumn, parts
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.bind_calls import CONVERSIONS
from detectionary.languages.kusto.bound import ColumnSymbol
from detectionary.languages.kusto.syntax import (
    Call,
    Expression,
    Named,
    NameReference,
    Node,
    Parenthesized,
    Path,
    ScalarType,
    Star,
)

PERCENTILES: Final = frozenset(
    {"percentile", "percentiles", "percentilew", "percentilesw", "percentiles_array", "percentilesw_array"}
)

SEVERAL: Final = PERCENTILES | {"arg_max", "arg_min", "take_any"}
"""Aggregate functions that give several columns."""

RANKED: Final = {ScalarType.INT: ScalarType.LONG, ScalarType.DECIMAL: ScalarType.REAL}
"""The type of a percentile, where it is not that of the values."""

OLD_COLLECTIONS: Final = frozenset({"makelist", "makeset", "make_dictionary"})
OLD_SIZE: Final = 128
"""How many items the deprecated spellings collect unless they say so (learn.microsoft.com, "make_set()")."""


def aggregated(
    low: Lowering, symbols: Iterable[ColumnSymbol], relation: Relation, scope: Scope, node: Node
) -> list[tuple[PlanColumn, Expr]]:
    """The result columns of aggregates, over columns that `scope.aggregates` collects."""
    made: list[tuple[PlanColumn, Expr]] = []
    for _, group in groupby(symbols, key=lambda symbol: id(symbol.expression)):
        columns = list(group)
        expression = columns[0].expression
        if expression is None:
            raise refuse(f"the aggregate behind {columns[0].name} is not supported", node.span)
        call = plain(expression)
        if isinstance(call, Call) and canonical(call.name.text) in SEVERAL:
            values = list(several(low, call, columns, relation, scope))
        else:
            values = [low.expression(expression, scope)]
        if len(values) != len(columns):
            raise refuse("the columns of this aggregate are not clear", expression.span, "give each a name of its own")
        for symbol, value in zip(columns, values, strict=True):
            _refuse_single_rows(value, scope)
            kind = symbol.type if symbol.type is not ScalarType.UNKNOWN else value.type
            made.append((low.column(symbol.name, kind, expression.span), converted(value, kind)))
    return made


def _refuse_single_rows(value: Expr, scope: Scope) -> None:
    """Refuse a value that needs a column of the single rows: a group has no one value of it."""
    collected = {column.id for column in scope.aggregates.columns} if scope.aggregates is not None else set()
    for part in parts(value):
        if isinstance(part, ColumnUse) and part.id not in collected:
            raise refuse("a column stands outside of all aggregates", part.span, "take one of its values: take_any(…)")


def plain(node: Expression) -> Expression:
    while isinstance(node, Named | Parenthesized):
        node = node.expression
    return node


def several(
    low: Lowering, call: Call, columns: Sequence[ColumnSymbol], relation: Relation, scope: Scope
) -> Iterator[Expr]:
    """The values of a call that gives several columns, in the binder's order (`bind_multiples.py`)."""
    name = canonical(call.name.text)
    row = Scope(scope.frame, scope.names, scope.row)
    if name in PERCENTILES:
        arguments = [low.expression(argument, row) for argument in call.arguments]
        yield from _percentiles(low, name, arguments, [symbol.type for symbol in columns], call, scope)
        return
    values = list(_row_values(low, call, columns, relation, row))
    if name == "take_any":
        function = "take_any" if len(values) == 1 else "any_row"
        for value in values:
            yield collected(low, function, (value,), value.type, call, scope)
        return
    key = values[0]
    yield collected(low, name.removeprefix("arg_"), (key,), key.type, call, scope)
    for value in values[1:]:
        yield collected(low, name, (key, value), value.type, call, scope)


def _fixed(name: str) -> int:
    """How many arguments stand before the percentiles: the values, and their weights."""
    return 2 if name.startswith(("percentilew", "percentilesw")) else 1


def _percentiles(
    low: Lowering, name: str, arguments: list[Expr], kinds: Sequence[ScalarType], call: Call, scope: Scope
) -> Iterator[Expr]:
    """A measure for every percentile; `percentiles_array` puts them into one array."""
    fixed = _fixed(name)
    function = "percentile" if fixed == 1 else "percentilew"
    shares = arguments[fixed:]
    if not name.endswith("_array"):
        for share, kind in zip(shares, kinds, strict=True):
            yield collected(low, function, (*arguments[:fixed], share), kind, call, scope)
        return
    if len(shares) == 1 and isinstance(shares[0], Constant) and shares[0].type is ScalarType.DYNAMIC:
        shares = list(constant_items(shares[0]))
    kind = RANKED.get(arguments[0].type, arguments[0].type)
    found = [collected(low, function, (*arguments[:fixed], share), kind, call, scope) for share in shares]
    yield Apply("pack_array", tuple(found), ScalarType.DYNAMIC, call.span)


def _row_values(
    low: Lowering, call: Call, columns: Sequence[ColumnSymbol], relation: Relation, scope: Scope
) -> Iterator[Expr]:
    """What each result column holds: a column of the row, or what an argument that is no column computes."""
    if len(call.arguments) == 1 and not isinstance(plain(call.arguments[0]), Star):
        yield low.expression(call.arguments[0], scope)
        return
    computed = (argument for argument in call.arguments if not _is_column(plain(argument), scope))
    for symbol in columns:
        source = relation.get(symbol.sources[0].name) if symbol.sources else None
        if source is not None:
            yield use(source, call.span)
            continue
        argument = next(computed, None)
        if argument is None:
            raise refuse(f"what {symbol.name} is to hold is not clear", call.span)
        yield low.expression(argument, scope)


def _is_column(node: Expression, scope: Scope) -> bool:
    """Whether the binder takes an argument for columns of the row: `*`, a name, a conversion to the type it has."""
    match node:
        case Star():
            return True
        case NameReference() | Path():
            return isinstance(scope.frame.symbols.get(id(node)), ColumnSymbol)
        case Call(arguments=[argument]) if node.name.text in CONVERSIONS:
            while isinstance(argument, Parenthesized):
                argument = argument.expression
            symbol = scope.frame.symbols.get(id(argument)) if isinstance(argument, NameReference | Path) else None
            return isinstance(symbol, ColumnSymbol) and scope.frame.types.get(id(node)) is symbol.type
        case _:
            return False


def aggregate(low: Lowering, node: Call, scope: Scope) -> Expr:
    """The value of one aggregate call, which may stand inside an expression."""
    name = canonical(node.name.text)
    row = Scope(scope.frame, scope.names, scope.row)
    if name in ("arg_max", "arg_min") and len(node.arguments) > 1:
        raise refuse(f"{node.name.text} gives several columns, so it cannot stand inside an expression", node.span)
    if name == "take_any" and (len(node.arguments) > 1 or isinstance(plain(node.arguments[0]), Star)):
        raise refuse(f"{node.name.text} gives several columns, so it cannot stand inside an expression", node.span)
    arguments = [low.expression(argument, row) for argument in node.arguments]
    kind = low.typed(node, scope)
    if kind is ScalarType.UNKNOWN and arguments:
        kind = arguments[0].type
    if name in PERCENTILES:
        kinds = [RANKED.get(kind, kind)] * (len(arguments) - _fixed(name))
        values = list(_percentiles(low, name, arguments, kinds, node, scope))
        if len(values) != 1:
            raise refuse(f"{node.name.text} gives several columns, so it cannot stand inside an expression", node.span)
        return values[0]
    if node.name.text in OLD_COLLECTIONS and len(arguments) == 1:
        arguments.append(Constant(ScalarType.LONG, OLD_SIZE, node.span))
    return collected(low, name.removeprefix("arg_"), tuple(arguments), kind, node, scope)


def collected(
    low: Lowering, function: str, arguments: tuple[Expr, ...], kind: ScalarType, call: Call, scope: Scope
) -> Expr:
    """The column of a measure; equal measures have one column."""
    found = scope.aggregates
    if found is None:
        raise refuse(f"{call.name.text} can stand only where rows are grouped", call.span)
    order = scope.row.order if scope.row is not None else ()
    measure = Measure(function, arguments, kind, order, call.span)
    for column, other in zip(found.columns, found.measures, strict=True):
        if (other.function, other.arguments, other.type) == (function, arguments, kind):
            return use(column, call.span)
    column = low.column(function, kind, call.span)
    found.columns.append(column)
    found.measures.append(measure)
    return use(column, call.span)
