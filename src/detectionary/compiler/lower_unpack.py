"""`bag_unpack` and `pivot`: columns whose names are values of the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from detectionary.compiler.aliases import canonical
from detectionary.compiler.discovery import Discovered, Row, UndiscoveredError
from detectionary.compiler.lowering import Lowering, converted, null_of, use
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnUse,
    Constant,
    Expand,
    Expansion,
    Expr,
    Measure,
    Plan,
    PlanColumn,
)
from detectionary.compiler.plugin_arguments import column_argument, constant_argument, named_arguments, plain, texts_of
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.syntax import Call, Evaluate, Expression, ScalarType
from detectionary.languages.kusto.types import promoted, scalar_type
from detectionary.model.schema import Column
from detectionary.text import Span

STRING, DYNAMIC, LONG, BOOL, REAL = (
    ScalarType.STRING,
    ScalarType.DYNAMIC,
    ScalarType.LONG,
    ScalarType.BOOL,
    ScalarType.REAL,
)

MAX_COLUMNS: Final = 1000
"""How many columns a plug-in may make of values."""


def _seen(low: Lowering, node: Evaluate, scope: Scope) -> Discovered | None:
    """What is known of a plug-in's columns. One function that is called twice could meet two sets of columns."""
    calls = low.evaluated.setdefault(id(node), id(scope.frame.symbols))
    if calls != id(scope.frame.symbols):
        raise refuse("evaluate in a function that is called more than once is not supported", node.span)
    return low.discovered.get(id(node))


def _type_names(found: Mapping[str, set[str]]) -> dict[str, str]:
    """A column's type by the types of its values: theirs when they agree, else dynamic; nulls do not matter."""
    result: dict[str, str] = {}
    for name, kinds in found.items():
        kinds.discard("null")
        only = next(iter(kinds)) if len(kinds) == 1 else "dynamic"
        result[name] = "dynamic" if only in ("array", "dictionary") else only
    return result


# bag_unpack


def bag_unpack(low: Lowering, node: Evaluate, call: Call, relation: Relation, scope: Scope) -> Relation:
    """A column for every key of a bag, after those that are there, by name (learn.microsoft.com, "bag_unpack plugin").

    A column has the type of its values when that is one, else dynamic; where a row has no such key it is null.
    """
    inner = scope.with_row(relation)
    given = named_arguments(call, ("column", "columnPrefix", "columnsConflict", "ignoredProperties"))
    if "column" not in given:
        raise refuse("bag_unpack takes a column", call.span)
    bag = column_argument(low, given["column"], inner)
    if bag.type is not DYNAMIC:
        raise refuse(f"bag_unpack takes a dynamic column, {bag.name} is a {bag.type.value}", given["column"].span)
    prefix = constant_argument(low, given.get("columnPrefix"), scope)
    before = str(prefix.value) if prefix is not None else ""
    conflict = constant_argument(low, given.get("columnsConflict"), scope)
    rule = str(conflict.value) if conflict is not None else "error"
    if rule not in ("error", "replace_source", "keep_source"):
        raise refuse(f"{rule} is no way to resolve a conflict", call.span, "error, replace_source or keep_source")
    ignored = constant_argument(low, given.get("ignoredProperties"), scope)
    without = texts_of(ignored)
    others = [column for column in relation.columns if column is not bag]
    if node.schema is not None:
        result = low.result(node, scope).columns
        taken = {column.name for column in others} if rule != "replace_source" else set()
        if node.schema.open and rule == "error":
            _no_conflict({item.name.text for item in node.schema.columns} & taken, node)
        columns = [(symbol.name, symbol.type) for symbol in result]
    else:
        known = _seen(low, node, scope)
        if known is None:
            raise UndiscoveredError(
                node,
                "bag_unpack",
                _keys(low, relation, bag, node.span),
                lambda rows: _unpacked(node, rows, others, before, rule, without),
            )
        columns = [(column.name, scalar_type(column.type)) for column in known.columns]
        taken = {column.name for column in others} - known.made
    chosen: list[tuple[PlanColumn, Expr]] = []
    for name, kind in columns:
        source = relation.get(name) if name in taken else None
        if source is not None:
            chosen.append((source, use(source)))
        else:
            chosen.append((low.column(name, kind, node.span), _member(bag, name, before, kind, without, node.span)))
    return low.project(relation, chosen, node.span)


