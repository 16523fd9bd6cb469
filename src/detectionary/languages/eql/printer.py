"""A query from its tree: parsing what is printed gives the same tree."""

from __future__ import annotations

import re
from typing import Final, assert_never

from detectionary.languages.eql.syntax import (
    Arithmetic,
    Bad,
    Call,
    Compare,
    EventQuery,
    Expression,
    Field,
    InList,
    Literal,
    LiteralKind,
    Logical,
    Match,
    Not,
    Pipe,
    Query,
    Related,
    Sequence,
    Sign,
    Term,
)
from detectionary.languages.eql.tokens import KEYWORDS

_PLAIN: Final = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*", re.ASCII)
_ESCAPED: Final = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _TESTED, _PRIMARY = range(9)
"""How strongly an expression binds, from weak to strong."""


def printed(query: Query) -> str:
    """The query on one line, in the spelling of Elasticsearch."""
    body = "" if query.body is None else _body(query.body)
    return " ".join((body, *(_pipe(pipe) for pipe in query.pipes))).strip()


def _body(body: EventQuery | Sequence) -> str:
    if isinstance(body, EventQuery):
        return _event(body)
    parts = [body.kind]
    if body.keys:
        parts.append(_keys(body.keys))
    if body.maxspan is not None:
        parts.append(f"with maxspan={body.maxspan.number}{body.maxspan.unit}")
    parts.extend(_term(term) for term in body.terms)
    if body.until is not None:
        parts.append(f"until {_term(body.until)}")
    return " ".join(parts)


def _event(event: EventQuery) -> str:
    category = "any" if event.category is None else event.category
    if event.category is not None and (_PLAIN.fullmatch(category) is None or category in KEYWORDS):
        category = _string(category)
    return f"{category} where {expression(event.condition)}"


def _term(term: Term) -> str:
    parts = [f"{'![' if term.missing else '['}{_event(term.event)}]"]
    if term.fork is not None:
        parts.append("fork" if term.fork else "fork=false")
    if term.keys:
        parts.append(_keys(term.keys))
    if term.runs is not None:
        parts.append(f"with runs={term.runs.count}")
    if term.alias is not None:
        parts.append(f"as {_name(term.alias)}")
    return " ".join(parts)


def _keys(keys: tuple[Expression, ...]) -> str:
    return f"by {', '.join(map(expression, keys))}"


def _pipe(pipe: Pipe) -> str:
    return f"| {pipe.name} {', '.join(map(expression, pipe.arguments))}".rstrip()


def expression(node: Expression) -> str:
    """An expression, with the parentheses that it needs."""
    return _written(node)[0]


def _written(node: Expression) -> tuple[str, int]:
    """The text, and how strongly it binds."""
    match node:
        case Literal():
            return _literal(node), _PRIMARY
        case Field(parts, optional):
            return _field(parts, optional), _PRIMARY
        case Call(name, fold, arguments):
            return f"{name}{'~' if fold else ''}({', '.join(map(expression, arguments))})", _PRIMARY
        case Sign(sign, operand):
            return sign + _inside(operand, _SIGN), _SIGN
        case Arithmetic(first, rest):
            level = _SUM if rest[0][0] in "+-" else _PRODUCT
            text = _inside(first, level + 1)
            for operator, operand in rest:
                text += f" {operator} {_inside(operand, level + 1)}"
            return text, level
        case Compare(operator, left, right):
            return f"{_inside(left, _SUM)} {operator} {_inside(right, _SUM)}", _COMPARE
        case InList(operand, negated, fold, items):
            operator = f"{'not ' if negated else ''}in{'~' if fold else ''}"
            return f"{_inside(operand, _PRIMARY)} {operator} ({', '.join(map(expression, items))})", _TESTED
        case Match(operator, operand, patterns):
            listed = ", ".join(map(expression, patterns))
            only = len(patterns) == 1
            return f"{_inside(operand, _PRIMARY)} {operator} {listed if only else f'({listed})'}", _TESTED
        case Not(operand):
            return f"not {_inside(operand, _NOT)}", _NOT
        case Logical(operator, operands):
            level = _AND if operator == "and" else _OR
            return f" {operator} ".join(_inside(operand, level + 1) for operand in operands), level
        case Related(relation, event):
            return f"{relation} of [{_event(event)}]", _NOT
        case Bad(text):
            return text, _PRIMARY
        case _:
            assert_never(node)


def _inside(node: Expression, level: int) -> str:
    text, own = _written(node)
    return text if own >= level else f"({text})"


def _literal(node: Literal) -> str:
    match node.kind:
        case LiteralKind.STRING:
            return _string(str(node.value))
        case LiteralKind.BOOL:
            return "true" if node.value else "false"
        case LiteralKind.NULL:
            return "null"
        case LiteralKind.NUMBER:
            return str(node.value)
        case _:
            assert_never(node.kind)


def _string(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'


def _name(name: str) -> str:
    if _PLAIN.fullmatch(name) is not None and name not in KEYWORDS:
        return name
    return f"`{name.replace('`', '``')}`"


def _field(parts: tuple[str | int, ...], optional: bool) -> str:
    text = "?" if optional else ""
    for at, part in enumerate(parts):
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if at else ''}{_name(part)}"
    return text
