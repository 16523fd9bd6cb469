"""The cases of `cases/coverage.md`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectionary.attack import coverage
from detectionary.model.attack import TacticCoverage
from detectionary.text import Diagnostic
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "coverage.md"))
def test_coverage(case: Case) -> None:
    declared: dict[str, list[str]] = json.loads(case.text("declared"))
    found = coverage(tuple(declared["tactics"]), tuple(declared["techniques"]), tuple(declared.get("tags", ())))
    assert "\n".join(map(_row, found.tactics)) == case.text("coverage")
    assert "\n".join(map(_finding, found.diagnostics)) == (case.get("findings") or "")


def _row(row: TacticCoverage) -> str:
    techniques = [
        f"{technique.id} {technique.name}" + (f" (from {technique.revoked_from})" if technique.revoked_from else "")
        for technique in row.techniques
    ]
    return f"{row.tactic_id} {row.tactic}: {', '.join(techniques)}".rstrip()


def _finding(finding: Diagnostic) -> str:
    return f"{finding.code} {finding.level.value}: {finding.message}" + (
        f"; help: {finding.help}" if finding.help else ""
    )
