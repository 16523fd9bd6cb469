"""Parquet files of users: in place when they can be, rewritten when not."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from detectionary.logs import LogColumn, Logs, read_logs
from detectionary.schemas import tables
from tests.logs.reading import rows

MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
EVENTS: dict[str, Any] = {
    "TimeGenerated": pa.array([MOMENT, MOMENT + timedelta(hours=1)], pa.timestamp("us")),
    "EventName": ["RunInstances", "CreateUser"],
    "eventsource": pa.array(["a", None], pa.string()),
    "SessionMfaAuthenticated": [True, None],
}


def write(path: Path, columns: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def read(*paths: Path, out: Path, **options: Any) -> Logs:
    return read_logs(paths, out, tables(), **options)


def test_a_file_that_can_be_read_as_it_is_stays_where_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.bin", EVENTS)
    logs = read(path, out=tmp_path / "out", table="AWSCloudTrail")
    table = logs.tables["AWSCloudTrail"]
    assert table.files == (path,)
    assert list((tmp_path / "out").iterdir()) == []
    assert (table.rows, table.first, table.last) == (2, datetime(2026, 11, 20, 9), datetime(2026, 11, 20, 10))
    assert table.columns == (
        LogColumn("TimeGenerated", "datetime", "TimeGenerated", nullable=False),
        LogColumn("EventName", "string", "EventName", nullable=False),
        LogColumn("EventSource", "string", "eventsource", nullable=True),
        LogColumn("SessionMfaAuthenticated", "bool", "SessionMfaAuthenticated", nullable=True),
    )
    assert (logs.files[0].records, table.timeless) == (2, 0)


def test_widths_zones_and_kinds_of_text_are_read_as_they_are(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        {
            "TimeGenerated": pa.array([MOMENT], pa.timestamp("ns", tz="Europe/Berlin")),
            "EventID": pa.array([4624], pa.int64()),
            "Account": pa.array(["A\\b"], pa.large_string()),
            "Computer": pa.array(["h"]).dictionary_encode(),
            "LogonType": pa.array([3], pa.int16()),
        },
    )
    table = read(path, out=tmp_path / "out", table="SecurityEvent").tables["SecurityEvent"]
    assert table.files == (path,)
    assert {column.name: column.type for column in table.columns} == {
        "TimeGenerated": "datetime", "EventID": "long", "Account": "string", "Computer": "string", "LogonType": "int",
    }  # fmt: skip
    assert table.first == datetime(2026, 11, 20, 9)


def test_what_cannot_be_read_as_it_is_is_rewritten(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        {
            "TimeGenerated": ["2026-11-20T09:00:00Z", "?"],
            "UserPrincipalName": pa.array([None, "bob"], pa.string()),
            "Status": pa.array([{"errorCode": 1}, None], pa.struct([("errorCode", pa.int64())])),
            "DeviceDetail": ['{"a": 1}', "text"],
            "Extra": [[1], [2]],
        },
    )
    logs = read(path, out=tmp_path / "out", table="SigninLogs")
    assert rows(
        logs.tables["SigninLogs"], ["TimeGenerated", "UserPrincipalName", "Status", "DeviceDetail", "UnmappedFields"]
    ) == [
        ("2026-11-20T09:00:00Z", "''", '{"errorCode":1}', '{"a":1}', '{"Extra":[1]}'),
        ("null", "bob", "null", '"text"', '{"Extra":[2]}'),
    ]
    assert [(it.column, it.count) for it in logs.misfits] == [("TimeGenerated", 1)]


def test_files_that_differ_are_rewritten_together(tmp_path: Path) -> None:
    first = write(tmp_path / "logs/a.parquet", EVENTS)
    second = write(tmp_path / "logs/b.parquet", {"TimeGenerated": EVENTS["TimeGenerated"], "EventName": ["C", "D"]})
    table = read(first, second, out=tmp_path / "out", table="AWSCloudTrail").tables["AWSCloudTrail"]
    assert rows(table, ["EventName", "EventSource"]) == [
        ("RunInstances", "a"), ("CreateUser", "''"), ("C", "''"), ("D", "''"),
    ]  # fmt: skip
    assert {path.parent for path in table.files} == {tmp_path / "out"}


def test_files_that_are_alike_stay_together(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"logs/{name}.parquet", EVENTS) for name in "ab"]
    table = read(tmp_path / "logs", out=tmp_path / "out", table="AWSCloudTrail").tables["AWSCloudTrail"]
    assert table.files == tuple(paths)
    assert table.rows == 4


def test_another_format_takes_parquet_with_it(tmp_path: Path) -> None:
    path = write(tmp_path / "logs/a.parquet", EVENTS)
    other = tmp_path / "logs/b.json"
    other.write_text('{"TimeGenerated":"2026-11-20T09:00:00Z","EventName":"X"}')
    table = read(path, other, out=tmp_path / "out", table="AWSCloudTrail").tables["AWSCloudTrail"]
    assert sorted(rows(table, ["EventName"])) == [("CreateUser",), ("RunInstances",), ("X",)]
    assert table.rows == 3


def test_a_packed_file_is_rewritten(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", EVENTS)
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    table = read(packed, out=tmp_path / "out", table="AWSCloudTrail").tables["AWSCloudTrail"]
    assert rows(table, ["EventName", "TimeGenerated"]) == [
        ("RunInstances", "2026-11-20T09:00:00Z"),
        ("CreateUser", "2026-11-20T10:00:00Z"),
    ]


def test_an_unknown_table_by_its_own_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"n": [1, 2], "s": ["a", "b"]})
    table = read(path, out=tmp_path / "out", table="Mine").tables["Mine"]
    assert table.files == (path,)
    assert [(column.name, column.type) for column in table.columns] == [("n", "long"), ("s", "string")]


def test_an_unknown_table_of_types_that_must_be_rewritten(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        {
            "d": [Decimal("1.50")], "day": [date(2026, 11, 20)], "span": [timedelta(hours=-1)], "b": [b"x\xff"],
            "n": [1], "N": ["y"], "when": [MOMENT], "u": pa.array([2**64 - 1], pa.uint64()),
        },
    )  # fmt: skip
    table = read(path, out=tmp_path / "out", table="Mine").tables["Mine"]
    assert rows(table, ["d", "day", "span", "b", "n", "N", "when", "u"]) == [
        (
            "1.50",
            "2026-11-20T00:00:00Z",
            "-36000000000",
            "x\\xff",
            "1",
            "y",
            "2026-11-20T09:00:00Z",
            "18446744073709551615",
        )
    ]
    assert len({column.stored.lower() for column in table.columns}) == len(table.columns)


def test_the_table_is_told_by_the_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        {name: ["x"] for name in ("SenderFromAddress", "NetworkMessageId", "EmailDirection", "UrlCount")},
    )
    assert list(read(path, out=tmp_path / "out").tables) == ["EmailEvents"]


def test_a_file_without_a_known_table_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"alpha": [1]})
    logs = read(path, out=tmp_path / "out")
    assert [file.skipped for file in logs.skipped] == [
        "1 records: no known table has its fields: name its table with --table"
    ]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", EVENTS)
    path.write_bytes(path.read_bytes()[:-200])
    logs = read(path, out=tmp_path / "out", table="AWSCloudTrail")
    assert logs.tables == {}
    assert "is damaged Parquet" in (logs.files[0].skipped or "")
