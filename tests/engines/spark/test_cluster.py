"""The yardstick's queries and the first rule on executors in processes of their own, row by row as on DuckDB."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.bounds import HANG
from tests.conftest import PROJECT, needs_shared, shared

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")


def compared(tmp_path: Path, work: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    pytest.importorskip("pyspark")
    (tmp_path / "work.json").write_text(json.dumps(work), "utf-8")
    command = [sys.executable, "-m", "tests.engines.spark.cluster", "local-cluster[2,1,1024]"]
    done = subprocess.run(
        [*command, str(tmp_path / "work.json")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=2 * HANG,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return found


@needs_shared
def test_executors_give_the_rows_of_duckdb(tmp_path: Path) -> None:
    logs = tmp_path / "AWSCloudTrail.parquet"
    subprocess.run([sys.executable, shared("bench", "make_cloudtrail.py"), "60000", logs], check=True)
    queries = {entry["id"]: entry["kusto"] for entry in json.loads(shared("bench", "queries.json").read_text("utf-8"))}
    rule = yaml.safe_load((PROJECT / "examples/rules/sentinel/AWS_UnauthorizedInstanceSetUpAttempt.yaml").read_text())
    example = PROJECT / "examples/logs/cloudtrail"
    work: list[dict[str, object]] = [
        {"logs": [str(logs)], "table": "AWSCloudTrail", "queries": queries},
        {"logs": [str(example)], "table": None, "queries": {"the first rule": rule["query"]}},
    ]
    found = compared(tmp_path, work)
    assert set(found) == {*queries, "the first rule"}
    for name, outcome in found.items():
        assert outcome["same"], name
        assert outcome["rows"], f"{name} finds nothing, which shows nothing"
