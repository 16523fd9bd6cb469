"""Arguments of text functions: any value as the text that Kusto makes of it, and texts as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.stopping import halt
from detectionary.languages.kusto.syntax import ScalarType

EMPTY: Final = sql.text("")

WHOLE: Final = frozenset({ScalarType.INT, ScalarType.LONG})


def text_of(expression: Expr, value: Sql, emission: Emission) -> Sql:
    """A value as text, '' for null: what `tostring` gives; `value` is `expression` in SQL."""
    if expression.type is ScalarType.STRING:
        return value
    return emission.apply("tostring", ScalarType.STRING, expression, span=expression.span)


def texts_of(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> tuple[Sql, ...]:
    """All arguments of a call as texts."""
    return tuple(text_of(part, value, emission) for part, value in zip(call.arguments, arguments, strict=True))


def constant_text(expression: Expr) -> str | None:
    """The text of a constant that is text, None for what is known only while the query runs."""
    if isinstance(expression, Constant) and expression.type in (ScalarType.STRING, ScalarType.GUID):
        return expression.value if isinstance(expression.value, str) else None
    return None


def constant_number(expression: Expr) -> int | None:
    """The value of a constant whole number, None for anything else."""
    if isinstance(expression, Constant) and expression.type in WHOLE and isinstance(expression.value, int):
        return expression.value
    return None


def needed_text(expression: Expr, what: str) -> str:
    """A constant text; refuses what is none."""
    found = constant_text(expression)
    if found is None:
        raise UnsupportedError(f"{what} must be a constant text")
    return found


def needed_number(expression: Expr, what: str) -> int:
    found = constant_number(expression)
    if found is None:
        raise UnsupportedError(f"{what} must be a constant whole number")
    return found


def stop(condition: Sql, message: str, otherwise: Sql) -> Sql:
    """`otherwise`, but the run stops with `message` at a value for which `condition` is true.

    For values that are not exact here and that only the run shows: an error is better than a wrong row.
    """
    return sql.case([(condition, halt(message))], otherwise)


def json_list(values: Sql) -> Sql:
    """A list of texts as a dynamic array; a null in it is JSON's null."""
    return sql.cast(sql.call("to_json", values), "VARCHAR")


def list_of(values: Sequence[Sql]) -> Sql:
    return sql.call("list_value", *values)


def lower(value: Sql) -> Sql:
    return sql.call("lower", value)


def joined(*values: Sql) -> Sql:
    """The texts one after the other."""
    return values[0] if len(values) == 1 else sql.call("concat", *values)
