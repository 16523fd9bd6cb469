"""`row_window_session` against its definition, row by row (learn.microsoft.com, "row_window_session()")."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.compiler.engines import ENGINES, answer

Row = tuple[int, bool]
"""A minute, and whether a session restarts there."""


def starts(rows: Sequence[Row], from_first: int, between: int) -> list[int]:
    """The first minute of the session of every row."""
    found: list[int] = []
    for place, (minute, restart) in enumerate(rows):
        is_new = not found or restart or minute >= found[-1] + from_first or minute >= rows[place - 1][0] + between
        found.append(minute if is_new else found[-1])
    return found


def made(source: random.Random) -> list[Row]:
    minute, rows = 0, []
    for _ in range(source.randint(1, 60)):
        minute += source.choice([0, 1, 1, 2, 3, 7, -2])
        rows.append((minute, source.random() < 0.1))
    return rows


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("engine", ENGINES)
def test_sessions_are_those_of_the_definition(engine: str, seed: int) -> None:
    source = random.Random(seed)
    rows, from_first, between = made(source), source.randint(1, 20), source.randint(1, 6)
    cells = ", ".join(f"{place}, {minute}, {str(restart).lower()}" for place, (minute, restart) in enumerate(rows))
    query = f"""
        let zero = datetime(2024-01-01);
        datatable(place:long, minute:long, restart:bool)[{cells}]
        | sort by place asc
        | extend start = row_window_session(zero + minute * 1m, {from_first}m, {between}m, restart)
        | project minutes = datetime_diff("minute", start, zero)
    """
    result = answer(engine, query)
    assert [row[0] for row in result.rows()] == starts(rows, from_first, between)
