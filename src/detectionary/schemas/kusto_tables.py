"""The tables that Kusto rules read, with their columns: facts of the package, built one table at a time when asked for.

Names and types come from Microsoft's Azure Monitor and advanced hunting references (CC BY 4.0) and Azure-Sentinel's own
table definitions (MIT); `data/README.md` has the whole account.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from detectionary.model.schema import Column, TableSchema

_DATA: Final = Path(__file__).with_name("data")

_GZIP: Final = 31
"""zlib's word for "with a gzip header"."""

_OPEN_TABLES: Final = frozenset({"AzureDiagnostics"})
"""Tables whose columns grow with what is sent to them."""


@dataclass(frozen=True, slots=True)
class TableInfo:
    """Where a table belongs. `category` is Microsoft's grouping ("AWS", "Audit, Security"), "" when it has none."""

    name: str
    category: str
    azure_monitor: bool
    defender_xdr: bool


class _Tables(Mapping[str, TableSchema]):
    """All tables by exact name; a schema is made from its line when it is first asked for."""

    def __init__(self, text: str) -> None:
        self._lines = dict(line.split("\t", 1) for line in text.removesuffix("\n").split("\n"))
        self._made: dict[str, TableSchema] = {}

    def __getitem__(self, name: str) -> TableSchema:
        made = self._made.get(name)
        if made is None:
            made = TableSchema(name, columns_of(self._lines[name]), open=name in _OPEN_TABLES)
            self._made[name] = made
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def columns_of(line: str) -> tuple[Column, ...]:
    """Columns from their tab-separated spelling: "name" for text, "name:type" for the rest."""
    return tuple(
        Column(name, kind or "string") for name, _, kind in (cell.partition(":") for cell in line.split("\t") if cell)
    )


@cache
def tables() -> Mapping[str, TableSchema]:
    """All tables by exact name (Kusto's names are case-sensitive)."""
    packed = _DATA.joinpath("kusto-tables.tsv.gz").read_bytes()
    return _Tables(zlib.decompress(packed, _GZIP).decode())


@cache
def _info() -> dict[str, TableInfo]:
    found = {}
    for line in _DATA.joinpath("kusto-table-info.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n"):
        name, category, where = line.split("\t")
        found[name] = TableInfo(name, category, "m" in where, "x" in where)
    return found


def table_info(name: str) -> TableInfo | None:
    """Where a table belongs, or None when the references do not say."""
    return _info().get(name)
