"""What queries over logs are bound against: the platform's tables, with those that the logs hold as they lie there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from detectionary.logs.tables import LogTable
from detectionary.model.schema import Column, Environment, TableSchema

EXTERNAL: Final = "external:"
"""Before the name of a table that stands in for a watchlist, `externaldata` or a function without a body."""


@dataclass(frozen=True, slots=True)
class Overlaid(Mapping[str, TableSchema]):
    """The tables of `base`, with those of `logs` in their place."""

    base: Mapping[str, TableSchema]
    logs: Mapping[str, TableSchema]

    def __getitem__(self, name: str) -> TableSchema:
        found = self.logs.get(name)
        return found if found is not None else self.base[name]

    def __contains__(self, name: object) -> bool:
        return name in self.logs or name in self.base

    def __iter__(self) -> Iterator[str]:
        yield from self.logs
        yield from (name for name in self.base if name not in self.logs)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def environment_over(base: Environment, tables: Mapping[str, LogTable]) -> Environment:
    """`base` with the tables of the logs: a column that is stored has the stored type; the others stay as known.

    A known table keeps the order of its columns; those that only the logs have follow.
    """
    found: dict[str, TableSchema] = {}
    for name, table in tables.items():
        known = base.tables.get(name)
        stored = {column.name: column.type for column in table.columns}
        columns = [
            Column(column.name, stored.pop(column.name, column.type))
            for column in (known.columns if known is not None else ())
        ]
        columns.extend(Column(column, kind) for column, kind in stored.items())
        found[name] = TableSchema(name, tuple(columns))
    return Environment(Overlaid(base.tables, found), base.functions)
