"""Sigma rules beside pySigma: `python -m benchmarks.sigma`.

Each side reads the same texts in a process of its own, in turn; of three rounds the fastest counts. pySigma's
collections use PyYAML's loader in Python; the row that counts gives it the documents as libyaml loads them.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.corpus import PROJECT, SHARED
from benchmarks.table import print_table

ROUNDS: Final = 3
CORPORA: Final = ("sigma", "hayabusa-rules")


def rule_texts() -> list[tuple[str, str]]:
    """(path, text) of every file of the corpora that holds rules."""
    found = []
    for corpus in CORPORA:
        root = SHARED / "corpora" / corpus
        for path in sorted(root.rglob("*.yml")):
            text = path.read_text(encoding="utf-8", errors="replace")
            if "\ndetection:" in text and "regression_data" not in path.parts:
                found.append((path.relative_to(root).as_posix(), text))
    return found


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="benchmarks.sigma", description=__doc__.partition(":")[0])
    options.add_argument("--measure", metavar="WHAT", help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    if not (SHARED / "corpora" / "sigma").is_dir():
        print("sigma: skipped, ../shared/corpora/sigma is not beside this checkout")
        return 0
    if chosen.measure:
        json.dump(_measured(chosen.measure), sys.stdout)
        return 0
    runs: dict[str, list[tuple[float, int]]] = {}
    for _ in range(ROUNDS):
        for what in _SIDES:
            command = [sys.executable, "-m", "benchmarks.sigma", "--measure", what]
            done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"sigma: {what} skipped: {done.stderr.strip().splitlines()[-1]}\n")
                continue
            seconds, rules = json.loads(done.stdout)
            runs.setdefault(what, []).append((seconds, rules))
    best = {what: min(rounds) for what, rounds in runs.items()}
    yardstick = best[_YARDSTICK][0] if _YARDSTICK in best else None
    print(f"Sigma: seconds for {len(rule_texts())} files, from their text in memory to the end of the analysis\n")
    rows = [
        (
            what,
            str(rules),
            f"{seconds:.2f}",
            f"{seconds / rules * 1000:.2f}",
            "" if yardstick is None else f"{seconds / yardstick:.2f} ×",
        )
        for what, (seconds, rules) in best.items()
    ]
    print_table(("what", "rules", "seconds", "ms a rule", "against pySigma's"), rows)
    return 0


def _measured(what: str) -> tuple[float, int]:
    run = _SIDES[what]()
    texts = rule_texts()
    gc.collect()
    start = perf_counter()
    rules = sum(run(path, text) for path, text in texts)
    return perf_counter() - start, rules


def _ours() -> Callable[[str, str], int]:
    """The reader of files, then what an ingest asks of the language for each rule: its analysis and normalised text."""
    from detectionary.languages.sigma import LANGUAGE
    from detectionary.model.schema import Environment
    from detectionary.repositories import sigma
    from detectionary.repositories.repository import Repository

    repository = Repository(Path(), "benchmark")
    environment = Environment()

    def run(path: str, text: str) -> int:
        content = sigma.read(path, text, repository, lambda _language, whole: [(0, len(whole))])
        for rule in content.rules:
            LANGUAGE.analyze(rule.query, environment)
            LANGUAGE.normalised(rule.query)
        return len(content.rules)

    return run


def _pysigma(c_loader: bool) -> Callable[[str, str], int]:
    """`SigmaCollection`, and the parsed conditions of each rule."""
    import yaml
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaRule

    loader = yaml.CSafeLoader

    def run(_path: str, text: str) -> int:
        try:
            if c_loader:
                documents = list(yaml.load_all(text, loader))
                collection = SigmaCollection.from_dicts(documents, collect_errors=True, resolve_references=False)
            else:
                collection = SigmaCollection.from_yaml(text, collect_errors=True, resolve_references=False)
        except (SigmaError, yaml.YAMLError):
            return 0
        for rule in collection.rules:
            if isinstance(rule, SigmaRule) and not rule.errors:
                with contextlib.suppress(SigmaError):
                    _ = [condition.parsed for condition in rule.detection.parsed_condition]
        return len(collection.rules)

    return run


_YARDSTICK: Final = "pySigma, documents from libyaml"
_SIDES: Final[dict[str, Callable[[], Callable[[str, str], int]]]] = {
    "read + parse + analyse + normalise": _ours,
    _YARDSTICK: lambda: _pysigma(True),
    "pySigma as it is": lambda: _pysigma(False),
}


if __name__ == "__main__":
    sys.exit(main())
