"""The tree of an EQL query. Parentheses are not in it: they follow from the tree when it is printed.

Nodes compare by what they say; their spans are left out of comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias, assert_never

from detectionary.text import Span


class LiteralKind(Enum):
    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant as evaluated. A number that is too large for Elasticsearch keeps its text."""

    kind: LiteralKind
    value: str | int | float | bool | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """`process.args[0]`: names and indexes in order; `optional` with a `?` before it."""

    parts: tuple[str | int, ...]
    optional: bool
    span: Span = field(compare=False)

    @property
    def name(self) -> str:
        """The path in dots, without indexes."""
        return ".".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Call:
    """`endsWith~(a, b)`: the name without `~`, a known one as its documentation spells it; `fold` with `~`."""

    name: str
    fold: bool
    arguments: tuple[Expression, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """`-x`, `+x`."""

    sign: str
    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A chain of operators of one strength, from left to right: `a + b - c`."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left == right` and the other comparisons."""

    operator: str
    left: Expression
    right: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class InList:
    """`operand in (…)`, `not in`, `in~`."""

    operand: Expression
    negated: bool
    fold: bool
    items: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """`operand : pattern`, `like`, `like~`, `regex`, `regex~`; one pattern or a list of them."""

    operator: str
    operand: Expression
    patterns: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Logical:
    """`a and b and c` or `a or b or c`."""

    operator: str
    operands: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Related:
    """`descendant of [process where …]`, which only the older EQL has."""

    relation: str
    event: EventQuery
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Bad:
    """What cannot be read, as it is written."""

    text: str
    span: Span = field(compare=False)


Expression: TypeAlias = (
    Literal | Field | Call | Sign | Arithmetic | Compare | InList | Match | Not | Logical | Related | Bad
)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """`category where condition`; no category for `any`."""

    category: str | None
    condition: Expression
    category_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Runs:
    """`with runs=3`."""

    count: int
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """One event of a sequence or sample, in its brackets; `missing` for `![…]`."""

    event: EventQuery
    missing: bool
    keys: tuple[Expression, ...]
    runs: Runs | None
    fork: bool | None
    alias: str | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class MaxSpan:
    """`maxspan=10m`: the number as written, and the unit; `value` is where the two stand."""

    number: str
    unit: str
    value: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    """`sequence`, `sample` or `join`, its keys, its events, and the event that ends it. `head` ends before the first
    bracket.
    """

    kind: str
    keys: tuple[Expression, ...]
    maxspan: MaxSpan | None
    terms: tuple[Term, ...]
    until: Term | None
    head: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """`| head 10`; the span is without the bar."""

    name: str
    arguments: tuple[Expression, ...]
    bar: Span = field(compare=False)
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; no body where nothing could be read."""

    body: EventQuery | Sequence | None
    pipes: tuple[Pipe, ...]


Node: TypeAlias = Expression | EventQuery | Term | Sequence | Pipe | Query


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, in the order of the text."""
    match node:
        case Literal() | Field() | Bad():
            return
        case Call(arguments=found) | Logical(operands=found) | Pipe(arguments=found):
            yield from found
        case Sign(operand=operand) | Not(operand=operand):
            yield operand
        case Arithmetic(first, rest):
            yield first
            for _, operand in rest:
                yield operand
        case Compare(_, left, right):
            yield left
            yield right
        case InList(operand=operand, items=found) | Match(operand=operand, patterns=found):
            yield operand
            yield from found
        case Related(event=event):
            yield event
        case EventQuery(condition=condition):
            yield condition
        case Term(event=event, keys=keys):
            yield event
            yield from keys
        case Sequence(keys=keys, terms=terms, until=until):
            yield from keys
            yield from terms
            if until is not None:
                yield until
        case Query(body, pipes):
            if body is not None:
                yield body
            yield from pipes
        case _:
            assert_never(node)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, from left to right."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(list(children(current))))
