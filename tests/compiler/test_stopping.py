"""A query that fails or takes too long ends, and soon."""

from __future__ import annotations

import pytest

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.engines.duckdb import session as duckdb_session
from detectionary.engines.duckdb.session import ENGINE
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.running import run_query
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, SourceText

NOW = Evaluation(639_000_000_000_000_000)
STOPS = "print x = dynamic([1.5]) | extend z = gettype(x[0]) | extend y = strcat(z, z)"


def failure(query: str, seconds: float | None = None) -> Diagnostic:
    with ENGINE.open({}, Limits(threads=1, seconds=seconds)) as session:
        with pytest.raises(EngineError) as raised:
            run_query(SourceText(query), Setting(Environment()), ENGINE.dialect, session, NOW)
        # The session is as good as before: given time, which this query too would take too much of, it answers.
        session._limits = Limits(threads=1)
        _, result = run_query(SourceText("print 1"), Setting(Environment()), ENGINE.dialect, session, NOW)
        assert list(result.rows()) == [(1,)]
    return raised.value.diagnostics[0]


def test_a_failing_stage_is_named() -> None:
    span = failure(STOPS).span
    assert span is not None
    assert "gettype" in STOPS[span.start : span.end]


def test_the_search_for_a_failing_stage_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand stages fail together, and each would have to be tried."""
    monkeypatch.setattr(duckdb_session, "PROBING", 0.0)
    query = "print x = 1" + " | extend x = x + 1" * 1_000
    assert "expression depth" in failure(query).message


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_time_is_limited_even_before_the_engine_begins(seconds: float) -> None:
    query = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"
    assert failure(query, seconds).code == "KQL420"
