"""Canonical names of the fields of the Unified Data Model in YARA-L rules (`data/canonical-udm.txt`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from detectionary.schemas.names import ANYWHERE, Heading, longest, read


def canonical_name(tables: tuple[str, ...], field: str) -> str | None:
    """The name of `field` in an event of which `tables` are known: event types, then kinds of record."""
    for name in (*tables, ANYWHERE):
        heading = _names().get(name.lower())
        found = None if heading is None else longest(heading.rows, field)
        if found is not None:
            return found
    return None


@cache
def _names() -> Mapping[str, Heading]:
    return read("canonical-udm.txt", fold=True)
