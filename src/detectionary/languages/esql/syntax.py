"""The tree of an ES|QL query: expressions. The commands are in `syntax_commands`.

Spans do not count when trees are compared, nor do letter case of words and functions, blanks and redundant spellings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Final, TypeAlias

from detectionary.model.wildcards import Wild
from detectionary.text import Span

UNPLACED: Final = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the tree; `span` covers its text without leading and trailing blanks."""

    span: Span = field(default=UNPLACED, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A column. `text` is without backticks, its parts joined by dots; `verbatim`: a part is a parameter (`??x`)."""

    text: str
    qualifier: str | None = None
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class NamePattern(Node):
    """A column or a wildcard over columns: literal texts and stars in order."""

    pieces: tuple[str | Wild, ...]
    qualifier: str | None = None
    verbatim: bool = False

    @property
    def text(self) -> str:
        """The name, with `*` for its stars."""
        return "".join(piece.value if isinstance(piece, Wild) else piece for piece in self.pieces)

    @property
    def is_wild(self) -> bool:
        return any(isinstance(piece, Wild) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A string, number, truth value or null. Signs are operators round it."""

    value: str | int | float | bool | None

    def __eq__(self, other: object) -> bool:
        # `1`, `1.0` and `true` are different texts
        if not isinstance(other, Literal):
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class TimeSpan(Node):
    """`5 minutes`: a number and its unit in lower case."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """`?`, `?1`, `?name`, `??name`: a value that the caller gives."""

    text: str


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[1, 2]`: several values of one kind."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MapLiteral(Node):
    """`{"key": value}`: named arguments of a function or command."""

    entries: tuple[tuple[Literal, Expression], ...]


@dataclass(frozen=True, slots=True)
class Star(Node):
    """The `*` of `count(*)`."""


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function, its name in lower case."""

    name: str
    arguments: tuple[Expression, ...]
    name_span: Span = field(default=UNPLACED, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Lambda(Node):
    """`x -> expression`, `(x, y) -> expression`."""

    parameters: tuple[str, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """`expression::type`, the type in lower case."""

    operand: Expression
    type: str


@dataclass(frozen=True, slots=True)
class Signed(Node):
    """`-expression` or `+expression`."""

    sign: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Operands of one precedence and the operators between them, from left to right."""

    operands: tuple[Expression, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`left == right` and its kin. `=~` is no operator of ES|QL, and kept as it was meant."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class InList(Node):
    """`operand in (items)`."""

    operand: Expression
    items: tuple[Expression, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InQuery(Node):
    """`operand in (from …)`; several operands in brackets."""

    operands: tuple[Expression, ...]
    query: Node
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Like(Node):
    """`operand like pattern`, `rlike` when `regex`; `listed` when patterns stand in brackets."""

    operand: Expression
    patterns: tuple[Expression, ...]
    regex: bool = False
    negated: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    """`operand is null`, `is not null` when `negated`."""

    operand: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`field : query`, a full-text search."""

    operand: Expression
    query: Expression


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Expression


class Connective(Enum):
    AND = "and"
    OR = "or"


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """Conditions joined by one connective."""

    connective: Connective
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Parenthesized(Node):
    expression: Expression


@dataclass(frozen=True, slots=True)
class Bad(Node):
    """What could not be read, with its text."""

    text: str = ""


Expression: TypeAlias = (
    "Name | Literal | TimeSpan | Parameter | ListLiteral | MapLiteral | Star | Call | Lambda | Cast | Signed"
    " | Arithmetic | Compare | InList | InQuery | Like | IsNull | Match | Not | Logic | Parenthesized | Bad"
)

_PLAIN_TYPES: Final = frozenset(
    {"str", "str | None", "bool", "int", "Connective", "tuple[str, ...]", "tuple[str | Wild, ...]"}
    | {"str | int | float | bool | None"}
)
"""Annotations of fields that never hold a node."""

_CHILD_FIELDS: dict[type[Node], tuple[str, ...]] = {}


def _child_fields(kind: type[Node]) -> tuple[str, ...]:
    names = _CHILD_FIELDS.get(kind)
    if names is None:
        names = tuple(
            each.name for each in fields(kind) if not each.name.endswith("span") and each.type not in _PLAIN_TYPES
        )
        _CHILD_FIELDS[kind] = names
    return names


def children(node: Node) -> list[Node]:
    """The nodes directly below `node`, in the order of their fields."""
    found: list[Node] = []
    for name in _child_fields(type(node)):
        value = getattr(node, name)
        if value.__class__ is tuple:
            found.extend(_nodes_in(value))
        elif isinstance(value, Node):
            found.append(value)
    return found


def _nodes_in(values: tuple[object, ...]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif value.__class__ is tuple:
            yield from _nodes_in(value)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first; no recursion, so depth costs no stack."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))


def bare(expression: Expression) -> Expression:
    """The expression inside brackets."""
    while isinstance(expression, Parenthesized):
        expression = expression.expression
    return expression
