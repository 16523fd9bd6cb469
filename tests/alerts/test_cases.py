"""What rules raise over given rows, as the case files beside this have it.

A case has a rule (`yaml`: only the keys that matter; the others are those of `evaluating.py`), the rows that its query
returned (`rows`), the alerts (`alerts`: JSON, the keys of the first one are compared) and what is said (`findings`; no
fence: nothing).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.alerts.evaluating import evaluated, line, rule_of, shown, table_of
from tests.mdcases import Case, parameters

FILES = sorted((Path(__file__).parent / "cases").glob("*.md"))


@pytest.mark.parametrize("case", parameters(*FILES))
def test_case(case: Case) -> None:
    evaluation = evaluated(rule_of(case.text("yaml")), table_of(case.rows("rows")))
    expected = json.loads(case.text("alerts"))
    keys = list(expected[0]) if expected else []
    assert shown(evaluation, keys) == expected
    assert len(evaluation.alerts) == len(expected)
    said = case.get("findings")
    assert [line(finding) for finding in evaluation.diagnostics] == (said.splitlines() if said else [])
