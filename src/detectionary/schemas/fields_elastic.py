"""Canonical names of the fields of Elastic's rules: mostly their own (`data/canonical-elastic.txt`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from detectionary.schemas.names import ANYWHERE, Heading, longest, read

_KEPT: Final = "kept"


def canonical_name(tables: tuple[str, ...], field: str) -> str | None:  # noqa: ARG001  # fields mean the same everywhere
    """The name of `field`; None for a column that the query makes, whose first part no integration has."""
    own = field.removeprefix("?").replace("`", "")
    found = longest(_names()[ANYWHERE].rows, own)
    return found if found is not None else longest(_names()[_KEPT].rows, own)


@cache
def _names() -> Mapping[str, Heading]:
    return read("canonical-elastic.txt", fold=True)
