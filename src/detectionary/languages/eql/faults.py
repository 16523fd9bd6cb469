"""What is wrong with a query that is written rightly: functions that do not exist, or not so; fields compared."""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.languages.eql.constants import fold
from detectionary.languages.eql.functions import FUNCTIONS, Function, function_named
from detectionary.languages.eql.origins import fields
from detectionary.languages.eql.syntax import Call, Compare, Query, walk
from detectionary.text import Diagnostic, Level


def faults(tree: Query) -> Iterator[Diagnostic]:
    """Everything that Elasticsearch would refuse after reading the query, in the order of the text."""
    for node in walk(tree):
        match node:
            case Call():
                yield from _call(node)
            case Compare(_, left, right, span) if fold(left) is None and fold(right) is None:
                if fields(left) and fields(right):
                    message = "Elasticsearch does not compare fields with each other"
                    yield Diagnostic("EQL305", Level.WARNING, message, span)


def _call(node: Call) -> Iterator[Diagnostic]:
    function = function_named(node.name)
    if function is None:
        nearest = next((each.name for each in FUNCTIONS if each.name.lower().startswith(node.name.lower()[:6])), None)
        advice = None if nearest is None else f"did you mean {nearest}?"
        yield Diagnostic("EQL302", Level.ERROR, f"there is no function `{node.name}`", node.name_span, advice)
        return
    if not function.current:
        advice = {"match": "write regex", "wildcard": "write like or `:`"}.get(function.name)
        message = f"`{function.name}` is EQL of other engines; Elasticsearch does not run it"
        yield Diagnostic("EQL301", Level.WARNING, message, node.name_span, advice)
    if node.fold and not function.folds:
        message = f"`{function.name}` has no variant that ignores case"
        yield Diagnostic("EQL304", Level.ERROR, message, node.name_span)
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        message = f"{function.name}() takes {_arity(function)}, got {count}"
        yield Diagnostic("EQL303", Level.ERROR, message, node.span)


def _arity(function: Function) -> str:
    if function.most is None:
        return f"{function.least} or more arguments"
    if function.most == function.least:
        return f"{function.least} argument{'' if function.least == 1 else 's'}"
    return f"{function.least} to {function.most} arguments"
