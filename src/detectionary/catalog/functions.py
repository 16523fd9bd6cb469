"""The functions that ingested repositories define, as the catalog keeps them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from detectionary.catalog.wire import Codec, WireError
from detectionary.model.schema import FunctionDefinition

FUNCTION_CODEC: Final = Codec(FunctionDefinition)


def stored_functions(connection: sqlite3.Connection) -> Iterator[tuple[str, str, FunctionDefinition]]:
    """(repository, path, definition) of every function of the present files, in order.

    Those that another version of Detectionary stored are left out until their files are read again.
    """
    rows = connection.execute(
        "SELECT r.name, f.path, d.definition FROM functions AS d JOIN files AS f ON f.id = d.file "
        "JOIN repositories AS r ON r.id = f.repository WHERE f.gone_run IS NULL ORDER BY r.name, f.path, d.position"
    )
    for repository, path, definition in rows:
        try:
            yield repository, path, FUNCTION_CODEC.decode(definition)
        except WireError:
            continue
