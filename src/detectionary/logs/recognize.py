"""Which table a record belongs to that is already in its table's columns: an export of Sentinel or Defender.

The rule, in this order:

1. The record says so: `Type`, `TableName` or `$table` is the exact name of a known table, or a custom one's ("…_CL").
2. Its names of columns say so. Counted are distinctive names, those that not every table has (`TimeGenerated`,
   `TenantId`, …), whatever their case and with an export's ending (" [UTC]", "_dynamic", "_string") taken off. The
   table that has most of them is it, if it has at least `LEAST` and `SHARE` of them, and no other table has as many.
   Among several with as many, one of whose own columns `WHOLE` are there is it, if only one is.

Otherwise the record's table must be named by the user.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from detectionary.model.schema import TableSchema

LEAST: Final = 3
SHARE: Final = 0.9
WHOLE: Final = 0.75

TELLING: Final = ("Type", "TableName", "$table")
"""Fields that name a record's table."""

COMMON: Final = frozenset(
    {
        "timegenerated", "timestamp", "tenantid", "sourcesystem", "type", "mg", "managementgroupname", "computer",
        "rawdata", "_resourceid", "_subscriptionid", "_billedsize", "_isbillable", "_itemid", "_timereceived",
        "_internal_workspaceresourceid", "timecollected", "$table", "tablename",
    }
)  # fmt: skip
"""Names of columns that tell nothing, in lower case."""

_OF_PARSERS: Final = frozenset({"eventvendor", "eventproduct"})

_ENDING: Final = re.compile(r"\s*\[([^\]]*)\]$")
_CUSTOM: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}_CL")


def split_name(name: str) -> tuple[str, str | None]:
    """A column's name as exports write it, and the time zone they put in brackets after it."""
    found = _ENDING.search(name)
    return (name[: found.start()], found[1]) if found else (name.strip(), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The table, or why there is none."""

    table: str | None
    reason: str = ""


@dataclass(slots=True)
class Recognizer:
    """Tells tables by their columns; one for all files, as it remembers."""

    schemas: Mapping[str, TableSchema]
    _index: dict[str, list[str]] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)
    _known: dict[tuple[str, ...], Verdict] = field(default_factory=dict)

    def named(self, value: str) -> Verdict | None:
        """The verdict on what a record says of its table; None when that is no table's name."""
        if value in self.schemas or _CUSTOM.fullmatch(value):
            return Verdict(value)
        return None

    def by_columns(self, names: Iterable[str]) -> Verdict:
        """The table with these columns."""
        key = tuple(names)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._look_up(key)
        return found

    def _look_up(self, names: tuple[str, ...]) -> Verdict:
        self._fill()
        distinctive = {bare(name) for name in names} - COMMON
        counts: Counter[str] = Counter()
        for name in distinctive:
            counts.update(self._index.get(name, ()))
        if not counts:
            return Verdict(None, "no known table has its fields")
        most = max(counts.values())
        best = sorted(table for table, count in counts.items() if count == most)
        if most < LEAST or most < SHARE * len(distinctive):
            near = f" ({best[0]} has {most} of {len(distinctive)}, {SHARE:.0%} needed)" if most >= LEAST else ""
            return Verdict(None, f"no known table has its fields{near}")
        if len(best) > 1:
            whole = [table for table in best if most >= WHOLE * self._sizes[table]]
            if len(whole) != 1:
                shown = ", ".join(best[:5]) + (f" and {len(best) - 5} more" if len(best) > 5 else "")
                return Verdict(None, f"its fields fit several tables equally well: {shown}")
            best = whole
        return Verdict(best[0])

    def _fill(self) -> None:
        if self._index:
            return
        for table, schema in self.schemas.items():
            columns = {column.name.lower() for column in schema.columns} - COMMON
            if columns >= _OF_PARSERS and not table.startswith("ASim"):
                continue  # what a parser function gives, by the name of the function: no log has it
            self._sizes[table] = len(columns)
            for column in columns:
                self._index.setdefault(column, []).append(table)


def bare(name: str) -> str:
    """A name for comparison: lower case, without what exports put after it."""
    plain = split_name(name)[0].lower()
    for ending in ("_dynamic", "_string"):
        plain = plain.removesuffix(ending)
    return plain
