"""What a query is read against: tables with their columns, and functions that repositories define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detectionary.text import SourceText


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its exact name; `type` is a scalar type of the platform's own language ("string", "long", …)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table that rules read. `open`: it may have columns that are not listed."""

    name: str
    columns: tuple[Column, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """A function of the environment: an ASIM or vendor parser, a saved query, a watchlist accessor.

    Other things that rules of a repository refer to by name are kept the same way, under names that no function can
    have: `%NAME` is a reference list of YARA-L (its body holds an entry a line), `sigma:NAME` and `sigma:ID` a Sigma
    rule that correlations refer to (its body is the rule).

    `parameters` is the declaration as written ("starttime:datetime=datetime(null), pack:bool=false"), without
    parentheses. `body` is its query; without one, `returns` says what the result looks like (`open` when unknown).
    `digest` changes when anything about the definition does.
    """

    name: str
    parameters: str
    body: SourceText | None
    digest: str
    returns: TableSchema | None = None
    origin: str = ""
    """The path it was found at, or "built in"."""


@dataclass(frozen=True)
class Environment:
    """Tables and functions by exact name (Kusto names are case-sensitive)."""

    tables: Mapping[str, TableSchema] = field(default_factory=dict)
    functions: Mapping[str, FunctionDefinition] = field(default_factory=dict)
