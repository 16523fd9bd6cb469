"""Many files at once, in one process or several: the same tables, everything accounted for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from detectionary.logs import FORMATS, MAPPINGS, UNMAPPED, Logs, read_logs
from detectionary.logs.jobs import split
from detectionary.logs.parts import stored_names
from detectionary.logs.sources import InputFile, find
from detectionary.logs.workers import Read, Workers
from detectionary.schemas import tables
from tests.bounds import HANG, heeds_interrupts
from tests.logs.reading import read, rows


def many(folder: Path) -> Path:
    for number in range(12):
        records = [
            {"Type": "Syslog", "TimeGenerated": f"2026-11-20T09:{number:02}:{second:02}Z", "HostName": f"h{number}"}
            for second in range(50)
        ]
        text = "".join(json.dumps(record) + "\n" for record in records)
        (folder / f"{number:02}.json").write_text(text + "broken\n")
    return folder


def bytes_of(logs: Logs) -> dict[str, list[bytes]]:
    return {name: [path.read_bytes() for path in table.files] for name, table in logs.tables.items()}


def test_what_is_read_does_not_depend_on_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectionary.logs.reading._JOB", range(1, 2_000))
    (tmp_path / "logs").mkdir()
    folder = many(tmp_path / "logs")
    seen: list[tuple[int, int, int]] = []
    one = read_logs([folder], tmp_path / "one", tables(), processes=1)
    two = read_logs([folder], tmp_path / "two", tables(), processes=2, progress=lambda *facts: seen.append(facts))
    assert bytes_of(one) == bytes_of(two)
    assert (one.files, one.broken, one.records) == (two.files, two.broken, 600)
    assert len(two.tables["Syslog"].files) == 12
    assert seen[-1] == (seen[-1][1], seen[-1][1], 600)
    assert [facts[0] for facts in seen] == sorted(facts[0] for facts in seen)


def test_jobs_hold_whole_files_of_about_a_size() -> None:
    files = [InputFile(Path(str(number)), size, 0) for number, size in enumerate([5, 5, 5, 20, 1, 1])]
    assert [[file.size for file in job] for job in split(files, 10)] == [[5, 5], [5], [20], [1, 1]]
    assert split([], 10) == []


def test_times_of_a_table(tmp_path: Path) -> None:
    logs = read(tmp_path, {"a.json": '{"Type":"Syslog","TimeGenerated":"2026-11-20T09:00:00Z"}\n{"Type":"Syslog"}'})
    table = logs.tables["Syslog"]
    assert table.first == table.last
    assert table.timeless == 1
    assert str(table.first) == "2026-11-20 09:00:00"
    assert table.schema.name == "Syslog"
    assert "TimeGenerated" in {column.name for column in table.schema.columns}


def test_files_have_the_columns_that_the_table_says(tmp_path: Path) -> None:
    logs = read(
        tmp_path, {"a.json": '{"Channel":"Security","EventID":1,"Hostname":"h","TimeCreated":"2026-11-20T09:00:00Z"}'}
    )
    for table in logs.tables.values():
        for path in table.files:
            schema = pq.read_schema(path)
            assert schema.names == [column.stored for column in table.columns]
            assert [held.nullable for held in schema] == [column.nullable for column in table.columns]
        assert table.columns[-1].name == UNMAPPED


def test_a_query_sees_a_windows_event_in_one_table_only(tmp_path: Path) -> None:
    logs = read(
        tmp_path, {"a.json": '{"Channel":"Security","EventID":1,"Hostname":"h","TimeCreated":"2026-11-20T09:00:00Z"}'}
    )
    seen = {
        names: {name: table.rows for name, table in logs.seen_by(names.split()).items()}
        for names in ("WindowsEvent", "SecurityEvent", "SecurityEvent WindowsEvent", "Syslog")
    }
    assert seen == {
        "WindowsEvent": {"SecurityEvent": 1, "WindowsEvent": 1},
        "SecurityEvent": {"SecurityEvent": 1, "WindowsEvent": 1},
        "SecurityEvent WindowsEvent": {"SecurityEvent": 1, "WindowsEvent": 0},
        "Syslog": {"SecurityEvent": 1, "WindowsEvent": 1},
    }


def test_names_in_files_are_unique_whatever_their_case() -> None:
    assert stored_names(["a", "A", "a_2", "b"]) == {"a": "a", "A": "A_2", "a_2": "a_2_2", "b": "b"}


def test_no_name_of_a_stranger_becomes_a_path(tmp_path: Path) -> None:
    logs = read(tmp_path, {"a.json": '{"n":1}'}, table="../../x'; drop")
    (path,) = logs.tables["../../x'; drop"].files
    assert path.parent == tmp_path / "out"


def test_only_so_many_broken_records_are_named(tmp_path: Path) -> None:
    logs = read(tmp_path, {"a.json": '{"Type":"Syslog"}\n' + "broken\n" * 100})
    assert (len(logs.broken), logs.broken_count, logs.files[0].broken) == (20, 100, 100)


def test_only_so_many_notes_are_kept(tmp_path: Path) -> None:
    event = '{"Channel":"Security","EventID":1,"Hostname":"h","TimeCreated":"2026-11-20 09:00:00"}'
    logs = read(tmp_path, {f"{number:02}.json": event for number in range(60)})
    assert len(logs.notes) == 51
    assert logs.notes[-1] == "and 10 more of such notes"


def test_without_a_schema_nothing_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"eventTime":"2026-11-20T09:00:03Z","eventSource":"a","eventName":"b","awsRegion":"c"}'
    )
    logs = read_logs([tmp_path / "a.json"], tmp_path / "out", {})
    assert logs.tables == {}
    assert [file.skipped for file in logs.skipped] == ["no known table has its fields: name its table with --table"]


def test_no_known_table_has_the_column_for_unmapped_fields() -> None:
    assert not [name for name, table in tables().items() if UNMAPPED in {column.name for column in table.columns}]


def test_mappings_name_known_tables() -> None:
    known = tables()
    named = {table for mapping in MAPPINGS for table in mapping.tables if " " not in table}
    assert named <= known.keys()
    assert len({item.name for item in FORMATS}) == len(FORMATS)


def test_the_example_loads(tmp_path: Path) -> None:
    folder = Path(__file__).resolve().parents[2] / "examples" / "logs" / "cloudtrail"
    logs = read_logs([folder], tmp_path, tables())
    assert list(logs.tables) == ["AWSCloudTrail"]
    assert (logs.broken_count, logs.skipped, logs.misfits) == (0, (), ())
    assert logs.records > 20
    assert ("Client.UnauthorizedOperation",) in rows(logs.tables["AWSCloudTrail"], ["ErrorCode"])


def test_the_windows_example_loads(tmp_path: Path) -> None:
    folder = Path(__file__).resolve().parents[2] / "examples" / "logs" / "windows"
    logs = read_logs([folder], tmp_path, tables())
    assert {name: table.rows for name, table in logs.tables.items()} == {"SecurityEvent": 30, "WindowsEvent": 30}
    assert (logs.broken_count, logs.skipped, logs.misfits, logs.notes) == (0, (), (), ())
    failures = [row for row in rows(logs.tables["SecurityEvent"], ["EventID", "TargetUserName"]) if row[1] == "carol"]
    assert failures == [("4625", "carol")] * 24 + [("4624", "carol")]


SLOW = """
import sys
from pathlib import Path
from detectionary.logs import reading, read_logs
from detectionary.schemas import tables
reading._JOB = range(1, 2)
def tell(done, total, records):
    print(records, flush=True)
