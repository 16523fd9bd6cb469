"""What names can mean while a query is bound: the environment made ready for lookups, local names, and row scopes."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from detectionary.languages.kusto.bound import ColumnSymbol, FunctionSymbol, TableSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.printer import print_compact
from detectionary.languages.kusto.syntax import Call, Expression, FunctionDeclaration, NameReference, ScalarType
from detectionary.languages.kusto.types import scalar_type
from detectionary.model.schema import Environment, FunctionDefinition, TableSchema

Constant: TypeAlias = str | bool | int | float


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of a table: `$left`, `$right`, a step of `scan`, a node of a graph pattern."""

    table: TableType


@dataclass(frozen=True, slots=True, eq=False)
class Tuple:
    """An expression of several values (`arg_max(t, *)`, `series_stats(s)`): a column for each."""

    columns: tuple[ColumnSymbol, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    edges: TableType
    nodes: TableType | None


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster, database or workspace that a reference names; its tables are looked up in the environment."""

    text: str


Meaning: TypeAlias = ScalarType | TableType | Tuple | Row | Graph | Place
"""What an expression gives."""

OPEN: Final = TableType((), open=True)

EVERY_TABLE: Final = "*"
"""The name of the open table that stands for all tables of the environment (`union *`, `search "x"`)."""


@dataclass(frozen=True, slots=True, eq=False)
class LetFunction:
    """A function that a `let` declares, with the names that were in scope there."""

    symbol: FunctionSymbol
    declaration: FunctionDeclaration
    scope: Locals


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A local name for a value: `meaning` is its type, `constant` its value when that is a literal."""

    symbol: VariableSymbol | TableSymbol | ColumnSymbol
    meaning: Meaning
    constant: Constant | None = None


Local: TypeAlias = Variable | LetFunction


class Locals:
    """The names that statements have introduced so far; a nested one sees those of its parent."""

    __slots__ = ("_names", "_parent")

    def __init__(self, parent: Locals | None = None) -> None:
        self._names: dict[str, Local] = {}
        self._parent = parent

    def get(self, name: str) -> Local | None:
        found = self._names.get(name)
        if found is None and self._parent is not None:
            return self._parent.get(name)
        return found

    def add(self, name: str, local: Local) -> None:
        self._names[name] = local

    def declares(self, name: str) -> bool:
        """Whether the name was introduced here, and not by a parent."""
        return name in self._names

    def names(self) -> Iterable[str]:
        yield from self._names
        if self._parent is not None:
            yield from self._parent.names()

    def frozen(self) -> Locals:
        """The same names, blind to later ones: what a function body sees."""
        copy = Locals(self._parent.frozen() if self._parent is not None else None)
        copy._names.update(self._names)
        return copy


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where an expression stands: the row it sees, the right row of a join, local names, what it may call.

    `pairs`: a name must be a column of both rows (`join … on Key`). `keys` are the group-by columns that an aggregate
    leaves out when it expands `*`. `nodes` are those of the graph whose pattern is read.
    """

    locals: Locals
    row: TableType | None = None
    right: TableType | None = None
    pairs: bool = False
    aggregate: bool = False
    keys: tuple[ColumnSymbol, ...] = ()
    nodes: TableType | None = None

    def with_row(self, row: TableType | None) -> Scope:
        return Scope(self.locals, row)


@dataclass(frozen=True, slots=True)
class FunctionOutcome:
    """What a call of an environment function gives, and the names that this rests on."""

    meaning: Meaning
    dependencies: frozenset[str]


@dataclass(slots=True)
class KnownNames:
    """An environment made ready: symbols are built at first use and shared by all queries bound against it."""

    table_schemas: dict[str, TableSchema]
    functions: dict[str, FunctionDefinition]
    outcomes: dict[tuple[object, ...], FunctionOutcome] = field(default_factory=dict)
    """What calls of environment functions gave, by name and by the arguments that matter."""
    _tables: dict[str, TableSymbol] = field(default_factory=dict)
    _declared: dict[str, TableType] = field(default_factory=dict)
    _column_types: dict[str, ScalarType] = field(default_factory=dict)
    bodies: dict[str, object] = field(default_factory=dict)
    """Parsed declarations of environment functions; the binder's own."""

    def table(self, name: str) -> TableSymbol | None:
        found = self._tables.get(name)
        if found is None:
            schema = self.table_schemas.get(name)
            if schema is None:
                return None
            found = TableSymbol(name, table_type(schema, name))
            self._tables[name] = found
        return found

    def column_type(self, name: str) -> ScalarType | None:
        """The type that most columns of this name have, over all tables; None when no table has one."""
        if not self._column_types:
            kinds: dict[str, Counter[str]] = {}
            for schema in self.table_schemas.values():
                for column in schema.columns:
                    kinds.setdefault(column.name, Counter())[column.type] += 1
            for column_name, counted in kinds.items():
                self._column_types[column_name] = scalar_type(counted.most_common(1)[0][0])
        return self._column_types.get(name)

    def declared_result(self, function: FunctionDefinition) -> TableType | None:
        """What `FunctionDefinition.returns` says of a function, one object for all its calls."""
        if function.returns is None:
            return None
        found = self._declared.get(function.name)
        if found is None:
            found = table_type(function.returns, function.name)
            self._declared[function.name] = found
        return found

    def tables_like(self, pattern: str) -> list[TableSymbol]:
        """The tables whose names match a pattern with `*`, in the environment's order."""
        names = [name for name in self.table_schemas if matches(pattern, name)]
        return [symbol for symbol in map(self.table, names) if symbol is not None]


_KNOWN: Final[dict[int, KnownNames]] = {}


def known_names(environment: Environment) -> KnownNames:
    """The ready form of `environment`, made once and dropped with it."""
    key = id(environment)
    found = _KNOWN.get(key)
    if found is None:
        found = KnownNames(dict(environment.tables), dict(environment.functions))
        _KNOWN[key] = found
        weakref.finalize(environment, _KNOWN.pop, key, None)
    return found


def table_type(schema: TableSchema, origin: str) -> TableType:
    """A schema as a type whose columns are stored in `origin`."""
    columns = tuple(ColumnSymbol(column.name, scalar_type(column.type), table=origin) for column in schema.columns)
    return TableType(columns, schema.open, origin)


WATCHLIST: Final = "_GetWatchlist"


def external_name(node: Expression, alias: object = None) -> str:
    """The name under which a caller gives the rows of a function without a body.

    `f` and `f()` are `f`; a watchlist is `_GetWatchlist('alias')`, by the value of its argument; another call with
    arguments goes by its text in canonical form, since what it gives depends on them.
    """
    if isinstance(node, NameReference):
        return node.name
    if isinstance(node, Call):
        if node.name.text == WATCHLIST and len(node.arguments) == 1 and isinstance(alias, str):
            return f"{WATCHLIST}('{alias}')"
        if not node.arguments:
            return node.name.text
    return print_compact(node)


def matches(pattern: str, name: str) -> bool:
    """Whether `name` matches a Kusto wildcard pattern, in which only `*` is special."""
    if "*" not in pattern:
        return pattern == name
    if pattern.endswith("*") and "*" not in pattern[:-1]:
        return name.startswith(pattern[:-1])
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def suggestion(name: str, candidates: Iterable[str]) -> str | None:
    """`did you mean …?`, when one of the candidates is close."""
    candidates = list(candidates)
    folded = name.casefold()
    same = next((candidate for candidate in candidates if candidate.casefold() == folded), None)
    close = [same] if same else get_close_matches(name, candidates, n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else None
