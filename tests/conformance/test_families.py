"""What Microsoft's engine, its documentation and another implementation answer, on every engine.

`gaps-ENGINE.md` has a row for every case that an engine refuses. A case that is refused without a row, and a row whose
case is right by now, fail alike: run `python -m tools.conformance --write-gaps`, and read what it changes. A case that
is wrong has no place to be written down, with two exceptions. The answers of the family `loco` are their authors' and
not the engine's, so `loco.md` may say why ours differs; the documentation has misprints, which `docs.md` names.
`scores.json` holds how many cases were right at best.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from detectionary.engines.registry import ENGINES, engine_named
from tests.conftest import needs_shared
from tools import conformance
from tools.conformance import FAMILIES, Verdict

pytestmark = needs_shared

WIDE = ("duckdb",)
"""Engines that must reach the bars of the project; others answer for fewer functions."""


@cache
def verdicts(engine: str, family: str) -> tuple[Verdict, ...]:
    try:
        found = engine_named(engine)
    except ImportError:
        pytest.skip(f"the engine {engine} is not installed")
    return tuple(conformance.run(family, found))


@cache
def explained(family: str) -> dict[str, str]:
    """The answers that ours differ from, with our reasons."""
    path = conformance.RECORDED / f"{family}.md"
    if not path.exists():
        return {}
    names = {str(case["id"]) for case in conformance.cases(family)}
    rows = [[cell.strip() for cell in line.strip("|").split(" | ", 1)] for line in path.read_text("utf-8").splitlines()]
    return {row[0]: row[1] for row in rows if row[0] in names}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_answer_is_wrong(engine: str, family: str) -> None:
    wrong = [v for v in verdicts(engine, family) if v.outcome == "wrong" and v.id not in explained(family)]
    assert not wrong, "\n\n".join(f"{verdict.id}\n{verdict.query}\n{verdict.why}" for verdict in wrong[:5])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_fails_that_was_compiled(engine: str, family: str) -> None:
    failed = [verdict for verdict in verdicts(engine, family) if verdict.outcome == "failed"]
    assert not failed, "\n\n".join(f"{verdict.id}\n{verdict.query}\n{verdict.why}" for verdict in failed[:5])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_refusal_is_a_recorded_gap(engine: str, family: str) -> None:
    recorded = set(conformance.read_gaps(engine)[family])
    refused = set(conformance.gaps(verdicts(engine, family)))
    advice = "run python -m tools.conformance --write-gaps"
    assert not refused - recorded, f"refused, and not recorded as gaps: {sorted(refused - recorded)}; {advice}"
    assert not recorded - refused, f"healed gaps: {sorted(recorded - refused)}; {advice}"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_score_has_not_fallen(engine: str, family: str) -> None:
    right = sum(verdict.outcome == "right" for verdict in verdicts(engine, family))
    assert right >= conformance.read_scores()[engine][family]["right"]


@pytest.mark.parametrize("engine", WIDE)
def test_nine_in_ten_recorded_answers_are_right(engine: str) -> None:
    answered = [verdict for verdict, case in _emulator(engine) if not case.get("expect_error")]
    assert sum(verdict.outcome == "right" for verdict in answered) >= 0.9 * len(answered)


@pytest.mark.parametrize("engine", WIDE)
def test_what_the_real_engine_refuses_is_refused(engine: str) -> None:
    refused = [verdict for verdict, case in _emulator(engine) if case.get("expect_error")]
    assert len(refused) == 64
    assert sum(verdict.outcome == "right" for verdict in refused) >= 60


def _emulator(engine: str) -> list[tuple[Verdict, dict[str, object]]]:
    return list(zip(verdicts(engine, "emulator"), conformance.cases("emulator"), strict=True))


@pytest.mark.parametrize("engine", WIDE)
def test_three_in_four_documented_answers_are_right(engine: str) -> None:
    found = [v for v in verdicts(engine, "docs") if not re.search(r"\bgeo_|graph", v.query)]
    assert sum(verdict.outcome == "right" for verdict in found) >= 0.75 * len(found)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_explained_answer_is_one_that_differs(family: str) -> None:
    differing = {verdict.id for engine in WIDE for verdict in verdicts(engine, family) if verdict.outcome == "wrong"}
    assert set(explained(family)) <= differing, "these answers are the same by now, or refused"


def test_only_misprints_and_another_implementation_are_explained_away() -> None:
    assert not explained("emulator")
    assert len(explained("docs")) <= 3
