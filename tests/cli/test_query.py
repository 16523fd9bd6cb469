"""`detectionary query`: results in every format, the batch contract to the letter, plans, and what goes wrong."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bounds import HANG, heeds_interrupts
from tests.cli.conftest import Run
from tests.conftest import PROJECT

CLOUDTRAIL = PROJECT / "examples" / "logs" / "cloudtrail"
SIDE = "range {0} from 1 to 300000 step 1 | extend k = 1"
LONG = f"{SIDE.format('a')} | join kind=inner ({SIDE.format('b')}) on k | summarize sum(a * b % 7)"
"""Ninety thousand million pairs: nobody waits for that."""

ROWS = 'datatable(Name:string, Number:long, At:datetime)["a", 1, datetime(2026-01-02), "", long(null), datetime(null)]'


def test_rows_of_logs_as_a_table(run: Run) -> None:
    outcome = run(
        "query", "AWSCloudTrail | summarize Calls = count() by EventName | top 1 by Calls", "--logs", CLOUDTRAIL
    )
    assert outcome.status == 0
    head, row, count = outcome.out.strip().splitlines()
    assert head.split() == ["EventName", "Calls"]
    assert row.split() == ["DescribeInstances", "8"]
    assert count == "1 row"
    assert "AWSCloudTrail: 29 rows" in outcome.err


def test_json_has_columns_and_rows(run: Run) -> None:
    assert run("query", ROWS, "--format", "json").json() == {
        "columns": [
            {"name": "Name", "type": "string"},
            {"name": "Number", "type": "long"},
            {"name": "At", "type": "datetime"},
        ],
        "rows": [["a", 1, "2026-01-02T00:00:00.0000000Z"], ["", None, None]],
    }


def test_ndjson_is_an_object_a_row(run: Run) -> None:
    first, second = run("query", ROWS, "--format", "ndjson").lines()
    assert first == {"Name": "a", "Number": 1, "At": "2026-01-02T00:00:00.0000000Z"}
    assert second == {"Name": "", "Number": None, "At": None}


def test_csv_quotes_what_needs_it(run: Run) -> None:
    text = run("query", 'print a = "x,\\"y\\"", b = dynamic({"k": [1, 2]})', "--format", "csv").out
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ['x,"y"', '{"k": [1, 2]}']]


def test_parquet_keeps_the_kusto_types(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    assert run("query", ROWS, "--format", "parquet", "-o", path).status == 0
    table = pq.read_table(path)
    assert [field.metadata[b"kusto"].decode() for field in table.schema] == ["string", "long", "datetime"]
    assert table.column("Number").to_pylist() == [1, None]


def test_windows_events_count_once_where_a_query_reads_two_of_their_tables(run: Run) -> None:
    windows = PROJECT / "examples" / "logs" / "windows"
    query = "union SecurityEvent, WindowsEvent | count"
    outcome = run("query", query, "--logs", windows, "--format", "ndjson")
    assert outcome.lines() == [{"Count": 30}]
    assert "WindowsEvent: left out, its records stand in the query's other tables" in outcome.err
    assert run("query", "WindowsEvent | count", "--logs", windows, "--format", "ndjson").lines() == [{"Count": 30}]


def test_a_zone_in_parquet_is_read_whatever_the_machine_s_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 1, 2, 12, tzinfo=UTC)
    kind = pa.timestamp("us", tz="America/New_York")
    pq.write_table(pa.table({"TimeGenerated": pa.array([moment], kind)}), tmp_path / "zoned.parquet")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        outcome = run("query", "My_CL", "--table", "My_CL", "--logs", tmp_path / "zoned.parquet", "--format", "ndjson")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert outcome.lines() == [{"TimeGenerated": "2026-01-02T12:00:00.0000000Z"}]


@pytest.mark.parametrize("name", ["a[1].parquet", "b*.parquet", "it's ?.parquet"])
def test_a_parquet_file_may_have_any_name(run: Run, tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({"A": ["right"]}), tmp_path / name)
    pq.write_table(pa.table({"A": ["wrong"]}), tmp_path / "a1.parquet")
    outcome = run("query", "T_CL", "--table", "T_CL", "--logs", tmp_path / name, "--format", "ndjson")
    assert outcome.lines() == [{"A": "right"}], outcome.err


def test_a_query_may_stand_in_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "hunt.kql"
    path.write_text("print answer = 42", "utf-8")
    assert run("query", path, "--format", "ndjson").lines() == [{"answer": 42}]


def test_explain_prints_plan_and_sql(run: Run) -> None:
    outcome = run("query", 'AWSCloudTrail | where EventName == "it\'s"', "--explain", "--logs", CLOUDTRAIL)
    assert outcome.status == 0
    assert "scan AWSCloudTrail(" in outcome.out
    assert "'it''s'" in outcome.out


def test_schema_lists_what_the_logs_hold(run: Run) -> None:
    outcome = run("query", "--schema", "--logs", CLOUDTRAIL)
    assert outcome.out.startswith("AWSCloudTrail  29 rows, 2026-")
    assert "TimeGenerated" in outcome.out


def test_a_refusal_points_into_the_query(run: Run) -> None:
    outcome = run("query", "print x = rand()")
    assert outcome.status == 1
    assert outcome.out == ""
    assert "query:1:11: KQL401 error" in outcome.err
    assert "^^^^^^" in outcome.err


def test_an_unknown_table_is_no_empty_answer(run: Run) -> None:
    outcome = run("query", "NoSuchTable | take 1", "--logs", CLOUDTRAIL)
    assert outcome.status == 1
    assert "KQL201 error: no table is called NoSuchTable" in outcome.err


def test_now_is_right_after_the_last_record(run: Run) -> None:
    (row,) = run(
        "query",
        "AWSCloudTrail | summarize Age = now() - max(TimeGenerated)",
        "--logs",
        CLOUDTRAIL,
        "--format",
        "ndjson",
    ).lines()
    assert row == {"Age": "00:00:00.0000010"}
    (row,) = run("query", "print now()", "--at", "2026-01-15 12:00", "--format", "ndjson").lines()
    assert row == {"print_0": "2026-01-15T12:00:00.0000000Z"}


def test_a_watchlist_comes_from_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "admins.csv"
    path.write_text("SearchKey,Team\nalice,blue\nbob,red\n", "utf-8")
    query = "_GetWatchlist('admins') | where SearchKey == 'bob' | project Team"
    assert run("query", query).status == 1
    outcome = run("query", query, "--external", f"_GetWatchlist('admins')={path}", "--format", "ndjson")
    assert outcome.lines() == [{"Team": "red"}], outcome.err


def test_a_batch_answers_each_line_with_the_keys_of_the_contract(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "queries.ndjson"
    lines: list[object] = [
        {"id": "a", "query": 'print s = "x", t = 1h, d = dynamic([1, "b"]), n = int(null)'},
        {"id": 7, "query": "print rand()"},
        {"id": "b", "query": "T | wher"},
        "{not json",
        {"id": "c", "query": "range n from 1 to 2 step 1"},
    ]
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    outcome = run("query", "--batch", path)
    first, second, third, fourth, fifth = outcome.lines()
    assert outcome.status == 1
    assert first == {
        "id": "a",
        "columns": [
            {"name": "s", "type": "string"},
            {"name": "t", "type": "timespan"},
            {"name": "d", "type": "dynamic"},
            {"name": "n", "type": "int"},
        ],
        "rows": [["x", "01:00:00", [1, "b"], None]],
    }
    assert set(second) == {"id", "refused"}
    assert set(second["refused"][0]) == {"code", "message"}
    assert third["refused"][0]["code"].startswith("KQL0")
    assert fourth["id"] is None
    assert "error" in fourth
    assert fifth["rows"] == [[1], [2]]


def test_a_line_of_a_batch_that_asks_nothing_keeps_its_name(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "queries.ndjson"
    path.write_text('{"id": "x"}\n{"id": 7, "query": 5}\n' + "[" * 200_000 + '\n{"id": 8, "query": "print 1"}', "utf-8")
    first, second, third, fourth = run("query", "--batch", path).lines()
    assert (first["id"], second["id"], third["id"]) == ("x", 7, None)
    assert all("error" in answer for answer in (first, second, third))
    assert fourth["rows"] == [[1]]


def test_a_value_nested_too_deeply_is_an_error_and_no_crash(run: Run, tmp_path: Path) -> None:
    deep = "print d = parse_json(strcat(strrep('[', 1000), strrep('[', 1000), strrep(']', 1000), strrep(']', 1000)))"
    outcome = run("query", deep, "--format", "json")
    # From Python 3.12 on so many levels are written; before, that is more than the interpreter takes.
    assert outcome.status == 1 or outcome.out.count("[") > 2000, outcome.out[:200]
    path = tmp_path / "deep.ndjson"
    path.write_text(json.dumps({"id": 1, "query": deep}) + '\n{"id": 2, "query": "print 1"}', "utf-8")
    first, second = run("query", "--batch", path).lines()
    assert "error" in first or "refused" in first or first["rows"]
    assert second["rows"] == [[1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("query",), "no query is given"),
        (("query", "print 1", "--batch", "x"), "--batch takes its queries from its file"),
        (("query", "print 1", "--logs", "no-such-file"), "no file or folder no-such-file"),
        (("query", "print 1", "--engine", "oracle"), "no engine is called 'oracle'"),
        (("query", "print 1", "--external", "nothing"), "--external wants NAME=FILE"),
        (("query", "print 1", "--at", "soon"), "'soon' is no time"),
    ],
)
def test_usage_errors_say_what_to_do(run: Run, arguments: tuple[str, ...], message: str) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2
    assert message in outcome.err


def test_a_long_query_is_stopped_after_its_time(run: Run) -> None:
    outcome = run("query", LONG, "--timeout", "1")
    assert outcome.status == 1
    assert "KQL420" in outcome.err


TOLD = """
import sys
from detectionary.cli import main
from detectionary.engines.duckdb.session import DuckDBSession
run = DuckDBSession.run
def told(session, query):
    print("begins", flush=True)
    return run(session, query)
DuckDBSession.run = told
sys.exit(main(sys.argv[1:]))
"""
"""The command line, which says when a query begins: how long it takes to be loaded is another on every machine."""


def test_ctrl_c_leaves_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TOLD, "query", LONG]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_interrupts,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
            time.sleep(0.5)  # so that the engine is at work, most of the time; right before, it must end as well
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=HANG)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