def _member(bag: PlanColumn, name: str, prefix: str, kind: ScalarType, without: tuple[str, ...], span: Span) -> Expr:
    key = name.removeprefix(prefix)
    if not name.startswith(prefix) or key in without:
        return null_of(kind)
    return converted(Apply("member", (use(bag), Constant(STRING, key)), DYNAMIC, span), kind)


def _no_conflict(names: Iterable[str], node: Evaluate) -> None:
    for name in sorted(names):
        raise refuse(
            f"bag_unpack makes a column {name}, which is there already",
            node.span,
            "give a prefix, or columnsConflict='keep_source' or 'replace_source'",
        )


def _keys(low: Lowering, relation: Relation, bag: PlanColumn, span: Span) -> Plan:
    """A row for every key with the type of its values, and one without a key for rows that have no bag."""
    only = Apply("bag_or_null", (use(bag),), DYNAMIC, span)
    item = low.column("pair", DYNAMIC)
    expanded = Expand(
        columns=(*relation.plan.columns, item),
        input=relation.plan,
        items=(Expansion(only, DYNAMIC),),
        bag_kind="array",
        span=span,
        stage=low.stage,
    )
    key, kind = low.column("key", DYNAMIC), low.column("kind", STRING)
    pair = use(item)
    return Aggregate(
        columns=(key, kind),
        input=expanded,
        keys=(
            Apply("element", (pair, Constant(LONG, 0)), DYNAMIC, span),
            Apply("kind_of_dynamic", (Apply("element", (pair, Constant(LONG, 1)), DYNAMIC, span),), STRING, span),
        ),
        span=span,
        stage=low.stage,
    )


def _unpacked(
    node: Evaluate, rows: Iterable[Row], others: list[PlanColumn], prefix: str, rule: str, without: tuple[str, ...]
) -> Discovered:
    kinds: dict[str, set[str]] = {}
    empty = True
    for key, kind in rows:
        empty = False
        if isinstance(key, str) and key not in without:
            kinds.setdefault(prefix + key, set()).add(str(kind))
    _bounded(len(kinds), node)
    here = {column.name for column in others}
    if rule == "error":
        _no_conflict(here & kinds.keys(), node)
    if "" in kinds:
        raise refuse("bag_unpack met a key without a name", node.span)
    types = _type_names(kinds)
    made = frozenset(types) - (here if rule == "keep_source" else set())
    kept = [Column(c.name, types[c.name] if c.name in made else c.type.value) for c in others]
    new = [Column(name, types[name]) for name in sorted(made - here)]
    return Discovered(node, (*kept, *new), made, empty)


def _bounded(count: int, node: Evaluate) -> None:
    if count > MAX_COLUMNS:
        raise refuse(f"this would make {count} columns, more than {MAX_COLUMNS}", node.span)


# pivot


CONDITIONAL: Final[Mapping[str, str]] = {
    "avg": "avgif",
    "count": "countif",
    "dcount": "dcountif",
    "make_bag": "make_bag_if",
    "make_list": "make_list_if",
    "make_set": "make_set_if",
    "max": "maxif",
    "min": "minif",
    "stdev": "stdevif",
    "sum": "sumif",
    "take_any": "take_anyif",
    "variance": "varianceif",
}
"""The aggregate functions that pivot takes, and the form of each that counts only some rows."""


