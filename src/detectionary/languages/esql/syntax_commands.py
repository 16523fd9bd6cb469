"""The tree of an ES|QL query: its commands."""

from __future__ import annotations

from dataclasses import dataclass

from detectionary.languages.esql.syntax import (
    Expression,
    Literal,
    MapLiteral,
    Name,
    NamePattern,
    Node,
    Parameter,
)


@dataclass(frozen=True, slots=True)
class Command(Node):
    """One step of a query."""


@dataclass(frozen=True, slots=True)
class Query(Node):
    """`set` directives, then a source command, and processing commands behind pipes."""

    settings: tuple[Setting, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """`set name = value;`"""

    name: str
    value: Expression


# Parts of commands


@dataclass(frozen=True, slots=True)
class IndexPattern(Node):
    """`cluster:index::selector`, whole; `quoted` as a string."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`name = expression`, or an expression that names its own column. `condition` stands behind `where` (in stats)."""

    name: Name | None
    expression: Expression
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Renaming(Node):
    """`old as new`, or `new = old` when `assigned`."""

    old: NamePattern
    new: NamePattern
    assigned: bool = False


@dataclass(frozen=True, slots=True)
class Order(Node):
    """One key of `sort`."""

    expression: Expression
    direction: str | None = None
    nulls: str | None = None


@dataclass(frozen=True, slots=True)
class EnrichField(Node):
    """`new = field` behind `with`."""

    new: NamePattern | None
    field: NamePattern


# Source commands


@dataclass(frozen=True, slots=True)
class From(Command):
    """`from` and `ts`: index patterns and sub-queries; `metadata` are fields that documents have beside their own."""

    keyword: str
    sources: tuple[IndexPattern | Query, ...]
    metadata: tuple[IndexPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class External(Command):
    """`external "path" with {…}`."""

    location: Literal | Parameter
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Row(Command):
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Show(Command):
    item: str


@dataclass(frozen=True, slots=True)
class Explain(Command):
    query: Query


@dataclass(frozen=True, slots=True)
class PromQL(Command):
    """A query in another language, kept as text."""

    text: str


# Processing commands


@dataclass(frozen=True, slots=True)
class Where(Command):
    condition: Expression


@dataclass(frozen=True, slots=True)
class Eval(Command):
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Keep(Command):
    patterns: tuple[NamePattern, ...]


@dataclass(frozen=True, slots=True)
class Drop(Command):
    patterns: tuple[NamePattern, ...]


@dataclass(frozen=True, slots=True)
class Rename(Command):
    clauses: tuple[Renaming, ...]


@dataclass(frozen=True, slots=True)
class Stats(Command):
    """`stats`, and `inline stats` when `inline`."""

    aggregates: tuple[Field, ...]
    by: tuple[Field, ...] = ()
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Sort(Command):
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Limit(Command):
    count: Expression
    by: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Dissect(Command):
    input: Expression
    pattern: Literal
    options: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Grok(Command):
    input: Expression
    patterns: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Enrich(Command):
    policy: IndexPattern
    on: NamePattern | None = None
    fields: tuple[EnrichField, ...] = ()


@dataclass(frozen=True, slots=True)
class MvExpand(Command):
    name: Name


@dataclass(frozen=True, slots=True)
class Join(Command):
    """`lookup join index on …`; `kind` is the word before `join`."""

    kind: str
    target: IndexPattern
    conditions: tuple[Expression, ...]
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class ChangePoint(Command):
    value: Name
    key: Name | None = None
    type_name: Name | None = None
    pvalue_name: Name | None = None
    by: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion(Command):
    target: Name | None
    prompt: Expression
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Rerank(Command):
    target: Name | None
    query: Expression
    fields: tuple[Field, ...]
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Sample(Command):
    probability: Expression


@dataclass(frozen=True, slots=True)
class Fork(Command):
    branches: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Fuse(Command):
    """`settings` are (`score`, `key` or `group`; their columns) in order."""

    method: str | None = None
    settings: tuple[tuple[str, tuple[Name, ...]], ...] = ()
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Derive(Command):
    """`user_agent prefix = expression` and its kin: several columns below one name."""

    keyword: str
    target: Name
    input: Expression
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Diversify(Command):
    """`mmr`."""

    query: Expression | None
    field: Name
    limit: Expression
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Highlighting(Command):
    """`highlight`."""

    prefix: str | None
    query: Expression
    names: tuple[Name, ...]
    options: MapLiteral | None = None


@dataclass(frozen=True, slots=True)
class Bare(Command):
    """A command of one word."""

    keyword: str


@dataclass(frozen=True, slots=True)
class BadCommand(Command):
    """What could not be read as a command; `keyword` is its first word."""

    keyword: str
    text: str = ""
