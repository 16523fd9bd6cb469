"""Run the conformance cases of ../shared on an engine and print a score per family: right, refused, wrong.

    python -m tools.conformance                     the score of every family
    python -m tools.conformance --family emulator --show wrong --limit 20
    python -m tools.conformance --family docs --show refused --match mv-expand
    python -m tools.conformance --reasons           refusals counted by reason
    python -m tools.conformance --write-gaps        what tests/conformance holds every engine to

For people who work on the compiler; the tests use the same functions (`tests/conformance`). A case is *right* (the
recorded rows, or refused as the real engine refuses it), *refused* (a gap: `gaps-ENGINE.md` has its row), *wrong*, or
*failed* (an error of the engine while it ran, which should have been a refusal).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import ticks_of
from detectionary.engines.engine import Engine, EngineError, Limits, Session
from detectionary.engines.registry import ENGINES, engine_named
from detectionary.engines.result import Result, ResultColumn, Value
from detectionary.engines.running import run_query
from detectionary.model.schema import Environment
from detectionary.text import SourceText

PROJECT: Final = Path(__file__).resolve().parents[1]
SHARED: Final = PROJECT.parent / "shared"
RECORDED: Final = PROJECT / "tests" / "conformance"
FAMILIES: Final = {
    "emulator": "kql-emulator-cases.json",
    "docs": "kql-docs-cases.json",
    "loco": "kql-loco-cases.json",
}
NOW: Final = ticks_of(datetime(2026, 1, 15, 12, 0, 0))

TYPE_CLASSES: Final = {
    "Bool": ("bool",),
    "DateTime": ("datetime",),
    "Decimal": ("decimal",),
    "Dynamic": ("dynamic",),
    "Guid": ("guid",),
    "Int": ("int", "long"),
    "Real": ("real",),
    "String": ("string",),
    "TimeSpan": ("timespan",),
}
"""The types behind the classes that the recorded answers of the real engine name."""


UNKNOWN_ROW = "KQL423"
"""A query stopped at a row whose answer nothing tells: a refusal, only later."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case: right, wrong, refused or failed, and why."""

    id: str
    outcome: str
    why: str
    query: str


# Running cases