def pivot(low: Lowering, node: Evaluate, call: Call, relation: Relation, scope: Scope) -> Relation:
    """A column for every value of a column, with an aggregate of its rows (learn.microsoft.com, "pivot plugin").

    Rows are grouped by the named columns, or by all but the pivoted and the aggregated one.
    """
    inner = scope.with_row(relation)
    if not call.arguments:
        raise refuse("pivot takes a column", call.span)
    pivoted = column_argument(low, call.arguments[0], inner)
    rest = list(call.arguments[1:])
    function, argument, kind = "count", None, LONG
    if rest and isinstance(plain(rest[0]), Call):
        function, argument, kind = _aggregate(low, rest.pop(0), inner)
    keys = [column_argument(low, item, inner) for item in rest] or [
        column for column in relation.columns if column is not pivoted and not _is(argument, column)
    ]
    known = _seen(low, node, scope)
    if known is None:
        raise UndiscoveredError(
            node,
            "pivot",
            _values(low, relation, pivoted, node.span),
            lambda rows: _pivoted(node, rows, keys, kind),
        )
    if node.schema is not None:
        wanted = [(symbol.name, symbol.type) for symbol in low.result(node, scope).columns]
        _same(node, wanted, known)
    else:
        wanted = [(column.name, scalar_type(column.type)) for column in known.columns]
    by_name = {column.name: column for column in keys}
    new = {column.name: low.column(column.name, column.type) for column in keys}
    text = converted(use(pivoted), STRING)
    made: list[PlanColumn] = []
    measures: list[Measure] = []
    chosen: list[tuple[PlanColumn, Expr]] = []
    for name, wanted_kind in wanted:
        if name in by_name and name not in known.made:
            chosen.append((new[name], use(new[name])))
            continue
        this = Apply("==", (text, Constant(STRING, name)), BOOL, node.span)
        column = low.column(name, kind, node.span)
        made.append(column)
        measures.append(
            Measure(CONDITIONAL[function], (*argument, this) if argument else (this,), kind, relation.order, node.span)
        )
        shown = low.column(name, wanted_kind, node.span)
        chosen.append((shown, converted(use(column), wanted_kind)))
    low.count_node(node.span)
    plan = Aggregate(
        columns=(*new.values(), *made),
        input=relation.plan,
        keys=tuple(use(column) for column in keys),
        measures=tuple(measures),
        span=node.span,
        stage=low.stage,
    )
    return low.project(Relation(plan, tuple(new.values())), chosen, node.span)


def _is(argument: tuple[Expr, ...] | None, column: PlanColumn) -> bool:
    return argument is not None and any(isinstance(part, ColumnUse) and part.id == column.id for part in argument[:1])


def _aggregate(low: Lowering, node: Expression, scope: Scope) -> tuple[str, tuple[Expr, ...], ScalarType]:
    """The aggregate function of a pivot, its arguments and the type of its result."""
    call = plain(node)
    function = canonical(call.name.text) if isinstance(call, Call) else ""
    if function not in CONDITIONAL or not isinstance(call, Call):
        raise refuse(f"pivot cannot aggregate with {function or 'this'}", node.span)
    arguments = tuple(low.expression(argument, scope) for argument in call.arguments)
    if len(arguments) != (0 if function == "count" else 1):
        raise refuse(f"pivot takes {function} of one column", node.span)
    kinds: dict[str, ScalarType] = {"count": LONG, "dcount": LONG, "avg": REAL, "stdev": REAL, "variance": REAL}
    if function in ("max", "min", "take_any"):
        kinds[function] = arguments[0].type
    elif function == "sum":
        kinds[function] = promoted(arguments[0].type)
    return function, arguments, kinds.get(function, DYNAMIC)


def _values(low: Lowering, relation: Relation, column: PlanColumn, span: Span) -> Plan:
    value = low.column("value", STRING)
    keys = (converted(use(column), STRING),)
    return Aggregate(columns=(value,), input=relation.plan, keys=keys, span=span, stage=low.stage)


def _pivoted(node: Evaluate, rows: Iterable[Row], keys: list[PlanColumn], kind: ScalarType) -> Discovered:
    values = sorted(str(row[0]) for row in rows)
    _bounded(len(values), node)
    if "" in values:
        raise refuse("how pivot names the column of an empty value is not documented", node.span)
    for column in keys:
        if column.name in values:
            raise refuse(f"pivot makes a column {column.name}, which is there already", node.span)
    columns = [Column(column.name, column.type.value) for column in keys]
    made = [Column(value, kind.value) for value in values]
    return Discovered(node, (*columns, *made), frozenset(values), not values, kind.value)


def _same(node: Evaluate, wanted: list[tuple[str, ScalarType]], known: Discovered) -> None:
    """A declared schema that is not that of the data is an error, as in Kusto."""
    declared = {name for name, _ in wanted}
    for name in sorted(known.made - declared):
        raise refuse(f"the declared schema lacks the column {name}, which the data gives", node.span)
