"""What ingest tells of a changed rule: logic, thresholds and metadata are told apart in every language."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detectionary import repositories
from detectionary.catalog import open_catalog
from detectionary.catalog.changes import RuleChange, Run
from detectionary.ingest import ingest, work
from detectionary.ingest import run as run_module
from detectionary.model.change import ChangeKind, Detail
from detectionary.model.rule import FileContent
from detectionary.repositories import Repository
from tests.ingest.folders import (
    PARSER,
    Failing,
    Newer,
    environment,
    function,
    old,
    rule,
    run,
    small_repository,
    write,
)

Splitter = Callable[[str, str], Sequence[tuple[int, int]]]

LOGIC, THRESHOLDS, METADATA = ChangeKind.LOGIC, ChangeKind.THRESHOLDS, ChangeKind.METADATA

SIGMA = """title: Many failures
id: 11111111-2222-4333-8444-555555555555
description: D
status: test
level: low
logsource:
  product: windows
detection:
  s:
    EventID: 4625
  timeframe: 15m
  condition: s | count(User) by Host > 10
"""
YARAL = """rule many_failures {
  meta:
    description = "D"
    severity = "Low"
  events:
    $e.metadata.event_type = "USER_LOGIN"
    $u = $e.principal.user.userid
  match:
    $u over 10m
  condition:
    #e > 5
}
"""
ELASTIC = '''[metadata]
creation_date = "2030/01/01"
updated_date = "2030/01/01"

[rule]
author = ["A"]
description = "D"
from = "now-9m"
name = "Many failures"
risk_score = 21
rule_id = "11111111-2222-4333-8444-555555555556"
severity = "low"
type = "threshold"
language = "kuery"
query = """
event.action:failure and not user.name:SYSTEM
"""

[rule.threshold]
field = ["user.name"]
value = 10
'''
EQL = '''[metadata]
creation_date = "2030/01/01"

[rule]
author = ["A"]
description = "D"
from = "now-9m"
name = "Sequence"
rule_id = "11111111-2222-4333-8444-555555555557"
severity = "low"
type = "eql"
language = "eql"
query = """
sequence by host.id with maxspan=5m
  [process where process.name == "a.exe"]
  [network where destination.port == 443]
