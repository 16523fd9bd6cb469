"""What pages tell of rules whose licence does not let others show their text: facts, and no calculations."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.model.entry import NO_RELATIONS, Entry
from detectionary.model.predicate import Operand, OperandKind, Operator, ThresholdTest, Value, ValueKind
from detectionary.pages.changes.kind import CHANGES
from detectionary.pages.library import Bodies, Library
from detectionary.pages.rule.context import RulePage, encode, without_texts
from detectionary.pages.rule.fill import rule_page
from detectionary.pages.rule.html import render_rule
from detectionary.text import Span
from tests.catalog.stored import an_entry, looks_for, opened, store
from tests.pages.entries import paint
from tests.pages.test_languages import made

KUSTO = """id: 5d3c7e4e-0000-4000-8000-000000000001
name: Odd copying
description: Copying that is odd.
severity: Low
kind: Scheduled
tactics: [Collection]
query: |
  {}
"""


def closed(folder: Path, query: str) -> RulePage:
    return without_texts(made(folder, "odd.yaml", KUSTO.format(query.replace("\n", "\n  "))))


def test_what_is_counted_of_one_column_is_shown_and_a_calculation_is_not(tmp_path: Path) -> None:
    page = closed(
        tmp_path,
        "SecurityEvent\n"
        "| summarize N = dcount(['Ho st']), M = countif(Level == 77), ['Odd ones'] = count(*), S = make_set(A) by B\n"
        "| where N > 1 and M > 2 and ['Odd ones'] > 3 and N * 99 > 4\n"
        "| where array_length(set_union(S, dynamic(['x']))) > 5",
    )
    assert [(test.name, test.aggregate, test.value) for test in page.thresholds] == [
        ("N", "dcount(['Ho st'])", 1),
        ("M", None, 2),
        ("Odd ones", "count(*)", 3),
        ("…", "dcount(['Ho st'])", 4),
        ("…", "make_set(A)", 5),
    ]
    for said in (encode(page).decode(), render_rule(page, bodies=False)):
        assert "77" not in said
        assert "* 99" not in said
        assert "set_union(" not in said


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("['A B'] == C.d['e']", "['A B'] == C.d['e']"),
        ("A between (B .. C)", "A between B .. C"),
        ("A == B-C", "A == …"),
        ("tolower(A) startswith B", "… startswith B"),
        ("A in (B, strcat(C, 'x'))", "A in …"),
    ],
)
def test_two_columns_are_shown_by_their_names(tmp_path: Path, condition: str, shown: str) -> None:
    page = closed(tmp_path, f"SecurityEvent | where {condition}")
    assert [test.text for test in page.column_comparisons] == [shown]


def test_where_values_come_from_is_shown_by_its_name(tmp_path: Path) -> None:
    page = closed(
        tmp_path,
        "let Good = T | project X;\n"
        "SecurityEvent | where A in (Good) | where B in (_GetWatchlist('w')) | where C !in ((T | where D > 77))",
    )
    rows = (*page.indicators, *page.exclusions)
    assert [row.origin for row in rows if row.origin is not None] == ["Good", "_GetWatchlist('w')", "…"]
    for said in (encode(page).decode(), render_rule(page, bodies=False)):
        assert "D > 77" not in said


def test_remarks_inside_of_expressions_are_no_part_of_any_fact(tmp_path: Path) -> None:
    page = closed(
        tmp_path,
        "SecurityEvent | where strcat(A, // secret\n 'x') == 'y' | where tolower(B // secret\n) == C\n"
        "| summarize N = dcount(D // secret\n) by E | where N > 5",
    )
    assert "secret" not in encode(page).decode()


def counted(number: int, text: str, kind: OperandKind) -> Entry:
    entry = an_entry("a", looks_for("F", "x"), query=f"T | where N > {number}")
    test = ThresholdTest(
        Operand("N", OperandKind.NAME), Operand(text, kind), Operator.GT, Value(ValueKind.NUMBER, number), Span(0, 1)
    )
    return replace(entry, analysis=replace(entry.analysis, thresholds=(test,)))


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("countif(Odd == 77)", OperandKind.CALCULATION, False),
        ("dcount(Host)", OperandKind.FUNCTION, True),
    ],
)
def test_changes_of_closed_rules_tell_numbers_and_no_calculations(
    tmp_path: Path, text: str, kind: OperandKind, shown: bool
) -> None:
    path = tmp_path / "catalog.db"
    store(path, counted(5, text, kind))
    store(path, counted(6, text, kind))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE repositories SET licence = 'Elastic-2.0'")
    for bodies, told in ((Bodies.ALL, True), (Bodies.OPEN_ONLY, shown)):
        library = Library(opened(path), bodies=bodies)
        page = CHANGES.fill(library, "changes/2.html")
        assert page is not None
        said = CHANGES.encode(page).decode()
        assert (text in said) is told
        assert '"before":"5","after":"6"' in said.replace(": ", ":").replace(", ", ",")


def test_facts_of_an_open_rule_are_whole() -> None:
    page = rule_page(counted(5, "countif(Odd == 77)", OperandKind.CALCULATION), NO_RELATIONS, paint)
    assert [(test.aggregate, test.aggregate_kind) for test in page.thresholds] == [
        ("countif(Odd == 77)", "calculation")
    ]
