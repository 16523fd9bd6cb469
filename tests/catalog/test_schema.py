"""The declared schema is the real one, and its documentation is current."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from detectionary.catalog.reference import markdown
from detectionary.catalog.schema import TABLES, VIEWS, Table, statements
from tests.catalog.stored import an_entry, looks_for, store
from tests.conftest import PROJECT


def test_the_reference_is_current() -> None:
    written = PROJECT.joinpath("docs", "reference", "catalog.md").read_text(encoding="utf-8")
    assert written == markdown(), "run `make docs`"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_and_column_is_explained(table: Table) -> None:
    for about in (table.about, *(column.about for column in table.columns)):
        assert about.endswith((".", "…"))


def test_every_column_of_the_file_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "schema.db"
    store(path, an_entry("a"))
    connection = sqlite3.connect(path)
    real = {
        name: tuple(column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})"))
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%'"
        )
    }
    connection.close()
    declared = {table.name: tuple(column.name for column in table.columns) for table in TABLES}
    assert real == {name: columns for name, columns in declared.items() if not name.startswith("search")}


def test_views_answer_and_references_hold(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    store(path, an_entry("a", looks_for("F", "x", "y"), looks_for("G"), exclusions=[looks_for("H", 5)]))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT field, value FROM indicators ORDER BY 1, 2").fetchall() == [
        ("F", "x"),
        ("F", "y"),
        ("G", None),
    ]
    assert connection.execute("SELECT field, value FROM exclusions").fetchall() == [("H", "5")]
    for view in VIEWS:
        assert connection.execute(f"SELECT * FROM {view.name}").fetchone() is not None, view.name  # noqa: S608
    connection.close()


def test_an_index_serves_the_rules_behind_a_value() -> None:
    connection = sqlite3.connect(":memory:")
    for statement in statements():
        connection.execute(statement)
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT rule FROM comparison_values "
        "WHERE field_key = 'a' AND operator = 'eq' AND value_key = 'x' AND excluded = 0"
    ).fetchall()
    connection.close()
    assert "USING COVERING INDEX comparison_values_1" in plan[0][3]
