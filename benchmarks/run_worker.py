"""One side of `benchmarks.kusto_run`: a process that runs the three queries when it is told to.

    python run_worker.py ours|sql|peer ROWS.parquet QUERIES.json

Reads the number of a query from each line of standard input and answers with a JSON line: milliseconds of compiling
(null for plain SQL), milliseconds of execution and fetch into an Arrow table, rows. `peer` runs in an environment of
its own that has duckdb-kql and none of this project.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[[int], tuple[float | None, float, int]]
"""From the number of a query to (milliseconds of compiling, milliseconds of running, rows)."""


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = action()
    return result, (time.perf_counter() - start) * 1000


def ours(parquet: str, queries: list[dict[str, str]]) -> Run:
    import tempfile
    from datetime import datetime

    from detectionary.compiler.compile import Evaluation, Setting
    from detectionary.compiler.ticks import ticks_of
    from detectionary.engines.duckdb.session import ENGINE
    from detectionary.engines.engine import Limits
    from detectionary.engines.running import prepare
    from detectionary.engines.tables import environment_over
    from detectionary.logs.reading import read_logs
    from detectionary.schemas import environment_base
    from detectionary.text import SourceText

    base = environment_base()
    logs = read_logs([Path(parquet)], Path(tempfile.mkdtemp()), base.tables, table="AWSCloudTrail")
    session = ENGINE.open(logs.tables, Limits(memory=8192))
    setting = Setting(environment_over(base, logs.tables))
    evaluation = Evaluation(ticks_of(datetime(2026, 2, 1)))

    def run(number: int) -> tuple[float | None, float, int]:
        source = SourceText(queries[number]["kusto"], queries[number]["id"])

        def compiling() -> Any:
            compiled = prepare(source, setting, ENGINE.dialect, session, evaluation)
            compiled.text()
            return compiled

        compiled, compile_ms = _timed(compiling)
        result, run_ms = _timed(lambda: session.run(compiled))
        return compile_ms, run_ms, len(result)

    return run


def sql(parquet: str, queries: list[dict[str, str]]) -> Run:
    import duckdb

    connection = duckdb.connect()
    connection.read_parquet(parquet).create_view("AWSCloudTrail")

    def run(number: int) -> tuple[float | None, float, int]:
        table, run_ms = _timed(lambda: connection.sql(queries[number]["sql"]).to_arrow_table())
        return None, run_ms, table.num_rows

    return run


def peer(parquet: str, queries: list[dict[str, str]]) -> Run:
    import duckdb_kql

    connection = duckdb_kql.connect()
    connection.read_parquet(parquet).create_view("AWSCloudTrail")

    def run(number: int) -> tuple[float | None, float, int]:
        relation, compile_ms = _timed(lambda: duckdb_kql.kql(connection, queries[number]["kusto"]))
        table, run_ms = _timed(lambda: relation.to_arrow_table())
        return compile_ms, run_ms, table.num_rows

    return run


def main() -> None:
    side, parquet, file = sys.argv[1:4]
    run = {"ours": ours, "sql": sql, "peer": peer}[side](parquet, json.loads(Path(file).read_text()))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        try:
            answer: object = run(int(line))
        except Exception as error:  # a side that refuses a query says so, and the others go on
            answer = f"{type(error).__name__}: {error}".splitlines()[0][:100]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
