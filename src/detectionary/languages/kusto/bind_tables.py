"""Operators that bring several tables together, or look through many: join, lookup, union, find, search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detectionary.languages.kusto.bind_columns import (
    common_columns,
    continued,
    made_unique,
    united_by_name,
    united_by_name_and_type,
)
from detectionary.languages.kusto.bind_names import EVERY_TABLE, LetFunction, Scope, matches
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol, TableType
from detectionary.languages.kusto.syntax import (
    Binary,
    BinaryOperator,
    Expression,
    Find,
    FindColumn,
    Join,
    Literal,
    Lookup,
    NameReference,
    Parenthesized,
    Path,
    ScalarType,
    Search,
    Star,
    Union,
    WildcardName,
    walk,
)
from detectionary.languages.kusto.types import BOOL, DYNAMIC, STRING, UNKNOWN
from detectionary.text import Level

LEFT_ONLY = frozenset({"anti", "leftanti", "leftsemi", "leftantisemi"})
RIGHT_ONLY = frozenset({"rightanti", "rightsemi", "rightantisemi"})


class Tables(BinderState):
    """The part of the binder that reads operators over several tables."""

    def join(self, node: Join, row: TableType, scope: Scope) -> TableType:
        """Both sides' columns, the right ones renamed where the left has them; semi and anti joins keep one side."""
        right = self.tabular(node.right, scope.with_row(None))
        sides = Scope(scope.locals, row, right)
        if node.on is not None:
            self._keys(node.on, sides)
        if node.where is not None:
            self.scalar(node.where, sides)
        kind = option(node.parameters, "kind")
        columns: list[ColumnSymbol] = []
        open_ = False
        if kind not in RIGHT_ONLY:
            columns.extend(self.full(row).columns)
            open_ = row.open
        if kind not in LEFT_ONLY:
            columns.extend(self.full(right).columns)
            open_ = open_ or right.open
        return TableType(made_unique(columns), open_)

    def lookup(self, node: Lookup, row: TableType, scope: Scope) -> TableType:
        """The left columns, then those of the right side that are no keys."""
        right = self.tabular(node.right, scope.with_row(None))
        pairs = self._keys(node.on or (), Scope(scope.locals, row, right))
        left_keys = {id(left): (left, other) for left, other in pairs}
        right_keys = {id(other) for _, other in pairs}
        columns: list[ColumnSymbol] = []
        for column in self.full(row).columns:
            pair = left_keys.get(id(column))
            columns.append(column if pair is None else ColumnSymbol(column.name, column.type, maker=node, sources=pair))
        columns.extend(column for column in self.full(right).columns if id(column) not in right_keys)
        return TableType(made_unique(columns), row.open or right.open)

    def _keys(self, conditions: Iterable[Expression], sides: Scope) -> list[tuple[ColumnSymbol, ColumnSymbol]]:
        """The pairs of columns that a join compares."""
        pairs: list[tuple[ColumnSymbol, ColumnSymbol]] = []
        pending = list(reversed(list(conditions)))
        while pending:
            condition = pending.pop()
            while isinstance(condition, Parenthesized):
                condition = condition.expression
            if isinstance(condition, Binary) and condition.operator is BinaryOperator.AND:
                self.types[id(condition)] = BOOL
                pending.extend((condition.right, condition.left))
            elif isinstance(condition, Binary) and condition.operator is BinaryOperator.EQUAL:
                pair = self._compared(condition, sides)
                if pair is not None:
                    pairs.append(pair)
            elif isinstance(condition, NameReference):
                pair = self._shared_key(condition, sides)
                if pair is not None:
                    pairs.append(pair)
            else:
                self.expression(condition, sides)
                message = "a join compares columns: a common name, or $left.a == $right.b"
                self.report("KQL216", Level.ERROR, message, condition)
        return pairs

    def _shared_key(self, node: NameReference, sides: Scope) -> tuple[ColumnSymbol, ColumnSymbol] | None:
        paired = Scope(sides.locals, sides.row, sides.right, pairs=True)
        self.scalar(node, paired)
        found = self.referenced_column(node)
        if found is not None and len(found.sources) == 2:
            left, right = found.sources
            if left.type is not right.type and UNKNOWN not in (left.type, right.type):
                message = f"{node.name} is {left.type.value} on the left and {right.type.value} on the right"
                self.report("KQL217", Level.ERROR, message, node)
                return None
            return left, right
        if found is not None:
            self.report("KQL217", Level.ERROR, f"{node.name} must be a column of both sides of the join", node)
        return None

    def _compared(self, condition: Binary, sides: Scope) -> tuple[ColumnSymbol, ColumnSymbol] | None:
        self.types[id(condition)] = BOOL
        left, right = self._operand(condition.left, "$left", sides), self._operand(condition.right, "$right", sides)
        if left is None or right is None:
            return None
        for column, operand in ((left, condition.left), (right, condition.right)):
            if column.type is DYNAMIC:
                self.report("KQL217", Level.ERROR, "a join key cannot be dynamic: convert it before", operand)
                return None
        known = UNKNOWN not in (left.type, right.type)
        if known and _width(left.type) is not _width(right.type):
            message = f"{left.type.value} and {right.type.value} cannot be join keys together"
            self.report("KQL217", Level.ERROR, message, condition)
            return None
        return left, right

    def _operand(self, node: Expression, side: str, sides: Scope) -> ColumnSymbol | None:
        while isinstance(node, Parenthesized):
            node = node.expression
        self.scalar(node, sides)
        if not (isinstance(node, Path) and isinstance(node.target, NameReference) and node.target.name == side):
            self.report("KQL216", Level.ERROR, f"this side of the comparison must be {side}.Column", node)
            return None
        return self.referenced_column(node)

    # union

    def union(self, node: Union, row: TableType | None, scope: Scope) -> TableType:
        """All columns of all tables; `kind=inner` keeps those that every table has."""
        fuzzy = self.fuzzy
        chosen = option(node.parameters, "isfuzzy")
        if chosen is not None:
            self.fuzzy = str(chosen).lower() == "true"
        tables = [] if row is None else [row]
        tables.extend(self._sources(node.tables, scope))
        self.fuzzy = fuzzy
        open_ = any(table.open for table in tables)
        columns = united_by_name_and_type(tables, node)
        if option(node.parameters, "kind") == "inner":
            shared = {column.name for column in common_columns(tables)}
            columns = [column for column in columns if column.name in shared]
        source = option(node.parameters, "withsource", "with_source")
        if isinstance(source, str):
            columns.insert(0, ColumnSymbol(source, STRING, maker=node))
        return TableType(made_unique(columns), open_, _every(tables))

    def _sources(self, items: Iterable[Expression], scope: Scope) -> list[TableType]:
        """The tables of a list that may hold wildcards, in its order; a run has no tables that do not exist."""
        tables: list[TableType] = []
        for item in items:
            missing = self.missing
            found = self._tables_of(item, scope)
            if not (self.fuzzy and self.external is not None and self.missing > missing):
                tables.extend(found)
        return tables

    def _tables_of(self, item: Expression, scope: Scope) -> Sequence[TableType]:
        inner = item
        while isinstance(inner, Parenthesized):
            inner = inner.expression
        if isinstance(inner, WildcardName):
            return self._matching(inner, scope)
        if isinstance(inner, Path) and isinstance(inner.member, WildcardName):
            self.expression(inner.target, scope.with_row(None))
            return self._matching(inner.member, scope)
        if isinstance(inner, Star):
            return self._all_tables()
        return (self.full(self.tabular(item, scope.with_row(None))),)

    def _matching(self, item: WildcardName, scope: Scope) -> Sequence[TableType]:
        """The tables of the environment that match, then those of this query's `view` functions."""
        if not item.pattern.strip("*"):
            return self._all_tables()
        symbols = self.known.tables_like(item.pattern)
        self.dependencies.add(item.pattern)
        for symbol in symbols:
            self.tables.setdefault(symbol.name)
            self.dependencies.add(symbol.name)
        tables = [symbol.type for symbol in symbols]
        for name in scope.locals.names():
            local = scope.locals.get(name)
            if isinstance(local, LetFunction) and local.declaration.view and matches(item.pattern, name):
                meaning = self.local_call(local, (), item, scope)
                tables.extend((meaning,) if isinstance(meaning, TableType) else ())
        if not tables:
            self.missing += 1
            self.report("KQL201", Level.NOTE if self.fuzzy else Level.WARNING, f"no table matches {item.pattern}", item)
            return [TableType((), True, item.pattern)]
        return tables

    def _all_tables(self) -> list[TableType]:
        """Every table of the environment would be read: the result is open instead of thousands of columns wide."""
        self.dependencies.add(EVERY_TABLE)
        return [TableType((), True, EVERY_TABLE)]

    # find and search

    def find(self, node: Find, row: TableType | None, scope: Scope) -> TableType:
        """The source column, the columns that all tables have or that are named, and the others packed."""
        tables = self._sources(node.sources, scope) if node.sources is not None else self._all_tables()
        if row is not None:
            tables.insert(0, row)
        columns = united_by_name(column for table in tables for column in table.columns)
        united = TableType(tuple(columns), _any_open(tables), _every(tables))
        inner = scope.with_row(united)
        self._search_predicate(node.predicate, inner)
        source = option(node.parameters, "withsource", "with_source")
        columns = [ColumnSymbol(source if isinstance(source, str) else "source_", STRING, maker=node)]
        named = self._named_in(node.predicate)
        read = self._read_by(node.predicate, tables, named)
        if node.project is None or node.project_smart:
            columns.extend(common_columns(read))
            known = {id(column) for column in columns}
            columns.extend(column for column in named if id(column) not in known)
            names = {column.name for column in columns}
            if any(column.name not in names for table in read if not table.open for column in table.columns):
                columns.append(ColumnSymbol("pack_", DYNAMIC, maker=node))
            columns = united_by_name_and_type([TableType((column,)) for column in columns], node)
            open_ = united.open
        else:
            columns.extend(self._find_columns(node.project, node, inner))
            open_ = False
        if node.project_away is not None:
            columns = _without(columns, node)
        return TableType(made_unique(columns), open_)

    def _find_columns(self, items: Iterable[FindColumn | Star], node: Find, scope: Scope) -> list[ColumnSymbol]:
        result: list[ColumnSymbol] = []
        for item in items:
            if isinstance(item, Star):
                result.extend(scope.row.columns if scope.row is not None else ())
                continue
            if item.pack:
                result.append(ColumnSymbol("pack_", DYNAMIC, maker=node))
                continue
            found = self.column(scope.row, item.name.text) if scope.row is not None else None
            if found is None:
                self.unknown_column(item.name.text, item.name, scope)
            elif item.type is not None and item.type is not found.type:
                result.append(ColumnSymbol(found.name, item.type, maker=node, sources=(found,)))
            else:
                result.append(found)
        return result

    def _named_in(self, predicate: Expression) -> list[ColumnSymbol]:
        """The columns that a predicate names, each once."""
        result: dict[int, ColumnSymbol] = {}
        for part in walk(predicate):
            symbol = self.symbols.get(id(part)) if isinstance(part, NameReference) else None
            if isinstance(symbol, ColumnSymbol):
                result.setdefault(id(symbol), symbol)
        return list(result.values())

    def _read_by(
        self, predicate: Expression, tables: list[TableType], named: Sequence[ColumnSymbol]
    ) -> list[TableType]:
        if len(tables) == 1 or any(isinstance(part, Star) for part in walk(predicate)) or _bare_term(predicate):
            return tables
        return [table for table in tables if table.open or any(table.get(column.name) for column in named)]

    def search(self, node: Search, row: TableType | None, scope: Scope) -> TableType:
        """`$table`, then all columns of all tables searched."""
        if node.sources is not None:
            tables = self._sources(node.sources, scope)
        elif row is not None:
            tables = [row]
        else:
            tables = self._all_tables()
        searched = TableType(tuple(united_by_name_and_type(tables, node)), _any_open(tables), _every(tables))
        self._search_predicate(node.predicate, scope.with_row(searched))
        table = ColumnSymbol("$table", STRING, maker=node)
        return continued(searched, made_unique((table, *self.full(searched).columns)))

    def _search_predicate(self, node: Expression, scope: Scope) -> None:
        """A predicate whose bare texts are search terms."""
        pending = [node]
        while pending:
            part = pending.pop()
            if isinstance(part, Binary) and part.operator in (BinaryOperator.AND, BinaryOperator.OR):
                self.types[id(part)] = BOOL
                pending.extend((part.right, part.left))
            elif isinstance(part, Parenthesized):
                self.types[id(part)] = BOOL
                pending.append(part.expression)
            elif isinstance(part, Star):
                self.types[id(part)] = BOOL
            else:
                kind = self.scalar(part, scope)
                if kind is STRING and isinstance(part, Literal | NameReference):
                    self.types[id(part)] = BOOL


