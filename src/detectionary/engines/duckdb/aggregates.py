"""Aggregate functions in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Aggregated, AggregateRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Measure
from detectionary.compiler.sql import Sql


def _count(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.call("count_star")


AGGREGATES: Final[tuple[AggregateRow, ...]] = (Aggregated("count", _count),)
