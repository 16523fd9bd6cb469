"""An ingest killed at any point leaves a whole catalog, and the next run completes it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from detectionary.catalog import content_digest, open_catalog
from tests.bounds import HANG
from tests.conftest import PROJECT
from tests.ingest.folders import PARSER, function, old, rule, run, small_repository, write

INGEST = """
import sys
from pathlib import Path
import detectionary.ingest.run as run
run._BATCH = 7  # many small transactions: more places to be killed at
from tests.ingest.folders import run as ingest
def tell(phase, done, total):
    print(phase, done, flush=True)
if __name__ == "__main__":
    print("begins", flush=True)
    ingest(Path(sys.argv[1]), Path(sys.argv[2]), processes=2, progress=tell)
    print("done", flush=True)
"""


def start(script: Path, db: Path, root: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(PROJECT), str(PROJECT / "src")])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(
        [sys.executable, str(script), str(db), str(root)], env=environment, stdout=subprocess.PIPE, text=True
    )


def whole(db: Path) -> None:
    """No table disagrees with another."""
    connection = sqlite3.connect(db)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.execute("INSERT INTO search (search) VALUES ('integrity-check')")
    connection.rollback()
    without_text = connection.execute(
        "SELECT COUNT(*) FROM rules WHERE id NOT IN (SELECT rule FROM rule_versions WHERE current = 1)"
    ).fetchone()
    connection.close()
    assert without_text == (0,)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_points_and_run_again(tmp_path: Path, seed: int) -> None:
    root = small_repository(tmp_path)
    for number in range(150):
        query = f"Logins | where Who == '{number % 11}' and ResultType == {number}"
        write(root, f"Many/{number % 5}/Rule{number}.yaml", rule(f"many{number}", query))
    script = write(tmp_path, "ingest.py", INGEST)
    db, clean = tmp_path / "killed.db", tmp_path / "clean.db"
    chance = random.Random(seed)
    process = start(script, db, root)
    steps = process.communicate()[0].splitlines()
    assert (steps[0], steps[-1]) == ("begins", "done")
    db.unlink()

    killed = 0
    for attempt in range(4):
        if attempt == 2:  # half-way through, the parser that all rest on becomes another one
            write(root, PARSER, function("Logins", "SigninLogs | extend Who = UserPrincipalName, More = 1"))
        process = start(script, db, root)
        assert process.stdout is not None
        # A point of the work, not of time: runs take longer or shorter, as others use the machine.
        for _ in range(chance.randrange(len(steps))):
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        output, _ = process.communicate()
        killed += "done" not in output
        if db.exists() and db.stat().st_size:
            with open_catalog(db) as catalog:
                assert all(entry.rule.title for entry in catalog.entries())
            whole(db)
    assert killed, "every run ended before it was killed: the test proves nothing"
    old(root)
    run(db, root)
    run(clean, root)
    assert content_digest(db) == content_digest(clean)
    with open_catalog(db) as catalog:
        assert catalog.totals().complete
        assert catalog.totals().rules == 154
    whole(db)
    assert sorted(place.name for place in tmp_path.glob("*.db*")) == ["clean.db", "killed.db"]


def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    root = small_repository(tmp_path)
    for number in range(400):
        write(root, f"Many/Rule{number}.yaml", rule(f"many{number}", f"SecurityEvent | take {number}"))
    process = start(write(tmp_path, "ingest.py", INGEST), tmp_path / "killed.db", root)
    assert process.stdout is not None
    process.stdout.readline()
    workers: set[int] = set()
    until = time.monotonic() + HANG
    while len(workers) < 2 and time.monotonic() < until:
        workers = _descendants(process.pid)
    process.kill()
    process.communicate()
    assert workers
    while workers and time.monotonic() < until + HANG:
        workers = {worker for worker in workers if _alive(worker)}
        time.sleep(0.05)
    assert not workers


def _descendants(process: int) -> set[int]:
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number, parent = int(status.parent.name), int(fields[1])
        if parent == process:
            found |= {number} | _descendants(number)
    return found


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
