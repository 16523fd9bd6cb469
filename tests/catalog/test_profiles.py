"""Values, names of fields and actions as index pages read them: they agree with the corpus counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.catalog import ActionParts, Catalog, FieldNames, Spelling, Values, open_catalog
from detectionary.model.entry import Action, Entry, value_keys
from detectionary.model.predicate import Operator, ValueKind
from tests.catalog.stored import an_entry, looks_for, opened, store, value

OTHER_VALUES = 5


def with_canonical(entry: Entry, names: dict[str, str]) -> Entry:
    rows = tuple(replace(row, canonical_field=names.get(row.field or "")) for row in entry.analysis.indicators)
    return replace(entry, analysis=replace(entry.analysis, indicators=rows))


def entries() -> tuple[Entry, ...]:
    """Rules with values in common: a copy in another repository's words, an older version, another language."""
    run = looks_for("EventName", "RunInstances")
    return (
        with_canonical(an_entry("first", run, looks_for("Code", "Denied", "OK"), tables=("T",)), CANONICAL),
        with_canonical(an_entry("second", run, language="sigma", exclusions=(looks_for("User", "root"),)), CANONICAL),
        with_canonical(
            an_entry("copy", run, looks_for("Code", "Denied", "OK"), query="first | take 1", tables=("T",)), CANONICAL
        ),
        with_canonical(an_entry("new", looks_for("eventname", "runinstances"), id="same", version="2.0.0"), CANONICAL),
        an_entry("old", looks_for("User", "root"), looks_for("Old", "only"), id="same", version="1.0.0"),
        an_entry("user", looks_for("User", "root"), looks_for("Size", 5, operator=Operator.GT)),
        an_entry("number", looks_for("Size", "5", operator=Operator.GT)),
    )


