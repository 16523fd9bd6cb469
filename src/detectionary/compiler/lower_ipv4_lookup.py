"""`ipv4_lookup`: rows beside the rows of another table whose network holds their address."""

from __future__ import annotations

from detectionary.compiler.lower_operators import numbered_rows
from detectionary.compiler.lowering import Lowering, converted, passed, use
from detectionary.compiler.plan import Apply, ColumnUse, Constant, Expr, Join, JoinKind, PlanColumn
from detectionary.compiler.plugin_arguments import column_argument, name_of, plain
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.syntax import Call, Evaluate, ScalarType
from detectionary.text import Span

STRING, LONG, BOOL, REAL = ScalarType.STRING, ScalarType.LONG, ScalarType.BOOL, ScalarType.REAL


def ipv4_lookup(low: Lowering, node: Evaluate, call: Call, relation: Relation, scope: Scope) -> Relation:
    """Each row beside the rows of another table whose network holds its address (learn.microsoft.com, "ipv4_lookup").

    Both may be networks: the shorter prefix of two is compared, so they match when one holds the other.
    """
    arguments = list(call.arguments)
    unmatched = False
    if arguments and low.typed(plain(arguments[-1]), scope) is BOOL:
        option = low.expression(plain(arguments.pop()), scope.with_row(None))
        unmatched = isinstance(option, Constant) and option.value is True
    if len(arguments) < 3:
        raise refuse("ipv4_lookup takes a table and two columns", call.span)
    if unmatched:
        relation = numbered_rows(low, relation, node.span)
    other = low.table(arguments[0], scope.with_row(None))
    address = column_argument(low, arguments[1], scope.with_row(relation))
    network, *extra = (plain(argument) for argument in arguments[2:])
    keys: list[tuple[Expr, Expr]] = []
    for name in extra:
        pair = (relation.get(name_of(name)), other.get(name_of(name)))
        if pair[0] is None or pair[1] is None or pair[0].type is not pair[1].type:
            raise refuse("a column of both tables is needed here", name.span)
        keys.append((use(pair[0]), use(pair[1])))
    found = other.get(name_of(network))
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
    shared = {name_of(name) for name in extra}
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
