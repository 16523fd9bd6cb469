"""What binding adds to a tree: the symbol behind every name, the type of every expression, the columns after every
stage.

The binder (`bind.py`) makes these; the analysis and, later, the compiler read them. Nodes are looked up by identity
(`id(node)`), since equal nodes at different places mean different things; `Bound.tree` keeps them alive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from detectionary.languages.kusto.syntax import (
    As,
    DeclareParameters,
    Expression,
    FunctionDeclaration,
    Let,
    Node,
    Parameter,
    Query,
    ScalarType,
    Statement,
)
from detectionary.model.schema import FunctionDefinition
from detectionary.text import Diagnostic


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSymbol:
    """One column at one point of a query; a column that passes a stage unchanged stays the same object.

    Where it comes from, one of: `table` (a column of that table as stored); `expression` (computed by the stage
    `maker`, its names resolved in that stage's input); `sources` alone (the same column under another name or merged:
    rename, union, join, the copy `k1` that a join makes). What `arg_max`, `take_any` and `mv-expand` take over has
    both. `expanded`: an item of `expression`'s array or bag (mv-expand, mv-apply).
    """

    name: str
    type: ScalarType
    table: str | None = None
    expression: Expression | None = None
    maker: Node | None = None
    sources: tuple[ColumnSymbol, ...] = ()
    expanded: bool = False
    aggregate: bool = False
    """Made by an aggregate function of `summarize`, `make-series`, `top-nested`, …"""
    key: bool = False
    """A group-by key of the `summarize` (or `distinct`, …) that made it."""


@dataclass(frozen=True, slots=True, eq=False)
class TableType:
    """A tabular type; `open`: further columns may exist (an unknown table or function, bag_unpack)."""

    columns: tuple[ColumnSymbol, ...]
    open: bool = False
    name: str | None = None
    _by_name: dict[str, ColumnSymbol] = field(default_factory=dict, init=False, repr=False)
    """Filled at the first `get`."""

    def get(self, name: str) -> ColumnSymbol | None:
        """The column of exactly this name, or None."""
        if not self._by_name and self.columns:
            self._by_name.update({column.name: column for column in self.columns})
        return self._by_name.get(name)


@dataclass(frozen=True, slots=True, eq=False)
class TableSymbol:
    """A table of the environment; `known` is False when the environment has none of this name."""

    name: str
    type: TableType
    known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class VariableSymbol:
    """A `let` of a value or table, a function's parameter, a declared query parameter, or the name that `as` gives."""

    name: str
    declaration: Let | Parameter | DeclareParameters | As
    type: ScalarType | TableType


@dataclass(frozen=True, slots=True, eq=False)
class FunctionSymbol:
    """A function that a call names: built in (`definition` None), of the environment, or a `let` of this query."""

    name: str
    definition: FunctionDefinition | Let | FunctionDeclaration | None
    known: bool = True


Symbol: TypeAlias = ColumnSymbol | TableSymbol | VariableSymbol | FunctionSymbol
Type: TypeAlias = ScalarType | TableType


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """One call of a function that has a body, bound with what the arguments of this call are.

    `arguments` are by parameter name, as written at the call; the call itself stands for the table that `invoke`
    passes. A parameter without one has its default. The body is `statements`, then `expression` when it has one of
    its own; its nodes are looked up in the maps here, since another call may give them other types.
    """

    name: str
    parameters: tuple[Parameter, ...]
    arguments: dict[str, Expression]
    statements: tuple[Statement, ...]
    expression: Expression | None
    symbols: dict[int, Symbol]
    types: dict[int, Type]
    results: dict[int, TableType]
    expansions: dict[int, Expansion]


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A bound query.

    `symbols`: for `NameReference`, and for `Call` and `Path` nodes that name something, what they mean. `types`: for
    expressions. `results`: for every stage of every pipeline (and a lone tabular source), the columns after it; for the
    pipeline of `mv-apply`, the columns that it starts from.
    `result` is the last expression statement's type, None when there is none. `tables` and `functions` are the names
    read and called, in order of first use, those inside called environment functions left out; `dependencies` holds
    all of them, with those reached through environment functions and names that were not found. `expansions` are the
    calls of functions with bodies, by the id of the calling node, when they were asked for.
    """

    tree: Query
    result: Type | None
    symbols: dict[int, Symbol] = field(default_factory=dict)
    types: dict[int, Type] = field(default_factory=dict)
    results: dict[int, TableType] = field(default_factory=dict)
    expansions: dict[int, Expansion] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    dependencies: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()
