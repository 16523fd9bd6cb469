"""Which rules can be run, and when that is found out anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.catalog import CatalogError, open_catalog
from detectionary.catalog.statistics import Refusal, Runnable
from detectionary.ingest.measure import Measured, measure
from tests.ingest.folders import PARSER, environment, function, old, rule, run, small_repository, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = small_repository(tmp_path)
    write(root, "Detections/Broken.yaml", rule("broken", "SecurityEvent | where"))
    write(root, "Detections/Scan.yaml", rule("scan", "SecurityEvent | reduce by Account"))
    write(root, "Detections/Pivot.yaml", rule("pivot", "SecurityEvent | evaluate pivot(Account)"))
    write(root, "r.yml", "title: A\nlogsource:\n  product: windows\ndetection:\n  s:\n    EventID: 1\n  condition: s\n")
    old(root)
    return root


@pytest.fixture
def db(tmp_path: Path, root: Path) -> Path:
    path = tmp_path / "catalog.db"
    run(path, root)
    return path


def measured(db: Path) -> Measured:
    return measure(db, processes=1, base=environment)


def runnable(db: Path) -> Runnable | None:
    with open_catalog(db) as catalog:
        return catalog.statistics().runnable


def test_nothing_is_known_before_it_is_measured(db: Path) -> None:
    assert runnable(db) is None


def test_each_kusto_rule_runs_or_has_a_reason(db: Path) -> None:
    # Three run, the columns of pivot() depend on data; a table is missing, a query is broken, an operator unsupported.
    assert measured(db) == Measured(runs=3, data=1, refused=3, failed=0)
    found = runnable(db)
    assert found is not None
    assert (found.measured, found.runs, found.data, found.refused, found.failed) == (7, 4, 1, 3, 0)
    assert [(each.code, each.rules) for each in found.refusals] == [("KQL011", 1), ("KQL201", 1), ("KQL401", 1)]
    assert isinstance(found.refusals[0], Refusal)
    assert found.refusals[0].message


def test_only_what_changed_is_measured_again(db: Path, root: Path) -> None:
    measured(db)
    assert measured(db).total == 0
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | reduce by Account"))
    run(db, root)
    assert measured(db) == Measured(runs=0, data=0, refused=1, failed=0)
    write(root, PARSER, function("Logins", "SigninLogs | reduce by UserPrincipalName | extend Who = Pattern"))
    run(db, root)
    assert measured(db) == Measured(runs=0, data=0, refused=2, failed=0), "the two that call the parser"


def test_several_processes_find_the_same(db: Path, root: Path, tmp_path: Path) -> None:
    for number in range(90):
        write(root, f"Many/Rule{number}.yaml", rule(f"many{number}", f"SecurityEvent | where EventID == {number}"))
    run(db, root)
    assert measure(db, processes=2, base=environment) == Measured(runs=93, data=1, refused=3, failed=0)


def test_a_rule_that_is_gone_is_counted_no_more(db: Path, root: Path) -> None:
    measured(db)
    (root / "Detections/Scan.yaml").unlink()
    run(db, root)
    found = runnable(db)
    assert found is not None
    assert (found.measured, found.refused) == (6, 2)


def test_there_must_be_a_catalog(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no catalog"):
        measure(tmp_path / "none.db")
