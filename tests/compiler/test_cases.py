"""The Markdown cases of the compiler, on every engine.

A case has a `kusto` fence and one of

- `rows`: the result. The first line names the columns as `name:type`; every other line is a row, cells parted by `|`. A
  cell is JSON (`null`, `""`, `[1,2]`; no `|` inside), or bare text where that is not JSON: datetimes as
  `2024-01-31T12:00:00.0000000Z`, timespans as `1.02:03:04`. Rows are compared in order; `rows-any` leaves it open.
- `refused`: the query is refused, and the text stands in the message.
- `fails`: the query stops while it runs, and the text stands in the message.

A line `not on spark: REASON` inside the fence `engines` leaves an engine out with its reason.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectionary.compiler.refused import Refused
from detectionary.engines.engine import EngineError
from detectionary.engines.result import Result, Value
from tests.compiler.engines import ENGINES, answer
from tests.mdcases import Case, parameters

FILES = sorted((Path(__file__).parent / "cases").glob("*.md"))


@pytest.mark.parametrize("case", parameters(*FILES))
@pytest.mark.parametrize("engine", ENGINES)
def test_a_query_gives_its_rows(case: Case, engine: str) -> None:
    for line in (case.get("engines") or "").splitlines():
        if line.startswith(f"not on {engine}:"):
            pytest.skip(line)
    refused = case.get("refused")
    if refused is not None:
        with pytest.raises(Refused) as raised:
            answer(engine, case.text("kusto"))
        assert refused.strip() in str(raised.value)
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


def columns(result: Result) -> list[str]:
    return [f"{column.name}:{column.type}" for column in result.columns]


def cell(text: str) -> Value:
    """A cell as JSON, or as the bare text that it is."""
    try:
        value: Value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value
