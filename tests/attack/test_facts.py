"""The data of ATT&CK is what its tool makes of the reference material, and is whole."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

from detectionary.attack import matrix
from detectionary.attack.facts import other_domains
from tests.conftest import PROJECT, needs_shared, shared

DATA = PROJECT / "src" / "detectionary" / "attack" / "data"


@pytest.mark.parametrize(
    ("version", "tactics", "active", "revoked", "deprecated"), [("19.1", 15, 697, 149, 12), ("18.1", 14, 691, 132, 12)]
)
def test_counts(version: str, tactics: int, active: int, revoked: int, deprecated: int) -> None:
    facts = matrix(version)
    techniques = facts.techniques.values()
    assert len(facts.tactics) == tactics
    assert sum(technique.successor is not None for technique in techniques) == revoked
    assert sum(technique.deprecated for technique in techniques) == deprecated
    assert len(techniques) == active + revoked + deprecated


def test_every_successor_is_current_and_every_tactic_known() -> None:
    facts = matrix()
    for technique in facts.techniques.values():
        if technique.successor is not None:
            successor = facts.techniques[technique.successor]
            assert successor.successor is None
            assert not successor.deprecated
        elif not technique.deprecated:
            assert technique.tactics
            assert set(technique.tactics) <= facts.tactics.keys()
            assert "." not in technique.id or technique.id.partition(".")[0] in facts.techniques


def test_former_tactics_live_on_in_current_ones() -> None:
    facts = matrix()
    assert facts.former_tactics == {"defense-evasion": ("Defense Evasion", ("stealth", "defense-impairment"))}
    assert matrix("18.1").tactics["defense-evasion"].id == facts.tactics["stealth"].id


def test_no_id_of_another_domain_is_one_of_enterprise() -> None:
    enterprise = matrix().techniques.keys() | {tactic.id for tactic in matrix().tactics.values()}
    assert not enterprise & other_domains().keys()


@needs_shared
def test_the_data_is_what_the_tool_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_attack.py", str(shared()), "--out", str(tmp_path)])
    runpy.run_path(str(PROJECT / "tools" / "make_attack.py"), run_name="__main__")
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made.keys() == {"LICENSE.txt", "enterprise-18.1.tsv", "enterprise-19.1.tsv"}
    for name, content in made.items():
        assert DATA.joinpath(name).read_bytes() == content, name


@needs_shared
def test_names_and_tactics_are_those_of_the_reference() -> None:
    reference = json.loads(shared("attack", "enterprise-attack.json").read_text(encoding="utf-8"))
    facts = matrix()
    for technique in reference["techniques"]:
        ours = facts.techniques[technique["id"]]
        assert (ours.name, set(ours.tactics)) == (technique["name"], set(technique["tactics"]))


def test_current_techniques_are_neither_revoked_nor_deprecated() -> None:
    facts = matrix()
    assert len(facts.current) == 697
    assert list(facts.current) == sorted(facts.current)
    assert "T1059.001" in facts.current
    assert "T1086" not in facts.current


def test_sub_techniques_stand_below_their_technique_and_all_of_them_do() -> None:
    facts = matrix()
    below = [each.id for children in facts.children.values() for each in children]
    assert sorted(below) == [identifier for identifier in facts.current if "." in identifier]
    assert [each.id for each in facts.children["T1110"]] == ["T1110.001", "T1110.002", "T1110.003", "T1110.004"]


def test_former_ids_lead_to_the_technique_that_took_their_place() -> None:
    facts = matrix()
    assert "T1086" in [each.id for each in facts.former_ids["T1059.001"]]
    assert sum(map(len, facts.former_ids.values())) == 149
    assert facts.former_ids.keys() <= facts.current.keys()
