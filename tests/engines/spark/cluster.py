"""Queries on two engines over the same files, for `test_cluster`: run as a program, since a process has one context.

    python -m tests.engines.spark.cluster MASTER WORK.json

`WORK.json` has a list of {"logs": paths, "table": name or null, "queries": {name: text}}; on stdout go, for each query,
whether the rows of both engines are the same, and how many there are.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.ticks import ticks_of
from detectionary.engines.duckdb.session import ENGINE as DUCKDB
from detectionary.engines.engine import Engine, Limits
from detectionary.engines.running import run_query
from detectionary.engines.spark.session import Spark
from detectionary.engines.tables import environment_over
from detectionary.logs.reading import read_logs
from detectionary.logs.tables import LogTable
from detectionary.schemas import environment_base
from detectionary.text import SourceText
from tests.bounds import HANG

LIMITS = Limits(memory=1024, seconds=HANG)


def rows(engine: Engine, tables: dict[str, LogTable], queries: dict[str, str]) -> dict[str, list[str]]:
    """The rows of each query as sorted JSON texts."""
    last = max((table.last for table in tables.values() if table.last is not None), default=None)
    evaluation = Evaluation(ticks_of(last) if last is not None else 0)
    setting = Setting(environment_over(environment_base(), tables))
    with engine.open(tables, LIMITS) as session:
        found = {}
        for name, text in queries.items():
            _, result = run_query(SourceText(text, name), setting, engine.dialect, session, evaluation)
            found[name] = sorted(json.dumps(row) for row in result.rows())
        return found


def main() -> None:
    master, work = sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))
    spark = Spark(master, {"spark.executor.memory": "768m", "spark.sql.shuffle.partitions": "4"})
    answer = {}
    for task in work:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(path) for path in task["logs"]]
            logs = read_logs(paths, Path(folder), environment_base().tables, table=task["table"])
            tables = dict(logs.tables)
            ours, theirs = (rows(engine, tables, task["queries"]) for engine in (spark, DUCKDB))
        for name in task["queries"]:
            answer[name] = {"same": ours[name] == theirs[name], "rows": len(ours[name])}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
