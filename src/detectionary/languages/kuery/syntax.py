"""What a Kibana KQL query says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from detectionary.model.wildcards import Part
from detectionary.text import Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A value or a field's name: its parts with escapes resolved, a `*` that is no escape as a wildcard.

    A text in quotes has no wildcards, and is never a number or truth value.
    """

    parts: tuple[Part, ...]
    quoted: bool
    span: Span

    @property
    def is_any(self) -> bool:
        """Whether this is `*` alone."""
        return len(self.parts) == 1 and not isinstance(self.parts[0], str)


@dataclass(frozen=True, slots=True)
class Connected:
    """`and` (`every`) or `or`, of queries or, inside the brackets of a value list, of values."""

    operands: tuple[Query, ...]
    every: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Negated:
    operand: Query
    span: Span


@dataclass(frozen=True, slots=True)
class Is:
    """`field: value`, or a value alone (the field is None): `values` is a literal or a tree of literals."""

    field: Literal | None
    values: Query
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """`field >= value`"""

    field: Literal
    operator: str
    value: Literal
    span: Span


@dataclass(frozen=True, slots=True)
class Nested:
    """`field: { query }`: the query is about each object below the field."""

    field: Literal
    query: Query
    span: Span


@dataclass(frozen=True, slots=True)
class Missing:
    """Where something should stand and nothing does."""

    span: Span


Query: TypeAlias = Connected | Negated | Is | Range | Nested | Literal | Missing
"""A query. A `Literal` stands for itself only among the values of an `Is`."""
