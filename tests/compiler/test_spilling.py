"""A query that may leave nothing on the disk stops where its memory ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.engines.duckdb.session import ENGINE
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.running import run_query
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.bounds import HANG

NOW = Evaluation(639_000_000_000_000_000)
LARGE = SourceText(
    "range r from 1 to 1500000 step 1 | extend text = strcat(hash_sha256(tostring(r)), r)"
    " | sort by text asc | serialize n = row_number() | where n == 1"
)


@pytest.mark.parametrize("spill", [True, False])
def test_what_does_not_fit_goes_to_disk_only_when_it_may(
    spill: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    limits = Limits(memory=96, threads=1, seconds=HANG, spill=spill)
    with ENGINE.open({}, limits) as session:
        if spill:
            _, result = run_query(LARGE, Setting(Environment()), ENGINE.dialect, session, NOW)
            assert len(result) == 1
        else:
            with pytest.raises(EngineError) as stopped:
                run_query(LARGE, Setting(Environment()), ENGINE.dialect, session, NOW)
            assert stopped.value.diagnostics[0].code == "KQL421"
    assert spill or not list(tmp_path.iterdir())
