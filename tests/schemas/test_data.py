"""The data files of the room are whole, consistent, and what their tools make."""

from __future__ import annotations

import gzip
import json
import runpy
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from detectionary.schemas import canonical_field, environment_base, functions, table_info, tables
from detectionary.schemas.kinds import windows_logs
from detectionary.schemas.log_sources import LOG_SOURCES
from detectionary.schemas.operations import fold, owners
from detectionary.schemas.record_sources import RECORD_SOURCES
from tests.conftest import PROJECT, needs_shared, shared

DATA = PROJECT / "src" / "detectionary" / "schemas" / "data"

KNOWN_FUNCTIONS = {
    "FileProfile", "GCP_IAM", "GitHubAuditData", "GitHubAuditLogPolling_CL", "OktaSSO", "ResourceContainers",
    "Resources", "SecurityResources", "Sysmon", "_SentinelHealth", "resources",
}  # fmt: skip
"""Functions, custom tables and tables of Azure Resource Graph that the table reference lacks and rules read."""

VENDOR_NAMES = {
    "alert", "auditd", "aws", "azure", "bitbucket", "cef", "defender", "exposure_graph", "fortinet", "gcp", "github",
    "google_workspace", "identity", "iis", "kibana", "kubernetes", "o365", "okta", "onelogin", "opencanary", "package",
    "powershell", "rpc_firewall", "ueba", "winlog", "zeek",
}  # fmt: skip
"""Namespaces of canonical names outside the Elastic Common Schema."""


def _json(*parts: str) -> Any:  # Any: each reference file has a shape of its own
    return json.loads(shared(*parts).read_text(encoding="utf-8"))


OTHERS = ("canonical-elastic.txt", "canonical-sigma.txt", "canonical-udm.txt")


