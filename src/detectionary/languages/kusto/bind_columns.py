"""How lists of columns are put together: projections, unique names, and the columns that several tables share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detectionary.languages.kusto.bound import ColumnSymbol, TableType
from detectionary.languages.kusto.syntax import Node, ScalarType
from detectionary.languages.kusto.types import common_type


class UniqueNames:
    """Names in use; a taken name gets the next free number at its end."""

    __slots__ = ("_last",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._last = dict.fromkeys(names, 0)

    def claim(self, name: str, base: str | None = None) -> str:
        """`name` when it is free, else `base` (or `name`) with the first number that makes it so."""
        suffix = self._last.get(name)
        if suffix is None:
            self._last[name] = 0
            return name
        stem = name if base is None else base
        while True:
            suffix += 1
            candidate = f"{stem}{suffix}"
            if candidate not in self._last:
                self._last[name] = suffix
                self._last[candidate] = 0
                return candidate

    def add(self, name: str) -> None:
        self._last.setdefault(name, 0)


def renamed(column: ColumnSymbol, name: str, maker: Node | None = None) -> ColumnSymbol:
    """The same column under another name."""
    return ColumnSymbol(name, column.type, maker=maker, sources=(column,))


class Projection:
    """The columns that an operator makes, one after the other, by Kusto's rules for names.

    A column that the query names itself is *declared*: naming it twice is an error. Others get a number when their name
    is taken.
    """

    __slots__ = ("_declared", "_index", "_names", "_seen", "columns")

    def __init__(self, columns: Sequence[ColumnSymbol] = ()) -> None:
        self.columns: list[ColumnSymbol] = list(columns)
        self._index = {column.name: at for at, column in enumerate(columns)}
        self._names = UniqueNames(self._index)
        self._declared: set[str] = set()
        self._seen = {id(column) for column in columns}

    def skip(self, columns: Iterable[ColumnSymbol]) -> None:
        """Never add these column objects again."""
        self._seen.update(map(id, columns))

    def declare_all(self) -> None:
        self._declared.update(self._index)

    def add(
        self, column: ColumnSymbol, *, base: str | None = None, replace: bool = False, once: bool = False
    ) -> ColumnSymbol:
        """Add a column that the query did not name itself, unless it was marked as done; as it now is called."""
        if not column.name or id(column) in self._seen:
            return column
        at = self._index.get(column.name) if replace else None
        if at is not None:
            self.columns[at] = column
        else:
            name = self._names.claim(column.name, base)
            if name != column.name:
                column = retitled(column, name)
            self._index[name] = len(self.columns)
            self.columns.append(column)
        if once:
            self._seen.add(id(column))
        return column

    def declare(self, column: ColumnSymbol, *, replace: bool = False) -> bool:
        """Add a column under the name that the query gives it; False when that name was declared already."""
        if column.name in self._declared:
            return False
        at = self._index.get(column.name) if replace else None
        if at is not None:
            self.columns[at] = column
            self._declared.add(column.name)
        else:
            self._declared.add(self.add(column).name)
        return True

    def rename(self, old: str, new: str, maker: Node) -> ColumnSymbol | None:
        """Give the column `old` the name `new`, in its place; None when there is none or `new` was declared."""
        at = self._index.get(old)
        if at is None or new in self._declared:
            return None
        column = renamed(self.columns[at], new, maker)
        self.columns[at] = column
        del self._index[old]
        self._index[new] = at
        self._declared.add(new)
        self._names.add(new)
        return column

    def table(self, after: TableType | None = None) -> TableType:
        """The columns as a table; open when `after`, the table that they were added to, is open."""
        return continued(after, self.columns) if after is not None else TableType(tuple(self.columns))


def retitled(column: ColumnSymbol, name: str) -> ColumnSymbol:
    """`column` as its maker would have made it under another name; a stored column becomes a copy of itself."""
    if column.maker is None or (column.expression is None and not column.sources):
        return renamed(column, name)
    return ColumnSymbol(
        name,
        column.type,
        column.table,
        column.expression,
        column.maker,
        column.sources,
        column.expanded,
        column.aggregate,
        column.key,
    )


def continued(table: TableType, columns: Iterable[ColumnSymbol]) -> TableType:
    """Other columns instead of those of `table`, which stays open, under its name, when it was."""
    return TableType(tuple(columns), table.open, table.name if table.open else None)


def made_unique(columns: Sequence[ColumnSymbol]) -> tuple[ColumnSymbol, ...]:
    """The columns of both sides of a join: the second `k` becomes `k1`, or the next name that neither side has."""
    first: dict[str, int] = {}
    for at, column in enumerate(columns):
        first.setdefault(column.name, at)
    if len(first) == len(columns):
        return tuple(columns)
    names = UniqueNames(first)
    return tuple(
        column if first[column.name] == at else renamed(column, names.claim(column.name))
        for at, column in enumerate(columns)
    )


def united_by_name_and_type(tables: Sequence[TableType], maker: Node | None = None) -> list[ColumnSymbol]:
    """The columns of `union`: one for each name, or one for each type of it (`name_type`) where types differ.

    A column of unknown type (of an open table) goes with the first type that is known, as it most likely does when run.
    """
    if len(tables) == 1:
        return list(tables[0].columns)
    by_name: dict[str, dict[ScalarType, list[ColumnSymbol]]] = {}
    for table in tables:
        for column in table.columns:
            by_name.setdefault(column.name, {}).setdefault(column.type, []).append(column)
    names = UniqueNames()
    result: list[ColumnSymbol] = []
    for name, by_type in by_name.items():
        if len(by_type) > 1 and (unknown := by_type.pop(ScalarType.UNKNOWN, None)):
            next(iter(by_type.values())).extend(unknown)
        for kind, columns in by_type.items():
            wanted = name if len(by_type) == 1 else f"{name}_{kind.value}"
            free = names.claim(wanted)
            if len(columns) == 1 and free == name:
                result.append(columns[0])
            else:
                result.append(ColumnSymbol(free, kind, maker=maker, sources=tuple(columns)))
    return result


def united_by_name(columns: Iterable[ColumnSymbol]) -> list[ColumnSymbol]:
    """One column for each name; dynamic where the types have nothing in common."""
    by_name: dict[str, list[ColumnSymbol]] = {}
    for column in columns:
        by_name.setdefault(column.name, []).append(column)
    result = []
    for name, same in by_name.items():
        if len(same) == 1:
            result.append(same[0])
        else:
            kind = common_type(column.type for column in same) or ScalarType.DYNAMIC
            result.append(ColumnSymbol(name, kind, sources=tuple(same)))
    return result


def common_columns(tables: Sequence[TableType]) -> list[ColumnSymbol]:
    """The columns that all tables have, by name, in the order of the first."""
    if not tables:
        return []
    result = list(tables[0].columns)
    for table in tables[1:]:
        names = {column.name for column in result} & {column.name for column in table.columns}
        both = [column for column in (*result, *table.columns) if column.name in names]
        result = united_by_name(both)
    return result
