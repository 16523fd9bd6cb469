"""The pages of techniques and tactics: what their rules look for, own rules apart, gaps with pages of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from detectionary.attack.facts import CREDIT, matrix
from detectionary.pages.attack.tactic import TacticPage
from detectionary.pages.attack.technique import TechniquePage, shares
from detectionary.pages.attack.technique_kind import TACTICS, TECHNIQUES
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from tests.catalog.stored import closed_at_the_end
from tests.pages.attack_rules import attack_library
from tests.pages.markup import faults, read


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with closed_at_the_end():
        yield attack_library(tmp_path_factory.mktemp("technique"))


def technique(library: Library, name: str) -> TechniquePage:
    page = TECHNIQUES.fill(library, f"technique/{name}.html")
    assert page is not None
    return page


def tactic(library: Library, name: str) -> TacticPage:
    page = TACTICS.fill(library, f"tactic/{name}.html")
    assert page is not None
    return page


def test_every_current_technique_and_tactic_has_a_page(library: Library) -> None:
    facts = matrix()
    assert set(TECHNIQUES.paths(library)) == {f"technique/{name.lower()}.html" for name in facts.current}
    assert set(TACTICS.paths(library)) == {
        f"tactic/{each.name.lower().replace(' ', '-')}.html" for each in facts.tactics.values()
    }


@pytest.mark.parametrize("name", ["t1086", "t9999", "t0866", "T1059"])
def test_other_addresses_have_none(library: Library, name: str) -> None:
    assert TECHNIQUES.fill(library, f"technique/{name}.html") is None


@pytest.mark.parametrize("kind", [TECHNIQUES, TACTICS], ids=["technique", "tactic"])
def test_pages_are_sound_and_small(library: Library, kind: PageKind[Any]) -> None:
    contexts = {path: kind.fill(library, path) for path in kind.paths(library)}
    gaps = [path for path, context in contexts.items() if context is not None and not context.rules]
    for path in contexts.keys() - set(gaps) | set(gaps[::12]):
        html = kind.html(library, contexts[path])
        assert faults(html) == [], path
        assert CREDIT in html
        assert len(html.encode()) < 60_000


def test_own_rules_are_told_apart_from_those_of_sub_techniques(library: Library) -> None:
    page = technique(library, "t1059")
    assert (page.rules, page.own, page.forwarding) == (4, 1, 1)
    languages = {each.language: each for each in page.languages}
    kusto = languages["kusto"]
    assert (kusto.total, kusto.own) == (2, 1)
    assert [(rule.slug, rule.severity) for rule in kusto.rules] == [("shell", "high"), ("revoked", "critical")]
    assert [rule.slug for rule in languages["sigma"].rules] == ["powershell", "two"]
    text = read(TECHNIQUES.html(library, page)).text
    assert "1 the technique itself, 3 only sub-techniques" in text


def test_a_rule_of_a_former_id_is_found_under_todays(library: Library) -> None:
    page = technique(library, "t1059.001")
    assert "T1086" in {each.id for each in page.former_ids}
    assert "revoked" in {rule.slug for each in page.languages for rule in each.rules}
    assert page.parent is not None
    assert (page.parent.id, page.parent.rules) == ("T1059", 4)
    assert "T1059.004" in {each.id for each in page.siblings}


def test_values_have_the_numbers_of_the_technique_and_of_the_catalog(library: Library) -> None:
    page = technique(library, "t1059.001")
    assert page.values is not None
    values = {each.value: (each.rules, each.corpus) for each in page.values.values}
    assert values == {"whoami": (1, 2), "iex": (1, 1)}
    assert page.exclusions is not None
    assert [each.value for each in page.exclusions.values] == ["backup"]
    shared = next(each for each in page.values.values if each.value == "whoami")
    assert shared.page.startswith("indicator/")
    assert f'href="../{shared.page}"' in TECHNIQUES.html(library, page)


def test_what_rules_name_and_read_besides(library: Library) -> None:
    page = technique(library, "t1059")
    assert page.techniques is not None
    assert [(each.name, each.rules) for each in page.techniques.counts] == [("T1105", 2)]
    assert page.actions is not None
    assert [each.name for each in page.actions.counts] == ["windows:Security/4688"]
    assert page.tables is not None
    assert [each.name for each in page.tables.counts] == ["SecurityEvent"]
    numbers = {each.facet: {count.title: count.rules for count in each.counts} for each in page.numbers}
    assert numbers["language"] == {"Kusto": 2, "Sigma": 2}
    assert numbers["severity"] == {"Critical": 1, "High": 1, "Low": 1, "no severity": 1}


def test_links_to_the_browse_page_leave_out_forwarded_alerts_as_the_numbers_do(library: Library) -> None:
    page = technique(library, "t1059")
    assert page.browse == "browse/index.html?technique=T1059&feed=no"
    assert page.forwarding_browse == "browse/index.html?technique=T1059&feed=yes"


def test_a_gap_has_a_page_that_says_so_and_names_its_neighbours(library: Library) -> None:
    page = technique(library, "t1110")
    assert (page.rules, page.forwarding, page.languages, page.numbers) == (0, 1, (), ())
    (under,) = page.tactics
    assert under.name == "Credential Access"
    assert under.covered == 0
    assert "T1003" in {each.id for each in under.gaps}
    assert "T1110" not in {each.id for each in under.gaps}
    text = read(TECHNIQUES.html(library, page)).text
    assert "No rule of the catalog names this technique or one of its sub-techniques." in text
    assert "1 rule that forwards a vendor’s alert does" in text


def test_hostile_titles_are_inert(library: Library) -> None:
    html = TECHNIQUES.html(library, technique(library, "t1059.001"))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    html.encode()


def test_the_json_is_the_context(library: Library) -> None:
    plain = json.loads(TECHNIQUES.encode(technique(library, "t1059")))
    assert (plain["id"], plain["rules"], plain["own"]) == ("T1059", 4, 1)
    assert plain["url"] == "https://attack.mitre.org/techniques/T1059/"
    assert technique(library, "t1059.001").url == "https://attack.mitre.org/techniques/T1059/001/"


def test_a_tactic_ranks_its_techniques_and_lists_rules_without_one(library: Library) -> None:
    page = tactic(library, "discovery")
    assert (page.rules, page.without_technique, page.covered) == (1, 1, 0)
    assert [rule.slug for rule in page.rules_without] == ["tactic-alone"]
    execution = tactic(library, "execution")
    assert (execution.rules, execution.forwarding, execution.without_technique) == (4, 1, 0)
    first = execution.techniques[0]
    assert (first.technique.id, first.technique.rules, first.with_tactic) == ("T1059", 4, 4)
    assert [each.technique.rules for each in execution.techniques][1:] == [0] * (len(execution.techniques) - 1)


def test_a_technique_counts_its_rules_under_tactics_that_they_do_not_name(library: Library) -> None:
    ranked = {each.technique.id: each for each in tactic(library, "stealth").techniques}
    assert (ranked["T1078"].technique.rules, ranked["T1078"].with_tactic) == (1, 0)


def test_a_split_tactic_is_named_by_its_successors(library: Library) -> None:
    assert [each.name for each in tactic(library, "defense-impairment").former] == ["Defense Evasion"]
    assert tactic(library, "execution").former == ()


def test_tactics_follow_one_another_as_in_the_matrix(library: Library) -> None:
    first, last = tactic(library, "reconnaissance"), tactic(library, "impact")
    assert (first.before, first.after) == (None, ("Resource Development", "tactic/resource-development.html"))
    assert last.after is None


def test_the_basis_follows_the_context(library: Library) -> None:
    assert TECHNIQUES.basis is not None
    again = attack_library(library.catalog.path.parent)
    paths = ["technique/t1059.html", "technique/t1110.html"]
    bases = [TECHNIQUES.basis(library, path) for path in paths]
    assert bases == [TECHNIQUES.basis(again, path) for path in paths]
    assert len(set(bases)) == 2


@given(wanted=some.lists(some.integers(min_value=0, max_value=300), max_size=9), room=some.integers(0, 200))
def test_shares_fill_the_room_and_give_nobody_too_much(wanted: list[int], room: int) -> None:
    given_ = shares(wanted, room)
    assert all(share <= want for share, want in zip(given_, wanted, strict=True))
    assert sum(given_) == min(sum(wanted), room)
    short = [share for share, want in zip(given_, wanted, strict=True) if share < want]
    if short:
        assert max(given_) <= max(short) + 1