@cache
def comparer() -> ModuleType:
    path = SHARED / "conformance" / "compare.py"
    spec = importlib.util.spec_from_file_location("conformance_compare", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def cases(family: str) -> list[dict[str, Any]]:  # Any: foreign JSON
    """The cases of a family that the bars of the project count."""
    loaded: list[dict[str, Any]] = json.loads((SHARED / "conformance" / FAMILIES[family]).read_text())["cases"]
    if family == "docs":
        return [case for case in loaded if case.get("strong") and not case.get("suspect")]
    return loaded


def run(family: str, engine: Engine, match: str = "") -> Iterator[Verdict]:
    with engine.open({}, Limits(seconds=20)) as session:
        for case in cases(family):
            if match in str(case["query"]):
                yield judge(case, engine, session)


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
        unknown = error.diagnostics[0].code == UNKNOWN_ROW
        outcome = "right" if case.get("expect_error") else "refused" if unknown else "failed"
        return Verdict(name, outcome, error.diagnostics[0].message, query)
    except Exception as error:
        # One case that the compiler breaks on must not stop the others.
        return Verdict(name, "failed", f"{type(error).__name__}: {error}", query)
    if case.get("expect_error"):
        return Verdict(name, "wrong", f"the real engine refuses this: {case['expect_error']!r:.200}", query)
    why = _difference(case, result, rows)
    return Verdict(name, "wrong" if why else "right", why, query)


# Comparing


def _difference(case: dict[str, Any], result: Result, rows: list[list[Value]]) -> str:
    """What differs from the recorded answer, "" when nothing does."""
    if "expected_columns" not in case:
        return _line_difference(case, result.columns, rows)
    types = wrong_types(case, result.columns)
    if types:
        return types
    if not rows and case.get("text") and all(cell == "" for row in case["expected_rows"] for cell in row):
        # The documentation prints a table without rows as one of empty cells.
        return ""
    right, why = comparer().compare(_printed(case, result.columns), [column.name for column in result.columns], rows)
    return "" if right else str(why)


def _printed(case: dict[str, Any], columns: Sequence[ResultColumn]) -> dict[str, Any]:
    """The case with dynamic values as JSON where the documentation prints them with single quotes."""
    if not case.get("text"):
        return case
    dynamic = {column.name for column in columns if column.type == "dynamic"}
    names = [column if isinstance(column, str) else column["name"] for column in case["expected_columns"]]
    rows = [
        [_quoted(cell) if name in dynamic else cell for name, cell in zip(names, row, strict=False)]
        for row in case["expected_rows"]
    ]
    return {**case, "expected_rows": rows}


def _quoted(cell: object) -> object:
    if isinstance(cell, str) and "'" in cell and '"' not in cell:
        replaced = cell.replace("'", '"')
        try:
            json.loads(replaced)
        except json.JSONDecodeError:
            return cell
        return replaced
    return cell


def wrong_types(case: dict[str, Any], columns: Sequence[ResultColumn]) -> str:
    """Where the type of a result column is not the recorded one, by name or, where that is all, by class."""
    got = {column.name: column.type for column in columns}
    for column in case.get("official_columns") or case["expected_columns"]:
        if isinstance(column, str) or column["name"] not in got:
            continue
        kind, named = got[column["name"]], column.get("type")
        kinds = (named,) if named else TYPE_CLASSES.get(column.get("type_class"), (kind,))
        if named != "unknown" and kind not in kinds:
            return f"{column['name']} is {kind}, not {'/'.join(kinds)}"
    return ""


def _line_difference(case: dict[str, Any], columns: Sequence[ResultColumn], rows: list[list[Value]]) -> str:
    """The family `loco` has the last row, or all rows of one column, as one text with commas between the values.

    Which row is the last is open where rows were brought together and not sorted since.
    """
    query, expected = str(case["query"]), str(case["expected"])
    kinds = [column.type for column in columns]
    if case["kind"] != "last_line":
        shown = [[value for row in rows for value in row]]
        kinds = kinds * len(rows)
    elif comparer()._BREAK.search(query) and not comparer().is_ordered(query):
        shown = rows
    else:
        shown = rows[-1:]
    if any(_line_equal(expected, values, kinds) for values in shown):
        return ""
    return f"got {shown[-1:]!r:.200}, not {expected!r:.200}"


def _line_equal(expected: str, values: Sequence[Value], kinds: Sequence[str]) -> bool:
    if expected == ",".join(_shown(value, kind) for value, kind in zip(values, kinds, strict=True)):
        return True
    parts = [expected] if len(values) == 1 else expected.split(",")
    equal = comparer().value_equal
    return len(parts) == len(values) and all(
        equal(None if part == "<null>" else part, value, kind, True)
        for part, value, kind in zip(parts, values, kinds, strict=True)
    )


def _shown(value: Value, kind: str) -> str:
    if value is None:
        return "<null>"
    if kind == "dynamic":
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


# What the tests hold an engine to


def gaps_path(engine: str) -> Path:
    return RECORDED / f"gaps-{engine}.md"


def score_path() -> Path:
    return RECORDED / "scores.json"


def gaps(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """The refused cases with their reasons."""
    return {verdict.id: verdict.why for verdict in verdicts if verdict.outcome == "refused"}


def read_gaps(engine: str) -> dict[str, dict[str, str]]:
    """By family, the recorded gaps of an engine."""
    found: dict[str, dict[str, str]] = {family: {} for family in FAMILIES}
    if gaps_path(engine).exists():
        for line in gaps_path(engine).read_text("utf-8").splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ", 2)]
            if len(cells) == 3 and cells[0] in found:
                found[cells[0]][cells[1]] = cells[2].strip()
    return found


def write_gaps(engine: str, verdicts: dict[str, list[Verdict]]) -> None:
    """Record the gaps of an engine, and its scores where they have risen."""
    lines = [
        f"# Conformance cases that {engine} refuses",
        "",
        "Generated by `python -m tools.conformance --write-gaps`; the test fails when a row is missing or healed.",
        "",
        "| family | case | why it is refused |",
        "|---|---|---|",
    ]
    for family, found in verdicts.items():
        lines.extend(f"| {family} | {name} | {_cell(why)} |" for name, why in gaps(found).items())
    RECORDED.mkdir(exist_ok=True)
    gaps_path(engine).write_text("\n".join(lines) + "\n", "utf-8")
    scores = read_scores()
    mine = scores.setdefault(engine, {})
    for family, found in verdicts.items():
        right = sum(verdict.outcome == "right" for verdict in found)
        mine[family] = {"right": max(right, mine.get(family, {}).get("right", 0)), "cases": len(found)}
    score_path().write_text(json.dumps(scores, indent=2, sort_keys=True) + "\n", "utf-8")


def read_scores() -> dict[str, dict[str, dict[str, int]]]:
    """By engine and family, how many cases were right at best, of how many."""
    if not score_path().exists():
        return {}
    scores: dict[str, dict[str, dict[str, int]]] = json.loads(score_path().read_text("utf-8"))
    return scores


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def line_of(family: str, verdicts: Sequence[Verdict]) -> str:
    """The score of a family in one line."""
    counted = Counter(verdict.outcome for verdict in verdicts)
    shares = ", ".join(f"{outcome} {counted[outcome]}" for outcome in ("right", "wrong", "refused", "failed"))
    return f"{family}: {len(verdicts)} cases: {shares}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=list(ENGINES), default="duckdb")
    parser.add_argument("--family", choices=list(FAMILIES))
    parser.add_argument("--show", choices=["right", "wrong", "refused", "failed"])
    parser.add_argument("--match", default="", help="only cases whose query holds this text")
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--reasons", action="store_true")
    parser.add_argument("--write-gaps", action="store_true")
    arguments = parser.parse_args()
    engine = engine_named(arguments.engine)
    found: dict[str, list[Verdict]] = {}
    for family in [arguments.family] if arguments.family else FAMILIES:
        verdicts = found[family] = list(run(family, engine, arguments.match))
        print(line_of(family, verdicts))
        chosen = [verdict for verdict in verdicts if verdict.outcome == arguments.show]
        for verdict in chosen[: arguments.limit]:
            print(f"--- {verdict.id}\n{verdict.query}\n=> {verdict.why}")
        if arguments.reasons:
            reasons = Counter(v.why for v in verdicts if v.outcome in ("refused", "failed"))
            for reason, number in reasons.most_common(arguments.limit):
                print(f"{number:5}  {reason[:150]}")
    if arguments.write_gaps:
        if arguments.family or arguments.match:
            parser.error("--write-gaps records all cases of all families")
        write_gaps(arguments.engine, found)


if __name__ == "__main__":
    main()
