"""What the parts of the binder share: where findings go, what was used, and how the parts call each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from detectionary.languages.kusto.bind_names import (
    EVERY_TABLE,
    Constant,
    KnownNames,
    LetFunction,
    Meaning,
    Scope,
    Variable,
    suggestion,
)
from detectionary.languages.kusto.bound import ColumnSymbol, Symbol, TableType, Type
from detectionary.languages.kusto.functions import Function
from detectionary.languages.kusto.syntax import (
    Call,
    Expression,
    Literal,
    Named,
    NameReference,
    Node,
    Operator,
    Parenthesized,
    Path,
    ScalarType,
    Statement,
)
from detectionary.model.schema import Column, TableSchema
from detectionary.text import Diagnostic, Level, Span


class TooLargeError(Exception):
    """A query whose stages have more columns than a binder should keep."""


@dataclass(slots=True)
class Budget:
    """How much work a query may still cause, so that none takes all time or memory; real queries stay far below."""

    bodies: int = 2_000
    columns: int = 3_000_000
    suggestions: int = 25

    def spend_body(self) -> bool:
        """Whether one more function body may be bound."""
        self.bodies -= 1
        return self.bodies >= 0

    def spend_columns(self, count: int) -> None:
        self.columns -= count
        if self.columns < 0:
            raise TooLargeError

    def spend_suggestion(self) -> bool:
        """Whether one more name may be compared with all others."""
        self.suggestions -= 1
        return self.suggestions >= 0


class BinderState(ABC):
    """The state of one run of the binder, and the entrances to its parts.

    The parts are the classes of the other `bind_*` modules, put together in `bind.Binder`; each knows only this class.
    """

    def __init__(
        self,
        known: KnownNames,
        budget: Budget,
        discovered: Mapping[int, tuple[Column, ...]],
        external: Mapping[str, TableSchema] | None,
    ) -> None:
        self.known = known
        self.budget = budget
        self.discovered = discovered
        """The result columns of plug-ins that only a run shows, by the id of their `evaluate` node."""
        self.external = external
        """The columns of functions without a body, by `external_name`; None when nothing is run."""
        self.missing = 0
        """How many references to tables that do not exist were met."""
        self.symbols: dict[int, Symbol] = {}
        self.types: dict[int, Type] = {}
        self.results: dict[int, TableType] = {}
        self.tables: dict[str, None] = {}
        self.functions: dict[str, None] = {}
        self.dependencies: set[str] = set()
        self.diagnostics: list[Diagnostic] = []
        self._reported: set[tuple[str, str, Span]] = set()
        self.muted = 0
        """Above 0, findings are dropped: a body is bound again, or the user can do nothing about them."""
        self.constants_read = False
        """A result type has depended on the value of a parameter (`table(name)`)."""
        self.next_column = 1
        """The number in the next `Column1`; Kusto counts through a whole query."""
        self.fuzzy = False
        """Inside `union isfuzzy=true`, which forgives tables that do not exist."""
        self._inferred: dict[int, tuple[TableType, dict[str, ColumnSymbol]]] = {}

    # Entrances of the other parts

    @abstractmethod
    def expression(self, node: Expression, scope: Scope) -> Meaning:
        """What an expression gives, scalar or not; its type and symbols are noted."""

    @abstractmethod
    def scalar(self, node: Expression, scope: Scope) -> ScalarType:
        """What an expression that stands for one value gives."""

    @abstractmethod
    def tabular(self, node: Expression, scope: Scope) -> TableType:
        """The table that an expression gives; a finding and an open table when it gives none."""

    @abstractmethod
    def as_table(self, meaning: Meaning, node: Expression) -> TableType:
        """The table that a meaning is; a finding at `node` and an open table when it is none."""

    @abstractmethod
    def stages(self, stages: Sequence[Expression | Operator], current: Meaning | None, scope: Scope) -> Meaning:
        """The result of operators applied one after the other, from `current` on when there is a table already."""

    @abstractmethod
    def operator(self, node: Operator, current: Meaning | None, scope: Scope) -> Meaning:
        """The result of one operator on `current`; None when it stands first."""

    @abstractmethod
    def call(self, node: Call, scope: Scope, given: TableType | None = None) -> Meaning:
        """What a call gives; `given` is the table that `invoke` passes as the first argument."""

    @abstractmethod
    def plugin(self, node: Call, scope: Scope, table: TableType) -> TableType:
        """What `evaluate` makes of its input."""

    @abstractmethod
    def statements(self, statements: Iterable[Statement], scope: Scope) -> Meaning | None:
        """The meaning of the last expression statement, after all that stands before it."""

    @abstractmethod
    def local_call(
        self, function: LetFunction, arguments: Sequence[tuple[Expression, Meaning]], node: Node, scope: Scope
    ) -> Meaning:
        """What a call of a function that a `let` declares gives."""

    @abstractmethod
    def environment_call(
        self, name: str, arguments: Sequence[tuple[Expression, Meaning]], node: Expression, scope: Scope
    ) -> Meaning | None:
        """What a function of the environment gives; None when it has none of this name."""

    @abstractmethod
    def named_table(self, node: Expression, name: str) -> TableType:
        """The table of this name, an open one when the environment has none; noted as read."""

    @abstractmethod
    def built_in(self, node: Call, scope: Scope) -> Function | None:
        """The built-in function that a bound call names."""

    @abstractmethod
    def result_column(self, node: Expression) -> ColumnSymbol | None:
        """The column that an expression is: by name, or converted to the type that it has already."""

    @abstractmethod
    def result_name(self, node: Expression, scope: Scope) -> str | None:
        """The name that a column takes from its expression, None when there is none to take."""

    # Findings

    def report(self, code: str, level: Level, message: str, node: Node | Span, advice: str | None = None) -> None:
        """Record a finding; some expressions are bound more than once, and say theirs once all the same."""
        span = node if isinstance(node, Span) else node.span
        if not self.muted and (code, message, span) not in self._reported:
            self._reported.add((code, message, span))
            self.diagnostics.append(Diagnostic(code, level, message, span, advice))

    def suggestion(self, name: str, candidates: Iterable[str]) -> str | None:
        return suggestion(name, candidates) if not self.muted and self.budget.spend_suggestion() else None

    def unknown_column(self, name: str, node: Node, scope: Scope) -> None:
        candidates = [column.name for table in (scope.row, scope.right) if table for column in table.columns]
        candidates.extend(scope.locals.names())
        self.dependencies.add(name)
        self.report(
            "KQL203", Level.WARNING, f"no column or variable is called {name}", node, self.suggestion(name, candidates)
        )

    # Open tables

    def full(self, table: TableType) -> TableType:
        """`table` with the columns that references to it have implied, when it is open."""
        if not table.open:
            return table
        found = self._inferred.get(id(table))
        if found is None:
            return table
        return TableType((*table.columns, *found[1].values()), True, table.name)

    def column(self, table: TableType, name: str) -> ColumnSymbol | None:
        """The column of this name; an open table has every column that is asked for."""
        found = table.get(name)
        if found is None and table.open:
            inferred = self._inferred.get(id(table))
            if inferred is None:
                inferred = (table, {})
                self._inferred[id(table)] = inferred
            found = inferred[1].get(name)
            if found is None:
                kind = self.known.column_type(name) if table.name == EVERY_TABLE else None
                found = ColumnSymbol(name, kind or ScalarType.UNKNOWN, table=table.name)
                inferred[1][name] = found
        return found

    # Questions about expressions that are bound already

    def referenced_column(self, node: Expression) -> ColumnSymbol | None:
        """The column that an expression is, through parentheses."""
        while isinstance(node, Parenthesized):
            node = node.expression
        symbol = self.symbols.get(id(node)) if isinstance(node, NameReference | Path) else None
        return symbol if isinstance(symbol, ColumnSymbol) else None

    def constant(self, node: Expression, scope: Scope) -> Constant | None:
        """The value of a literal, or of a name that stands for one."""
        while isinstance(node, Parenthesized | Named):
            node = node.expression
        if isinstance(node, Literal):
            return node.value if isinstance(node.value, str | bool | int | float) else None
        if isinstance(node, NameReference):
            local = scope.locals.get(node.name)
            if isinstance(local, Variable):
                return local.constant
        return None
