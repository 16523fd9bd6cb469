"""What rules cover: each rule once for a technique, forwarded alerts left out, the same for any set of rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from detectionary.catalog import Catalog, Facet, Filters, Index, Listing, open_catalog
from detectionary.catalog.coverage import TechniqueCount, chosen, coverage, naming, outside_enterprise
from detectionary.model.entry import Reference
from tests.catalog.stored import store
from tests.pages.attack_rules import RULES


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path: Path = tmp_path_factory.mktemp("coverage") / "rules.db"
    store(path, *RULES)
    with open_catalog(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def index(catalog: Catalog) -> Index:
    return catalog.index()


def test_a_rule_that_names_two_sub_techniques_counts_once(catalog: Catalog, index: Index) -> None:
    found = coverage(index, chosen(catalog, index))
    assert found.of("T1059") == TechniqueCount(own=1, all=4)
    assert found.of("T1059.001") == TechniqueCount(own=2, all=2)
    assert found.of("T1059.004") == TechniqueCount(own=1, all=1)


def test_a_technique_is_covered_by_its_sub_technique_alone(catalog: Catalog, index: Index) -> None:
    assert coverage(index, chosen(catalog, index)).of("T1078") == TechniqueCount(own=0, all=1)


def test_a_revoked_id_counts_for_its_successor_and_for_nothing_else(catalog: Catalog, index: Index) -> None:
    found = coverage(index, chosen(catalog, index))
    assert "T1086" not in found.techniques
    assert "revoked" in {rule.reference.slug for rule in index.members(naming(index, "T1059.001"))}


def test_what_no_rule_names_has_no_entry_and_no_rules(catalog: Catalog, index: Index) -> None:
    found = coverage(index, chosen(catalog, index))
    assert "T1003" not in found.techniques
    assert found.of("T1003") == (0, 0)


def test_rules_that_forward_alerts_are_left_out_unless_they_are_asked_for(catalog: Catalog, index: Index) -> None:
    everything = chosen(catalog, index)
    assert everything.bit_count() == len(RULES) - 1
    assert "T1110" not in coverage(index, everything).techniques
    forwarded = chosen(catalog, index, filters=Filters(((Facet.FEED, ("yes",)),)))
    assert coverage(index, forwarded).techniques == {"T1059": (1, 1), "T1110": (1, 1)}
    assert chosen(catalog, index, "feed:no") == everything
    assert chosen(catalog, index, "feed:yes") == forwarded


@pytest.mark.parametrize(
    ("text", "filters", "slugs"),
    [
        ("about", (), {"shell", "powershell", "two", "accounts", "revoked", "tactic-alone", "factory", "silent"}),
        ("powershell", (), {"powershell", "revoked"}),
        ("powershell", ((Facet.LANGUAGE, ("sigma",)),), {"powershell"}),
        ("value:whoami", (), {"shell", "powershell"}),
        ("field:CommandLine value:curl", (), {"two"}),
        ("", ((Facet.PLATFORM, ("AWS", "Windows")),), {"shell", "powershell", "accounts"}),
        ("", ((Facet.TECHNIQUE, ("T1059",)),), {"shell", "powershell", "two", "revoked"}),
        ("nowhere-at-all", (), set()),
    ],
)
def test_a_search_and_filters_choose_the_rules(
    catalog: Catalog, index: Index, text: str, filters: tuple[tuple[Facet, tuple[str, ...]], ...], slugs: set[str]
) -> None:
    rules = chosen(catalog, index, text, Filters(filters))
    assert {rule.reference.slug for rule in index.members(rules)} == slugs


def test_tactics_are_counted_by_the_rules_that_name_them(catalog: Catalog, index: Index) -> None:
    found = coverage(index, chosen(catalog, index))
    assert found.tactics["Execution"] == 4
    assert found.tactics["Discovery"] == 1
    assert "Reconnaissance" not in found.tactics


def test_ids_of_other_domains_are_told_apart(catalog: Catalog, index: Index) -> None:
    place = index.place("factory")
    assert {(each.place, each.id, each.domain) for each in outside_enterprise(catalog, index)} == {
        (place, "T0866", "ICS"),
        (place, "T1660", "Mobile"),
        (place, "TA0107", "ICS"),
    }


IDS = ("T1001", "T1001.001", "T1001.002", "T1002", "T1002.001", "T1003")


def listing(number: int, techniques: tuple[str, ...]) -> Listing:
    reference = Reference(str(number), f"rule-{number}", f"Rule {number}", "kusto", None)
    return Listing(
        reference, "r", "p", "Rule", None, None, ("Execution",), techniques, (), None, True, 0, number=number
    )


@settings(max_examples=150, deadline=None)
@given(
    techniques=some.lists(some.lists(some.sampled_from(IDS), max_size=4, unique=True).map(tuple), max_size=12),
    chosen_rules=some.integers(min_value=0, max_value=2**12 - 1),
)
def test_counts_are_those_of_counting_rule_by_rule(techniques: list[tuple[str, ...]], chosen_rules: int) -> None:
    index = Index([listing(number, names) for number, names in enumerate(techniques)], {})
    rules = chosen_rules & index.everything
    members = [rule.techniques for rule in index.members(rules)]
    expected = {
        identifier: (
            sum(identifier in names for names in members),
            sum(any(name == identifier or name.startswith(f"{identifier}.") for name in names) for names in members),
        )
        for identifier in IDS
    }
    found = coverage(index, rules)
    assert found.techniques == {identifier: counts for identifier, counts in expected.items() if counts[1]}
    assert found.tactics == ({"Execution": len(members)} if members else {})
