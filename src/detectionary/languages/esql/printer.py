"""From a tree to text: one command a line, words and functions in lower case. Parsing the text gives the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, assert_never

from detectionary.languages.esql.check import stage_kind
from detectionary.languages.esql.syntax import (
    Arithmetic,
    Bad,
    Call,
    Cast,
    Compare,
    Expression,
    InList,
    InQuery,
    IsNull,
    Lambda,
    Like,
    ListLiteral,
    Literal,
    Logic,
    MapLiteral,
    Match,
    Name,
    NamePattern,
    Not,
    Parameter,
    Parenthesized,
    Signed,
    Star,
    TimeSpan,
)
from detectionary.languages.esql.syntax_commands import (
    BadCommand,
    Bare,
    ChangePoint,
    Command,
    Completion,
    Derive,
    Dissect,
    Diversify,
    Drop,
    Enrich,
    Eval,
    Explain,
    External,
    Field,
    Fork,
    From,
    Fuse,
    Grok,
    Highlighting,
    IndexPattern,
    Join,
    Keep,
    Limit,
    MvExpand,
    Order,
    PromQL,
    Query,
    Rename,
    Rerank,
    Row,
    Sample,
    Show,
    Sort,
    Stats,
    Where,
)
from detectionary.languages.esql.tokens import RESERVED
from detectionary.model.wildcards import Wild

_PLAIN_NAME: Final = re.compile(r"(?:[A-Za-z]\w*|[_@]\w+)(?:\.(?:[A-Za-z]\w*|[_@]\w+))*", re.ASCII)
_PLAIN_PATTERN: Final = re.compile(r"(?:[A-Za-z*][\w*]*|[_@][\w*]+)(?:\.(?:[A-Za-z*][\w*]*|[_@][\w*]+))*", re.ASCII)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def printed(query: Query) -> str:
    """The query as text."""
    settings = [f"set {_quoted_name(each.name)} = {expression(each.value)};" for each in query.settings]
    return "\n".join([*settings, _pipeline(query, "\n| ")])


def _pipeline(query: Query, pipe: str) -> str:
    return pipe.join(map(_command, query.commands))


# Expressions


def expression(node: Expression) -> str:
    """An expression as text."""
    match node:
        case Name():
            return _name(node)
        case Literal(value):
            return _literal(value)
        case TimeSpan(count, unit):
            return f"{count} {unit}"
        case Parameter(text) | Bad(text):
            return text
        case ListLiteral(items):
            # several columns before `in (query)` are the one list that holds no constants
            values = _listed(items)
            return f"({values})" if any(_is_column(item) for item in items) else f"[{values}]"
        case MapLiteral():
            return _map(node)
        case Star():
            return "*"
        case Call(name, arguments):
            return f"{_function(name)}({_listed(arguments)})"
        case Lambda(parameters, body):
            return f"({', '.join(parameters)}) -> {expression(body)}"
        case Cast(operand, kind):
            return f"{expression(operand)}::{_quoted_name(kind)}"
        case Signed(sign, operand):
            return f"{sign}{expression(operand)}"
        case Arithmetic(operands, operators):
            rest = (f" {sign} {expression(each)}" for sign, each in zip(operators, operands[1:], strict=True))
            return expression(operands[0]) + "".join(rest)
        case Compare(operator, left, right):
            return f"{expression(left)} {operator} {expression(right)}"
        case InList(operand, items, negated):
            return f"{expression(operand)} {'not ' if negated else ''}in ({_listed(items)})"
        case InQuery(operands, inner_query, negated):
            columns = _listed(operands) if len(operands) == 1 else f"({_listed(operands)})"
            nested = _pipeline(inner_query, " | ") if isinstance(inner_query, Query) else ""
            return f"{columns} {'not ' if negated else ''}in ({nested})"
        case Like(operand, patterns, regex, negated, listed):
            word = f"{'not ' if negated else ''}{'rlike' if regex else 'like'}"
            shown = f"({_listed(patterns)})" if listed else _listed(patterns)
            return f"{expression(operand)} {word} {shown}"
        case IsNull(operand, negated):
            return f"{expression(operand)} is {'not ' if negated else ''}null"
        case Match(operand, query):
            return f"{expression(operand)} : {expression(query)}"
        case Not(operand):
            return f"not {expression(operand)}"
        case Logic(connective, operands):
            return f" {connective.value} ".join(map(expression, operands))
        case Parenthesized(inner):
            return f"({expression(inner)})"
        case _:
            assert_never(node)


def _is_column(item: Expression) -> bool:
    return not isinstance(item, Literal | Signed | Parameter | ListLiteral | TimeSpan)


def _listed(items: Iterable[Expression]) -> str:
    return ", ".join(map(expression, items))


def _literal(value: str | int | float | bool | None) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case float():
            text = repr(value)
            return "1e999" if text == "inf" else text
        case int():
            return str(value)


def _string(value: str) -> str:
    """A string in quotes; in triple ones where that spares escapes, as far as they can hold it."""
    if "\\" in value and not any(sign in value for sign in '"\n\r'):
        return f'"""{value}"""'
    return f'"{value.translate(_ESCAPES)}"'


def _map(node: MapLiteral) -> str:
    return "{" + ", ".join(f"{expression(key)}: {expression(value)}" for key, value in node.entries) + "}"


def _name(name: Name) -> str:
    text = _with_parameters(name.text) if name.verbatim else _quoted_name(name.text)
    if name.qualifier is None:
        return text
    return f"[{name.qualifier}].[{text}]"


def _with_parameters(text: str) -> str:
    """A name of which some parts are the caller's."""
    return ".".join(part if part.startswith("?") else _quoted_name(part) for part in text.split("."))