"""
'''
KUSTO = """let threshold = 5;
let lookback = 7d;
let account = "admin";
SigninLogs
| where TimeGenerated > ago(lookback)
| where UserPrincipalName == account and ResultType == 50126 // the code
| summarize Failures = count() by UserPrincipalName, bin(TimeGenerated, 1h)
| where Failures > threshold
"""


def newest(db: Path) -> tuple[Run, tuple[RuleChange, ...]]:
    with open_catalog(db) as catalog:
        found = catalog.runs()[0]
        return found, catalog.changes(found.number)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = small_repository(tmp_path)
    old(root)
    return root


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


def sentinel(query: str) -> str:
    return rule("case", query)


CASES = [
    ("k-layout", "R.yaml", sentinel(KUSTO), "| where Failures >", "|  where  Failures  >", [METADATA]),
    ("k-comment", "R.yaml", sentinel(KUSTO), "// the code", "// what the code means", [METADATA]),
    ("k-spelling", "R.yaml", sentinel(KUSTO), '"admin"', "'admin'", [METADATA]),
    ("k-threshold by parameter", "R.yaml", sentinel(KUSTO), "threshold = 5", "threshold = 25", [THRESHOLDS]),
    ("k-lookback by parameter", "R.yaml", sentinel(KUSTO), "lookback = 7d", "lookback = 12h", [THRESHOLDS]),
    ("k-bin", "R.yaml", sentinel(KUSTO), "TimeGenerated, 1h", "TimeGenerated, 5m", [THRESHOLDS]),
    ("k-frequency", "R.yaml", sentinel(KUSTO), "queryFrequency: 1h", "queryFrequency: 5m", [THRESHOLDS]),
    ("k-trigger", "R.yaml", sentinel(KUSTO), "triggerThreshold: 0", "triggerThreshold: 3", [THRESHOLDS]),
    ("k-operator of a threshold", "R.yaml", sentinel(KUSTO), "Failures > t", "Failures >= t", [LOGIC, THRESHOLDS]),
    ("k-number that is no limit", "R.yaml", sentinel(KUSTO), "50126", "50053", [LOGIC]),
    ("k-text parameter", "R.yaml", sentinel(KUSTO), '"admin"', '"root"', [LOGIC]),
    ("k-table", "R.yaml", sentinel(KUSTO), "\n  SigninLogs", "\n  SecurityEvent", [LOGIC]),
    ("k-severity", "R.yaml", sentinel(KUSTO), "severity: Medium", "severity: High", [METADATA]),
    ("k-tactic", "R.yaml", sentinel(KUSTO), "- Execution", "- Persistence", [METADATA]),
    ("k-unknown key", "R.yaml", sentinel(KUSTO), "kind: Scheduled", "kind: Scheduled\nfoo: bar", [METADATA]),
    ("s-threshold", "r.yml", SIGMA, "> 10", "> 20", [THRESHOLDS]),
    ("s-timeframe", "r.yml", SIGMA, "15m", "1h", [THRESHOLDS]),
    ("s-event", "r.yml", SIGMA, "4625", "4624", [LOGIC]),
    ("s-field counted", "r.yml", SIGMA, "count(User)", "count(Account)", [LOGIC, THRESHOLDS]),
    ("s-level", "r.yml", SIGMA, "level: low", "level: high", [METADATA]),
    ("s-title", "r.yml", SIGMA, "Many", "Several", [METADATA]),
    ("y-threshold", "r.yaral", YARAL, "#e > 5", "#e > 50", [THRESHOLDS]),
    ("y-window", "r.yaral", YARAL, "over 10m", "over 1h", [THRESHOLDS]),
    ("y-meta", "r.yaral", YARAL, '"Low"', '"High"', [METADATA]),
    ("y-event", "r.yaral", YARAL, "USER_LOGIN", "USER_LOGOUT", [LOGIC]),
    ("e-threshold around the query", "r.toml", ELASTIC, "value = 10", "value = 20", [THRESHOLDS]),
    ("e-field of the threshold", "r.toml", ELASTIC, '["user.name"]', '["host.id"]', [LOGIC]),
    ("e-lookback", "r.toml", ELASTIC, "now-9m", "now-60m", [THRESHOLDS]),
    ("e-exclusion", "r.toml", ELASTIC, "SYSTEM", "root", [LOGIC]),
    ("e-date", "r.toml", ELASTIC, 'updated_date = "2030/01/01"', 'updated_date = "2030/02/01"', [METADATA]),
    ("q-maxspan", "q.toml", EQL, "maxspan=5m", "maxspan=1h", [THRESHOLDS]),
    ("q-value", "q.toml", EQL, "443", "80", [LOGIC]),
]


@pytest.mark.parametrize(
    ("path", "text", "before", "after", "kinds"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_change_is_of_the_right_kinds(
    path: str, text: str, before: str, after: str, kinds: list[ChangeKind], tmp_path: Path, db: Path
) -> None:
    root = tmp_path / "rules"
    write(root, path, text)
    assert run(db, root).new == 1, "the sample is read"
    assert before in text
    write(root, path, text.replace(before, after))
    summary = run(db, root, day=2)
    assert (summary.changed, summary.kinds) == (1, ((kinds[0].value, 1),))
    found, changes = newest(db)
    assert [(each.event, list(each.change.kinds)) for each in changes] == [("changed", kinds)]
    assert found.changed == ((kinds[0], 1),)
    assert {detail.kind for detail in changes[0].change.details} <= set(kinds)


def test_a_change_says_what_is_another(tmp_path: Path, db: Path) -> None:
    root = tmp_path / "rules"
    write(root, "R.yaml", rule("case", KUSTO))
    run(db, root)
    changed = KUSTO.replace("threshold = 5", "threshold = 50").replace("7d", "14d").replace('"admin"', '"root"')
    changed = changed.replace("Failures = count()", "Failures = count(), Last = max(TimeGenerated)")
    write(root, "R.yaml", rule("case", changed, "1.1.0").replace("severity: Medium", "severity: High"))
    run(db, root, day=2)
    (change,) = newest(db)[1]
    assert change.change.kinds == (LOGIC, THRESHOLDS, METADATA)
    assert set(change.change.details) == {
        Detail(LOGIC, "indicator", "UserPrincipalName eq (cased)", "admin", None),
        Detail(LOGIC, "indicator", "UserPrincipalName eq (cased)", None, "root"),
        Detail(LOGIC, "parameter", "account", "admin", "root"),
        Detail(LOGIC, "function", None, None, "max"),
        Detail(LOGIC, "output field", None, None, "Last"),
        Detail(THRESHOLDS, "threshold", "count() gt", "5", "50"),
        Detail(THRESHOLDS, "parameter", "threshold", "5", "50"),
        Detail(THRESHOLDS, "parameter", "lookback", "7d", "14d"),
        Detail(METADATA, "severity", None, "medium", "high"),
        Detail(METADATA, "version", None, "1.0.0", "1.1.0"),
    }
    with open_catalog(db) as catalog:
        before, after = catalog.change_texts(change)
    assert before == rule("case", KUSTO)
    assert after is not None
    assert "version: 1.1.0" in after


# What happens to rules


def events(db: Path) -> list[tuple[str, str]]:
    return [(each.event, each.rule.id.removeprefix("id-")) for each in newest(db)[1]]


def test_a_first_reading_is_no_change(root: Path, db: Path, tmp_path: Path) -> None:
    run(db, root)
    first, changes = newest(db)
    assert (first.first_reading, first.total, changes) == ((("rules", 4),), 0, ())
    other = tmp_path / "other"
    write(other, "A.yaml", rule("a", "SecurityEvent"))
    run(db, root, other, day=2)
    second, changes = newest(db)
    assert (second.first_reading, second.total, changes) == ((("other", 1),), 0, ()), "of another repository"


def test_added_removed_and_returned(root: Path, db: Path) -> None:
    run(db, root)
    write(root, "Detections/New.yaml", rule("new", "SecurityEvent | take 1"))
    text = (root / "Detections/Table.yaml").read_text(encoding="utf-8")
    (root / "Detections/Table.yaml").unlink()
    run(db, root, day=2)
    found, _ = newest(db)
    assert (found.added, found.removed, found.total) == (1, 1, 2)
    assert events(db) == [("added", "new"), ("removed", "table")]
    write(root, "Detections/Table.yaml", text)
    run(db, root, day=3)
    found, (change,) = newest(db)
    assert (found.returned, found.total) == (1, 1)
    assert (change.event, change.change.kinds, change.before == change.after) == ("returned", (), True)
    run(db, root, day=4)
    assert newest(db)[0].total == 0
    with open_catalog(db) as catalog:
        assert [each.event for each in catalog.changes(2)] == ["added", "removed"], "history stays"


def test_a_rule_that_returns_with_another_text_has_changed_too(root: Path, db: Path) -> None:
    run(db, root)
    place = root / "Detections/Table.yaml"
    text = place.read_text(encoding="utf-8")
    place.unlink()
    run(db, root, day=2)
    write(root, "Detections/Table.yaml", text.replace("4625", "4624"))
    run(db, root, day=3)
    found, (change,) = newest(db)
    assert (change.event, change.change.kinds) == ("returned", (LOGIC,))
    assert (found.returned, found.changed) == (1, ())


def test_a_renamed_file_has_moved(root: Path, db: Path) -> None:
    run(db, root)
    (root / "Detections/Table.yaml").rename(root / "Detections/Renamed.yaml")
    summary = run(db, root, day=2)
    assert (summary.new, summary.gone, summary.moved) == (1, 1, 1)
    found, (change,) = newest(db)
    assert (found.moved, found.added, found.removed, found.total) == (1, 0, 0, 1)
    assert (change.event, change.change.kinds) == ("moved", ())
    assert (change.path_before, change.path) == ("Detections/Table.yaml", "Detections/Renamed.yaml")
    (root / "Detections/Renamed.yaml").rename(root / "Detections/Table.yaml")
    run(db, root, day=3)
    found, (change,) = newest(db)
    assert (change.event, change.path_before, change.path) == (
        "moved",
        "Detections/Renamed.yaml",
        "Detections/Table.yaml",
    ), "and back, to a file that was known before"
    assert found.total == 1


def test_a_renamed_file_with_another_text_has_moved_and_changed(root: Path, db: Path) -> None:
    run(db, root)
    text = (root / "Detections/Table.yaml").read_text(encoding="utf-8")
    (root / "Detections/Table.yaml").unlink()
    write(root, "Elsewhere/Table.yaml", text.replace("severity: Medium", "severity: Low"))
    run(db, root, day=2)
    (change,) = newest(db)[1]
    assert (change.event, change.change.kinds) == ("moved", (METADATA,))
    assert Detail(METADATA, "severity", None, "medium", "low") in change.change.details


def test_a_rule_that_goes_to_another_repository_has_not_moved(root: Path, db: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, "A.yaml", rule("a", "SecurityEvent"))
    run(db, root, other)
    (root / "Detections/Table.yaml").rename(other / "Table.yaml")
    run(db, root, other, day=2)
    assert events(db) == [("added", "table"), ("removed", "table")]


def test_rules_of_one_file_come_and_go(tmp_path: Path, db: Path) -> None:
    root = tmp_path / "rules"
    write(root, "many.yaral", YARAL + YARAL.replace("many_failures", "other_failures").replace("> 5", "> 7"))
    run(db, root)
    write(root, "many.yaral", YARAL.replace("> 5", "> 6"))
    run(db, root, day=2)
    assert [(each.event, each.change.kinds) for each in newest(db)[1]] == [
        ("changed", (THRESHOLDS,)),
        ("removed", ()),
    ]


# What is no change


def test_analysing_again_is_no_change(root: Path, db: Path) -> None:
    run(db, root, languages=(Failing(),))
    run(db, root, languages=(Newer(),), day=2)
    write(root, PARSER, function("Logins", "SigninLogs | extend Who = UserPrincipalName, Extra = 1"))
    run(db, root, languages=(Newer(),), day=3)
    with open_catalog(db) as catalog:
        assert [each.total for each in catalog.runs()] == [0, 0, 0]


def test_reading_the_same_bytes_otherwise_is_no_change(root: Path, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(db, root)
    read_file = repositories.read_bytes

    def other_reader(path: str, data: bytes, repository: Repository, split: Splitter) -> FileContent:
        content = read_file(path, data, repository, split)
        return replace(content, rules=tuple(replace(each, body=each.body.strip()) for each in content.rules))

    monkeypatch.setattr(work, "read_bytes", other_reader)
    for module in (work, run_module):
        monkeypatch.setattr(module, "readers_version", lambda: "another")
    summary = run(db, root, day=2)
    assert (len(summary.analysed), summary.changed) == (4, 0)
    assert newest(db)[0].total == 0
    with open_catalog(db) as catalog:
        entry = catalog.entry("Table")
        assert entry is not None
        assert len(catalog.versions(entry)) == 2, "the other text is kept all the same"


def test_a_text_that_another_version_analysed_is_compared_with_care(root: Path, db: Path) -> None:
    run(db, root, languages=(Failing(),))
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | where EventID == 1"))
    run(db, root, languages=(Newer(),), day=2)
    (change,) = newest(db)[1]
    assert (change.event, change.comparable) == ("changed", False)
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | where EventID == 1", "9.9.9"))
    run(db, root, languages=(Failing(),), day=3)
    (change,) = newest(db)[1]
    assert (change.change.kinds, change.comparable) == ((METADATA,), True), "the analysis had no part in it"


def test_what_another_version_stored_cannot_be_compared(root: Path, db: Path) -> None:
    run(db, root)
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE rules SET entry = CAST('xxxx' || substr(entry, 5) AS BLOB)")
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | where EventID == 1"))
    run(db, root, day=2)
    (change,) = newest(db)[1]
    assert (change.change.kinds, change.change.details) == ((LOGIC,), ()), "nothing less can be vouched for"


# Interrupted runs


class StoppedError(Exception):
    pass


def interrupted(db: Path, root: Path, day: int) -> None:
    """A run that stores all files and stops before it is complete."""
    moments = iter([datetime(2030, 1, day, tzinfo=UTC)])

    def now() -> datetime:
        try:
            return next(moments)
        except StopIteration:
            raise StoppedError from None

    with pytest.raises(StoppedError):
        ingest([root], db, processes=1, now=now, base=environment)


def test_what_an_interrupted_run_changed_is_its_own(root: Path, db: Path) -> None:
    run(db, root)
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | where EventID == 1"))
    write(root, "Detections/New.yaml", rule("new", "SecurityEvent | take 1"))
    (root / "Detections/Direct.yaml").unlink()
    interrupted(db, root, 2)
    found, _ = newest(db)
    assert (found.complete, found.added, found.changed, found.removed) == (False, 1, ((LOGIC, 1),), 0)
    run(db, root, day=3)
    found, _ = newest(db)
    assert (found.complete, found.added, found.changed, found.removed) == (True, 0, (), 1)


def test_a_move_that_an_interrupted_run_began_is_a_move(root: Path, db: Path) -> None:
    run(db, root)
    (root / "Detections/Table.yaml").rename(root / "Detections/Renamed.yaml")
    interrupted(db, root, 2)
    run(db, root, day=3)
    assert events(db) == [("moved", "table")]


def test_an_interrupted_first_reading_is_a_first_reading(root: Path, db: Path) -> None:
    interrupted(db, root, 1)
    write(root, "Detections/New.yaml", rule("new", "SecurityEvent | take 1"))
    run(db, root, day=2)
    with open_catalog(db) as catalog:
        second, first = catalog.runs()
    assert (first.first_reading, first.total) == ((("rules", 4),), 0)
    assert (second.first_reading, second.total) == ((("rules", 1),), 0)
