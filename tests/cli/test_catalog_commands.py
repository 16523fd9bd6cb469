"""The commands that read or write a catalog: streams, exit statuses, formats."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import EXAMPLES, FIRST_FILE, FIRST_RULE, Run

BROKEN = """\
id: 6d1c9f0e-0000-4000-8000-000000000001
name: Broken on purpose
description: Names a column that the query drops, and a technique that does not exist.
severity: Medium
requiredDataConnectors: []
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [InitialAccess]
relevantTechniques: [T9999]
query: |
  SigninLogs
  | where ResultType == "0"
  | project UserPrincipalName
entityMappings:
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: IPAddress
version: 1.0.0
kind: Scheduled
"""


def test_ingest_says_what_it_did_and_skips_what_did_not_change(run: Run, tmp_path: Path) -> None:
    db = tmp_path / "rules.db"
    first = run("ingest", EXAMPLES, "--db", db, "--format", "json")
    again = run("ingest", EXAMPLES, "--db", db, "--format", "json")
    assert (first.status, again.status) == (0, 0)
    assert (first.json()["new"], len(first.json()["analysed"])) == (18, 18)
    assert (again.json()["new"], again.json()["changed"], again.json()["analysed"]) == (0, 0, [])
    assert "18 rules in" in run("ingest", EXAMPLES, "--db", db).out


def test_show_finds_a_rule_by_id_slug_and_file(run: Run, catalog: Path) -> None:
    by_id = run("show", FIRST_RULE, "--db", catalog, "--format", "json").json()
    by_slug = run("show", "AWS_UnauthorizedInstanceSetUpAttempt", "--db", catalog, "--format", "json").json()
    from_file = run("show", FIRST_FILE, "--db", catalog, "--format", "json").json()
    assert by_id == by_slug
    assert [value["corpus"]["total"] for row in by_id["indicators"] for value in row["values"]] == [0, 6]
    assert [value["corpus"] for row in from_file["indicators"] for value in row["values"]] == [None, None]
    assert len(by_id["same_action"]) == by_id["same_action_total"] == 6
    assert from_file["same_action"] == []
    same = set(by_id) - {"indicators", "same_action", "same_action_total", "shared_indicators"}
    assert {key: by_id[key] for key in same} == {key: from_file[key] for key in same}


def test_one_rule_is_an_object_and_several_are_a_list(run: Run, catalog: Path) -> None:
    one = run("show", FIRST_RULE, "--db", catalog, "--format", "json").json()
    two = run("show", FIRST_RULE, "AWS_TrailSilenced", "--db", catalog, "--format", "json").json()
    lines = run("show", FIRST_RULE, "AWS_TrailSilenced", "--db", catalog, "--format", "ndjson").lines()
    assert isinstance(one, dict)
    assert [page["id"] for page in two] == [page["id"] for page in lines] == [FIRST_RULE, two[1]["id"]]


def test_show_text_has_every_section_of_the_first_rule(run: Run, catalog: Path) -> None:
    text = run("show", FIRST_RULE, "--db", catalog).out
    order = ["AWSCloudTrail - Unauthorized", "T1583 Acquire Infrastructure", "aws:ec2.amazonaws.com/RunInstances"]
    order += ["QUERY", "INDICATORS", "Client.UnauthorizedOperation", "OUTPUT FIELDS", "UpnSuffix", "ALERT", "Address ="]
    at = 0
    for part in order:
        assert part in text[at:], part
        at = text.index(part, at) + len(part)
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_an_unknown_rule_and_a_missing_catalog_are_usage_errors(run: Run, catalog: Path, tmp_path: Path) -> None:
    unknown = run("show", "no-such-rule", "--db", catalog)
    missing = run("show", FIRST_RULE, "--db", tmp_path / "none.db")
    other = tmp_path / "text.db"
    other.write_text("this is no catalog" * 100)
    foreign = run("show", FIRST_RULE, "--db", other)
    for outcome, reason in (
        (unknown, "no rule 'no-such-rule'"),
        (missing, "there is no catalog"),
        (foreign, "text.db"),
    ):
        assert (outcome.status, outcome.out) == (2, "")
        assert reason in outcome.err
    assert other.read_text() == "this is no catalog" * 100


def test_a_rule_that_is_not_there_does_not_keep_the_others_from_being_shown(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("colour: blue\n")
    shown = run("show", empty, FIRST_FILE, tmp_path / "none.yaml", "--format", "ndjson")
    assert (shown.status, [page["id"] for page in shown.lines()]) == (2, [FIRST_RULE])
    assert "no rule in" in shown.err
    assert "no file" in shown.err
    checked = run("check", empty, FIRST_FILE)
    assert (checked.status, checked.out) == (2, "no findings\n")
    parsed = run("parse", empty, FIRST_FILE, "--format", "json")
    assert (parsed.status, [verdict["id"] for verdict in parsed.json()]) == (2, [FIRST_RULE])


def test_search_by_words_and_facets(run: Run, catalog: Path) -> None:
    def slugs(*arguments: str) -> list[str]:
        return [hit["slug"] for hit in run("search", *arguments, "--db", catalog, "--format", "json").json()]

    assert "AWS_TrailSilenced" in slugs("StopLogging")
    assert slugs("--table", "DnsEvents") == ["dns-txt-lookups"]
    assert slugs("value:RunInstances", "--severity", "high", "--language", "kusto") == ["AWS_GpuFleetLaunch"]
    assert slugs("nothing-like-this") == []
    assert run("search", "--db", catalog).status == 2


@pytest.mark.parametrize(
    ("arguments", "languages"),
    [
        (["--language", "elastic"], {"eql", "esql", "kuery"}),
        (["language:elastic"], {"eql", "esql", "kuery"}),
        (["--language", "Elastic", "--language", "sigma"], {"eql", "esql", "kuery", "sigma"}),
        (["--language", "yara-l"], {"yaral"}),
        (["language:YARA-L"], {"yaral"}),
        (["--language", "es|ql"], {"esql"}),
        (["--language", "kql"], {"kusto", "kuery"}),
        (["--language", "klingon"], set()),
    ],
)
def test_search_knows_the_names_of_languages_and_of_their_families(
    run: Run, catalog: Path, arguments: list[str], languages: set[str]
) -> None:
    found = run("search", *arguments, "--limit", "50", "--db", catalog, "--format", "json").json()
    assert {hit["language"] for hit in found} == languages


def test_search_narrows_by_platform(run: Run, catalog: Path) -> None:
    found = run("search", "--platform", "aws", "--limit", "50", "--db", catalog, "--format", "json").json()
    assert {hit["platform"] for hit in found} == {"AWS"}
    assert {"kusto", "sigma", "esql", "kuery", "yaral"} == {hit["language"] for hit in found}
    text = run("search", "--platform", "AWS", "--language", "yaral", "--db", catalog).out
    assert "YARA-L · AWS · aws_ec2_launch_denied_then_allowed" in text


EVERY_LANGUAGE = [
    "sigma/windows_shell_from_office.yml",
    "elastic/aws_ec2_many_launches_denied.toml",
    "elastic/windows_office_child_connects.toml",
    "elastic/aws_ec2_launch_by_new_identity.toml",
    "yaral/aws_ec2_launch_denied_then_allowed.yaral",
]


@pytest.mark.parametrize("name", EVERY_LANGUAGE)
def test_files_of_every_language_are_shown_parsed_and_checked_without_a_catalog(run: Run, name: str) -> None:
    path = EXAMPLES / name
    shown = run("show", path)
    assert shown.status == 0
    assert "INDICATORS" in shown.out
    assert run("parse", path).status == 0
    checked = run("check", path, "--format", "json")
    assert (checked.status, [found for found in checked.json() if found["level"] != "note"]) == (0, [])


def test_the_terminal_uses_the_words_of_the_language(run: Run) -> None:
    def shown(name: str) -> str:
        return run("show", EXAMPLES / name).out

    yaral = shown("yaral/aws_ec2_launch_denied_then_allowed.yaral")
    assert "log types AWS_CLOUDTRAIL" in yaral
    assert "they go to the detection" in yaral
    assert "outcome, section 3" in yaral
    assert "$denied" in yaral[yaral.index("INDICATORS") :]
    elastic = shown("elastic/aws_ec2_many_launches_denied.toml")
    assert "index patterns " in elastic
    assert "ADDED BY THE RULE" in elastic
    assert "threshold" in elastic[elastic.index("ADDED BY THE RULE") :]
    assert "Risk score" in elastic
    sigma = shown("sigma/aws_ec2_launch_denied.yml")
    assert "Detection rules › Sigma › AWS" in sigma
    assert "FALSE POSITIVES" in sigma
    assert "outcome watched failure" in sigma


def test_a_rule_sees_what_its_own_file_defines(run: Run) -> None:
    checked = run("check", EXAMPLES / "sigma" / "windows_shell_from_office.yml", "--format", "json")
    assert checked.json() == []


def test_related_names_the_rules_that_watch_the_same_action(run: Run, catalog: Path) -> None:
    answer = run("related", FIRST_RULE, "--db", catalog, "--format", "json").json()
    assert answer["actions"] == ["aws:ec2.amazonaws.com/RunInstances"]
    assert answer["outcome"] == {"success": False, "codes": ["Client.UnauthorizedOperation"]}
    assert answer["same_action_total"] == 6
    # Rules that wait for the same error code come first, then those for any failure; each by language and title.
    assert [(other["language"], other["slug"]) for other in answer["same_action"]] == [
        ("kuery", "aws_ec2_many_launches_denied"),
        ("sigma", "aws_ec2_launch_denied"),
        ("yaral", "aws_ec2_launch_denied_then_allowed"),
        ("esql", "aws_ec2_launch_by_new_identity"),
        ("kusto", "AWS_GpuFleetLaunch"),
        ("kusto", "AWS_InstancesWithPublicAddress"),
    ]
    text = run("related", FIRST_RULE, "--db", catalog).out
    assert "6 watch aws:ec2.amazonaws.com/RunInstances: failure: Client.UnauthorizedOperation first" in text
    assert "YARA-L" in text


def test_check_finds_what_the_alert_cannot_keep(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    outcome = run("check", path, "--format", "json")
    found = {finding["code"]: finding for finding in outcome.json()}
    assert outcome.status == 1
    assert "IPAddress" in found["ALERT101"]["message"]
    assert any("T9999" in finding["message"] for finding in outcome.json())
    assert run("check", FIRST_FILE).status == 0
    folder = run("check", tmp_path, "--format", "ndjson")
    assert folder.lines() == outcome.json()


def test_check_sarif_is_valid_and_lists_each_code_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN + "\n---\n" + BROKEN.replace("000000000001", "000000000002"))
    log = run("check", path, "--format", "sarif").json()
    jsonschema.validate(log, SARIF_SHAPE)
    (single,) = log["runs"]
    codes = [descriptor["id"] for descriptor in single["tool"]["driver"]["rules"]]
    assert len(codes) == len(set(codes))
    assert all(codes[result["ruleIndex"]] == result["ruleId"] for result in single["results"])
    prints = [result["partialFingerprints"]["detectionary/v1"] for result in single["results"]]
    assert len(prints) == len(set(prints)) >= 4


def test_site_is_written_and_never_over_foreign_files(run: Run, catalog: Path, tmp_path: Path) -> None:
    out = tmp_path / "public"
    assert run("site", out, "--db", catalog).status == 0
    assert (out / "index.html").is_file()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    refused = run("site", mine, "--db", catalog)
    assert (refused.status, (mine / "letter.txt").read_text()) == (2, "keep me")


@pytest.mark.parametrize("command", ["ingest", "parse", "show", "search", "related", "check", "site"])
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert "Example:" in outcome.out
    assert f"detectionary {command}" in outcome.out


def test_the_installed_command_ends_with_the_status_and_survives_a_closed_pipe(catalog: Path) -> None:
    command = [sys.executable, "-m", "detectionary"]
    bad = subprocess.run([*command, "show", "nothing", "--db", str(catalog)], capture_output=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, b"")
    piped = " ".join([*command, "show", FIRST_RULE, "--db", str(catalog), "--format", "json", "|", "head", "-c", "1"])
    cut = subprocess.run(["/bin/sh", "-c", piped], capture_output=True, check=False)
    assert (cut.stdout, cut.stderr) == (b"{", b"")


SARIF_SHAPE = json.loads("""
{"type": "object", "required": ["$schema", "version", "runs"], "properties": {"version": {"const": "2.1.0"},
 "runs": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["tool", "results"], "properties": {
  "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
  "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {"type": "object",
   "required": ["name", "version", "rules"], "properties": {"rules": {"type": "array", "uniqueItems": true,
    "items": {"type": "object", "required": ["id"]}}}}}},
  "results": {"type": "array", "items": {"type": "object",
   "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"], "properties": {
    "level": {"enum": ["none", "note", "warning", "error"]},
    "message": {"type": "object", "required": ["text"]},
    "locations": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["physicalLocation"],
     "properties": {"physicalLocation": {"type": "object", "required": ["artifactLocation"], "properties": {
      "region": {"type": "object", "properties": {"startLine": {"minimum": 1}, "startColumn": {"minimum": 1},
       "endLine": {"minimum": 1}, "endColumn": {"minimum": 2}}}}}}}}}}}}}}}}
""")


def test_the_list_of_commands_says_what_each_does(run: Run) -> None:
    outcome = run("--help")
    assert "Write the catalog as a static web site." in outcome.out
    assert run().out == outcome.out
