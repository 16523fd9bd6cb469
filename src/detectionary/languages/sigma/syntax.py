"""What a Sigma rule says, as a tree: detections by name, and the condition over them.

After the Sigma specification, version 2.1 (https://sigmahq.io/sigma-specification/). Every node has its span in the
text of the rule's document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from detectionary.text import Span

# --- detections


class Scalar(Enum):
    """What YAML reads a value as."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as its author wrote it: escapes and wildcards of a text are still in it."""

    kind: Scalar
    value: str | int | float | bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class Item:
    """`field|modifier|modifier: values`; the field is None for keywords. `listed`: the values are written as a list."""

    field: str | None
    modifiers: tuple[str, ...]
    values: tuple[Literal, ...]
    listed: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Detection:
    """Items and detections of which all must hold (a map) or any (a list)."""

    parts: tuple[Item | Detection, ...]
    every: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Search:
    """A search identifier and its detection; `span` covers both."""

    name: str
    detection: Detection
    span: Span


# --- conditions


@dataclass(frozen=True, slots=True)
class Named:
    """A search identifier in a condition."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Several:
    """`1 of selection_*`, `all of them`: `count` is None for all. `pattern` is "them" for every identifier."""

    count: int | None
    pattern: str
    span: Span


@dataclass(frozen=True, slots=True)
class Negated:
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Connected:
    """`and` (`every`) or `or` of two and more."""

    operands: tuple[Expression, ...]
    every: bool
    span: Span


Expression: TypeAlias = Named | Several | Negated | Connected


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`| count(field) by key > 5`, the form that correlations have replaced. `operator` is as written."""

    function: str
    field: str | None
    by: tuple[str, ...]
    operator: str
    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Near:
    """`| near other and not third`, never specified further than its name: the others happen close by."""

    expression: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; `expression` is None where it could not be read at all."""

    text: str
    expression: Expression | None
    rest: Aggregation | Near | None
    span: Span


def named(expression: Expression) -> Iterator[Named | Several]:
    """The search identifiers and patterns in `expression`, from left to right."""
    match expression:
        case Named() | Several():
            yield expression
        case Negated(operand):
            yield from named(operand)
        case Connected(operands):
            for operand in operands:
                yield from named(operand)
        case _:
            assert_never(expression)


# --- correlations


@dataclass(frozen=True, slots=True)
class Bound:
    """`gte: 10` of a correlation's condition."""

    operator: str
    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Correlation:
    """`type`, the rules that it refers to by name or id, and when it holds.

    `expression` is the condition of a temporal correlation written as a text over the names of its rules. `field` is
    what a correlation over values counts or sums.
    """

    type: str
    rules: tuple[Named, ...]
    group_by: tuple[str, ...]
    timespan: str | None
    bounds: tuple[Bound, ...]
    field: str | None
    expression: Condition | None
    aliases: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SigmaRule:
    """What one document says. `tables` is its log source as one name ("windows/process_creation").

    A filter has the rules that it is for in `filtered`; its detection and condition are those of a rule.
    """

    log_source: str | None
    searches: tuple[Search, ...]
    conditions: tuple[Condition, ...]
    timeframe: str | None
    fields: tuple[str, ...]
    correlation: Correlation | None
    filtered: tuple[Named, ...]
    is_filter: bool
