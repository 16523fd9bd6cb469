"""Real logs: every file of the reference material is read, or skipped with a reason that is expected here."""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from pathlib import Path

import pytest

from detectionary.logs import Logs, read_logs
from detectionary.schemas import tables
from tests.conftest import needs_shared, shared
from tests.logs.reading import rows

pytestmark = needs_shared

NO_HEADER = "is text without a header of columns: neither JSON nor CSV nor TSV"
ASKS = "name its table with --table"


def read(folder: Path, out: Path) -> Logs:
    logs = read_logs([folder], out, tables(), processes=1)
    met = {file.file.partition("!")[0] for file in logs.files}
    assert met == {str(path) for path in folder.rglob("*") if path.is_file()}
    for file in logs.files:
        assert file.records or file.skipped, file.file
    return logs


def reasons(logs: Logs) -> Counter[str]:
    """How often each reason stands, those about columns as one."""
    return Counter(ASKS if (file.skipped or "").endswith(ASKS) else file.skipped or "" for file in logs.skipped)


def test_stratus_red_team(tmp_path: Path) -> None:
    logs = read(shared("logs", "stratus-red-team"), tmp_path)
    assert reasons(logs) == {NO_HEADER: 2}
    assert {name: table.rows for name, table in logs.tables.items()} == {"AWSCloudTrail": 310}
    assert (logs.broken_count, logs.misfits) == (0, ())
    assert {file.records > 0 for file in logs.files if file.file.endswith(".json")} == {True}


def test_sample_data_of_sentinel(tmp_path: Path) -> None:
    logs = read(shared("logs", "azure-sentinel-sample-data"), tmp_path)
    told = reasons(logs)
    # Each of these may only fall: a format or a table more is read then.
    assert set(told) <= {NO_HEADER, ASKS, "is a binary file of an unknown kind", "holds no record"}
    assert told[NO_HEADER] <= 9
    assert told[ASKS] <= 69
    assert sum(file.records > 0 for file in logs.files) >= 86
    assert logs.records >= 7_470
    assert logs.broken_count <= 56
    found = {name: table.rows for name, table in logs.tables.items()}
    expected = {
        "AWSCloudTrail": 4, "AzureActivity": 348, "CommonSecurityLog": 1712, "OfficeActivity": 266, "SigninLogs": 60,
        "Syslog": 1440,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    for name in expected:
        assert logs.tables[name].first is not None


def test_security_datasets(tmp_path: Path) -> None:
    logs = read(shared("logs", "security-datasets"), tmp_path)
    told = reasons(logs)
    assert told[NO_HEADER] <= 109  # the folder's own descriptions in YAML, its licence, and two audit logs
    assert told[ASKS] <= 2
    assert set(told) == {NO_HEADER, ASKS}
    found = {name: table.rows for name, table in logs.tables.items()}
    expected = {
        "AWSCloudTrail": 103, "AuditLogs": 2, "Event": 21501, "OfficeActivity": 1, "SecurityEvent": 9132, "Syslog": 50,
        "VMConnection": 5, "WindowsEvent": 30557,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert logs.records >= 30_717
    accounts = {row[0] for row in rows(logs.tables["SecurityEvent"], ["Account"])}
    assert {account for account in accounts if "\\" not in account} == {"''"}


def test_event_log_files(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for path in shared("corpora", "sigma", "regression_data").rglob("*.evtx"):
        shutil.copy(path, folder)
    logs = read(folder, tmp_path / "out")
    assert len(logs.files) == 16
    assert {file.format for file in logs.files} == {"evtx"}
    assert (logs.broken_count, logs.skipped) == (0, ())
    assert logs.records == logs.tables["WindowsEvent"].rows
    assert logs.records == sum(table.rows for name, table in logs.tables.items() if name != "WindowsEvent")
    for channel, provider in rows(logs.tables["WindowsEvent"], ["Channel", "Provider"]):
        assert channel != "''"
        assert provider != "''"


@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_event_log_gives_what_it_has(packed: bool, tmp_path: Path) -> None:
    body = max(shared("corpora", "sigma", "regression_data").rglob("*.evtx"), key=lambda path: path.stat().st_size)
    damaged = bytearray(body.read_bytes())
    damaged[4096 + 600 : 4096 + 900] = bytes(300)
    folder = tmp_path / "logs"
    folder.mkdir()
    if packed:
        (folder / "a.gz").write_bytes(gzip.compress(bytes(damaged)))
    else:
        (folder / "a.evtx").write_bytes(damaged)
    (folder / "b.evtx").write_bytes(b"ElfFile\0" + b"no more")
    logs = read(folder, tmp_path / "out")
    assert logs.broken_count >= 1 or logs.skipped
    assert "damaged event log" in (logs.files[1].skipped or "")
