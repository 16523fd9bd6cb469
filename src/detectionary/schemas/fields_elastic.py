"""Canonical names of the fields of Elastic's rules: mostly their own (`data/canonical-elastic.txt`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from detectionary.schemas.names import ANYWHERE, Heading, longest, read

_KEPT: Final = "kept"


def canonical_name(tables: tuple[str, ...], field: str) -> str | None:  # noqa: ARG001  # fields mean the same everywhere
    """The name of `field`; None for a column that the query makes, whose first part no integration has."""
    own = _plain(field.removeprefix("?").replace("`", ""))
    found = longest(_names()[ANYWHERE].rows, own)
    return found if found is not None else longest(_names()[_KEPT].rows, own)


_SEARCHED: Final = (".text", ".caseless")
"""The same field once more, for another way to search it."""


def _plain(path: str) -> str:
    """A path as those of all languages are written: `target_resources.0.type` (or `.*.type`) is without the index."""
    for ending in _SEARCHED:
        path = path.removesuffix(ending)
    parts = path.split(".")
    return ".".join(part for part in parts if part != "*" and not part.isdecimal()) or path


@cache
def _names() -> Mapping[str, Heading]:
    return read("canonical-elastic.txt", fold=True)