def _canonical_rows(file: str = "canonical-fields.txt") -> list[tuple[list[str], str, str]]:
    """Tables, field and canonical name of each row; headings with a pattern as rows of field "*"."""
    rows: list[tuple[list[str], str, str]] = []
    heading: list[str] = []
    for line in DATA.joinpath(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            names, _, pattern = line[1:].partition("]")
            heading = names.split()
            if pattern.strip():
                rows.append((heading, "*", pattern.strip()))
        elif line and not line.startswith("#"):
            field, name = line.split()
            rows.append((heading, field, name))
    return rows


@needs_shared
def test_tables_are_exactly_those_of_the_reference() -> None:
    reference: dict[str, dict[str, str]] = _json("schemas", "kusto-tables.json")
    assert len(reference) == 2033
    assert tables().keys() == reference.keys()
    for name, columns in reference.items():
        assert [(column.name, column.type) for column in tables()[name].columns] == list(columns.items()), name


@needs_shared
def test_the_data_is_what_the_tool_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_tables.py", str(shared()), "--out", str(tmp_path)])
    runpy.run_path(str(PROJECT / "tools" / "make_tables.py"), run_name="__main__")
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == ["kusto-functions.tsv", "kusto-table-info.tsv", "kusto-tables.tsv.gz"]
    for name in made:
        ours, theirs = DATA.joinpath(name).read_bytes(), tmp_path.joinpath(name).read_bytes()
        if name.endswith(".gz"):  # the text is compared: another zlib may pack it otherwise
            ours, theirs = gzip.decompress(ours), gzip.decompress(theirs)
        assert ours == theirs, name


def test_the_data_is_small() -> None:
    assert DATA.joinpath("kusto-tables.tsv.gz").stat().st_size < 400_000
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 700_000


def test_a_table_is_made_once_and_unknown_ones_are_not_there() -> None:
    assert tables()["SigninLogs"] is tables()["SigninLogs"]
    assert "signinlogs" not in tables()
    with pytest.raises(KeyError):
        tables()["NoSuchTable"]
    assert [name for name in tables() if tables()[name].open] == ["AzureDiagnostics"]


def test_where_a_table_belongs() -> None:
    trail = table_info("AWSCloudTrail")
    assert trail is not None
    assert (trail.category, trail.azure_monitor, trail.defender_xdr) == ("AWS", True, False)
    events = table_info("DeviceEvents")
    assert events is not None
    assert events.defender_xdr
    assert table_info("NoSuchTable") is None


@needs_shared
def test_functions_are_those_of_the_reference() -> None:
    listed = {function["name"] for function in _json("tools", "kusto-oracle", "functions.json")["functions"]}
    exact: dict[str, Any] = _json("schemas", "kusto-functions.json")
    found = functions()
    assert listed | exact.keys() | {"AssignedIPAddresses", "DeviceFromIP", "SeenBy"} == found.keys()
    for name, function in exact.items():
        returns = found[name].returns
        assert returns is not None
        assert not returns.open
        assert {column.name: column.type for column in returns.columns} == function["result"]


def test_functions_without_a_known_result_are_open() -> None:
    returns = functions()["imAuthentication"].returns
    assert returns is not None
    assert returns.open
    assert {definition.origin for definition in functions().values()} == {"built in"}
    assert all(definition.body is None for definition in functions().values())
    assert environment_base().functions["FileProfile"].parameters.startswith("T:(*)")


def test_operations_are_sorted_and_said_once() -> None:
    lines = DATA.joinpath("operations.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    for provider, *names in rows:
        assert ":" in provider
        assert names == sorted(names, key=str.lower), provider
        assert len({fold(name) for name in names}) == len(names), provider


def test_what_aws_services_have() -> None:
    text = gzip.decompress(DATA.joinpath("aws-operations.tsv.gz").read_bytes()).decode()
    first, *lines = text.splitlines()
    assert first.startswith("#botocore ")
    sources = [line.split("\t")[0] for line in lines]
    assert len(sources) > 300
    assert sources == sorted(sources)
    assert owners("aws:", "RunInstances") == {"aws:ec2.amazonaws.com": "RunInstances"}
    assert owners("aws:", "assumerole") == {"aws:sts.amazonaws.com": "AssumeRole"}
    assert owners("aws:", "ConsoleLogin") == {"aws:signin.amazonaws.com": "ConsoleLogin"}
    assert owners("aws:", "PutObject") == {"aws:s3.amazonaws.com": "PutObject"}
    assert "aws:monitoring.amazonaws.com" in owners("aws:", "PutMetricAlarm")
    assert len(owners("aws:", "CreateUser")) > 5
    assert owners("aws:", "NoSuchOperation") == {}


@needs_shared
def test_cloudtrail_names_services_as_we_do() -> None:
    """Real CloudTrail events: the source that the event names is one that we say has the operation."""
    known: Counter[bool] = Counter()
    for path in sorted(shared("logs", "stratus-red-team").glob("*.json")):
        for event in json.loads(path.read_text(encoding="utf-8")):
            found = owners("aws:", event["eventName"])
            if found:
                known[f"aws:{event['eventSource']}" in found] += 1
    assert known[True] > 100
    assert known[False] == 0


def test_a_field_of_a_table_names_operations_of_one_log_source() -> None:
    counted = Counter((table, name) for source in LOG_SOURCES for table in source.tables for name in source.operations)
    assert [row for row, times in counted.items() if times > 1] == []
    for table in {table for table, _ in counted} - KNOWN_FUNCTIONS:
        assert table in tables(), table
    for source in LOG_SOURCES:
        fields = {
            column.name.lower() for table in source.tables if table in tables() for column in tables()[table].columns
        }
        fields = set() if source.tables & KNOWN_FUNCTIONS else fields
        for name in (*source.operations, *source.qualifiers):
            assert not fields or name.partition(".")[0] in fields, (sorted(source.tables), name)


def test_canonical_rows_name_real_fields() -> None:
    for names, field, canonical in _canonical_rows():
        assert all(name == "*" or name in tables() or name in KNOWN_FUNCTIONS for name in names), names
        known = [table for table in names if table in tables()]
        root = field.partition(".")[0]
        if known and root != "*" and canonical[0] != "=" and not KNOWN_FUNCTIONS.intersection(names):
            assert any(root == column.name for table in known for column in tables()[table].columns), (names, field)


def test_no_table_has_two_rows_for_a_field() -> None:
    counted = Counter((tuple(names), field) for names, field, _ in _canonical_rows() if field != "*")
    assert [row for row, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("file", OTHERS)
def test_no_heading_has_two_rows_for_a_field(file: str) -> None:
    rows = [(name.lower(), field.lower()) for names, field, _ in _canonical_rows(file) for name in names]
    assert [row for row, times in Counter(rows).items() if times > 1 and row[1] != "*"] == []


@needs_shared
@pytest.mark.parametrize("file", OTHERS)
def test_other_languages_have_the_same_kind_of_names(file: str) -> None:
    common = _json("schemas", "ecs-fields.json")["fields"].keys()
    roots = {name.partition(".")[0] for name in common}
    for names, _, name in _canonical_rows(file):
        if names != ["kept"]:
            assert name.partition(".")[0] in roots | VENDOR_NAMES, name


@needs_shared
def test_a_common_field_keeps_its_name() -> None:
    for name in _json("schemas", "ecs-fields.json")["fields"]:
        for language in ("eql", "kuery", "lucene", "esql"):
            assert canonical_field(language, (), name) == name.removesuffix(".text")


def test_a_canonical_name_is_its_own_canonical_name() -> None:
    """What other languages' fields are called, Elastic's rules call by no other name."""
    for file in ("canonical-sigma.txt", "canonical-udm.txt"):
        for _, _, name in _canonical_rows(file):
            if "{" not in name and "*" not in name:
                assert canonical_field("kuery", (), name) in (name, None), name


def _kinds() -> list[tuple[str, str, str, str]]:
    lines = DATA.joinpath("record-kinds.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(where, name, kind, platform) for where, name, kind, platform in cells]


def test_a_name_stands_for_one_kind_of_record() -> None:
    rows = [(where, name.lower()) for where, name, _, _ in _kinds()]
    assert rows == sorted(rows)
    assert len(set(rows)) == len(rows)


def test_every_kind_of_record_names_its_operations() -> None:
    known = frozenset[str]().union(*(source.tables for source in RECORD_SOURCES))
    assert {kind for _, _, kind, _ in _kinds()} - known == {"-"}
    assert {platform for _, _, _, platform in _kinds()} - _platforms() == {"Application"}


def _platforms() -> set[str]:
    lines = DATA.joinpath("platforms.txt").read_text(encoding="utf-8").splitlines()
    return {line[1:-1] for line in lines if line.startswith("[")}


def test_a_category_stands_for_events_of_known_logs() -> None:
    lines = DATA.joinpath("event-coverage.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    logs = {key.partition(":")[2].partition("/")[0] for _, *keys in rows for key in keys}
    assert logs <= windows_logs() | {"Kernel-File"}
    assert all(key.rpartition("/")[2].isdecimal() for _, *keys in rows for key in keys)


@needs_shared
def test_canonical_names_are_of_the_common_schema_or_a_vendor() -> None:
    common = _json("schemas", "ecs-fields.json")["fields"].keys()
    roots = {name.partition(".")[0] for name in common}
    names = {name for _, _, name in _canonical_rows() if not name.startswith("=")}
    for name in names:
        assert name.partition(".")[0] in roots | VENDOR_NAMES, name
    assert len(names & common) > 100


def test_a_name_has_one_platform() -> None:
    counted: Counter[str] = Counter()
    for line in DATA.joinpath("platforms.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith(("[", "#")):
            counted.update(line.split())
    assert [name for name, times in counted.items() if times > 1] == []


def test_feeds_are_sorted() -> None:
    lines = DATA.joinpath("third-party-feeds.tsv").read_text(encoding="utf-8").splitlines()
    names = [line.split("\t")[0] for line in lines if not line.startswith("#")]
    assert names == sorted(names)
