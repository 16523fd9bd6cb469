"""Facets and searches on the index in memory: the same rules as the catalog's SQL, counted right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from detectionary.catalog import COUNTED, Catalog, Facet, Filters, Index, Sort, browse, open_catalog
from detectionary.catalog.listing import authors_of, named_in
from detectionary.model.entry import Action
from detectionary.model.rule import Severity
from tests.catalog.stored import an_entry, looks_for, store

AUTHORS = "Ada Example (Northwind, Ltd.), Bo; ada example (Northwind, Ltd.)"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path: Path = tmp_path_factory.mktemp("browsing") / "rules.db"
    first = an_entry(
        "alpha",
        looks_for("EventName", "RunInstances"),
        exclusions=(looks_for("UserAgent", "console"),),
        severity=Severity.HIGH,
        tables=("AWSCloudTrail",),
        techniques=("T1583", "T1078.004"),
        actions=["aws:ec2.amazonaws.com/RunInstances"],
    )
    second = an_entry(
        "beta", looks_for("eventname", "PassRole"), severity=Severity.LOW, techniques=("T1078", "T1059.001")
    )
    third = an_entry(
        "gamma", looks_for("CommandLine", "whoami"), language="sigma", tables=("windows/process_creation",)
    )
    fourth = an_entry("delta", looks_for("CommandLine", "hostname"), language="eql", severity=Severity.CRITICAL)
    store(
        path,
        replace(first, rule=replace(first.rule, author=AUTHORS, status="Available")),
        second,
        replace(third, platform="Windows"),
        replace(
            fourth,
            third_party_feed="its table holds alerts",
            platform="windows",
            actions=(Action("azure:Activity/NETWORK/NICS/WRITE", "azure:Activity", "NETWORK/NICS/WRITE"),),
        ),
    )
    with open_catalog(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def index(catalog: Catalog) -> Index:
    return catalog.index()


def found(index: Index, filters: Filters) -> set[str]:
    return {rule.reference.slug for rule in index.members(index.select(filters))}


@pytest.mark.parametrize(
    ("facet", "value", "slugs"),
    [
        (Facet.LANGUAGE, "elastic", {"delta"}),
        (Facet.LANGUAGE, "KQL", {"alpha", "beta"}),
        (Facet.TECHNIQUE, "t1078", {"alpha", "beta"}),
        (Facet.TECHNIQUE, "T1078.004", {"alpha"}),
        (Facet.TECHNIQUE, "T1333", set()),
        (Facet.TECHNIQUE, "t1086", {"beta"}),  # revoked, now T1059.001
        (Facet.TACTIC, "TA0002", {"alpha", "beta"}),
        (Facet.TACTIC, "execution", {"alpha", "beta"}),
        (Facet.TACTIC, "ta0001", set()),
        (Facet.FIELD, "EVENTNAME", {"alpha", "beta"}),
        (Facet.FIELD, "useragent", {"alpha"}),
        (Facet.ACTION, "runinstances", {"alpha"}),
        (Facet.ACTION, "aws:ec2.amazonaws.com/RunInstances", {"alpha"}),
        (Facet.ACTION, "network/nics/write", {"delta"}),
        (Facet.ACTION, "azure:activity/network/nics/write", {"delta"}),
        (Facet.ACTION, "write", set()),
        (Facet.TABLE, "windows/process_creation", {"gamma"}),
        (Facet.SOURCE, "awscloudtrail", {"alpha"}),
        (Facet.AUTHOR, "bo", {"alpha"}),
        (Facet.AUTHOR, "Ada Example (Northwind, Ltd.)", {"alpha"}),
        (Facet.AUTHOR, "Northwind", set()),
        (Facet.HAS, "exclusions", {"alpha"}),
        (Facet.HAS, "nothing of the kind", set()),
        (Facet.FEED, "yes", {"delta"}),
        (Facet.FEED, "no", {"alpha", "beta", "gamma"}),
        (Facet.PARSED, "yes", {"alpha", "beta", "gamma", "delta"}),
        (Facet.STATUS, "available", {"alpha"}),
        (Facet.PLATFORM, "WINDOWS", {"gamma", "delta"}),
        (Facet.TACTIC, "none such", set()),
        (Facet.FEED, "perhaps", set()),
        (Facet.PARSED, "1", set()),
        (Facet.TECHNIQUE, "T10%", set()),  # nothing stands for other characters
        (Facet.TECHNIQUE, "T1078_004", set()),
        (Facet.REPOSITORY, "%", set()),
        (Facet.REPOSITORY, "repositor_", set()),
    ],
)
def test_a_filter_is_said_in_any_of_its_ways(
    catalog: Catalog, index: Index, facet: Facet, value: str, slugs: set[str]
) -> None:
    filters = Filters(((facet, (value,)),))
    assert found(index, filters) == slugs
    assert set(catalog.numbers(filters, tuple(Facet))) == {
        index.rules[place].number for place in index.places(index.select(filters))
    }


def choices(index: Index) -> list[tuple[Facet, str]]:
    return [(facet, key) for facet in COUNTED for key in index.values(facet) if key != "*"]


@settings(max_examples=150, deadline=None)
@given(data=some.data())
def test_filters_find_what_the_catalogs_sql_finds(catalog: Catalog, index: Index, data: some.DataObject) -> None:
    picked = data.draw(some.lists(some.sampled_from(choices(index)), max_size=4))
    filters = Filters()
    for facet, value in picked:
        filters = filters.adding(facet, value)
    numbers = {rule.number for rule in index.members(index.select(filters))}
    assert numbers == set(catalog.numbers(filters, tuple(Facet)))


@settings(max_examples=100, deadline=None)
@given(data=some.data())
def test_each_count_is_the_number_of_rules_that_one_more_filter_leaves(
    catalog: Catalog, index: Index, data: some.DataObject
) -> None:
    picked = data.draw(some.lists(some.sampled_from(choices(index)), max_size=3, unique_by=lambda choice: choice[0]))
    text = data.draw(some.sampled_from(("", "what", "whoami", "field:EventName value:PassRole")))
    filters = Filters(tuple((facet, (value,)) for facet, value in picked))
    answer = browse(catalog, index, text, filters, limit=100)
    assert answer.total == len(answer.rules)
    for facet_answer in answer.facets:
        others = Filters(tuple(pair for pair in filters.by_facet if pair[0] is not facet_answer.facet))
        for count in facet_answer.counts:
            narrowed = browse(catalog, index, text, others.adding(facet_answer.facet, count.key), facets=())
            if facet_answer.facet is Facet.TECHNIQUE:  # a filter by a technique finds its sub-techniques too
                assert narrowed.total >= count.rules
            else:
                assert narrowed.total == count.rules, (facet_answer.facet, count)


def test_pages_of_an_answer_show_every_rule_once_in_each_order(catalog: Catalog, index: Index) -> None:
    for sort in Sort:
        shown = [
            browsed.rule.reference.slug
            for offset in range(0, 6, 2)
            for browsed in browse(catalog, index, sort=sort, offset=offset, limit=2).rules
        ]
        assert sorted(shown) == ["alpha", "beta", "delta", "gamma"]
    severe = [each.rule.severity for each in browse(catalog, index, sort=Sort.SEVERITY).rules]
    assert severe[:3] == ["critical", "high", "low"]


def test_words_are_marked_where_they_were_found(catalog: Catalog, index: Index) -> None:
    answer = browse(catalog, index, "whoami")
    assert [each.rule.reference.slug for each in answer.rules] == ["gamma"]
    assert ("whoami", True) in answer.rules[0].snippet


def test_own_names_of_a_field_lead_to_its_canonical_names(index: Index) -> None:
    assert index.canonical_fields["useragent"]
    assert index.listing("alpha") is not None
    assert index.listing("none such") is None


@pytest.mark.parametrize(
    ("text", "authors"),
    [
        (None, ()),
        ("", ()),
        (" , ;", ()),
        ("One", ("One",)),
        ("One, Two;Three", ("One", "Two", "Three")),
        ("One (A, B), Two", ("One (A, B)", "Two")),
        ("One (never closed, Two", ("One (never closed, Two",)),
        ("closed), Two", ("closed)", "Two")),
        ("One,  One", ("One",)),
        ("One\n  Two", ("One Two",)),
    ],
)
def test_authors_are_parted_outside_of_parentheses(text: str | None, authors: tuple[str, ...]) -> None:
    assert authors_of(text) == authors
    assert all(named_in(author.upper(), text) for author in authors)
