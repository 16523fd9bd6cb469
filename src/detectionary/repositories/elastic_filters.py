"""The filters that a rule of Elastic adds to its query: Kibana's filter objects around Elasticsearch's query DSL.

https://www.elastic.co/docs/reference/query-languages/query-dsl/ has the clauses; a clause that is not known here is
kept with its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from detectionary.model import wildcards
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    Comparison,
    Not,
    Opaque,
    Operator,
    Predicate,
    Quantifier,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.text import Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode, plain

_NOWHERE: Final = Span(0, 0)
_OPERATORS: Final = {
    "match_phrase": Operator.EQ,
    "term": Operator.EQ,
    "terms": Operator.EQ,
    "match": Operator.MATCH,
    "match_phrase_prefix": Operator.STARTS_WITH,
    "prefix": Operator.STARTS_WITH,
    "wildcard": Operator.WILDCARD,
    "regexp": Operator.REGEX_MATCH,
}
"""Clauses about one field: the value stands beside the field, or in a mapping under one of `_VALUE_KEYS`."""
_VALUE_KEYS: Final = ("value", "query", "wildcard")
_BOUNDS: Final = {"gt": Operator.GT, "gte": Operator.GE, "lt": Operator.LT, "lte": Operator.LE}


def filter_predicate(filters: Node | None) -> Predicate | None:
    """What all filters together ask for; None when there are none, or all are switched off."""
    items = filters.items if isinstance(filters, SequenceNode) else ()
    found = [
        predicate
        for item in items
        if isinstance(item, MappingNode) and not _is_set(item, "disabled") and (predicate := _filter(item)) is not None
    ]
    return _all(found)


def _filter(item: MappingNode) -> Predicate | None:
    """A filter object: its clause under `query`, in older form beside `meta`."""
    query = item.get("query")
    predicate = _all(list(_clauses(query if isinstance(query, MappingNode) else item)))
    return Not(predicate) if predicate is not None and _is_set(item, "negate") else predicate


def _is_set(item: MappingNode, key: str) -> bool:
    meta = item.get("meta")
    value = meta.get(key) if isinstance(meta, MappingNode) else None
    return isinstance(value, ScalarNode) and value.text == "true"


def _clauses(query: MappingNode) -> Iterator[Predicate]:
    for key, value in query.pairs:
        match key.text:
            case "meta" | "$state":
                continue
            case "match_all":
                continue
            case "exists" if isinstance(value, MappingNode) and (name := _text(value.get("field"))):
                yield Comparison(name, Operator.IS_NOT_NULL, Quantifier.ANY, (), _NOWHERE)
            case "range" if isinstance(value, MappingNode):
                yield from _ranges(value)
            case "bool" if isinstance(value, MappingNode):
                yield from _bool(value)
            case name if name in _OPERATORS and isinstance(value, MappingNode):
                yield from _of_fields(name, value)
            case name:
                yield Opaque(f"{name} clause", _json(value), _NOWHERE)


def _of_fields(clause: str, fields: MappingNode) -> Iterator[Predicate]:
    """`{field: value}`, `{field: {"value": value}}` or, for `terms`, `{field: [value, …]}`."""
    for key, stated in fields.pairs:
        if key.text == "boost":
            continue
        node = stated
        if isinstance(stated, MappingNode):
            node = next((inner for name in _VALUE_KEYS if (inner := stated.get(name)) is not None), stated)
        items = node.items if isinstance(node, SequenceNode) else (node,)
        if not all(isinstance(item, ScalarNode) for item in items):
            yield Opaque(f"{clause} clause", _json(fields), _NOWHERE)
            continue
        values = tuple(_value(item, clause) for item in items if isinstance(item, ScalarNode))
        yield Comparison(key.text, _OPERATORS[clause], Quantifier.ANY, values, _NOWHERE)


def _ranges(fields: MappingNode) -> Iterator[Predicate]:
    for key, stated in fields.pairs:
        bounds = stated.pairs if isinstance(stated, MappingNode) else ()
        found: list[Predicate] = [
            Comparison(key.text, _BOUNDS[name.text], Quantifier.ANY, (_value(bound, "range"),), _NOWHERE)
            for name, bound in bounds
            if name.text in _BOUNDS and isinstance(bound, ScalarNode)
        ]
        if key.text == "@timestamp":
            yield TimeFilter(f"@timestamp: {_json(stated)}", _NOWHERE)
        else:
            yield _all(found) or Opaque("range clause", _json(fields), _NOWHERE)


def _bool(clauses: MappingNode) -> Iterator[Predicate]:
    """`must` and `filter` all hold, none of `must_not` does, and one of `should` where nothing else must hold."""
    least = _text(clauses.get("minimum_should_match"))
    others = clauses.get("must") is not None or clauses.get("filter") is not None
    for key, value in clauses.pairs:
        items = value.items if isinstance(value, SequenceNode) else (value,)
        found = [
            predicate
            for item in items
            if isinstance(item, MappingNode) and (predicate := _all(list(_clauses(item)))) is not None
        ]
        match key.text:
            case "must" | "filter":
                yield from found
            case "must_not":
                yield from map(Not, found)
            case "should" if not found or least == "0" or (others and not least):
                continue  # only the score depends on it
            case "should" if least in ("", "1"):
                yield _any(found)
            case "minimum_should_match" | "boost":
                continue
            case name:
                yield Opaque(f"bool {name} clause", _json(value), _NOWHERE)


def _any(found: list[Predicate]) -> Predicate:
    """One of several; values of one field and operator (Kibana's “is one of”) are a list."""
    first = found[0]
    if len(found) == 1:
        return first
    if isinstance(first, Comparison) and first.values:
        alike = [
            each
            for each in found
            if isinstance(each, Comparison) and (each.field, each.operator) == (first.field, first.operator)
        ]
        if len(alike) == len(found):
            values = tuple(value for each in alike for value in each.values)
            return Comparison(first.field, first.operator, Quantifier.ANY, values, _NOWHERE)
    return AnyOf(tuple(found))


def _all(found: list[Predicate]) -> Predicate | None:
    return AllOf(tuple(found)) if len(found) > 1 else found[0] if found else None


def _value(node: ScalarNode, clause: str) -> Value:
    """A value of the type that TOML gives it; a pattern in the spelling that all languages share."""
    if clause == "wildcard":
        return Value(ValueKind.TEXT, wildcards.spelled(_parts(node.text)))
    if node.style:
        return Value(ValueKind.TEXT, node.text)
    if node.text in ("true", "false"):
        return Value(ValueKind.BOOL, node.text == "true")
    try:
        return Value(ValueKind.NUMBER, int(node.text))
    except ValueError:
        pass
    try:
        return Value(ValueKind.NUMBER, float(node.text))
    except ValueError:
        return Value(ValueKind.TEXT, node.text)


def _parts(pattern: str) -> tuple[wildcards.Part, ...]:
    """A pattern of Lucene: a backslash makes whatever follows it literal."""
    found: list[wildcards.Part] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and at + 1 < len(pattern):
            at += 1
            character = pattern[at]
            found.append(character)
        else:
            found.append(wildcards.Wild(character) if character in "*?" else character)
        at += 1
    joined: list[wildcards.Part] = []
    for part in found:
        if (
            isinstance(part, str)
            and joined
            and isinstance(joined[-1], str)
            and not isinstance(joined[-1], wildcards.Wild)
        ):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) else ""


def _json(node: Node) -> str:
    return msgspec.json.encode(plain(node)).decode()
