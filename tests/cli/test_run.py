"""`detectionary run`: rules to their alerts, the first one above all."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import FIRST_FILE, FIRST_RULE, Run
from tests.conftest import PROJECT, needs_shared, shared

CLOUDTRAIL = PROJECT / "examples" / "logs" / "cloudtrail"
KEYS = {
    *("rule_id", "rule_title", "title", "description", "severity", "tactics", "techniques", "time_generated"),
    *("start_time", "end_time", "entities", "custom_details", "result_count", "rows"),
}


def test_the_first_rule_raises_its_alert(run: Run) -> None:
    outcome = run("run", FIRST_FILE, "--logs", CLOUDTRAIL, "--at", "2026-11-20T09:30:00Z", "--format", "json")
    assert outcome.status == 0, outcome.err
    (alert,) = outcome.json()
    assert set(alert) == KEYS
    assert (alert["rule_id"], alert["severity"], alert["techniques"]) == (FIRST_RULE, "medium", ["T1583"])
    assert alert["time_generated"] == "2026-11-20T09:30:00.0000000Z"
    assert alert["result_count"] == len(alert["rows"]) == 3
    assert [entity["type"] for entity in alert["entities"]] == ["Account", "IP"]
    assert set(alert["custom_details"]) == {"AWSRegion", "UserAgent", "ErrorMessage", "UserIdentityType"}
    assert alert["custom_details"]["AWSRegion"] == ["us-east-1"]


def test_records_outside_the_lookback_are_not_seen(run: Run) -> None:
    outcome = run("run", FIRST_FILE, "--logs", CLOUDTRAIL, "--at", "2026-11-20T09:20:00Z", "--format", "json")
    assert outcome.json() == []
    assert "the logs begin at 2026-11-20T09:00:03, before this window" in outcome.err


def test_the_alert_is_laid_out_for_people(run: Run, catalog: Path) -> None:
    outcome = run("run", FIRST_RULE, "--logs", CLOUDTRAIL, "--db", catalog, "--at", "2026-11-20T09:30:00Z")
    assert outcome.status == 0
    assert "ALERT  medium" in outcome.out
    assert "Custom details" in outcome.out


def test_a_rule_that_is_refused_does_not_keep_the_others(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        "id: odd\nname: Odd\nseverity: Low\nkind: NRT\nquery: |\n  AWSCloudTrail\n  | where rand() > 0.5\n", "utf-8"
    )
    outcome = run("run", path, FIRST_FILE, "--logs", CLOUDTRAIL, "--at", "2026-11-20T09:30:00Z", "--format", "ndjson")
    assert outcome.status == 1
    assert "Odd: not run" in outcome.err
    assert "odd.yaml:7:" in outcome.err
    assert [alert["rule_id"] for alert in outcome.lines()] == [FIRST_RULE]


def test_a_rule_whose_tables_the_logs_lack_is_not_silent(run: Run) -> None:
    rule = PROJECT / "examples" / "rules" / "sentinel" / "Windows_LogonFailuresThenSuccess.yaml"
    outcome = run("run", rule, "--logs", CLOUDTRAIL)
    assert "no alert" in outcome.out
    assert "the logs hold no record of SecurityEvent" in outcome.err


def test_a_rule_file_may_call_functions_of_the_catalog(run: Run, catalog: Path, tmp_path: Path) -> None:
    rule = PROJECT / "examples" / "rules" / "hunting" / "Network_RareUserAgents.yaml"
    without = run("run", rule, "--logs", CLOUDTRAIL, "--db", tmp_path / "none.db")
    assert without.status == 1
    assert "no function is called ExampleWebSession" in without.err
    outcome = run("run", rule, "--logs", CLOUDTRAIL, "--db", catalog)
    assert outcome.status == 0, outcome.err
    assert "the logs hold no record of CommonSecurityLog" in outcome.err


def test_logs_must_be_given(run: Run) -> None:
    outcome = run("run", FIRST_FILE)
    assert (outcome.status, outcome.out) == (2, "")
    assert "add --logs" in outcome.err


@needs_shared
def test_the_first_rule_on_the_logs_of_the_attack_that_it_is_about(run: Run) -> None:
    """One alert on the technique's own logs, none on those of the other techniques: one file alone has RunInstances."""
    folder = shared("logs", "stratus-red-team")
    files = sorted(folder.glob("*.json"))
    assert len(files) > 30
    raised = {file.name: run("run", FIRST_FILE, "--logs", file, "--format", "json").json() for file in files}
    own = raised.pop("aws.execution.ec2-launch-unusual-instances.json")
    assert not any(raised.values())
    (alert,) = own
    row = alert["rows"][0]
    assert row["AWSRegion"] in alert["title"]
    assert [entity["type"] for entity in alert["entities"]] == ["Account", "IP"]
    assert len(alert["custom_details"]) == 4
