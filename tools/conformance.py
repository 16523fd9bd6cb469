"""Run the conformance cases of ../shared on an engine and print a score per family: right, refused, wrong.

    python -m tools.conformance                     the score of every family
    python -m tools.conformance --family emulator --show wrong --limit 20
    python -m tools.conformance --family docs --show refused --match mv-expand
    python -m tools.conformance --reasons           refusals counted by reason

For people who work on the compiler; the tests use the same functions (`tests/conformance`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import ticks_of
from detectionary.engines.duckdb.session import ENGINE as DUCKDB
from detectionary.engines.engine import Engine, EngineError, Limits, Session
from detectionary.engines.running import run_query
from detectionary.model.schema import Environment
from detectionary.text import SourceText

SHARED = Path(__file__).resolve().parents[2] / "shared"
FAMILIES = {
    "emulator": "kql-emulator-cases.json",
    "docs": "kql-docs-cases.json",
    "loco": "kql-loco-cases.json",
}
NOW = ticks_of(__import__("datetime").datetime(2026, 1, 15, 12, 0, 0))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case: right, wrong, refused or failed (an error while it ran), and why."""

    id: str
    outcome: str
    why: str
    query: str


@cache
def comparer() -> ModuleType:
    path = SHARED / "conformance" / "compare.py"
    spec = importlib.util.spec_from_file_location("conformance_compare", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def cases(family: str) -> list[dict[str, Any]]:  # Any: foreign JSON
    loaded: list[dict[str, Any]] = json.loads((SHARED / "conformance" / FAMILIES[family]).read_text())["cases"]
    return loaded


def counts(case: dict[str, Any], family: str) -> bool:
    """Whether a case is one that the bars of the project count."""
    if family == "docs":
        return bool(case.get("strong")) and not case.get("suspect")
    return family != "loco" or "expected_columns" in case


def judge(case: dict[str, Any], engine: Engine, session: Session) -> Verdict:
    """Run one case on an engine and compare with what is recorded."""
    name, query = str(case["id"]), str(case["query"])
    try:
        _, result = run_query(SourceText(query, name), Setting(Environment()), engine.dialect, session, Evaluation(NOW))
        rows = [list(row) for row in result.rows()]
    except Refused as refused:
        outcome = "right" if case.get("expect_error") else "refused"
        return Verdict(name, outcome, refused.diagnostics[0].message, query)
    except EngineError as error:
        outcome = "right" if case.get("expect_error") else "failed"
        return Verdict(name, outcome, error.diagnostics[0].message, query)
    if case.get("expect_error"):
        return Verdict(name, "wrong", f"the real engine refuses this: {case['expect_error']!r:.200}", query)
    types = wrong_types(case, result.columns)
    if types:
        return Verdict(name, "wrong", types, query)
    right, why = comparer().compare(case, [column.name for column in result.columns], rows)
    if right and "order differs" in why:
        return Verdict(name, "right", why, query)
    return Verdict(name, "right" if right else "wrong", why, query)


def wrong_types(case: dict[str, Any], columns: Any) -> str:
    """Where the type of a result column is not the recorded one."""
    got = {column.name: column.type for column in columns}
    expected: dict[str, str] = {}
    for column in case.get("official_columns") or case["expected_columns"]:
        if not isinstance(column, str) and column.get("type"):
            expected[column["name"]] = column["type"]
    for name, kind in expected.items():
        if name in got and kind != "unknown" and got[name] != kind:
            return f"{name} is {got[name]}, not {kind}"
    return ""


def run(family: str, engine: Engine, match: str = "") -> Iterator[Verdict]:
    with engine.open({}, Limits(seconds=20)) as session:
        for case in cases(family):
            if counts(case, family) and match in str(case["query"]):
                yield judge(case, engine, session)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", choices=list(FAMILIES))
    parser.add_argument("--show", choices=["right", "wrong", "refused", "failed"])
    parser.add_argument("--match", default="", help="only cases whose query holds this text")
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--reasons", action="store_true")
    arguments = parser.parse_args()
    for family in [arguments.family] if arguments.family else FAMILIES:
        verdicts = list(run(family, DUCKDB, arguments.match))
        counted = Counter(verdict.outcome for verdict in verdicts)
        shares = ", ".join(f"{outcome} {counted[outcome]}" for outcome in ("right", "wrong", "refused", "failed"))
        print(f"{family}: {len(verdicts)} cases: {shares}")
        chosen = [verdict for verdict in verdicts if verdict.outcome == arguments.show]
        for verdict in chosen[: arguments.limit]:
            print(f"--- {verdict.id}\n{verdict.query}\n=> {verdict.why}")
        if arguments.reasons:
            reasons = Counter(v.why for v in verdicts if v.outcome in ("refused", "failed"))
            for reason, number in reasons.most_common(arguments.limit):
                print(f"{number:5}  {reason[:150]}")


if __name__ == "__main__":
    main()
