"""Values and times as typed columns: what fits, what becomes null and is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.logs.kinds import DAY, kind_of, kind_of_text, unify
from detectionary.logs.times import DayOrder, day_order, microseconds, ticks, zone_of
from detectionary.logs.values import PHYSICAL, Json, convert, minified


@pytest.mark.parametrize(
    ("kind", "values", "expected", "misfits"),
    [
        ("string", ["a", None, 1, True, 1.5, Json('{"a":1}')], ["a", "", "1", "true", "1.5", '{"a":1}'], 0),
        ("bool", [True, "False", "1", 0, "", None, "null"], [True, False, True, False, None, None, None], 0),
        ("bool", ["yes", 2], [None, None], 2),
        ("int", [1, "2", "0x10", 3.0, "-4"], [1, 2, 16, 3, -4], 0),
        ("int", [2**31, "1_000", True, 1.5, "x"], [None] * 5, 5),
        ("long", [2**63 - 1, "-9223372036854775808", 2**63], [2**63 - 1, -(2**63), None], 1),
        ("real", [1, "2.5", "1e3", "NaN", "x", True], [1.0, 2.5, 1000.0, "nan", None, None], 2),
        ("decimal", ["1.50", 2, Json("3.140"), "x"], ["1.50", "2", "3.140", None], 1),
        ("guid", ["{0123ABCD-0000-4000-8000-00000000000A}", "x"], ["0123abcd-0000-4000-8000-00000000000a", None], 1),
        ("timespan", ["1.02:03:04.5", "-00:00:01", "x", 5], [937845000000, -10000000, None, None], 2),
        ("dynamic", [None, "null", '{"a": [1, 2]}', "[", "x", 1], [None, None, '{"a":[1,2]}', '"["', '"x"', "1"], 0),
    ],
)  # fmt: skip
def test_what_fits_a_type(kind: str, values: list[object], expected: list[object], misfits: int) -> None:
    converted = convert(kind, values)
    assert converted.array.type == PHYSICAL[kind]
    assert ["nan" if value != value else value for value in converted.array.to_pylist()] == expected
    assert converted.misfits == misfits


@given(
    kind=st.sampled_from(sorted(PHYSICAL)),
    values=st.lists(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(Json('{"a":1}')),
        max_size=6,
    ),
)
def test_any_values_make_a_column_of_the_type(kind: str, values: list[object]) -> None:
    converted = convert(kind, values)
    assert converted.array.type == PHYSICAL[kind]
    assert len(converted.array) == len(values)
    if kind == "string":
        assert converted.array.null_count == 0


@given(st.lists(st.sampled_from([None, "", "true", "FALSE", "1", "0", "x", True, False]), max_size=5))
def test_truths_do_not_depend_on_their_company(values: list[object]) -> None:
    together = convert("bool", values)
    alone = [convert("bool", [value]) for value in values]
    assert together.array.to_pylist() == [one.array[0].as_py() for one in alone]
    assert together.misfits == sum(one.misfits for one in alone)


TIMES = (
    "2026-11-20T09:00:00Z",
    "2026-11-20T09:00:00.1234567Z",
    "2026-11-20 09:00:00",
    "2026-11-20T10:00:00+01:00",
    "?",
)


@given(st.lists(st.none() | st.sampled_from(TIMES), max_size=5))
def test_times_do_not_depend_on_their_company(values: list[object]) -> None:
    together = convert("datetime", values)
    alone = [convert("datetime", [value]) for value in values]
    assert together.array.to_pylist() == [one.array[0].as_py() for one in alone]
    assert together.misfits == sum(one.misfits for one in alone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:00:00Z", "2026-11-20T09:00:00+00:00"),
        ("2026-11-20T09:00:00.9999999Z", "2026-11-20T09:00:00.999999+00:00"),
        ("2026-11-20T10:30:00+0130", "2026-11-20T09:00:00+00:00"),
        ("2026-11-20 09:00", "2026-11-20T09:00:00+00:00"),
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("2026-02-30T00:00:00Z", None),
        ("2026-11-20T25:00:00Z", None),
        ("20/11/2026, 09:00:00.000", None),
        ("1732093200", None),
    ],
)
def test_points_in_time(text: str, expected: str | None) -> None:
    found = microseconds(text)
    told = None if found is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found)
    assert told == (None if expected is None else datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1/2/2026, 3:04:05.678 AM"], (DayOrder.MONTH_FIRST, False)),
        (["01/02/2026, 03:04:05.678"], (DayOrder.DAY_FIRST, False)),
        (["01/02/2026", "01/13/2026"], (DayOrder.MONTH_FIRST, True)),
        (["01/13/2026", "13/01/2026"], (DayOrder.CONTRADICTORY, True)),
        (["2026-01-02", None], None),
    ],
)
def test_which_of_day_and_month_comes_first(texts: list[object], expected: object) -> None:
    assert day_order(texts) == expected


@pytest.mark.parametrize(
    ("text", "hour"), [("1/2/2026, 12:00:00 AM", 0), ("1/2/2026, 12:00:00 PM", 12), ("1/2/2026, 1:00:00 PM", 13)]
)
def test_the_clock_of_twelve_hours(text: str, hour: int) -> None:
    found = microseconds(text, DayOrder.MONTH_FIRST)
    assert found is not None
    assert found // 3_600_000_000 % 24 == hour
    assert microseconds("1/2/2026, 13:00:00 PM", DayOrder.MONTH_FIRST) is None


def test_an_hour_that_a_zone_shows_twice_or_skips_is_not_told() -> None:
    zone = zone_of("Pacific Time (US & Canada)")
    assert zone is not None
    assert microseconds("2026-11-01 01:30:00", None, zone) is None
    assert microseconds("2026-03-08 02:30:00", None, zone) is None
    assert microseconds("2026-07-01 00:00:00", None, zone) == microseconds("2026-07-01T07:00:00Z")
    assert zone_of("Somewhere") is None


@pytest.mark.parametrize(
    ("text", "expected"), [("00:00:00.0000001", 1), ("1.00:00:00", 864_000_000_000), ("24:00:00", None)]
)
def test_durations(text: str, expected: int | None) -> None:
    assert ticks(text) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5], "real"),
        ([2**53 + 1, 2.5], "string"),
        ([2**53 + 1, 1], "long"),
        ([True, 1], "string"),
        ([{"a": 1}, "x"], "dynamic"),
        (["2026-11-20T09:00:00Z", "x"], "string"),
        ([], "string"),
    ],
)
def test_the_type_of_several_values(values: list[Any], expected: str) -> None:
    assert unify(kind for value in values if (kind := kind_of(value)) is not None) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", None), ("0", "long"), ("007", "string"), ("-1", "long"), ("1.5", "real"), ("1e5", "real"),
        ("true", "bool"),
        ("2026-11-20 09:00:00", "datetime"), ("2026-11-20", DAY), ('{"a":1}', "dynamic"), ("{a}", "string"),
        ("1234567890123456789", "string"),
    ],
)  # fmt: skip
def test_what_a_cell_is_written_like(cell: str, expected: str | None) -> None:
    assert kind_of_text(cell) == expected


def test_json_without_blanks_is_otherwise_as_it_was() -> None:
    assert minified(b'{ "a b" : [ 1.50 , "\\u0026 \\/" ] }\n') == b'{"a b":[1.50,"\\u0026 \\/"]}'


def test_times_before_1970_are_exact() -> None:
    values: list[object] = ["1969-12-31T23:59:59.5Z"]
    assert convert("datetime", values).array == pa.array([-500_000], pa.int64()).cast(pa.timestamp("us"))
