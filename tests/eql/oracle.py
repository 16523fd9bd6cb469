"""Two trees of one query as plain tuples: the one of `eql`, the reference implementation of Endgame, and ours.

`eql` (PyPI, test-only) reads the dialect of Elasticsearch too. Its tree says less than ours, so ours is brought down to
it: `:`, `like`, `like~` are all `wildcard`, `regex` and `regex~` are `match`, no `~` is kept, `?` and backticks
neither, `with runs=3` repeats the event query, `x == null` is a node of its own, `-x` is `0 - x`, and only the parity
of `not` counts.
"""

from __future__ import annotations

from typing import Any, Final
from unittest.mock import patch

from eql.functions import CidrMatch, FunctionSignature  # type: ignore[import-untyped]  # it has no types

import eql  # type: ignore[import-untyped]  # it has no types
from detectionary.languages.eql import syntax
from detectionary.languages.eql.functions import function_named
from detectionary.languages.eql.lexer import tokenize
from detectionary.languages.eql.tokens import NAME, TILDE_NAME
from eql import ast, parser

# The trees of `eql` have no types.
Tree = Any

_FUNCTIONS: Final = {":": "wildcard", "like": "wildcard", "like~": "wildcard", "regex": "match", "regex~": "match"}


class Refused(Exception):  # noqa: N818  # an answer, no error
    """The reference implementation does not read the query."""


def reference_tree(text: str) -> Tree:
    """What `eql` makes of the query in the dialect of Elasticsearch; raises `Refused`.

    Its check of networks knows IPv4 alone and is left out.
    """
    with (
        parser.elasticsearch_syntax,
        parser.allow_negation,
        parser.allow_sample,
        parser.allow_runs,
        parser.ParserConfig(optimized=False),
        patch.object(CidrMatch, "validate", classmethod(FunctionSignature.validate.__func__)),
    ):
        try:
            return _reference(parser.parse_query(_with_known_functions(text)))
        except eql.EqlError as error:
            raise Refused(str(error).splitlines()[1:2] or str(error)) from None


def _with_known_functions(text: str) -> str:
    """`eql` asks for the documentation's spelling of function names, Elasticsearch does not."""
    found: list[str] = []
    end = 0
    for token in tokenize(text):
        name = token.text.removesuffix("~")
        function = function_named(name) if token.kind in (NAME, TILDE_NAME) else None
        if function is not None and text[token.span.end : token.span.end + 1] == "(":
            found += (text[end : token.span.start], function.name)
            end = token.span.start + len(name)
    return "".join((*found, text[end:]))


def _reference(node: Tree) -> Tree:
    match node:
        case ast.PipedQuery():
            return "query", _reference(node.first), tuple(map(_reference, node.pipes))
        case ast.EventQuery():
            return "event", node.event_type, _reference(node.query)
        case ast.Sequence():
            span = None if node.max_span is None else node.max_span.as_milliseconds() / 1000
            close = None if node.close is None else _reference(node.close)
            return "sequence", tuple(map(_reference, node.queries)), span, close
        case ast.Sample():
            return "sample", tuple(map(_reference, node.queries)), None, None
        case ast.SubqueryBy():
            keys = tuple(map(_reference, node.join_values))
            return _reference(node.query), keys, bool(node.data["is_negated"])
        case ast.PipeCommand():
            return "pipe", node.name, tuple(map(_reference, node.arguments))
        case ast.And() | ast.Or():
            return _flat("and" if isinstance(node, ast.And) else "or", tuple(map(_reference, node.terms)))
        case ast.Not():
            return _not(_reference(node.term))
        case ast.IsNull():
            return "null", _reference(node.expr)
        case ast.IsNotNull():
            return _not(("null", _reference(node.expr)))
        case ast.Comparison():
            return _compared(node.comparator, _reference(node.left), _reference(node.right))
        case ast.InSet():
            return "in", _reference(node.expression), tuple(map(_reference, node.container))
        case ast.MathOperation():
            return node.operator, _reference(node.left), _reference(node.right)
        case ast.FunctionCall():
            return node.name, *map(_reference, node.arguments)
        case ast.Field():
            return "field", node.base, *node.path
        case ast.Literal():
            return "literal", node.value
    raise TypeError(type(node))


def our_tree(query: syntax.Query) -> Tree:
    """Our tree of the query, brought down to what `eql` keeps."""
    assert query.body is not None
    return "query", _ours(query.body), tuple(map(_ours, query.pipes))


_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def _ours(node: syntax.Node) -> Tree:
    match node:
        case syntax.EventQuery(category, condition):
            return "event", category or "any", _ours(condition)
        case syntax.Sequence(kind, keys, maxspan, terms, until):
            shared = tuple(map(_ours, keys))
            found = [_term(term, shared) for term in terms for _ in range(term.runs.count if term.runs else 1)]
            span = None if maxspan is None else int(maxspan.number) * _UNITS[maxspan.unit]
            return kind, tuple(found), span, None if until is None else _term(until, shared)
        case syntax.Pipe(name, arguments):
            return "pipe", name, tuple(map(_ours, arguments))
        case syntax.Logical(operator, operands):
            return _flat(operator, tuple(map(_ours, operands)))
        case syntax.Not(operand):
            return _not(_ours(operand))
        case syntax.Compare(operator, left, right):
            return _compared(operator, _ours(left), _ours(right))
        case syntax.InList(operand, negated, _, items):
            tree = ("in", _ours(operand), tuple(map(_ours, items)))
            return _not(tree) if negated else tree
        case syntax.Match(operator, operand, patterns):
            return _FUNCTIONS[operator], _ours(operand), *map(_ours, patterns)
        case syntax.Arithmetic(first, rest):
            tree = _ours(first)
            for operator, operand in rest:
                tree = (operator, tree, _ours(operand))
            return tree
        case syntax.Sign("-", operand):
            return "-", ("literal", 0), _ours(operand)
        case syntax.Call(name, _, arguments):
            return name, *map(_ours, arguments)
        case syntax.Field(parts):
            return "field", *parts
        case syntax.Literal(_, value):
            return "literal", value
    raise TypeError(type(node))


def _term(term: syntax.Term, shared: tuple[Tree, ...]) -> Tree:
    return _ours(term.event), (*shared, *map(_ours, term.keys)), term.missing


def _flat(operator: str, operands: tuple[Tree, ...]) -> Tree:
    found: list[Tree] = []
    for operand in operands:
        found.extend(operand[1:] if operand[0] == operator else (operand,))
    return operator, *found


def _not(tree: Tree) -> Tree:
    return tree[1] if tree[0] == "not" else ("not", tree)


def _compared(operator: str, left: Tree, right: Tree) -> Tree:
    null = ("literal", None)
    if operator in ("==", "!=") and null in (left, right):
        tree = ("null", left if right == null else right)
        return tree if operator == "==" else _not(tree)
    return operator, left, right
