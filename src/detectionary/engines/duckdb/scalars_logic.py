"""Logic, comparison and choice in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.syntax import ScalarType

NUMERIC: Final = frozenset({ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL})


def _all(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.both(*arguments)


def _any(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.either(*arguments)


def _not(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.negate(arguments[0])


def _equal(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    left, right = (argument.type for argument in call.arguments)
    if left is right or {left, right} <= NUMERIC:
        return sql.equal(*arguments)
    raise UnsupportedError(f"comparing {left.value} with {right.value} is not supported yet")


LOGIC: Final[tuple[ScalarRow, ...]] = (
    Scalar("and", _all),
    Scalar("or", _any),
    Scalar("not", _not),
    Scalar("==", _equal),
)
