"""Values as the text that an alert holds."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from detectionary.alerts import Result
from detectionary.alerts.rows import Rows, as_text
from detectionary.engines import result as engines


@pytest.mark.parametrize(
    ("value", "kusto_type", "text"),
    [
        (None, "string", None),
        ("", "string", None),
        ("", "dynamic", None),
        (None, "dynamic", None),
        (" ", "string", " "),
        (0, "long", "0"),
        (False, "bool", "False"),
        (False, "dynamic", "false"),
        (1.0, "real", "1.0"),
        (1e-7, "real", "1E-07"),
        (math.nan, "real", "NaN"),
        (-math.inf, "real", "-Infinity"),
        (1e-7, "dynamic", "1e-07"),
        ([], "dynamic", "[]"),
        ({"a": [1, None, "ü"]}, "dynamic", '{"a":[1,null,"ü"]}'),
        ("1.02:03:04", "timespan", "1.02:03:04"),
    ],
    ids=repr,
)
def test_a_value_as_text(value: object, kusto_type: str, text: str | None) -> None:
    assert as_text(value, kusto_type) == text


def test_the_engines_hand_over_what_is_read_here() -> None:
    """`engines.result.Result` is a `Result`; this room knows no engine, so a test says it."""
    table = pa.table({"A": ["a", None], "N": [1, None]})
    result: Result = engines.Result((engines.ResultColumn("A", "string"), engines.ResultColumn("N", "long")), table)
    rows = Rows.of(result)
    assert rows == Rows({"A": "string", "N": "long"}, ({"A": "a", "N": 1}, {"A": None, "N": None}))
    assert [rows.text(rows.all[0], column) for column in ("A", "N", "B")] == ["a", "1", None]
