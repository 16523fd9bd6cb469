"""Digests of neighbourhoods: they change whenever what the catalog says of a rule's neighbours does."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.catalog import open_catalog
from detectionary.model.entry import Entry
from detectionary.model.outcome import Outcome
from tests.catalog.stored import an_entry, looks_for, store
from tests.site.test_incremental import some_entry


def digests(path: Path) -> dict[str, str]:
    with open_catalog(path) as catalog:
        return dict(catalog.neighbourhoods())


def said(path: Path) -> dict[str, object]:
    """By slug everything that a rule's page says of its neighbours."""
    with open_catalog(path) as catalog:
        ids = {rule.reference.id for rule in catalog.references()}
        return {
            entry.slug: (catalog.relations(entry), [name for _, name in entry.rule.related if name in ids])
            for entry in catalog.entries()
        }


def changed(path: Path, *entries: Entry, gone: tuple[str, ...] = ()) -> set[str]:
    """The slugs whose digests are other ones after a run."""
    before = digests(path)
    store(path, *entries, gone=gone)
    after = digests(path)
    return {slug for slug, digest in after.items() if before.get(slug) != digest}


A = an_entry("a", looks_for("Tool", "x.exe"), actions=["cloud:m/Start"])
B = an_entry("b", looks_for("Tool", "x.exe"))
C = an_entry("c", looks_for("Other", "y"), actions=["cloud:m/Start"])
D = an_entry("d", looks_for("Other", "z"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store(tmp_path / "rules.db", A, B, C, D)
    return tmp_path / "rules.db"


def titled(entry: Entry, title: str) -> Entry:
    return replace(entry, rule=replace(entry.rule, title=title))


def test_every_present_rule_has_one_and_a_second_reading_has_the_same(path: Path) -> None:
    assert sorted(digests(path)) == ["a", "b", "c", "d"]
    assert digests(path) == digests(path)
    assert changed(path, gone=("d",)) == set()
    assert sorted(digests(path)) == ["a", "b", "c"]


def test_what_has_nothing_in_common_with_a_change_stays(path: Path) -> None:
    assert changed(path, titled(D, "Another title")) == {"d"}


def test_a_title_changes_the_rules_that_name_it(path: Path) -> None:
    assert changed(path, titled(A, "Another title")) == {"a", "b", "c"}


def test_the_outcome_of_a_rule_of_the_same_action_counts(path: Path) -> None:
    assert "c" in changed(path, replace(A, outcome=Outcome(False, ("Denied",))))


def test_a_value_that_another_rule_takes_up_counts(path: Path) -> None:
    assert "d" in changed(path, an_entry("e", looks_for("Other", "z")))


def test_an_exclusion_that_another_rule_takes_up_counts(path: Path) -> None:
    store(path, an_entry("e", exclusions=[looks_for("User", "svc")]))
    assert "e" in changed(path, an_entry("f", exclusions=[looks_for("User", "svc")]))


def test_a_value_that_is_not_counted_for_the_rule_itself_counts(path: Path) -> None:
    store(path, an_entry("e", looks_for("Side", "*side.exe", context="anti-join")))
    assert "e" in changed(path, an_entry("f", looks_for("Side", "*side.exe")))


def test_copies_and_versions_count(path: Path) -> None:
    assert "d" in changed(path, an_entry("e", query="d | take 1"))
    assert "d" in changed(path, an_entry("f", id="ID of D"))


def test_a_rule_that_is_named_by_its_id_counts_when_it_comes_and_when_it_goes(path: Path) -> None:
    naming = replace(D, rule=replace(D.rule, related=(("derived", "id of f"), ("similar", "id of nobody"))))
    store(path, naming)
    assert "d" in changed(path, an_entry("f"))
    assert "d" not in changed(path, an_entry("g"))
    assert "d" in changed(path, gone=("f",))


def test_common_values_tell_their_numbers_and_not_their_rules(path: Path) -> None:
    many = [an_entry(f"many-{number}", looks_for("Tool", "common")) for number in range(61)]
    store(path, *many)
    assert changed(path, titled(many[0], "Another title")) == {"many-0"}
    assert len(changed(path, an_entry("one-more", looks_for("Tool", "common")))) == 62


@pytest.mark.parametrize("seed", range(12))
def test_where_the_digest_stays_the_neighbours_do(tmp_path: Path, seed: int) -> None:
    place = random.Random(seed)
    path = tmp_path / "rules.db"
    names = [f"rule-{number}" for number in range(18)]
    entries = {name: _entry(place, name) for name in names}
    store(path, *entries.values())
    present = set(names)
    stayed = 0
    for _ in range(12):
        before, were = said(path), digests(path)
        name = place.choice(names)
        if name in present and place.random() < 0.4:
            store(path, gone=(name,))
            present.remove(name)
        else:
            store(path, _entry(place, name))
            present.add(name)
        after, are = said(path), digests(path)
        for slug in before.keys() & after.keys():
            if slug != name and were[slug] == are[slug]:
                assert before[slug] == after[slug], slug
                stayed += 1
    assert stayed > 5


def _entry(place: random.Random, name: str) -> Entry:
    """`some_entry` where `store` puts rules."""
    entry = some_entry(place, name)
    source = replace(entry.rule.source, repository="repository", path=f"rules/{name}.yaml", licence="MIT")
    return replace(entry, rule=replace(entry.rule, source=source))