CANONICAL = {"EventName": "event.action", "eventname": "event.action"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    store(tmp_path / "catalog.db", *entries())
    return opened(tmp_path / "catalog.db")


@pytest.fixture
def values(catalog: Catalog) -> Values:
    return catalog.values(catalog.index())


def slugs(catalog: Catalog, places: tuple[int, ...]) -> list[str]:
    return [catalog.index().rules[place].reference.slug for place in places]


def test_the_rules_behind_are_those_that_the_catalog_names(catalog: Catalog, values: Values) -> None:
    for use in values.uses:
        behind = [each.slug for each in catalog.rules_behind(*use.key, excluded=use.excluded)]
        assert slugs(catalog, use.behind) == behind
    assert max(len(use.behind) for use in values.uses) == 3


def test_a_value_is_shared_when_the_page_of_a_rule_counts_another(catalog: Catalog, values: Values) -> None:
    counted = set()
    for entry in catalog.entries():
        relations = catalog.relations(entry)
        for excluded, counts in ((False, relations.corpus), (True, relations.excluded)):
            counted |= {(excluded, key) for key, count in (counts or {}).items() if count.total}
    assert {(use.excluded, use.key) for use in values.uses if use.shared} == counted


def test_a_value_that_only_an_older_version_shares_has_a_page(values: Values) -> None:
    root = values.use(("user", "eq", "root"), excluded=False)
    assert root is not None
    assert (len(root.rules), len(root.behind), root.shared) == (2, 1, True)


def test_a_value_of_an_older_version_alone_is_known_and_not_counted(values: Values) -> None:
    only = values.use(("old", "eq", "only"), excluded=False)
    assert only is not None
    assert (len(only.rules), only.behind, only.shared) == (1, (), False)


def test_indicators_and_exclusions_are_told_apart(catalog: Catalog, values: Values) -> None:
    excluded = values.use(("user", "eq", "root"), excluded=True)
    assert excluded is not None
    assert slugs(catalog, excluded.rules) == [entry.slug for entry in catalog.entries() if entry.analysis.exclusions]


def test_the_spelling_is_that_of_most_rules(values: Values) -> None:
    use = values.use(("event.action", "eq", "runinstances"), excluded=False)
    assert use is not None
    assert (use.value, use.kind) == ("RunInstances", "text")


def test_every_value_of_every_rule_is_found(catalog: Catalog, values: Values) -> None:
    for entry in catalog.entries():
        for row in entry.analysis.indicators:
            for key in value_keys(row):
                assert key is None or values.use(key, excluded=False) is not None


def test_a_number_and_its_digits_are_one_value(values: Values) -> None:
    use = values.use(("size", "gt", "5"), excluded=False)
    assert use is not None
    assert len(use.behind) == 2


def test_the_most_used_come_first_then_the_rare_and_copies_count_once(catalog: Catalog, values: Values) -> None:
    most = values.most_used(catalog.index().everything, 10)
    found = [(each.use.key, each.rules) for each in most.counts]
    assert found[0] == (("event.action", "eq", "runinstances"), 3)
    assert found[1][1] == 2
    assert sorted(found[2:]) == [
        (("code", "eq", "denied"), 1),
        (("code", "eq", "ok"), 1),
        (("user", "eq", "root"), 1),
    ]
    assert most.total == OTHER_VALUES


def test_of_many_values_so_many_are_given(catalog: Catalog, values: Values) -> None:
    most = values.most_used(catalog.index().everything, 2)
    assert (most.total, len(most.counts)) == (OTHER_VALUES, 2)
    assert [each.rules for each in most.counts] == [3, 2]


def test_exclusions_are_counted_apart(catalog: Catalog, values: Values) -> None:
    most = values.most_used(catalog.index().everything, 10, excluded=True)
    assert [(each.use.key, each.rules) for each in most.counts] == [(("user", "eq", "root"), 1)]


def test_rules_that_are_gone_have_no_values(tmp_path: Path) -> None:
    store(tmp_path / "c.db", an_entry("stays", looks_for("A", "1")), an_entry("goes", looks_for("A", "2")))
    store(tmp_path / "c.db", an_entry("stays", looks_for("A", "1")), gone=("goes",))
    with open_catalog(tmp_path / "c.db") as catalog:
        assert [use.value for use in catalog.values(catalog.index()).uses] == ["1"]


def test_values_that_rules_cannot_share_are_left_out(tmp_path: Path) -> None:
    empty = replace(looks_for("A", "x"), values=(value(None, ValueKind.NULL),))
    store(tmp_path / "c.db", an_entry("one", empty))
    with open_catalog(tmp_path / "c.db") as catalog:
        assert catalog.values(catalog.index()).uses == ()


def test_a_field_has_its_neutral_name_and_the_names_that_rules_write(catalog: Catalog) -> None:
    names = catalog.field_names(catalog.index())
    assert names["event.action"] == FieldNames(
        "event.action",
        (Spelling("kusto", "EventName", 2), Spelling("kusto", "eventname", 1), Spelling("sigma", "EventName", 1)),
    )
    assert names["size"] == FieldNames(None, (Spelling("kusto", "Size", 2),))
    assert set(names) == {"event.action", "code", "user", "size", "old"}


def test_actions_are_taken_apart_and_spelled_as_most_rules_do(tmp_path: Path) -> None:
    spelled = ("aws:ec2/RunInstances", "aws:ec2/RunInstances", "aws:EC2/runinstances")
    made = [an_entry(f"rule {number}", actions=(key,)) for number, key in enumerate(spelled)]
    inferred = replace(made[0], actions=(Action(spelled[0], "aws:ec2", "RunInstances", inferred=True),))
    store(tmp_path / "c.db", inferred, *made[1:])
    with open_catalog(tmp_path / "c.db") as catalog:
        assert catalog.action_parts() == {
            "aws:ec2/runinstances": ActionParts("aws:ec2/RunInstances", "aws:ec2", "RunInstances", 1)
        }