def _quoted_name(text: str) -> str:
    """The name as it is where it can stand so, in backticks otherwise."""
    plain = _PLAIN_NAME.fullmatch(text) and RESERVED.isdisjoint(text.lower().split("."))
    return text if plain or not text else f"`{text.replace('`', '``')}`"


def _function(name: str) -> str:
    return name if name in ("first", "last") or name.startswith("?") else _quoted_name(name)


def _pattern(pattern: NamePattern) -> str:
    if pattern.verbatim or (_PLAIN_PATTERN.fullmatch(pattern.text) and not _has_star_text(pattern)):
        text = pattern.text
        if text.lower() in ("as", "with"):
            text = f"`{text}`"
    else:
        text = "".join(
            piece.value if isinstance(piece, Wild) else f"`{piece.replace('`', '``')}`" for piece in pattern.pieces
        )
    return text if pattern.qualifier is None else f"[{pattern.qualifier}].[{text}]"


def _has_star_text(pattern: NamePattern) -> bool:
    """A star that stood in backticks is text."""
    return any(isinstance(piece, str) and "*" in piece for piece in pattern.pieces)


# Commands


def _command(command: Command) -> str:
    """One command without its pipe."""
    word = stage_kind(command)
    match command:
        case From(_, sources, metadata):
            listed = ", ".join(_source(source) for source in sources)
            behind = f" metadata {', '.join(map(_index, metadata))}" if metadata else ""
            return f"{word} {listed}{behind}"
        case External(location, options):
            return f"{word} {expression(location)}{_with(options)}"
        case Row(fields) | Eval(fields):
            return f"{word} {_fields(fields)}"
        case Show(item):
            return f"{word} {item}"
        case Explain(query):
            return f"{word} ({_pipeline(query, ' | ')})"
        case PromQL(text):
            return f"{word} {text}"
        case Where(condition):
            return f"{word} {expression(condition)}"
        case Keep(patterns) | Drop(patterns):
            return f"{word} {', '.join(map(_pattern, patterns))}"
        case Rename(clauses):
            return f"{word} " + ", ".join(
                f"{_pattern(each.new)} = {_pattern(each.old)}"
                if each.assigned
                else f"{_pattern(each.old)} as {_pattern(each.new)}"
                for each in clauses
            )
        case Stats(aggregates, by):
            shown = f" {_fields(aggregates)}" if aggregates else ""
            return f"{word}{shown}{f' by {_fields(by)}' if by else ''}"
        case Sort(orders):
            return f"{word} {', '.join(map(_order, orders))}"
        case Limit(count, by):
            return f"{word} {expression(count)}{f' by {_listed(by)}' if by else ''}"
        case Sample(probability):
            return f"{word} {expression(probability)}"
        case MvExpand(name):
            return f"{word} {_name(name)}"
        case Dissect(text, pattern, options):
            listed = ", ".join(f"{_quoted_name(name)} = {expression(value)}" for name, value in options)
            return f"{word} {expression(text)} {expression(pattern)}{f' {listed}' if listed else ''}"
        case Grok(text, patterns):
            return f"{word} {expression(text)} {_listed(patterns)}"
        case _:
            return _rarer(command, word)


