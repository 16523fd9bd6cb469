"""Trees of `syntax.py` as text: readable lines for people, one line for comparison.

The printer sees the tree alone. Each node is turned into parts, which are pieces of layout and the nodes below it; a
stack replaces nodes by their parts until only pieces are left. Nothing recurses, so depth costs no stack.

Contract: for a tree that the parser made from a text without syntax errors, the printed text parses to an equal tree,
and printing that tree gives the same text. No parentheses are added: `Parenthesized` is a node, and a tree that is
built by hand needs one wherever the grammar does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from detectionary.languages.kusto import spelling, syntax
from detectionary.languages.kusto.layout import (
    LINE,
    LINE_OUTWARD,
    NOTHING,
    NOTHING_OUTWARD,
    SPACE,
    WIDTH,
    Break,
    Close,
    Open,
    Piece,
    on_lines,
    on_one_line,
)
from detectionary.languages.kusto.printer_operators import operator_parts
from detectionary.languages.kusto.printer_parts import (
    Parts,
    block,
    enclosed,
    entities,
    listed,
    only_literal,
    option_value,
    optional,
    parameters,
    properties,
)
from detectionary.languages.kusto.syntax import BinaryOperator, Node


def print_query(node: Node, width: int = WIDTH) -> str:
    """Any tree as canonical text: one operator a line, nested pipelines indented, lists broken at `width`."""
    return on_lines(list(_pieces(node)), width)


def print_compact(node: Node) -> str:
    """Any tree as canonical text on one line."""
    return on_one_line(_pieces(node))


def normalised(query: syntax.Query) -> str:
    """The text by which copies are found: equal for two queries exactly when their trees are equal.

    Folded away are: comments, blanks and line ends; the spelling of literals (quotes, verbatim and multi-line strings,
    adjacent strings joined, hexadecimal numbers, `1.5h` for `90m`, ways to write a datetime or a type's null); brackets
    round names that need none; older words for an operator (`filter`, `order by`, `limit`, `mvexpand`, `<>`); names of
    types (`double` for `real`); and the last semicolon. Kept are all names and values in their case, the order of
    everything, parentheses, options, and lets.
    """
    return print_compact(query)


def _pieces(root: Node) -> Iterator[Piece]:
    pending: list[Parts] = [iter((root,))]
    while pending:
        for part in pending[-1]:
            if isinstance(part, Node):
                pending.append(_parts(part))
                break
            yield part
        else:
            pending.pop()


def _parts(node: Node) -> Parts:
    if isinstance(node, syntax.Operator):
        return operator_parts(node)
    return _node_parts(node)


_LEVELS: Final = {
    BinaryOperator.OR: 1,
    BinaryOperator.AND: 2,
    BinaryOperator.ADD: 3,
    BinaryOperator.SUBTRACT: 3,
    BinaryOperator.MULTIPLY: 4,
    BinaryOperator.DIVIDE: 4,
    BinaryOperator.MODULO: 4,
}
"""The operators that chain, by how tightly they bind; the others take two operands and no more."""


def _binary(node: syntax.Binary) -> Parts:
    """One comparison, or a whole chain of one level as a single group, whose lines start with the operators."""
    level = _LEVELS.get(node.operator)
    links = [(node.operator.value, node.right)]
    first = node.left
    while level is not None and isinstance(first, syntax.Binary) and _LEVELS.get(first.operator) == level:
        links.append((first.operator.value, first.right))
        first = first.left
    if level is None:
        yield first
        yield f" {node.operator.value} "
        yield node.right
        return
    yield Open()
    yield first
    for symbol, operand in reversed(links):
        yield SPACE
        yield f"{symbol} "
        yield operand
    yield Close()


def _node_parts(node: Node) -> Parts:
    match node:
        case syntax.Query(statements):
            yield from _statements(statements)
        case syntax.Name(text):
            yield spelling.name(text)
        case syntax.NameReference(name):
            yield spelling.name(name)
        case syntax.WildcardName(pattern):
            yield f"[{pattern}]"
        case syntax.Star():
            yield "*"
        case syntax.Literal():
            yield spelling.literal(node)
        case syntax.DynamicLiteral(value):
            yield from _json("dynamic(", value, ")")
        case syntax.JsonArray(items):
            yield from enclosed("[", (_json_part(item) for item in items), "]")
        case syntax.JsonObject(members):
            yield from _members(members)
        case syntax.Unary(sign, operand):
            yield sign
            yield operand
        case syntax.Binary():
            yield from _binary(node)
        case syntax.InList(operator, operand, (syntax.Pipeline() as only,)):
            yield operand
            yield f" {operator.value} "
            yield from block("(", only, ")")
        case syntax.InList(operator, operand, items):
            yield operand
            yield f" {operator.value} "
            yield from enclosed("(", items, ")")
        case syntax.Between(negated, operand, low, high):
            yield operand
            yield " !between (" if negated else " between ("
            yield low
            yield " .. "
            yield high
            yield ")"
        case syntax.Parenthesized(expression):
            yield from block("(", expression, ")")
        case syntax.Call(name, arguments):
            yield spelling.function_name(name.text)
            yield from enclosed("(", arguments, ")")
        case syntax.Path(target, member):
            yield target
            yield " ." if _ends_in_digits(target) else "."
            yield member
        case syntax.Element(target, index):
            yield target
            yield "["
            yield index
            yield "]"
        case syntax.Named(names, expression, listed_names):
            if listed_names:
                yield from enclosed("(", names, ")")
            else:
                yield from names
            yield " = "
            yield expression
        case syntax.ToScalar(pipeline, no_optimization):
            yield from block("toscalar kind=nooptimization (" if no_optimization else "toscalar(", pipeline, ")")
        case syntax.ToTable(pipeline, no_optimization):
            yield from block("totable kind=nooptimization (" if no_optimization else "totable(", pipeline, ")")
        case syntax.Materialize(pipeline):
            yield from block("materialize(", pipeline, ")")
        case syntax.ColumnDeclaration(name, column_type):
            yield name
            yield f": {column_type.value}"
        case syntax.RowSchema(columns, is_open):
            yield from enclosed("(", (syntax.Star(), *columns) if is_open else columns, ")")
        case syntax.DataTable():
            yield from _data_table(node)
        case syntax.ContextualDataTable(identity, schema):
            yield "__contextual_datatable "
            yield identity
            yield " "
            yield schema
        case syntax.ExternalData(options, schema, sources, free):
            yield "externaldata"
            yield from parameters(options)
            yield " " if options else ""
            yield schema
            yield from enclosed(" [", sources, "]")
            if free:
                yield from properties(free)
        case syntax.MaterializedViewCombine(name, base, delta, aggregations):
            yield from block("materialized-view-combine (", name, ")")
            yield from block(" base (", base, ")")
            yield from block(" delta (", delta, ")")
            yield from block(" aggregations (", aggregations, ")")
        case syntax.EntityGroup(items):
            yield from enclosed("entity_group [", items, "]")
        case syntax.DataScope(expression, scope):
            yield expression
            yield f" datascope={scope}"
        case syntax.Pipeline(stages):
            yield stages[0]
            for stage in stages[1:]:
                yield LINE
                yield "| "
                yield stage
        case syntax.BadExpression():
            yield ""
        case (
            syntax.Let()
            | syntax.SetOption()
            | syntax.AliasDatabase()
            | syntax.DeclarePattern()
            | syntax.DeclareParameters()
            | syntax.RestrictAccess()
            | syntax.ExpressionStatement()
            | syntax.BadStatement()
        ):
            yield from _statement(node)
        case _:
            yield from _part_of_operator(node)


def _part_of_operator(node: Node) -> Parts:
    match node:
        case syntax.QueryParameter(name, value):
            yield f"{name}="
            yield option_value(value)
        case syntax.Ordered(expression, descending, nulls_first, granny):
            yield from entities((expression,))
            if descending is not None:
                yield f" {'granny-' if granny else ''}{'desc' if descending else 'asc'}"
            if nulls_first is not None:
                yield " nulls first" if nulls_first else " nulls last"
        case syntax.ExpandItem(syntax.BadExpression(), to_type):
            yield from optional("to ", to_type)  # mv-apply of a source that is expanded whole
        case syntax.ExpandItem(expression, to_type):
            yield expression
            yield from optional(" to ", to_type)
        case syntax.ParseColumn(name, column_type):
            yield name
            yield "" if column_type is None else f": {column_type.value}"
        case syntax.SeriesAggregate(expression, default):
            yield expression
            yield from optional(" default = ", default)
        case syntax.TopNestedPart(count, of, others, by):
            yield "top-nested"
            yield from optional(" ", count)
            yield from optional(" of ", of)
            yield from optional(" with others = ", others)
            yield from optional(" by ", by)
        case syntax.ForkBranch(name, pipeline):
            yield from optional("", name, " = ")
            yield from block("(", pipeline, ")")
        case syntax.ScanStep(name, condition, assignments, is_optional, output):
            yield "step "
            yield name
            yield " optional" if is_optional else ""
            yield "" if output is None else f" output={output}"
            yield ": "
            yield condition
            if assignments:
                yield " => "
                yield from listed(assignments)
            yield ";"
        case syntax.GraphPattern(elements):
            yield from elements
        case syntax.GraphNode(name):
            yield "("
            yield from optional("", name)
            yield ")"
        case syntax.GraphEdge():
            yield from _edge(node)
        case syntax.GraphOutput(what, name, options):
            yield what
            yield from optional(" as ", name)
            yield from parameters(options)
        case syntax.FindColumn(name, column_type, pack):
            if pack:
                yield "pack(*)"
            else:
                yield name
                yield "" if column_type is None else f": {column_type.value}"
        case syntax.Parameter(name, value_type, schema, default):
            yield name
            yield ": " if value_type is None else f": {value_type.value}"
            yield from optional("", schema)
            if default is not None:
                yield " = "
                yield option_value(default)
        case syntax.FunctionDeclaration(params, _, _, view):
            yield "view " if view else ""
            yield from enclosed("(", params, ")")
            yield " "
            yield from _body(node)
        case syntax.PatternRule(arguments, path, body):
            yield from enclosed("(", arguments, ")")
            yield from optional(".[", path, "]")
            yield " = "
            yield from _body(body)
        case _:
            raise AssertionError(f"no production prints {type(node).__name__}")


def _statement(node: syntax.Statement) -> Parts:
    match node:
        case syntax.Let(name, syntax.Pipeline(stages) as value) if len(stages) > 1:
            yield "let "
            yield name
            yield " ="
            yield Open()
            yield LINE
            yield value
            yield Close()
        case syntax.Let(name, value):
            yield "let "
            yield name
            yield " = "
            yield value
        case syntax.SetOption(name, value):
            yield "set "
            yield name
            yield from optional(" = ", value)
        case syntax.AliasDatabase(name, expression):
            yield "alias database "
            yield name
            yield " = "
            yield expression
        case syntax.DeclarePattern(name, params, path, rules):
            yield "declare pattern "
            yield name
            if rules is not None:
                yield from enclosed(" = (", params, ")")
                yield from optional("[", path, "]")
                yield " {"
                yield Open()
                for rule in rules:
                    yield LINE
                    yield rule
                    yield ";"
                yield Close()
                yield LINE
                yield "}"
        case syntax.DeclareParameters(params):
            yield from enclosed("declare query_parameters(", params, ")")
        case syntax.RestrictAccess(allowed, free):
            yield from enclosed("restrict access to (", entities(allowed), ")")
            if free:
                yield from properties(free)
        case syntax.ExpressionStatement(expression):
            yield expression
        case syntax.BadStatement():
            yield node.text
        case _:
            assert_never(node)


def _statements(statements: tuple[syntax.Statement, ...]) -> Parts:
    """Every statement ends with a semicolon but an expression at the end, which gives the result."""
    for index, statement in enumerate(statements):
        if index:
            yield LINE
        yield statement
        if index < len(statements) - 1 or not isinstance(statement, syntax.ExpressionStatement):
            yield ";"


def _body(function: syntax.FunctionDeclaration) -> Parts:
    yield "{"
    yield Open()
    for statement in function.statements:
        yield LINE
        yield statement
        yield ";"
    if function.expression is not None:
        yield LINE if function.statements or _is_long(function.expression) else SPACE
        yield function.expression
    yield LINE_OUTWARD if function.statements or _is_long(function.expression) else Break(" ", outward=True)
    yield Close()
    yield "}"


def _is_long(expression: syntax.Expression | None) -> bool:
    return isinstance(expression, syntax.Pipeline) and len(expression.stages) > 1


def _data_table(node: syntax.DataTable) -> Parts:
    """The values stand in rows, as many to a line as the table has columns."""
    yield "datatable"
    yield from parameters(node.parameters)
    yield " " if node.parameters else ""
    yield node.schema
    yield " ["
    yield Open()
    yield NOTHING
    for index, value in enumerate(node.values):
        if index:
            yield ","
            yield SPACE if index % max(1, len(node.schema.columns)) == 0 else " "
        yield only_literal(value)
    yield NOTHING_OUTWARD
    yield Close()
    yield "]"


def _edge(node: syntax.GraphEdge) -> Parts:
    backward, forward = node.direction == "<-", node.direction == "->"
    if not node.bracketed:
        yield "<--" if backward else "-->" if forward else "--"
        return
    yield "<-[" if backward else "-["
    yield from optional("", node.name)
    if node.range is not None:
        low, high = node.range
        yield "*"
        yield low
        yield ".."
        yield high
    yield "]->" if forward else "]-"


def _ends_in_digits(node: Node) -> bool:
    """Would a dot behind it begin a fraction?"""
    return isinstance(node, syntax.Literal) and node.type is syntax.ScalarType.LONG


def _json(before: str, value: syntax.JsonValue, after: str) -> Parts:
    yield before
    yield _json_part(value)
    yield after


def _json_part(value: syntax.JsonValue) -> str | Node:
    """Literals are spelled otherwise inside JSON: `null`, and strings in double quotes."""
    return spelling.literal(value, signed=True, in_json=True) if isinstance(value, syntax.Literal) else value


def _members(members: tuple[tuple[str, syntax.JsonValue], ...]) -> Parts:
    yield "{"
    if members:
        yield Open()
        yield NOTHING
        for index, (key, value) in enumerate(members):
            if index:
                yield ","
                yield SPACE
            yield from _json(f"{spelling.json_string(key)}: ", value, "")
        yield NOTHING_OUTWARD
        yield Close()
    yield "}"
