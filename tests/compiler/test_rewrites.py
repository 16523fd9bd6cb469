"""Rewrites of plans: a rule's window reaches every table with a record's time; columns that nobody reads go."""

from __future__ import annotations

from datetime import datetime

import pytest

from detectionary.compiler.compile import Evaluation, Setting, parse_query, plan_query
from detectionary.compiler.plan import Aggregate, Apply, Constant, Filter, Plan, PlanColumn, Project, Scan, nodes
from detectionary.compiler.ticks import ticks_of
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema
from detectionary.text import SourceText

START, END = ticks_of(datetime(2026, 1, 1)), ticks_of(datetime(2026, 1, 2))
ENVIRONMENT = Environment(
    {
        "Logons": TableSchema(
            "Logons", (Column("TimeGenerated", "datetime"), Column("User", "string"), Column("Code", "long"))
        ),
        "Alerts": TableSchema("Alerts", (Column("Timestamp", "datetime"), Column("User", "string"))),
        "Lists": TableSchema("Lists", (Column("User", "string"),)),
    },
    {"Recent": FunctionDefinition("Recent", "", SourceText("Logons | where Code == 1", "Recent"), "1")},
)


def plan(query: str, *, window: bool = True) -> Plan:
    evaluation = Evaluation(END, START, END) if window else Evaluation(END)
    return plan_query(parse_query(SourceText(query, "query")), Setting(ENVIRONMENT), evaluation)


def bounded(found: Plan) -> dict[str, list[bool]]:
    """For each table, whether each of its scans is read through the window alone."""
    readers: dict[int, list[Plan]] = {}
    for node in nodes(found):
        for part in node.inputs:
            readers.setdefault(id(part), []).append(node)
    result: dict[str, list[bool]] = {}
    for node in nodes(found):
        if isinstance(node, Scan):
            above = readers[id(node)]
            result.setdefault(node.table, []).append(all(is_window(reader) for reader in above))
    return result


def is_window(node: Plan) -> bool:
    """Whether a node is the filter `start <= time and time < end`."""
    if not isinstance(node, Filter) or not isinstance(node.condition, Apply):
        return False
    bounds = [
        (part.function, part.arguments[1].value)
        for part in node.condition.arguments
        if isinstance(part, Apply) and isinstance(part.arguments[1], Constant)
    ]
    return bounds == [(">=", START), ("<", END)]


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("Logons | take 5", {"Logons": [True]}),
        ("Alerts | take 5", {"Alerts": [True]}),
        ("Lists | take 5", {"Lists": [False]}),
        ("let L = Logons | where Code > 1; L | join (Alerts) on User", {"Logons": [True], "Alerts": [True]}),
        ("union Logons, (Alerts | where User != '')", {"Logons": [True], "Alerts": [True]}),
        ("Lists | where User in ((Logons | project User))", {"Lists": [False], "Logons": [True]}),
        ("print n = toscalar(Logons | count)", {"Logons": [True]}),
        ("let f = (t: string) { Logons | where User == t }; f('a') | union (f('b'))", {"Logons": [True, True]}),
        ("Recent | count", {"Logons": [True]}),
        ("let m = materialize(Logons | summarize n = count() by User); m | join (m) on User", {"Logons": [True]}),
    ],
)
def test_the_window_bounds_every_table_with_a_time(query: str, tables: dict[str, list[bool]]) -> None:
    assert bounded(plan(query)) == tables


def test_without_a_window_nothing_is_added() -> None:
    assert not any(is_window(node) for node in nodes(plan("Logons | take 5", window=False)))


def test_columns_that_nobody_reads_are_not_scanned() -> None:
    (scan,) = [n for n in nodes(plan("Logons | summarize count() by User", window=False)) if isinstance(n, Scan)]
    assert [column.name for column in scan.columns] == ["User"]


def test_a_count_scans_one_column_and_no_more() -> None:
    (scan,) = [n for n in nodes(plan("Logons | count", window=False)) if isinstance(n, Scan)]
    assert len(scan.columns) == 1


def test_what_two_readers_need_together_is_kept_for_both() -> None:
    query = "let m = materialize(Logons | where Code > 1); m | project User | join (m | project User, Code) on User"
    (scan,) = [n for n in nodes(plan(query, window=False)) if isinstance(n, Scan)]
    assert [column.name for column in scan.columns] == ["User", "Code"]


def test_an_aggregate_that_nobody_reads_is_not_computed() -> None:
    found = nodes(plan("Logons | summarize a = count(), b = max(Code) by User | project User, a", window=False))
    (aggregate,) = [node for node in found if isinstance(node, Aggregate)]
    assert [measure.function for measure in aggregate.measures] == ["count"]


def test_physical_ids_are_unique_whatever_their_case() -> None:
    query = "Logons | extend user = 1, USER = 2 | join (Logons | extend user = 3) on User | project-away Code"
    ids = [column.id for node in nodes(plan(query)) if isinstance(node, Scan | Project) for column in made(node)]
    assert len({name.casefold() for name in ids}) == len(ids)


def made(node: Scan | Project) -> list[PlanColumn]:
    """The columns that a node makes, not those that it hands on."""
    before = {column.id for part in node.inputs for column in part.columns}
    return [column for column in node.columns if column.id not in before]
