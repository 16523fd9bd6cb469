"""Canonical names of the fields of Sigma rules, by log source (`data/canonical-sigma.txt`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from detectionary.schemas.names import ANYWHERE, Heading, by_pattern, longest, read


def canonical_name(tables: tuple[str, ...], field: str) -> str | None:
    """The name of `field` in the first of the log sources (`product/category/service`) that has one for it."""
    for table in tables or ("",):
        found = _of_log_source(table, field)
        if found is not None:
            return found
    return None


def _of_log_source(table: str, field: str) -> str | None:
    headings = [_names()[name] for name in _headings(table.lower()) if name in _names()]
    for heading in headings:
        found = longest(heading.rows, field)
        if found is not None:
            return found
    pattern = next((heading.pattern for heading in headings if heading.pattern is not None), None)
    return None if pattern is None or not _is_plain(field) else by_pattern(pattern, field)


def _headings(table: str) -> Iterator[str]:
    """The whole log source, then its parts, the last (the most exact) first."""
    parts = table.split("/")
    yield table
    if len(parts) > 1:
        yield from reversed(parts)
    yield ANYWHERE


_SIGNS: Final = frozenset("._-")


def _is_plain(field: str) -> bool:
    return all(letter.isalnum() or letter in _SIGNS for letter in field)


@cache
def _names() -> Mapping[str, Heading]:
    return read("canonical-sigma.txt", fold=True)
