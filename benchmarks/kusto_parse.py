"""Kusto front end a rule, beside Microsoft's own parser: `python -m benchmarks.kusto_parse [--binding-sample N]`.

Every figure is the second pass of one process over the same queries. Both parsers run in turn in the same minutes on
the same machine, so the ratios hold where the milliseconds do not.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Final

from benchmarks.corpus import ORACLE, PROJECT, SENTINEL, TABLES, analytic_queries
from benchmarks.table import print_table

ROUNDS: Final = 3
_CACHE: Final = Path(tempfile.gettempdir()) / "detectionary-kusto-oracle"


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.kusto_parse", description=__doc__.partition(":")[0])
    options.add_argument("--binding-sample", type=int, default=250, metavar="N", help="rules for the runs that bind")
    options.add_argument("--measure", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    if chosen.measure:
        json.dump(_measure(_OURS[chosen.measure[0]](), json.loads(Path(chosen.measure[1]).read_text())), sys.stdout)
        return 0
    if not SENTINEL.is_dir():
        print("kusto_parse: skipped, ../shared/corpora/azure-sentinel is not beside this checkout")
        return 0
    queries = analytic_queries()
    sample = queries[:: max(1, len(queries) // max(1, chosen.binding_sample))]
    print(f"Kusto: milliseconds a rule, {len(queries)} analytics rules ({len(sample)} where names are bound)\n")
    with tempfile.TemporaryDirectory() as folder:
        every, some = Path(folder, "queries.json"), Path(folder, "sample.json")
        every.write_text(json.dumps(queries))
        some.write_text(json.dumps(sample))
        oracle = _oracle()
        rows = []
        rows += _side_by_side(("lex", "parse"), every, oracle, None)
        rows += _side_by_side(("analyze",), some, oracle, TABLES)
    print_table(("what", "mean", "median", "p99", "against Microsoft's"), rows)
    return 0


def _side_by_side(
    ours: tuple[str, ...], queries: Path, oracle: Path | None, schema: Path | None
) -> list[tuple[str, ...]]:
    """One table row for each of our measures and for Microsoft's; the processes take turns, the best round counts."""
    runs: dict[str, list[list[float]]] = {}
    theirs = "Microsoft's parser and binder" if schema else "Microsoft's parser"
    rounds = 1 if schema else ROUNDS
    for _ in range(rounds):
        for what in ours:
            times = _ours(what, queries)
            if times is not None:
                runs.setdefault(_NAMES[what], []).append(times)
        if oracle is not None:
            command = ["node", str(PROJECT / "benchmarks" / "microsoft_parser.js"), str(oracle), str(queries)]
            output = subprocess.run([*command, *([str(schema)] if schema else [])], check=True, capture_output=True)
            runs.setdefault(theirs, []).append(json.loads(output.stdout))
    best = {what: min(rounds, key=mean) for what, rounds in runs.items()}
    yardstick = mean(best[theirs]) if theirs in best else None
    return [
        (
            what,
            f"{mean(times):.3f}",
            f"{median(times):.3f}",
            f"{sorted(times)[int(len(times) * 0.99)]:.3f}",
            "" if yardstick is None else f"{mean(times) / yardstick:.2f} ×",
        )
        for what, times in best.items()
    ]


def _ours(what: str, queries: Path) -> list[float] | None:
    """Our times in a process of their own; None (with a message) when that stage is not there."""
    command = [sys.executable, "-m", "benchmarks.kusto_parse", "--measure", what, str(queries)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"kusto_parse: {_NAMES[what]} skipped: {done.stderr.strip().splitlines()[-1]}\n")
        return None
    times: list[float] = json.loads(done.stdout)
    return times


def _measure(run: Callable[[str], object], queries: list[str]) -> list[float]:
    times: list[float] = []
    for _ in range(2):
        times = []
        gc.collect()
        for query in queries:
            start = perf_counter()
            run(query)
            times.append((perf_counter() - start) * 1000)
    return times


def _lex() -> Callable[[str], object]:
    from detectionary.languages.kusto.lexer import tokenize

    return tokenize


def _parse() -> Callable[[str], object]:
    from detectionary.languages.kusto.parser import parse
    from detectionary.text import SourceText

    return lambda query: parse(SourceText(query))


def _analyze() -> Callable[[str], object]:
    from detectionary.languages.kusto import LANGUAGE
    from detectionary.schemas import environment_base
    from detectionary.text import SourceText

    known = environment_base()
    return lambda query: LANGUAGE.analyze(SourceText(query), known)


_OURS: Final = {"lex": _lex, "parse": _parse, "analyze": _analyze}
_NAMES: Final = {"lex": "lex", "parse": "lex + parse", "analyze": "lex + parse + bind + analyze"}


def _oracle() -> Path | None:
    """The folder with Microsoft's parser installed, made once; None (with a message) when that cannot be."""
    if not ORACLE.is_dir() or shutil.which("node") is None or shutil.which("npm") is None:
        print("kusto_parse: Microsoft's parser skipped, it needs node, npm and ../shared/tools/kusto-oracle\n")
        return None
    if not (_CACHE / "node_modules").is_dir():
        shutil.copytree(ORACLE, _CACHE, dirs_exist_ok=True)
        installed = subprocess.run(["npm", "ci", "--silent"], cwd=_CACHE, check=False)
        if installed.returncode:
            print("kusto_parse: Microsoft's parser skipped, npm could not install it\n")
            shutil.rmtree(_CACHE, ignore_errors=True)
            return None
    return _CACHE


if __name__ == "__main__":
    sys.exit(main())
