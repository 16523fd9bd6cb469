"""The Markdown cases of the compiler, on every engine.

A case has a `kusto` fence and one of

- `rows`: the result. The first line names the columns as `name:type`; every other line is a row, cells parted by `|`. A
  cell is JSON (`null`, `""`, `[1,2]`; no `|` inside), or bare text where that is not JSON: datetimes as
  `2024-01-31T12:00:00.0000000Z`, timespans as `1.02:03:04`. Rows are compared in order; `rows-any` leaves it open.
- `refused`: the query is refused, and the text stands in the message.
- `fails`: the query stops while it runs, and the text stands in the message.

A line `not on spark: REASON` inside the fence `engines` leaves an engine out with its reason. An engine that answers
for fewer functions may refuse a case instead, and then the case has a row in `gaps-ENGINE.md`; a row whose case has
healed fails. `python -m tests.compiler.test_cases ENGINE` writes the rows anew.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

import pytest

from detectionary.compiler.refused import Refused
from detectionary.engines.engine import EngineError
from detectionary.engines.result import Result, Value
from tests.compiler.engines import ENGINES, answer
from tests.mdcases import Case, parameters, read_cases

FILES = sorted((Path(__file__).parent / "cases").glob("*.md"))


@pytest.mark.parametrize("case", parameters(*FILES))
@pytest.mark.parametrize("engine", ENGINES)
def test_a_query_gives_its_rows(case: Case, engine: str) -> None:
    for line in (case.get("engines") or "").splitlines():
        if line.startswith(f"not on {engine}:"):
            pytest.skip(line)
    reason = gaps(engine).get(name_of(case))
    refusal = refusal_of(case, engine)
    if refusal is not None and reason is None:
        raise refusal
    assert reason is None or refusal is not None, "this gap has healed: its row can go"


def refusal_of(case: Case, engine: str) -> Refused | None:
    """Checks a case; gives the refusal where the engine refuses what it should answer, or for another reason."""
    try:
        check(case, engine)
    except Refused as refusal:
        return refusal
    return None


def check(case: Case, engine: str) -> None:
    refused = case.get("refused")
    if refused is not None:
        with pytest.raises(Refused) as raised:
            answer(engine, case.text("kusto"))
        if refused.strip() not in str(raised.value):
            raise raised.value
        return
    fails = case.get("fails")
    if fails is not None:
        with pytest.raises(EngineError) as stopped:
            answer(engine, case.text("kusto"))
        assert fails.strip() in str(stopped.value)
        return
    result = answer(engine, case.text("kusto"))
    word = "rows" if case.get("rows") is not None else "rows-any"
    head, *lines = case.rows(word)
    assert columns(result) == list(head)
    expected = [[cell(text) for text in line] for line in lines]
    got = [list(row) for row in result.rows()]
    if word == "rows-any":
        assert sorted(map(json.dumps, got)) == sorted(map(json.dumps, expected))
    else:
        assert got == expected


def name_of(case: Case) -> str:
    return f"{case.path.stem}: {case.title}"


def gaps_path(engine: str) -> Path:
    return Path(__file__).parent / f"gaps-{engine}.md"


@cache
def gaps(engine: str) -> dict[str, str]:
    """The cases that an engine is known to refuse, with the reasons."""
    path = gaps_path(engine)
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    rows = (line.strip("| ").split(" | ", 1) for line in lines if line.startswith("| "))
    return {row[0].strip(): row[1].strip() for row in rows if len(row) == 2 and row[0] != "case"}


def write_gaps(engine: str) -> None:
    found = {name_of(case): refusal_of(case, engine) for path in FILES for case in read_cases(path)}
    rows = [
        f"| {name} | {' '.join(str(refusal).replace('|', '/').split())[:200]} |"
        for name, refusal in found.items()
        if refusal is not None
    ]
    head = [f"# Cases of the compiler that {engine} refuses", "", "| case | why |", "|---|---|"]
    gaps_path(engine).write_text("\n".join([*head, *rows, ""]), "utf-8")


def columns(result: Result) -> list[str]:
    return [f"{column.name}:{column.type}" for column in result.columns]


def cell(text: str) -> Value:
    """A cell as JSON, or as the bare text that it is."""
    try:
        value: Value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value


if __name__ == "__main__":
    write_gaps(sys.argv[1])
