"""What ingest tells of a changed rule: logic, thresholds and metadata are told apart in every language."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.catalog import open_catalog
from detectionary.catalog.changes import RuleChange, Run
from detectionary.model.change import ChangeKind, Detail
from tests.ingest.folders import PARSER, Failing, Newer, function, old, rule, run, small_repository, write

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
    run(db, root, day=2)
    found, changes = newest(db)
    assert [(each.event, list(each.change.kinds)) for each in changes] == [("changed", kinds)]
    assert found.changed == ((kinds[0], 1),)
    assert {detail.kind for detail in changes[0].change.details} <= set(kinds)