def _rarer(command: Command, word: str) -> str:
    match command:
        case Enrich(policy, on, fields):
            text = f"{word} {_index(policy)}"
            if on is not None:
                text += f" on {_pattern(on)}"
            if fields:
                text += " with " + ", ".join(
                    _pattern(each.field) if each.new is None else f"{_pattern(each.new)} = {_pattern(each.field)}"
                    for each in fields
                )
            return text
        case Join(_, target, conditions, alias):
            named = "" if alias is None else f" as {alias}"
            return f"{word} {_index(target)}{named} on {_listed(conditions)}"
        case ChangePoint(value, key, type_name, pvalue, by):
            text = f"{word} {_name(value)}"
            if key is not None:
                text += f" on {_name(key)}"
            if type_name is not None and pvalue is not None:
                text += f" as {_name(type_name)}, {_name(pvalue)}"
            return text + (f" by {_listed(by)}" if by else "")
        case Completion(target, prompt, options):
            return f"{word} {_target(target)}{expression(prompt)}{_with(options)}"
        case Rerank(target, query, fields, options):
            return f"{word} {_target(target)}{expression(query)} on {_fields(fields)}{_with(options)}"
        case Fork(branches):
            return f"{word} " + " ".join(f"({_pipeline(branch, ' | ')})" for branch in branches)
        case Fuse(method, settings, options):
            parts = [word, *([] if method is None else [_quoted_name(method)])]
            parts.extend(f"{setting} by {', '.join(map(_name, names))}" for setting, names in settings)
            return " ".join(parts) + _with(options)
        case Derive(_, target, text_of, options):
            return f"{word} {_target(target)}{expression(text_of)}{_with(options)}"
        case Diversify(vector, field, limit, options):
            near = "" if vector is None else f" {expression(vector)}"
            return f"{word}{near} on {_name(field)} limit {expression(limit)}{_with(options)}"
        case Highlighting(prefix, query, names, options):
            start = "" if prefix is None else f" prefix = {_string(prefix)}"
            return f"{word}{start} {expression(query)} on {', '.join(map(_name, names))}{_with(options)}"
        case BadCommand(text=text):
            return " ".join(text.split())
        case Bare():
            return word
        case _:
            raise AssertionError(command)


def _with(options: MapLiteral | None) -> str:
    return "" if options is None else f" with {_map(options)}"


def _target(target: Name | None) -> str:
    return "" if target is None else f"{_name(target)} = "


def _source(source: IndexPattern | Query) -> str:
    return f"({_pipeline(source, ' | ')})" if isinstance(source, Query) else _index(source)


def _index(pattern: IndexPattern) -> str:
    return _string(pattern.text) if pattern.quoted else pattern.text


def _fields(fields: Iterable[Field]) -> str:
    return ", ".join(map(_field, fields))


def _field(field: Field) -> str:
    text = f"{_target(field.name)}{expression(field.expression)}"
    return text if field.condition is None else f"{text} where {expression(field.condition)}"


def _order(order: Order) -> str:
    text = expression(order.expression)
    if order.direction is not None:
        text += f" {order.direction}"
    return text if order.nulls is None else f"{text} nulls {order.nulls}"
