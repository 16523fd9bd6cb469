"""Times that are known before the run are computed in Python, all others by the engine: both must say the same."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.moments import known
from detectionary.compiler.plan import Apply, ColumnUse, Constant
from detectionary.compiler.ticks import MAX_TICKS
from detectionary.engines.duckdb.dialect import DIALECT
from detectionary.engines.running import run_query
from detectionary.languages.kusto.syntax import ScalarType
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.compiler.engines import ENGINES, NOW, answer, session

FORMULAS = (
    "bin(T, 1h)",
    "bin(T, 7d)",
    "bin(T, 13s)",
    "bin(T, -1d)",
    "bin_at(T, 7d, datetime(2001-01-01 03:00))",
    "startofday(T)",
    "startofweek(T)",
    "startofmonth(T)",
    "startofyear(T)",
    "startofday(T, -3)",
    "startofweek(T, 5)",
    "startofmonth(T, -14)",
    "startofyear(T, 2)",
    "endofday(T) + 1tick == startofday(T, 1)",
    "endofmonth(T) < startofmonth(T, 1)",
    "T + 36h",
    "T - 400d",
    "T - datetime(2000-02-29 12:00)",
    "datetime_add('month', 1, T)",
    "datetime_add('quarter', -7, T)",
    "datetime_add('year', 1, T)",
    "datetime_add('week', -60, T)",
    "datetime_add('second', 86399, T)",
    "datetime_diff('year', T, datetime(2000-02-29 12:00))",
    "datetime_diff('quarter', T, datetime(2000-02-29 12:00))",
    "datetime_diff('month', datetime(2000-02-29 12:00), T)",
    "datetime_diff('week', T, datetime(2000-02-29 12:00))",
    "datetime_diff('day', T, datetime(2000-02-29 12:00))",
    "datetime_diff('hour', T, datetime(2000-02-29 12:00))",
    "datetime_diff('second', datetime(2000-02-29 12:00), T)",
    "datetime_diff('microsecond', T, datetime(2000-02-29 12:00))",
    "tolong(T)",
    "tostring(T)",
    "tostring(T - datetime(2000-02-29 12:00))",
    "(T - datetime(2000-02-29 12:00)) * 3",
    "(T - datetime(2000-02-29 12:00)) / 7d",
    "bin(T - datetime(2000-02-29 12:00), 5h)",
    "-(T - datetime(2000-02-29 12:00))",
)

ENDS = (
    "0001-01-01 00:00:00.000000",
    "9999-12-31 23:59:59.999999",
    "2000-02-29 12:00:00.000000",
    "2023-12-31 00:00:00.0",
)


def moments() -> list[str]:
    chance = random.Random(8)
    first = datetime(1, 1, 1)
    span = datetime(9999, 12, 31) - first
    within = [first + timedelta(microseconds=chance.randrange(span // timedelta(microseconds=1))) for _ in range(20)]
    near = [datetime(2023, 12, 25) + timedelta(hours=chance.randrange(400)) for _ in range(10)]
    return [*ENDS, *(moment.isoformat(" ", "microseconds") for moment in (*within, *near))]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_computes_times_as_the_compiler_does(engine: str) -> None:
    times = moments()
    stored = ", ".join(f"datetime({time})" for time in times)
    formulas = [formula for formula in FORMULAS if "tick" not in formula and "endof" not in formula]
    table = f"datatable(T:datetime)[{stored}] | project " + ", ".join(f"c{n} = {f}" for n, f in enumerate(formulas))
    by_engine = list(answer(engine, table).rows())
    for time, row in zip(times, by_engine, strict=True):
        spelled = [formula.replace("T", f"datetime({time})") for formula in formulas]
        query = "print " + ", ".join(f"c{n} = {formula}" for n, formula in enumerate(spelled))
        (by_compiler,) = answer(engine, query).rows()
        assert dict(zip(spelled, row, strict=True)) == dict(zip(spelled, by_compiler, strict=True))


@pytest.mark.parametrize("formula", [formula for formula in FORMULAS if "tick" in formula or "endof" in formula])
def test_ends_of_periods_are_exact_among_constants(formula: str) -> None:
    for time in moments():
        if "9999" not in time:
            (row,) = answer("duckdb", "print a = " + formula.replace("T", f"datetime({time})")).rows()
            assert row == (True,), time


def test_what_is_not_known_is_left_to_the_engine() -> None:
    column = ColumnUse("t_1", ScalarType.DATETIME)  # type: ignore[arg-type]  # an id as the plan makes it
    span = Constant(ScalarType.TIMESPAN, 10)
    assert known(Apply("+", (column, span), ScalarType.DATETIME), 0) is None
    assert known(Apply("strlen", (span,), ScalarType.LONG), 0) is None


def test_a_time_that_leaves_the_range_is_null() -> None:
    last, tick = Constant(ScalarType.DATETIME, MAX_TICKS), Constant(ScalarType.TIMESPAN, 1)
    assert known(Apply("+", (last, tick), ScalarType.DATETIME), 0) == Constant(ScalarType.DATETIME, None)
    assert known(Apply("-", (last, tick), ScalarType.DATETIME), 0) == Constant(ScalarType.DATETIME, MAX_TICKS - 1)


@pytest.mark.parametrize(
    ("query", "notes"),
    [
        ("print datetime(2024-01-01 00:00:00.1234567)", ["KQL412"]),
        ("print datetime(2024-01-01 00:00:00.123456)", []),
        ("print endofday(now()) + 1tick", []),
        ("print tostring(datetime(2024-01-01 00:00:00.1234567))", []),
    ],
)
def test_a_lost_digit_is_said(query: str, notes: list[str]) -> None:
    compiled, _ = run_query(
        SourceText(query, "query"), Setting(Environment()), DIALECT, session("duckdb"), Evaluation(NOW)
    )
    assert [note.code for note in compiled.notes] == notes
