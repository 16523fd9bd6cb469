"""Corpus counts, copies, versions and same actions, on catalogs of a few hand-made rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.catalog import Catalog, open_catalog
from detectionary.model.entry import CorpusCount, Entry, Reference
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import Operator, ScalarValue, Value, ValueKind
from tests.catalog.stored import an_entry, looks_for, moved, opened, store

Stored = Callable[..., Catalog]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    def make(*entries: Entry) -> Catalog:
        path = tmp_path / "relations.db"
        store(path, *entries)
        return opened(path)

    return make


def count(catalog: Catalog, slug: str, field: str, value: str, operator: str = "eq") -> CorpusCount | None:
    entry = catalog.entry(slug)
    assert entry is not None
    return (catalog.relations(entry).corpus or {}).get((field, operator, value))


def slugs(references: tuple[Reference, ...]) -> list[str]:
    return [reference.slug for reference in references]


def test_other_rules_are_counted_by_language_and_case_is_folded(stored: Stored) -> None:
    with stored(
        an_entry("a", looks_for("EventName", "RunInstances")),
        an_entry("b", looks_for("eventname", "runinstances", "other")),
        an_entry("c", looks_for("EventName", "RUNINSTANCES"), language="sigma"),
        an_entry("d", looks_for("EventName", "RunInstances", operator=Operator.CONTAINS)),
    ) as catalog:
        assert count(catalog, "a", "eventname", "runinstances") == CorpusCount(2, (("kusto", 1), ("sigma", 1)))
        assert count(catalog, "b", "eventname", "other") == CorpusCount(0, ())
        assert count(catalog, "d", "eventname", "runinstances", "contains") == CorpusCount(0, ())
        assert slugs(catalog.rules_behind("eventname", "eq", "runinstances")) == ["a", "b", "c"]


def test_the_canonical_field_joins_names(stored: Stored) -> None:
    named = replace(looks_for("EventName", "x"), canonical_field="event.action")
    with stored(an_entry("a", named), an_entry("b", looks_for("event.action", "x"))) as catalog:
        assert count(catalog, "a", "event.action", "x") == CorpusCount(1, (("kusto", 1),))


def test_copies_are_counted_once_and_are_not_other_rules(stored: Stored) -> None:
    copies = [an_entry(name, looks_for("F", "x"), query="Same | take 1") for name in ("c1", "c2", "c3")]
    with stored(*copies, an_entry("other", looks_for("F", "x"))) as catalog:
        assert count(catalog, "other", "f", "x") == CorpusCount(1, (("kusto", 1),))
        assert count(catalog, "c1", "f", "x") == CorpusCount(1, (("kusto", 1),))
        first = catalog.entry("c1")
        assert first is not None
        assert slugs(catalog.relations(first).copies) == ["c2", "c3"]
        assert slugs(catalog.rules_behind("f", "eq", "x")) == ["c1", "other"]


def test_the_same_query_in_another_language_is_no_copy(stored: Stored) -> None:
    with stored(
        an_entry("a", looks_for("F", "x"), query="same"),
        an_entry("b", looks_for("F", "x"), query="same", language="spl"),
    ) as catalog:
        entry = catalog.entry("a")
        assert entry is not None
        assert catalog.relations(entry).copies == ()
        assert count(catalog, "a", "f", "x") == CorpusCount(1, (("spl", 1),))


def test_of_one_id_only_the_newest_counts_and_both_are_shown(stored: Stored) -> None:
    old = an_entry("old", looks_for("F", "x"), id="ID-1", version="1.9.0")
    new = an_entry("new", looks_for("F", "x"), id="id-1", version="1.10.0")
    with stored(old, new, an_entry("other", looks_for("F", "x"))) as catalog:
        assert count(catalog, "other", "f", "x") == CorpusCount(1, (("kusto", 1),))
        assert count(catalog, "new", "f", "x") == CorpusCount(1, (("kusto", 1),))
        assert count(catalog, "old", "f", "x") == CorpusCount(1, (("kusto", 1),))
        entry = catalog.entry("old")
        assert entry is not None
        assert slugs(catalog.relations(entry).versions) == ["new"]
        named = catalog.entry("ID-1")
        assert named is not None
        assert named.slug == "new"


def test_a_value_that_only_an_older_version_has_is_nobodys(stored: Stored) -> None:
    old = an_entry("old", looks_for("F", "gone"), id="1", version="1.0")
    new = an_entry("new", looks_for("F", "x"), id="1", version="1.1")
    with stored(old, new, an_entry("other", looks_for("F", "gone"))) as catalog:
        assert count(catalog, "other", "f", "gone") == CorpusCount(0, ())
        assert count(catalog, "old", "f", "gone") == CorpusCount(1, (("kusto", 1),))


def test_exclusions_are_counted_apart(stored: Stored) -> None:
    with stored(
        an_entry("a", looks_for("F", "x")),
        an_entry("b", exclusions=[looks_for("F", "x")]),
        an_entry("c", exclusions=[looks_for("F", "x")]),
    ) as catalog:
        assert count(catalog, "a", "f", "x") == CorpusCount(0, ())
        entry = catalog.entry("b")
        assert entry is not None
        relations = catalog.relations(entry)
        assert relations.excluded == {("f", "eq", "x"): CorpusCount(1, (("kusto", 1),))}
        assert relations.corpus == {}
        assert slugs(catalog.rules_behind("f", "eq", "x", excluded=True)) == ["b", "c"]


def test_what_an_anti_join_looks_for_is_not_the_rules_own(stored: Stored) -> None:
    with stored(an_entry("a", looks_for("F", "x")), an_entry("b", looks_for("F", "x", context="anti-join"))) as catalog:
        assert count(catalog, "a", "f", "x") == CorpusCount(0, ())


@pytest.mark.parametrize(
    ("mine", "theirs", "together"),
    [
        ((ValueKind.NUMBER, 4625), (ValueKind.TEXT, "4625"), True),
        ((ValueKind.NUMBER, 4625.0), (ValueKind.NUMBER, 4625), True),
        ((ValueKind.BOOL, True), (ValueKind.TEXT, "True"), True),
        ((ValueKind.PLACEHOLDER, "admins"), (ValueKind.TEXT, "admins"), False),
        ((ValueKind.SYMBOLIC, "ago(1d)"), (ValueKind.TEXT, "ago(1d)"), False),
        ((ValueKind.TEXT, "a" * 300 + "b"), (ValueKind.TEXT, "A" * 300 + "B"), True),
        ((ValueKind.TEXT, "a" * 300 + "b"), (ValueKind.TEXT, "a" * 300 + "c"), False),
    ],
)
def test_which_values_are_the_same(
    stored: Stored, mine: tuple[ValueKind, ScalarValue], theirs: tuple[ValueKind, ScalarValue], together: bool
) -> None:
    one, two = (replace(looks_for("F"), values=(Value(kind, given),)) for kind, given in (mine, theirs))
    with stored(an_entry("a", one), an_entry("b", two)) as catalog:
        entry = catalog.entry("a")
        assert entry is not None
        assert [found.total for found in (catalog.relations(entry).corpus or {}).values()] == [int(together)]


def test_rules_of_one_action_are_linked_across_languages_and_cases(stored: Stored) -> None:
    with stored(
        an_entry("a", actions=["aws:ec2/RunInstances", "aws:iam/PassRole"]),
        an_entry("b", actions=["aws:EC2/runinstances"], language="sigma"),
        an_entry("c", actions=["aws:iam/PassRole"]),
        an_entry("d", actions=["aws:s3/GetObject"]),
    ) as catalog:
        entry = catalog.entry("a")
        assert entry is not None
        linked = [(action, reference.slug) for action, reference in catalog.relations(entry).same_action]
        assert linked == [("aws:iam/PassRole", "c"), ("aws:ec2/RunInstances", "b")]


def test_rules_of_one_action_with_the_same_outcome_come_first(stored: Stored) -> None:
    denied = Outcome(False, ("Access Denied",))
    with stored(
        an_entry("a", actions=["p/x"], outcome=denied),
        an_entry("b", actions=["p/x"]),
        an_entry("c", actions=["p/x"], outcome=Outcome(True)),
        an_entry("d", actions=["p/x"], outcome=Outcome(False)),
        an_entry("e", actions=["p/x"], outcome=Outcome(None, ("access denied",))),
        an_entry("f", actions=["p/x"], outcome=Outcome(False), language="eql"),
    ) as catalog:
        entry = catalog.entry("a")
        assert entry is not None
        assert entry.outcome == denied
        assert [other.slug for _, other in catalog.relations(entry).same_action] == ["e", "f", "d", "b", "c"]


@pytest.mark.parametrize(
    ("operator", "written"), [("ends_with", "\\cmd.exe"), ("starts_with", "cmd"), ("contains", "cmd"), ("eq", "cmd")]
)
def test_a_pattern_counts_as_what_it_says(stored: Stored, operator: str, written: str) -> None:
    stars = {"ends_with": "*{}", "starts_with": "{}*", "contains": "*{}*", "eq": "{}"}[operator]
    pattern = looks_for("F", stars.format(written.upper()), operator=Operator.WILDCARD)
    plain = looks_for("F", written, operator=Operator(operator))
    with stored(an_entry("a", pattern), an_entry("b", plain), an_entry("c", plain, language="sigma")) as catalog:
        assert count(catalog, "a", "f", written.lower(), operator) == CorpusCount(2, (("kusto", 1), ("sigma", 1)))
        assert count(catalog, "b", "f", written.lower(), operator) == CorpusCount(2, (("kusto", 1), ("sigma", 1)))


@pytest.mark.parametrize("context", ["anti-join", "absent $e", "missing event", "until"])
def test_what_a_rule_does_not_look_for_is_not_counted(stored: Stored, context: str) -> None:
    with stored(an_entry("a", looks_for("F", "x")), an_entry("b", looks_for("F", "x", context=context))) as catalog:
        assert count(catalog, "a", "f", "x") == CorpusCount(0, ())


def test_neighbours_share_most_values_and_rare_ones_first(stored: Stored) -> None:
    crowd = [an_entry(f"crowd{number}", looks_for("F", "common")) for number in range(5)]
    with stored(
        an_entry("a", looks_for("F", "common", "rare", "p", "q")),
        an_entry("two", looks_for("F", "p", "q")),
        an_entry("one", looks_for("F", "rare")),
        *crowd,
    ) as catalog:
        entry = catalog.entry("a")
        assert entry is not None
        shared = [(reference.slug, number) for reference, number in catalog.relations(entry).shared_indicators]
        assert shared[:2] == [("two", 2), ("one", 1)]
        assert {slug for slug, _ in shared[2:]} == {f"crowd{number}" for number in range(5)}


def test_gone_rules_are_marked_kept_and_no_longer_counted(tmp_path: Path) -> None:
    path = tmp_path / "gone.db"
    store(path, an_entry("a", looks_for("F", "x")), an_entry("b", looks_for("F", "x"), actions=["p/x"]))
    store(path, an_entry("c", looks_for("F", "x"), actions=["p/x"]), gone=["b"])
    with open_catalog(path) as catalog:
        assert catalog.slugs() == ("a", "c")
        assert count(catalog, "a", "f", "x") == CorpusCount(1, (("kusto", 1),))
        entry = catalog.entry("c")
        assert entry is not None
        assert catalog.relations(entry).same_action == ()
        assert [hit.reference.slug for hit in catalog.search("Title")] == ["a", "c"]
        kept = catalog.entry("b")
        assert kept is not None
        assert kept.rule.title == "Title of b"
        assert catalog.totals().gone == 1


def test_commit_and_licence_are_those_of_the_last_run(tmp_path: Path) -> None:
    path = tmp_path / "commit.db"
    store(path, an_entry("a"), commit="1" * 40)
    with open_catalog(path) as catalog:
        entry = catalog.entry("a")
    assert entry is not None
    assert (entry.rule.source.commit, entry.rule.source.licence) == ("1" * 40, "MIT")


def test_every_version_of_a_rule_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "versions.db"
    for query in ("one", "two", "one"):
        store(path, an_entry("a", query=query))
    with open_catalog(path) as catalog:
        entry = catalog.entry("a")
        assert entry is not None
        assert [(version.query, version.current) for version in catalog.versions(entry)] == [
            ("one", True),
            ("two", False),
        ]
        assert len(catalog.references()) == 1


def test_a_rule_that_moved_is_another_rule_of_its_id(tmp_path: Path) -> None:
    path = tmp_path / "moved.db"
    entry = an_entry("a", looks_for("F", "x"), id="1")
    store(path, entry)
    store(path, moved(entry, "rules/elsewhere.yaml"), gone=["a"])
    with open_catalog(path) as catalog:
        assert catalog.slugs() == ("elsewhere",)
        found = catalog.entry("1")
        assert found is not None
        assert found.slug == "elsewhere"
