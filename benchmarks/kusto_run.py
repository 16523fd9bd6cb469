"""Kusto queries run on generated CloudTrail rows: `python -m benchmarks.kusto_run [--rows N …]`.

The three queries of ../shared/bench on Parquet, three sides in turn in one run: this project, the hand-written SQL that
stands beside the queries, and duckdb-kql (from PyPI, in an environment of its own). Execution and fetch on an open
connection, medians; compiling is reported apart.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpus import PROJECT, SHARED
from benchmarks.table import print_table

PEER: Final = ("duckdb-kql==1.1.2", "duckdb==2.0.0", "pyarrow")

_SLOW: Final = 5_000
"""A peer that needs more milliseconds than this is asked three times only."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.kusto_run", description=__doc__.partition(":")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 5_000_000])
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args(arguments)
    bench = SHARED / "bench"
    if not bench.exists():
        print("kusto_run: skipped, ../shared/bench is not beside this checkout")
        return 0
    queries = json.loads((bench / "queries.json").read_text())
    with tempfile.TemporaryDirectory(prefix="detectionary-run-") as temporary:
        peer = _peer(Path(temporary) / "peer")
        for rows in options.rows:
            parquet = Path(temporary) / f"{rows}.parquet"
            _generate(bench / "make_cloudtrail.py", rows, parquet)
            print(
                f"\n{rows:,} rows of AWSCloudTrail in Parquet, {options.runs} runs in turn, medians in milliseconds\n"
            )
            _measure(queries, bench / "queries.json", parquet, peer, options.runs)
            parquet.unlink()
    return 0


_MOST_AT_ONCE: Final = 3_500_000
"""The generator multiplies beyond 64 bits above 3,558,399 rows; more are made of its million, several times over."""


def _generate(script: Path, rows: int, parquet: Path) -> None:
    part = rows if rows <= _MOST_AT_ONCE else 1_000_000
    first = parquet if part == rows else parquet.with_suffix(".part.parquet")
    subprocess.run([sys.executable, script, str(part), first], check=True)
    if first is not parquet:
        tables = [pq.read_table(first)] * (rows // part)
        pq.write_table(pa.concat_tables(tables), parquet, compression="zstd", row_group_size=122_880)
        first.unlink()


def _peer(folder: Path) -> str | None:
    """The Python of the peer's own environment, None when it cannot be had."""
    try:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = folder / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the peer is left out: {error}")
        return None
    return str(python)


def _measure(queries: list[dict[str, str]], file: Path, parquet: Path, peer: str | None, runs: int) -> None:
    pythons = {"ours": sys.executable, "sql": sys.executable, "peer": peer}
    workers = {
        side: subprocess.Popen(
            [python, PROJECT / "benchmarks" / "run_worker.py", side, parquet, file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side, python in pythons.items()
        if python is not None
    }
    for worker in workers.values():
        _answer(worker)
    rows: list[tuple[str, ...]] = []
    for number, query in enumerate(queries):
        times: dict[str, list[float]] = {side: [] for side in workers}
        compiles: list[float] = []
        counts: dict[str, object] = {}
        for _ in range(runs):
            for side, worker in workers.items():
                if side == "peer" and len(times[side]) >= 3 and min(times[side]) > _SLOW:
                    continue
                answer = _answer(worker, number)
                if isinstance(answer, str):
                    counts[side] = answer
                    continue
                compiled, ran, counts[side] = answer
                times[side].append(ran)
                if side == "ours":
                    compiles.append(compiled)
        medians = {side: statistics.median(found) for side, found in times.items() if found}
        ours, sql, other = medians.get("ours"), medians["sql"], medians.get("peer")
        rows.append(
            (
                query["id"],
                str(counts["sql"])
                if counts["sql"] == counts.get("ours")
                else f"{counts['sql']} / {counts.get('ours')}",
                f"{ours:.0f}" if ours else "refused",
                f"{sql:.0f}",
                f"{other:.0f}" if other else "refused",
                f"{ours / sql:.2f}" if ours else "-",
                f"{ours / other:.2f}" if ours and other else "-",
                f"{statistics.median(compiles):.1f}" if compiles else "-",
            )
        )
    print_table(("query", "rows", "ours", "SQL", "duckdb-kql", "ours/SQL", "ours/duckdb-kql", "compile"), rows)
    for worker in workers.values():
        if worker.stdin is not None:
            worker.stdin.close()
        worker.wait()


def _answer(worker: subprocess.Popen[str], number: int | None = None) -> Any:
    if number is not None and worker.stdin is not None:
        worker.stdin.write(f"{number}\n")
        worker.stdin.flush()
    line = worker.stdout.readline() if worker.stdout is not None else ""
    if not line:
        raise SystemExit("a side of the benchmark stopped")
    return json.loads(line)


if __name__ == "__main__":
    sys.exit(main())
