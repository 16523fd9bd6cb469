"""What every node of the tree is, the words of the language that nodes hold, and ways through a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Final

from detectionary.text import Span

UNPLACED: Final = Span(0, 0)


class ScalarType(Enum):
    """The scalar types of Kusto (learn.microsoft.com, "Scalar data types"), under their canonical names."""

    BOOL = "bool"
    INT = "int"
    LONG = "long"
    REAL = "real"
    DECIMAL = "decimal"
    STRING = "string"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    GUID = "guid"
    DYNAMIC = "dynamic"
    TYPE = "type"
    UNKNOWN = "unknown"


class BinaryOperator(Enum):
    """Operators between two operands, by their canonical spelling."""

    OR = "or"
    AND = "and"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    EQUAL_FOLD = "=~"
    NOT_EQUAL_FOLD = "!~"
    HAS = "has"
    NOT_HAS = "!has"
    HAS_CS = "has_cs"
    NOT_HAS_CS = "!has_cs"
    HASPREFIX = "hasprefix"
    NOT_HASPREFIX = "!hasprefix"
    HASPREFIX_CS = "hasprefix_cs"
    NOT_HASPREFIX_CS = "!hasprefix_cs"
    HASSUFFIX = "hassuffix"
    NOT_HASSUFFIX = "!hassuffix"
    HASSUFFIX_CS = "hassuffix_cs"
    NOT_HASSUFFIX_CS = "!hassuffix_cs"
    CONTAINS = "contains"
    NOT_CONTAINS = "!contains"
    CONTAINS_CS = "contains_cs"
    NOT_CONTAINS_CS = "!contains_cs"
    STARTSWITH = "startswith"
    NOT_STARTSWITH = "!startswith"
    STARTSWITH_CS = "startswith_cs"
    NOT_STARTSWITH_CS = "!startswith_cs"
    ENDSWITH = "endswith"
    NOT_ENDSWITH = "!endswith"
    ENDSWITH_CS = "endswith_cs"
    NOT_ENDSWITH_CS = "!endswith_cs"
    LIKE = "like"
    NOT_LIKE = "notlike"
    LIKE_CS = "likecs"
    NOT_LIKE_CS = "notlikecs"
    MATCHES_REGEX = "matches regex"
    SEARCH = ":"


class ListOperator(Enum):
    """Operators whose right side is a list in parentheses."""

    IN = "in"
    NOT_IN = "!in"
    IN_FOLD = "in~"
    NOT_IN_FOLD = "!in~"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the tree; `span` covers its text without leading and trailing trivia."""

    span: Span = field(default=UNPLACED, compare=False, repr=False, kw_only=True)


_PLAIN_TYPES = frozenset({"str", "str | None", "bool", "bool | None", "BinaryOperator", "ListOperator", "ScalarType"})
"""Annotations of fields that never hold a node."""

_CHILD_FIELDS: dict[type[Node], tuple[str, ...]] = {}


def _child_fields(kind: type[Node]) -> tuple[str, ...]:
    names = _CHILD_FIELDS.get(kind)
    if names is None:
        names = tuple(
            f.name
            for f in fields(kind)
            if f.name not in ("span", "operator_span", "text", "keyword") and f.type not in _PLAIN_TYPES
        )
        _CHILD_FIELDS[kind] = names
    return names


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below `node`, in the order of their fields."""
    for name in _child_fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif value.__class__ is tuple:
            yield from _nodes_in(value)


def _nodes_in(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first; no recursion, so depth costs no stack."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(children(current))))
