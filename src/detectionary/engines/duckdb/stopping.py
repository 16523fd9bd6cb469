"""Rows at which a query stops: what Kusto answers there is not documented, and a guess could be a wrong row."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql

MARK: Final = "[detectionary] "
"""Before every message of ours, so that it is told from the engine's own errors."""


def halt(message: str, detail: Sql | None = None) -> Sql:
    """A value that stops the query when a row asks for it; `detail` is a text that follows the message."""
    text = sql.text(MARK + message)
    return sql.call("error", text if detail is None else sql.call("concat", text, detail))


def own_message(error: str) -> str | None:
    """The message of `halt` in an error of the engine, None when the error is the engine's own."""
    _, found, message = error.partition(MARK)
    return message.strip() if found else None
