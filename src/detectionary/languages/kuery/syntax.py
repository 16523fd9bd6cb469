"""The tree of a KQL query. Parentheses are not in it: they follow from the tree when it is printed.

Nodes compare by what they say; their spans are left out of comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias, assert_never

from detectionary.text import Span


class LiteralKind(Enum):
    """What a literal is."""

    WORDS = "words"
    """Outside of quotes: a field analysed as text matches any of the words."""
    PHRASE = "phrase"
    """In quotes: the words in this order."""
    PATTERN = "pattern"
    """With wildcards, in the model's spelling (`model/wildcards.py`)."""
    BOOL = "bool"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A field's name or a value, escapes resolved."""

    kind: LiteralKind
    value: str | bool | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Junction:
    """`a and b and c`, `a or b`; also of values in a list."""

    operator: str
    """"and" or "or"."""
    operands: tuple[Node, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not a`; also of values in a list."""

    operand: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """`field: values`; without a field, all fields are searched. `values` is made of literals, junctions and nots."""

    name: Literal | None
    values: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """`field > value`."""

    name: Literal
    operator: str
    value: Literal
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Nested:
    """`field: { query }`: one element of the nested field has it all."""

    name: Literal
    query: Node
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Bad:
    """Text that cannot be read; it may be empty, where something is missing."""

    text: str
    span: Span = field(compare=False)


Node: TypeAlias = Literal | Junction | Not | Match | Range | Nested | Bad


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    match node:
        case Junction(_, operands):
            for operand in operands:
                yield from walk(operand)
        case Not(operand):
            yield from walk(operand)
        case Match(name, values):
            if name is not None:
                yield name
            yield from walk(values)
        case Range(name, _, value):
            yield from (name, value)
        case Nested(name, query):
            yield name
            yield from walk(query)
        case Literal() | Bad():
            return
        case _:
            assert_never(node)
