"""Canonical field names: what `EventName`, `eventName` and `event.action` have in common.

The names are data (`data/canonical-fields.txt`, which says how they are chosen). A corpus count compares them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from detectionary.schemas import fields_elastic, fields_sigma, fields_udm
from detectionary.schemas.kusto_tables import tables
from detectionary.schemas.names import ANYWHERE, Heading, by_pattern, read

_ASIM: Final = re.compile(r"_?(?:[Ii]m|vim|AS[Ii]m)_?[A-Z]\w*")
_OTHERS: Final = {
    "eql": fields_elastic.canonical_name,
    "esql": fields_elastic.canonical_name,
    "kuery": fields_elastic.canonical_name,
    "lucene": fields_elastic.canonical_name,
    "ml": fields_elastic.canonical_name,
    "sigma": fields_sigma.canonical_name,
    "yaral": fields_udm.canonical_name,
}


@lru_cache(maxsize=65_536)
def canonical_field(language: str, tables: tuple[str, ...], field: str) -> str | None:
    """The vendor-neutral name of `field` in a rule of `language` that reads `tables` there, or None when there is none.

    Paths are named by their longest part that has a name; the rest is kept. Where tables disagree (`FileName` is a
    process in one and a file in another), the name that most of them give wins, and of several the first in the
    alphabet: the order of the tables does not matter. Tables that have no such column have no say.

    The tables of other languages are Sigma's log sources, Elastic's index patterns, and, for YARA-L, what is known of
    the event (`reading` says it for each row).
    """
    if language in _OTHERS:
        return _OTHERS[language](tables, field) if field else None
    if language != "kusto" or not field:
        return None
    found = Counter(name for table in dict.fromkeys(tables) if (name := _of_table(table, field)) is not None)
    if found:
        most = max(found.values())
        return min(name for name, count in found.items() if count == most)
    if not tables or any(_may_have(table, field) for table in tables):
        return _named(ANYWHERE, field)
    return None


def _of_table(table: str, path: str) -> str | None:
    """The name that a table itself gives: by a row, by a row that holds everywhere, or by the table's pattern."""
    own = _names().get(table)
    if own is None:
        return _named(ANYWHERE, path) if _may_have(table, path) else None
    by_row = _named(table, path)
    if by_row is not None:
        return by_row
    if not _may_have(table, path):
        other = own.rows.get("*")
        return None if other is None else _named(other.removeprefix("="), path)
    everywhere = _named(ANYWHERE, path)
    if everywhere is not None or own.pattern is None:
        return everywhere
    return by_pattern(own.pattern, path)


def _named(table: str, path: str) -> str | None:
    """The name by the rows of `table`, for the longest part of the path that has one."""
    rows = _names()[table].rows
    head, tail = path, ""
    while head:
        name = rows.get(head)
        if name is not None:
            return f"{name}.{tail}" if tail else name
        head, _, last = head.rpartition(".")
        other = rows.get(f"{head}.*") if head and not tail else None
        if other is not None:
            return _of_table(other.removeprefix("="), last)
        tail = f"{last}.{tail}" if tail else last
    return None


def _may_have(table: str, path: str) -> bool:
    """Whether the table has the column, as far as is known of it."""
    known = _columns(table)
    return known is None or path.partition(".")[0] in known


@cache
def _columns(table: str) -> frozenset[str] | None:
    """The columns of a known table that is not open, else None."""
    schema = tables().get(table)
    if schema is None or schema.open or _ASIM.fullmatch(table):
        return None
    return frozenset(column.name for column in schema.columns)


@cache
def _names() -> Mapping[str, Heading]:
    return read("canonical-fields.txt")
