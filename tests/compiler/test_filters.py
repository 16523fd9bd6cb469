"""Filters stay plain enough for the statistics of files, and mean the same as the exact comparison."""

from __future__ import annotations

import pytest

from detectionary.compiler.compile import Evaluation, Setting, compile_query
from detectionary.engines.duckdb.dialect import DIALECT
from detectionary.model.schema import Column, Environment, TableSchema
from detectionary.text import SourceText
from tests.compiler.engines import ENGINES, NOW, answer

EVENTS = TableSchema("Events", (Column("Number", "long"), Column("At", "datetime"), Column("Ratio", "real")))


def text(query: str) -> str:
    setting = Setting(Environment(tables={"Events": EVENTS}))
    return compile_query(SourceText(query, "query"), setting, DIALECT, Evaluation(NOW), {}).text()


@pytest.mark.parametrize(
    "condition",
    [
        "Number == 5",
        "Number == 5 and At > ago(1d)",
        "Number == 5 or Number == 7",
        "At == datetime(2024-01-01)",
        "Ratio == 0.5",
        "At between (ago(7d) .. now())",
    ],
)
def test_a_comparison_in_a_filter_is_plain(condition: str) -> None:
    assert "COALESCE" not in text(f"Events | where {condition} | count")


def test_a_comparison_that_is_shown_is_exact() -> None:
    assert "COALESCE" in text("Events | project a = Number == 5")
    assert "COALESCE" in text("Events | where not(Number == 5)")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "condition",
    [
        "a == 1",
        "a == b",
        "a == 1 or b == 2",
        "a == 1 and b == 1",
        "not(a == 1)",
        "a != 1",
        "not(a == b)",
        "r == s",
        "a != b",
    ],
)
def test_a_filter_keeps_the_rows_for_which_the_shown_value_is_true(engine: str, condition: str) -> None:
    table = (
        "datatable(n:long, a:long, b:long, r:real, s:real)["
        "1, 1, 1, 1.0, 1.0, 2, 1, long(null), real(nan), real(nan), 3, long(null), long(null), real(null), real(null), "
        "4, 2, 2, 1.0, real(nan), 5, long(null), 2, real(null), 1.0] | extend shown = "
    )
    shown = answer(engine, f"{table}{condition} | project n, shown | sort by n asc").rows()
    kept = answer(engine, f"{table}{condition} | where {condition} | project n | sort by n asc").rows()
    assert [row[0] for row in kept] == [row[0] for row in shown if row[1] is True]
