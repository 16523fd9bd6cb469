"""`evaluate`: plug-ins that make columns of values (`bag_unpack`, `pivot`), and `ipv4_lookup`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from detectionary.compiler.aliases import canonical
from detectionary.compiler.discovery import Discovered, Row, UndiscoveredError
from detectionary.compiler.lower_operators import numbered_rows
from detectionary.compiler.lowering import Lowering, constant_items, converted, null_of, passed, use
from detectionary.compiler.plan import (
    Aggregate,
    Apply,
    ColumnUse,
    Constant,
    Expand,
    Expansion,
    Expr,
    Join,
    JoinKind,
    Measure,
    Plan,
    PlanColumn,
)
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.syntax import (
    Call,
    Evaluate,
    Expression,
    Named,
    NameReference,
    Parenthesized,
    ScalarType,
)
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

LowerPlugin = Callable[[Lowering, Evaluate, Call, Relation, Scope], Relation]


def evaluate(low: Lowering, node: Evaluate, relation: Relation, scope: Scope) -> Relation:
    call = node.call
    if not isinstance(call, Call):
        raise refuse("this plug-in is not supported", node.span)
    name = call.name.text
    if relation.partition:
        raise refuse("a plug-in is not supported on parts of a table", node.span)
    plugin = PLUGINS.get(name)
    if plugin is None:
        reason = UNSUPPORTED_PLUGINS.get(name, "no exact form of it is known")
        raise refuse(f"evaluate {name} is not supported: {reason}", call.span)
    return plugin(low, node, call, relation, scope)


# Arguments


def _arguments(call: Call, names: tuple[str, ...]) -> dict[str, Expression]:
    """The arguments by the name of their parameter; those without a name come in order."""
    given: dict[str, Expression] = {}
    at = 0
    for argument in call.arguments:
        if isinstance(argument, Named) and argument.names[0].text in names:
            given[argument.names[0].text] = argument.expression
            continue
        if at >= len(names):
            raise refuse(f"{call.name.text} does not take this argument", argument.span)
        given[names[at]] = argument
        at += 1
    return given


def _constant(low: Lowering, node: Expression | None, scope: Scope) -> Constant | None:
    if node is None:
        return None
    value = low.expression(node, scope.with_row(None))
    if not isinstance(value, Constant):
        raise refuse("this must be known before the run", node.span)
    return value


def _texts(value: Constant | None) -> tuple[str, ...]:
    """The strings of a constant array."""
    items = constant_items(value) if value is not None else ()
    return tuple(item.value for item in items if isinstance(item, Constant) and isinstance(item.value, str))


def _column(low: Lowering, node: Expression, scope: Scope) -> PlanColumn:
    """The column that an argument is."""
    value = low.expression(node, scope)
    if isinstance(value, ColumnUse) and scope.row is not None:
        for column in scope.row.columns:
            if column.id == value.id:
                return column
    raise refuse("a column is needed here", node.span)


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
    given = _arguments(call, ("column", "columnPrefix", "columnsConflict", "ignoredProperties"))
    if "column" not in given:
        raise refuse("bag_unpack takes a column", call.span)
    bag = _column(low, given["column"], inner)
    if bag.type is not DYNAMIC:
        raise refuse(f"bag_unpack takes a dynamic column, {bag.name} is a {bag.type.value}", given["column"].span)
    prefix = _constant(low, given.get("columnPrefix"), scope)
    before = str(prefix.value) if prefix is not None else ""
    conflict = _constant(low, given.get("columnsConflict"), scope)
    rule = str(conflict.value) if conflict is not None else "error"
    if rule not in ("error", "replace_source", "keep_source"):
        raise refuse(f"{rule} is no way to resolve a conflict", call.span, "error, replace_source or keep_source")
    ignored = _constant(low, given.get("ignoredProperties"), scope)
    without = _texts(ignored)
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
    pivoted = _column(low, call.arguments[0], inner)
    rest = list(call.arguments[1:])
    function, argument, kind = "count", None, LONG
    if rest and isinstance(_plain(rest[0]), Call):
        function, argument, kind = _aggregate(low, rest.pop(0), inner)
    keys = [_column(low, item, inner) for item in rest] or [
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


def _plain(node: Expression) -> Expression:
    while isinstance(node, Parenthesized | Named):
        node = node.expression
    return node


def _is(argument: tuple[Expr, ...] | None, column: PlanColumn) -> bool:
    return argument is not None and any(isinstance(part, ColumnUse) and part.id == column.id for part in argument[:1])


def _aggregate(low: Lowering, node: Expression, scope: Scope) -> tuple[str, tuple[Expr, ...], ScalarType]:
    """The aggregate function of a pivot, its arguments and the type of its result."""
    call = _plain(node)
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


# ipv4_lookup


def ipv4_lookup(low: Lowering, node: Evaluate, call: Call, relation: Relation, scope: Scope) -> Relation:
    """Each row beside the rows of another table whose network holds its address (learn.microsoft.com, "ipv4_lookup").

    Both may be networks: the shorter prefix of two is compared, so they match when one holds the other.
    """
    arguments = list(call.arguments)
    unmatched = False
    if arguments and low.typed(_plain(arguments[-1]), scope) is BOOL:
        option = low.expression(_plain(arguments.pop()), scope.with_row(None))
        unmatched = isinstance(option, Constant) and option.value is True
    if len(arguments) < 3:
        raise refuse("ipv4_lookup takes a table and two columns", call.span)
    if unmatched:
        relation = numbered_rows(low, relation, node.span)
    other = low.table(arguments[0], scope.with_row(None))
    address = _column(low, arguments[1], scope.with_row(relation))
    network, *extra = (_plain(argument) for argument in arguments[2:])
    keys: list[tuple[Expr, Expr]] = []
    for name in extra:
        pair = (relation.get(_name(name)), other.get(_name(name)))
        if pair[0] is None or pair[1] is None or pair[0].type is not pair[1].type:
            raise refuse("a column of both tables is needed here", name.span)
        keys.append((use(pair[0]), use(pair[1])))
    found = other.get(_name(network))
    if found is None:
        raise refuse("a column of the other table is needed here", network.span)
    left, (first, last) = _ranged(low, relation, address, node.span)
    right, (start, stop) = _ranged(low, other, found, node.span)
    low.count_node(node.span)
    joined = Join(
        columns=(*left.plan.columns, *right.plan.columns),
        kind=JoinKind.INNER if keys else JoinKind.CROSS,
        left=left.plan,
        right=right.plan,
        keys=tuple(keys),
        span=node.span,
        stage=low.stage,
    )
    within = (Apply("<=", (use(first), use(stop)), BOOL), Apply("<=", (use(start), use(last)), BOOL))
    matched = low.filtered(
        Relation(joined, relation.columns, relation.order), Apply("and", within, BOOL, node.span), node.span
    )
    shared = {_name(name) for name in extra}
    others = [column for column in other.columns if column.name not in shared]
    values: list[Expr] = [use(column) for column in (*relation.columns, *others)]
    if unmatched:
        matched, values = _with_unmatched(low, relation, matched, others, node.span)
    symbols = low.result(node, scope).columns
    if len(symbols) != len(values):
        raise refuse("the columns of this lookup are not clear", call.span)
    chosen = [
        (low.column(symbol.name, value.type, node.span), value) for symbol, value in zip(symbols, values, strict=True)
    ]
    return low.project(matched, chosen, node.span)


def _name(node: Expression) -> str:
    if isinstance(node, NameReference):
        return node.name
    raise refuse("a column is needed here", node.span)


def _ranged(
    low: Lowering, relation: Relation, column: PlanColumn, span: Span
) -> tuple[Relation, tuple[PlanColumn, PlanColumn]]:
    """`relation` with the first and the last address of the network in a column, as whole numbers."""
    if column.type is not STRING:
        raise refuse(f"an address is a string, {column.name} is a {column.type.value}", span)
    first, last = low.column("first", LONG), low.column("last", LONG)
    lowest = Apply("parse_ipv4", (use(column),), LONG, span)
    suffix = Apply("ipv4_netmask_suffix", (use(column),), LONG, span)
    bits = Apply("-", (Constant(LONG, 32), suffix), LONG, span)
    size = converted(Apply("pow", (Constant(REAL, 2.0), converted(bits, REAL)), REAL, span), LONG)
    highest = Apply("+", (lowest, Apply("-", (size, Constant(LONG, 1)), LONG, span)), LONG, span)
    return low.extended(relation, [(first, lowest), (last, highest)], span), (first, last)


def _with_unmatched(
    low: Lowering, relation: Relation, matched: Relation, others: list[PlanColumn], span: Span
) -> tuple[Relation, list[Expr]]:
    """All rows of `relation`, which are numbered, with the columns of what they matched, if anything."""
    number = relation.order[0].column
    row = low.column("row", LONG)
    found = low.project(matched, [(row, ColumnUse(number, LONG)), *passed(others)], span, keep=False)
    low.count_node(span)
    plan = Join(
        columns=(*relation.plan.columns, *found.plan.columns),
        kind=JoinKind.LEFT_OUTER,
        left=relation.plan,
        right=found.plan,
        keys=((ColumnUse(number, LONG), use(row)),),
        span=span,
        stage=low.stage,
    )
    values: list[Expr] = [use(column) for column in relation.columns]
    values += [
        Apply("text_or_empty", (use(column),), STRING) if column.type is STRING else use(column) for column in others
    ]
    return Relation(plan, relation.columns, relation.order, relation.sorted), values


PLUGINS: Final[Mapping[str, LowerPlugin]] = {"bag_unpack": bag_unpack, "ipv4_lookup": ipv4_lookup, "pivot": pivot}
"""The plug-ins that the compiler knows."""

_OUTSIDE: Final = "it asks a service outside"
_CODE: Final = "it runs a program of the query"
_MINING: Final = "its algorithm is not documented"
_NOT_YET: Final = "it is not done yet"

UNSUPPORTED_PLUGINS: Final[Mapping[str, str]] = {
    "active_users_count": _NOT_YET,
    "activity_counts_metrics": _NOT_YET,
    "activity_engagement": _NOT_YET,
    "activity_metrics": _NOT_YET,
    "ai_chat_completion": _OUTSIDE,
    "ai_chat_completion_prompt": _OUTSIDE,
    "ai_embed_text": _OUTSIDE,
    "ai_embeddings": _OUTSIDE,
    "autocluster": _MINING,
    "azure_digital_twins_query_request": _OUTSIDE,
    "basket": _MINING,
    "cosmosdb_sql_request": _OUTSIDE,
    "csharp": _CODE,
    "dax_request": _OUTSIDE,
    "dcount_intersect": "it works on sketches whose form is not documented",
    "diffpatterns": _MINING,
    "diffpatterns_text": _MINING,
    "estimate_rows_count": "its result is an estimate of the service",
    "execute_query": _OUTSIDE,
    "execute_show_command": _OUTSIDE,
    "external_datatable": _OUTSIDE,
    "funnel_sequence": _NOT_YET,
    "funnel_sequence_completion": _NOT_YET,
    "geo_line_lookup": "it needs geometry on the sphere",
    "geo_polygon_lookup": "it needs geometry on the sphere",
    "http_request": _OUTSIDE,
    "http_request_post": _OUTSIDE,
    "infer_storage_schema": _OUTSIDE,
    "infer_storage_schema_with_suggestions": _OUTSIDE,
    "ipv6_lookup": _NOT_YET,
    "mysql_request": _OUTSIDE,
    "narrow": "how it writes values is not documented",
    "new_activity_metrics": _NOT_YET,
    "postgresql_request": _OUTSIDE,
    "preview": "it gives two results",
    "python": _CODE,
    "r": _CODE,
    "rolling_percentile": _NOT_YET,
    "rows_near": _NOT_YET,
    "schema_merge": "it is for management",
    "sequence_detect": _NOT_YET,
    "session_count": _NOT_YET,
    "sliding_window_counts": _NOT_YET,
    "sql_request": _OUTSIDE,
}
"""Plug-ins that are not supported, and why."""

EVALUATING = {Evaluate: evaluate}
"""The operators of this file."""