def _without(columns: list[ColumnSymbol], node: Find) -> list[ColumnSymbol]:
    """What `project-away` leaves of find's columns."""
    away = node.project_away or ()
    if any(isinstance(item, Star) for item in away):
        packed = any(isinstance(column, FindColumn) and column.pack for column in node.project or ())
        kept = {columns[0].name, "pack_"} if packed else {columns[0].name}
        return [column for column in columns if column.name in kept]
    names = {item.name.text for item in away if isinstance(item, FindColumn)}
    return [column for column in columns if column.name not in names]


def _width(kind: ScalarType) -> ScalarType:
    return ScalarType.LONG if kind is ScalarType.INT else kind


def _every(tables: Iterable[TableType]) -> str | None:
    """The name that marks a table as all tables of the environment, when it is one of `tables`."""
    return EVERY_TABLE if any(table.name == EVERY_TABLE for table in tables) else None


def _any_open(tables: Iterable[TableType]) -> bool:
    return any(table.open for table in tables)


def _bare_term(predicate: Expression) -> bool:
    """Whether a text stands alone in the predicate, so that it is searched for in every table."""
    pending = [predicate]
    while pending:
        part = pending.pop()
        if isinstance(part, Literal):
            return True
        if isinstance(part, Parenthesized):
            pending.append(part.expression)
        elif isinstance(part, Binary) and part.operator in (BinaryOperator.AND, BinaryOperator.OR):
            pending.extend((part.left, part.right))
    return False
