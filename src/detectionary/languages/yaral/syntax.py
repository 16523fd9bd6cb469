"""The tree of YARA-L. Parentheses are not in it: they follow from the tree when it is printed.

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
    REGEX = "regex"
    NUMBER = "number"
    BOOL = "bool"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant as evaluated; of a duration its text."""

    kind: LiteralKind
    value: str | int | float | bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Element:
    """`["key"]`, `[0]`: the key of a map, the index of a repeated field."""

    value: Expression


Step: TypeAlias = str | Element
"""A name behind a dot, or an element."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable, count, list or bare name, and the path behind it.

    `root` is with its sign: `$login`, `#login`, `%admins`; a bare field (`principal.ip`) has its first name as root.
    """

    root: str
    steps: tuple[Step, ...]
    span: Span = field(compare=False)

    @property
    def is_variable(self) -> bool:
        return self.root[0] == "$"

    @property
    def is_count(self) -> bool:
        return self.root[0] == "#"

    @property
    def is_list(self) -> bool:
        return self.root[0] == "%"

    @property
    def is_field(self) -> bool:
        """A field of an event: `$login.principal.ip`, or bare in a search."""
        return not (self.is_count or self.is_list or (self.is_variable and not self.steps))


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument; `name` is that of a named one in dots (`principal.user.userid: $user`)."""

    value: Expression
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`strings.to_lower($e.a)`."""

    name: str
    arguments: tuple[Argument, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Array:
    """`["a", "b"]`, or the parenthesised list behind `in`."""

    items: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Quantified:
    """`any $e.principal.ip`: one element, or all of them, of a repeated field."""

    quantifier: str
    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sign:
    """`-x`."""

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
    """`left operator right`, operator one of = != < <= > >=; `nocase` folds the case of texts."""

    operator: str
    left: Expression
    right: Expression
    nocase: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class InList:
    """`operand in %list`; `mode` is "regex" or "cidr", or empty for equal values."""

    operand: Expression
    mode: str
    values: Expression
    nocase: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class NoCase:
    """`nocase` behind a condition that is no comparison: `re.regex(…) nocase`."""

    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not x`, `!x`."""

    operand: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Logical:
    """All operands of one `and` or `or`."""

    operator: str
    operands: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class SomeOf:
    """`any of [$a, $b]`, `all of […]`, `2 of […]`; `count` is "any", "all" or the number."""

    count: str | int
    items: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Join:
    """`left join $a.x = $b.x`, `cross join $a, $b` of queries in stages."""

    kind: str
    operands: tuple[Expression, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Bad:
    """What could not be read."""

    text: str
    span: Span = field(compare=False)


Expression: TypeAlias = (
    Literal
    | Reference
    | Call
    | Array
    | Quantified
    | Sign
    | Arithmetic
    | Compare
    | InList
    | NoCase
    | Not
    | Logical
    | SomeOf
    | Join
    | Bad
)


@dataclass(frozen=True, slots=True)
class Setting:
    """`key = value` of `meta` and `options`."""

    key: str
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`$name = value` of `outcome` (and of `select`); `name` is with its sign."""

    name: str
    value: Expression
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Window:
    """`over 10m after $e`: the word, `every` behind it, the width ("10m", "day"), the side and the pivot."""

    word: str
    every: bool
    width: str
    side: str | None
    pivot: str | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Key:
    """What a match groups by, or an order sorts by (`direction` is "", "asc" or "desc")."""

    value: Expression
    direction: str
    span: Span = field(compare=False)


Item: TypeAlias = Setting | Assignment | Key | Window | Expression


@dataclass(frozen=True, slots=True)
class Section:
    """`events: …`. `implied`: the filter of a search, which has no header."""

    kind: str
    items: tuple[Item, ...]
    implied: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Stage:
    """`stage NAME { … }` of a query in several stages."""

    name: str
    parts: tuple[Part, ...]
    span: Span = field(compare=False)


Part: TypeAlias = Section | Stage


@dataclass(frozen=True, slots=True)
class Rule:
    """`rule NAME { … }`; a search has no name."""

    name: str | None
    parts: tuple[Part, ...]
    name_span: Span = field(compare=False)
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """The rules of a text; a text without `rule` is one search."""

    rules: tuple[Rule, ...]


Node: TypeAlias = Text | Rule | Part | Item


def children(node: Node) -> tuple[Node, ...]:
    """What stands directly in a node, in the order of the text."""
    match node:
        case Text(rules):
            return rules
        case Rule(parts=parts) | Stage(parts=parts):
            return parts
        case Section(items=items) | Array(items=items) | SomeOf(items=items):
            return items
        case Setting(value=value) | Assignment(value=value) | Key(value=value):
            return (value,)
        case Literal() | Window() | Bad():
            return ()
        case Reference(steps=steps):
            return tuple(step.value for step in steps if isinstance(step, Element))
        case Call(arguments=arguments):
            return tuple(argument.value for argument in arguments)
        case Quantified(operand=operand) | Sign(operand) | NoCase(operand) | Not(operand):
            return (operand,)
        case Arithmetic(first, rest):
            return (first, *(operand for _, operand in rest))
        case Compare(left=left, right=right):
            return (left, right)
        case InList(operand=operand, values=values):
            return (operand, values)
        case Logical(operands=operands) | Join(operands=operands):
            return operands
        case _:
            assert_never(node)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, each before what stands in it, in the order of the text."""
    waiting: list[Node] = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))