if __name__ == "__main__":
    read_logs([Path(sys.argv[1])], Path(sys.argv[2]), tables(), processes=2, progress=tell)
"""


def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for number in range(400):
        (tmp_path / "logs" / f"{number:04}.json").write_text('{"Type":"Syslog","HostName":"h"}\n' * 2000)
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    command = [sys.executable, str(script), str(tmp_path / "logs"), str(tmp_path / "out")]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        preexec_fn=heeds_interrupts,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of them
        told, _ = process.communicate(timeout=HANG)  # ends when the last process that holds its output does
    assert process.returncode != 0
    assert b"800000" not in told.split(), "all was read before it ended"


def test_a_script_without_a_guard_may_use_several_processes(tmp_path: Path) -> None:
    """What `multiprocessing` cannot: its processes import the main module, which would read the logs once more."""
    (tmp_path / "logs").mkdir()
    many(tmp_path / "logs")
    script = SLOW.replace('if __name__ == "__main__":\n    ', "").replace("sys.argv[1]", repr(str(tmp_path / "logs")))
    script = script.replace("sys.argv[2]", repr(str(tmp_path / "out")))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}
    command = [sys.executable, "-"]
    done = subprocess.run(
        command, input=script, text=True, env=environment, capture_output=True, timeout=HANG, check=True
    )
    assert done.stdout.splitlines()[-1] == "600"


def test_a_fault_of_ours_in_another_process_is_raised_here(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    folder = many(tmp_path / "logs")
    with (
        Workers(2, tables(), tmp_path / "no such folder", None) as workers,
        pytest.raises(FileNotFoundError, match="no such folder"),
    ):
        list(workers.map([Read((item,)) for item in find([folder]) if isinstance(item, InputFile)]))
