"""The pages that index a catalog: what each lists and counts, and that every value has an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from detectionary.catalog import Facet
from detectionary.model.entry import Entry, value_keys
from detectionary.model.rule import Severity
from detectionary.pages.keys import list_path, overview_path
from detectionary.pages.library import Library
from detectionary.pages.lists.context import (
    ActionFacts,
    AuthorFacts,
    FieldFacts,
    FieldPage,
    FieldValue,
    FieldValuesPage,
    IndexPage,
    OverviewPage,
    RepositoryFacts,
    TableFacts,
    ValuePage,
)
from detectionary.pages.lists.fill import FIRST, NEXT
from detectionary.pages.lists.names import NAMES
from detectionary.pages.lists.overview import ROWS
from detectionary.pages.lists.value_links import FIRST_VALUES, NEXT_VALUES, value_href
from detectionary.pages.rule.kind import RULES
from tests.catalog.stored import an_entry, looks_for
from tests.pages.indexed import all_pages, bases, broken_links, by, kind_of, library_of, page_at
from tests.pages.markup import faults, read

RUN = "aws:ec2.amazonaws.com/RunInstances"
STOP = "aws:ec2.amazonaws.com/StopInstances"


def small() -> tuple[Entry, ...]:
    run = looks_for("EventName", "RunInstances")
    return (
        by(
            an_entry(
                "one",
                run,
                looks_for("Code", "Denied"),
                tables=("SigninLogs", "AuditLogs"),
                actions=(RUN,),
                severity=Severity.LOW,
                techniques=("T1583",),
            ),
            author="Ann (Here), Bob",
            platform="AWS",
        ),
        by(
            an_entry("two", run, tables=("SigninLogs",), actions=(RUN,), severity=Severity.HIGH),
            author="Ann",
            platform="AWS",
        ),
        by(
            an_entry(
                "three",
                looks_for("EventName", "StopInstances"),
                language="sigma",
                tables=("windows/process_creation",),
                actions=(STOP,),
                exclusions=(looks_for("User", "root"),),
            )
        ),
        by(an_entry("four", looks_for("Word", "a", "b"), language="sigma", exclusions=(looks_for("User", "root"),))),
    )


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return library_of(tmp_path, *small())


def index_page(library: Library, facet: str, name: str, number: int = 1) -> IndexPage:
    page = page_at(library, list_path(facet, name, number))
    assert isinstance(page, IndexPage)
    return page


def titles(page: IndexPage | ValuePage) -> list[str]:
    return [rule.title for rule in page.rules]


def counts(page: IndexPage, title: str) -> dict[str, int]:
    found = next(each for each in (*page.numbers, *page.neighbours) if each.title == title)
    assert found.total == len(found.counts)
    return {count.title: count.rules for count in found.counts}


def test_every_page_is_whole_and_every_link_leads_to_a_page(library: Library) -> None:
    pages = {path: html for path, _, html in all_pages(library)}
    assert {path: faults(html) for path, html in pages.items() if faults(html)} == {}
    assert broken_links(pages) == []
    assert len(pages) == 25


def test_every_address_is_listed_once_and_others_have_no_page(library: Library) -> None:
    paths = [path for path, _, _ in all_pages(library)]
    assert len(set(paths)) == len(paths)
    for path in ("table/none.html", "field/index.page-9.html", "indicator/none.html", "field/word.values-2.html"):
        assert path not in paths
        assert kind_of(path).fill(library, path) is None


def test_the_json_of_a_page_is_its_context(library: Library) -> None:
    for path, page, _ in all_pages(library):
        plain = msgspec.json.decode(kind_of(path).encode(page))
        assert plain == msgspec.json.decode(msgspec.json.encode(page))
        assert plain["path"] == path


def test_a_log_source_lists_its_rules_the_most_severe_first(library: Library) -> None:
    page = index_page(library, "table", "SigninLogs")
    assert (page.title, page.total, titles(page)) == ("SigninLogs", 2, ["Title of two", "Title of one"])
    assert counts(page, "Severity") == {"High": 1, "Low": 1}
    assert counts(page, "Language") == {"Kusto": 2}
    assert counts(page, "Log sources read together") == {"AuditLogs": 1}
    assert counts(page, "Fields filtered") == {"Code": 1, "EventName": 2}
    assert counts(page, "Actions") == {RUN: 2}
    assert counts(page, "Authors") == {"Ann": 1, "Ann (Here)": 1, "Bob": 1}
    assert page.measures is not None
    assert (page.measures.accepted, page.measures.with_exclusions) == (2, 0)


def test_numbers_say_what_is_missing_too(library: Library) -> None:
    page = index_page(library, "language", "sigma")
    assert counts(page, "Severity") == {"no severity": 2}
    assert counts(page, "Platform") == {"no platform": 2}
    assert [count.page for count in page.numbers[0].counts] == [None]


def test_a_table_says_what_its_schema_is(library: Library) -> None:
    facts = index_page(library, "table", "SigninLogs").facts
    assert isinstance(facts, TableFacts)
    assert facts.azure_monitor
    assert {"UserPrincipalName", "ResultType"} <= {column.name for column in facts.columns}


def test_a_category_names_the_events_that_it_stands_for(library: Library) -> None:
    facts = index_page(library, "table", "windows/process_creation").facts
    assert isinstance(facts, TableFacts)
    assert ("windows:Security/4688", 0, None) in [(each.name, each.rules, each.page) for each in facts.events]


def test_values_of_a_list_are_counted_here_and_in_the_catalog(library: Library) -> None:
    page = index_page(library, "table", "AuditLogs")
    assert page.values is not None
    found = [(each.field, each.operator, each.value, each.rules, each.corpus) for each in page.values.values]
    assert found == [("Code", "eq", "Denied", 1, 1), ("EventName", "eq", "RunInstances", 1, 2)]
    page = index_page(library, "language", "sigma")
    assert page.exclusions is not None
    assert [(each.value, each.rules, each.page.split("/")[0]) for each in page.exclusions.values] == [
        ("root", 2, "exclusion")
    ]


def test_an_action_has_its_parts_and_those_of_its_provider(library: Library) -> None:
    page = index_page(library, "action", RUN)
    assert page.facts == ActionFacts("aws:ec2.amazonaws.com", "RunInstances", 0)
    assert titles(page) == ["Title of two", "Title of one"]
    assert counts(page, "Other actions of aws:ec2.amazonaws.com") == {"StopInstances": 1}


def test_a_repository_says_what_was_read(library: Library) -> None:
    page = index_page(library, "repository", "repository")
    assert isinstance(page.facts, RepositoryFacts)
    assert (page.facts.licence, page.facts.url, page.facts.files) == ("MIT", None, 4)
    assert [(each.language, each.rules, each.accepted) for each in page.facts.languages] == [
        ("kusto", 2, 2),
        ("sigma", 2, 2),
    ]


def test_an_author_with_another_affiliation_is_named(library: Library) -> None:
    facts = index_page(library, "author", "Ann").facts
    assert isinstance(facts, AuthorFacts)
    assert [(each.name, each.page) for each in facts.also] == [("Ann (Here)", list_path("author", "Ann (Here)"))]
    assert index_page(library, "author", "Bob").facts is None
    assert counts(index_page(library, "author", "Bob"), "Writes with") == {"Ann (Here)": 1}


def test_a_field_says_what_languages_call_it(library: Library) -> None:
    page = index_page(library, "field", "EventName")
    assert page.title == "EventName"
    assert isinstance(page.facts, FieldFacts)
    assert page.facts.canonical is None
    assert [(each.language, each.name, each.rules) for each in page.facts.spellings] == [
        ("kusto", "EventName", 2),
        ("sigma", "EventName", 1),
    ]


def test_a_field_lists_all_its_values(library: Library) -> None:
    page = page_at(library, list_path("field", "EventName"))
    assert isinstance(page, FieldPage)
    (group,) = page.listed
    assert (group.operator, group.total, group.first) == ("eq", 2, 1)
    shared, single = group.values
    assert (shared.value, shared.rules, shared.languages) == ("RunInstances", 2, {"kusto": 2})
    assert (shared.page or "").startswith("indicator/")
    assert (single.value, single.rules, single.page, single.rule.title) == ("StopInstances", 1, None, "Title of three")


def test_a_value_lists_exactly_the_rules_that_its_count_counts(library: Library) -> None:
    for path, page, _ in all_pages(library):
        if isinstance(page, ValuePage):
            key = next(
                key
                for entry in library.catalog.entries()
                for row in (*entry.analysis.indicators, *entry.analysis.exclusions)
                for key in value_keys(row)
                if key is not None and value_href(library, key, excluded=page.excluded) == path
            )
            behind = library.catalog.rules_behind(*key, excluded=page.excluded)
            assert {rule.slug for rule in page.rules} == {rule.slug for rule in behind}
            assert page.total == len(behind)


def test_every_value_of_every_rule_has_an_address(library: Library) -> None:
    pages = {path: html for path, _, html in all_pages(library)}
    for entry in library.catalog.entries():
        for rows, excluded in ((entry.analysis.indicators, False), (entry.analysis.exclusions, True)):
            for key in (key for row in rows for key in value_keys(row) if key is not None):
                path, _, anchor = (value_href(library, key, excluded=excluded) or "").partition("#")
                assert path in pages
                assert not anchor or anchor in read(pages[path]).ids()
    assert value_href(library, ("word", "eq", "never")) is None


def test_a_value_names_its_opposite_and_the_same_value_elsewhere(tmp_path: Path) -> None:
    library = library_of(
        tmp_path,
        an_entry("a", looks_for("User", "root"), looks_for("Other", "root")),
        an_entry("b", looks_for("User", "root"), looks_for("With", "it")),
        an_entry("c", exclusions=(looks_for("User", "root"),)),
    )
    page = page_at(library, value_href(library, ("user", "eq", "root")) or "")
    assert isinstance(page, ValuePage)
    assert page.opposite is not None
    assert (page.opposite.name, page.opposite.rules) == ("exclusion", 1)
    assert [(each.field, each.rules) for each in page.elsewhere] == [("Other", 1)]
    assert page.beside is not None
    assert sorted((each.field, each.rules) for each in page.beside.values) == [("Other", 1), ("With", 1)]
    assert page.beside.total == 2


def test_copies_and_older_versions_are_told_and_not_listed(tmp_path: Path) -> None:
    root = looks_for("User", "root")
    library = library_of(
        tmp_path,
        an_entry("a", root),
        an_entry("copy of a", root, query="a | take 1"),
        an_entry("b", root, id="b", version="2.0.0"),
        an_entry("older b", root, id="b", version="1.0.0"),
    )
    page = page_at(library, value_href(library, ("user", "eq", "root")) or "")
    assert isinstance(page, ValuePage)
    assert (page.total, page.uncounted) == (2, 2)
    assert titles(page) == ["Title of a", "Title of b"]


# Pages


def test_a_long_list_is_paged_and_every_rule_stands_on_one_page(tmp_path: Path) -> None:
    number = FIRST + NEXT + 5
    library = library_of(
        tmp_path,
        *(
            an_entry(f"r{at}", tables=("T",), severity=(Severity.HIGH, Severity.LOW, None)[at % 3])
            for at in range(number)
        ),
    )
    pages = [index_page(library, "table", "T", at) for at in (1, 2, 3)]
    assert [len(page.rules) for page in pages] == [FIRST, NEXT, 5]
    assert [page.first for page in pages] == [1, FIRST + 1, FIRST + NEXT + 1]
    rules = [rule for page in pages for rule in page.rules]
    assert len({rule.slug for rule in rules}) == number
    order = {"high": 0, "low": 1, None: 2}
    assert rules == sorted(rules, key=lambda rule: (order[rule.severity], rule.title.casefold()))
    assert pages[0].pages == pages[2].pages == tuple(page.path for page in pages)
    assert pages[1].neighbours == ()
    assert pages[1].values is None
    assert faults(kind_of("table/t.html").html(library, pages[1])) == []


def test_many_values_of_a_field_are_paged_and_anchors_are_on_the_right_page(tmp_path: Path) -> None:
    number = FIRST_VALUES + NEXT_VALUES + 7
    many = looks_for("Word", *(f"value {at}" for at in range(number - 1)))
    library = library_of(tmp_path, an_entry("a", many), an_entry("b", exclusions=(looks_for("Word", "not"),)))
    first = page_at(library, "field/word.html")
    assert isinstance(first, FieldPage)
    assert len(first.value_pages) == 3
    listed = [value for path in first.value_pages for value in values_on(page_at(library, path))]
    assert len(listed) == len({value.id for value in listed}) == number
    pages = {path: html for path, _, html in all_pages(library)}
    for at in range(number - 1):
        path, _, anchor = (value_href(library, ("word", "eq", f"value {at}")) or "").partition("#")
        assert anchor in read(pages[path]).ids()
    assert broken_links(pages) == []


def test_the_page_of_a_rule_leads_to_the_rows_of_the_values_that_it_alone_has(tmp_path: Path) -> None:
    rules = [an_entry(f"r{at}", looks_for("Word", *(f"{at} {word}" for word in "abcdefghijk"))) for at in range(6)]
    library = library_of(tmp_path, *rules, an_entry("not", exclusions=(looks_for("Word", "no"),)))
    assert sum(len(row.values) for rule in rules for row in rule.analysis.indicators) > FIRST_VALUES
    pages = {path: html for path, _, html in all_pages(library)}
    for path in RULES.paths(library):
        page = RULES.fill(library, path)
        assert page is not None
        links = [link for link in read(RULES.html(library, page)).links() if "#v-" in link or "#x-" in link]
        assert len(links) == sum(len(row.values) for row in (*page.indicators, *page.exclusions))
        assert broken_links(pages | {path: "".join(f'<a href="{link}">x</a>' for link in links)}) == []


def test_a_rule_page_changes_when_the_rows_of_its_values_move_to_another_page(tmp_path: Path) -> None:
    last = an_entry("last", looks_for("Word", "z"))
    few = [an_entry("few", looks_for("Word", *(f"value {at}" for at in range(FIRST_VALUES - 1))))]
    more = [an_entry("few", looks_for("Word", *(f"value {at}" for at in range(FIRST_VALUES))))]
    one, two = library_of(tmp_path / "a", last, *few), library_of(tmp_path / "b", last, *more)
    key = ("word", "eq", "z")
    assert (value_href(one, key) or "").partition("#")[0] == "field/word.html"
    assert (value_href(two, key) or "").partition("#")[0] == "field/word.values-2.html"
    assert RULES.basis is not None
    (path,) = [path for path in RULES.paths(one) if "last" in path]
    assert RULES.basis(one, path) != RULES.basis(two, path)


def values_on(page: object) -> Iterator[FieldValue]:
    assert isinstance(page, FieldPage | FieldValuesPage)
    for group in page.listed:
        yield from group.values


def test_an_overview_lists_every_list_once(tmp_path: Path) -> None:
    number = ROWS + 3
    library = library_of(
        tmp_path, *(an_entry(f"r{at}", tables=(f"T{at}",), actions=(f"p{at % 2}:x/op{at}",)) for at in range(number))
    )
    for facet in ("table", "action"):
        pages = [page_at(library, overview_path(facet, at)) for at in (1, 2)]
        rows = []
        for page in pages:
            assert isinstance(page, OverviewPage)
            assert (page.total, len(page.pages)) == (number, 2)
            rows += [row.page for group in page.groups for row in group.rows]
        assert len(set(rows)) == len(rows) == number
    assert broken_links({path: html for path, _, html in all_pages(library)}) == []


def test_an_overview_of_actions_is_grouped_by_provider(library: Library) -> None:
    page = page_at(library, "action/index.html")
    assert isinstance(page, OverviewPage)
    (group,) = page.groups
    assert (group.title, [(row.title, row.rules) for row in group.rows]) == (
        "aws:ec2.amazonaws.com",
        [("RunInstances", 2), ("StopInstances", 1)],
    )


def test_an_overview_of_log_sources_is_grouped_by_language(library: Library) -> None:
    page = page_at(library, "table/index.html")
    assert isinstance(page, OverviewPage)
    assert [(group.title, [row.name for row in group.rows]) for group in page.groups] == [
        ("Kusto", ["SigninLogs", "AuditLogs"]),
        ("Sigma", ["windows/process_creation"]),
    ]
    assert [jump.page for jump in page.jumps] == ["table/index.html#g-kusto", "table/index.html#g-sigma"]


def test_an_empty_catalog_has_overviews_and_nothing_else(tmp_path: Path) -> None:
    library = library_of(tmp_path)
    pages = {path: html for path, _, html in all_pages(library)}
    assert sorted(pages) == sorted(
        overview_path(facet) for facet in ("table", "field", "action", "repository", "author", "platform", "language")
    )
    assert [faults(html) for html in pages.values()] == [[]] * 7


def test_the_names_for_the_box_are_those_of_the_lists(library: Library) -> None:
    files = dict(NAMES.files(library))
    data = files["table/names.js"].removeprefix(b"globalThis.detectionaryNames=").removesuffix(b";\n")
    assert msgspec.json.decode(data) == [
        ["SigninLogs", "signinlogs.html", 2],
        ["AuditLogs", "auditlogs.html", 1],
        ["windows/process_creation", list_path("table", "windows/process_creation").removeprefix("table/"), 1],
    ]


# Names


def test_names_that_would_share_an_address_share_a_page(tmp_path: Path) -> None:
    library = library_of(
        tmp_path,
        an_entry("a", tables=("My Table",)),
        an_entry("b", tables=("my-table",)),
        an_entry("c", tables=("MY TABLE",)),
    )
    page = index_page(library, "table", "My Table")
    assert page.total == 3
    assert {page.name, *page.names} == {"MY TABLE", "my-table"}
    assert page.browse == "browse/index.html?table=MY+TABLE&table=my-table"


def test_letter_case_does_not_matter_in_addresses_of_any_name() -> None:
    for name in ("windows/Process_Creation", "Ünder Größe", "a" * 300 + "B", "x:Y/Z"):
        assert list_path("table", name) == list_path("table", name.casefold())


def test_names_like_those_of_our_own_pages_have_other_addresses(tmp_path: Path) -> None:
    names = ("index", "index.page-2", "t.page-2", "t.values-2", "names")
    library = library_of(
        tmp_path,
        *(an_entry(f"r{at}", looks_for(name, "x"), tables=(name,)) for at, name in enumerate(names)),
        *(an_entry(f"t{at}", looks_for("t", f"v{at}"), tables=("t",)) for at in range(FIRST_VALUES + 1)),
    )
    for facet in ("table", "field"):
        for name in names:
            page = index_page(library, facet, name)
            assert page.total == 1
        assert index_page(library, facet, "t").total == FIRST_VALUES + 1
        assert len(index_page(library, facet, "t", 2).rules) == FIRST_VALUES + 1 - FIRST
    assert isinstance(page_at(library, "field/t.values-2.html"), FieldValuesPage)


def test_a_search_in_all_fields_has_a_page(tmp_path: Path) -> None:
    everywhere = replace(looks_for("x", "word"), field=None)
    library = library_of(tmp_path, an_entry("a", everywhere))
    page = index_page(library, "field", "*")
    assert (page.title, page.total) == ("any field", 1)
    assert faults(kind_of(page.path).html(library, page)) == []


# What pages depend on


def test_a_page_stays_while_nothing_of_it_changes(tmp_path: Path) -> None:
    before = bases(library_of(tmp_path / "a", *small()))
    again = bases(library_of(tmp_path / "b", *small()))
    assert before == again


def test_a_rule_elsewhere_that_changes_a_count_changes_the_page(tmp_path: Path) -> None:
    added = an_entry("five", looks_for("EventName", "StopInstances"), language="eql", tables=("Other",))
    one, two = library_of(tmp_path / "a", *small()), library_of(tmp_path / "b", *small(), added)
    before, after = bases(one), bases(two)
    changed = {path for path in before if after[path] != before[path]}
    for path in before:
        same = kind_of(path).html(one, page_at(one, path)) == kind_of(path).html(two, page_at(two, path))
        assert same or path in changed, path
    # The log source of the rule with the same value shows the count; a page that does not stays.
    assert list_path("table", "windows/process_creation") in changed
    assert list_path("table", "SigninLogs") not in changed


def test_a_changed_rule_changes_the_pages_that_list_it(tmp_path: Path) -> None:
    entries = small()
    changed = (by(entries[0], author="Ann (Here), Bob", platform="AWS", title="Another title"), *entries[1:])
    one, two = library_of(tmp_path / "a", *entries), library_of(tmp_path / "b", *changed)
    before, after = bases(one), bases(two)
    assert {path for path in before if after.get(path) != before[path]} >= {
        list_path("table", "AuditLogs"),
        list_path("author", "Bob"),
        list_path("action", RUN),
        value_href(two, ("eventname", "eq", "runinstances")),
    }
    assert after[list_path("language", "sigma")] == before[list_path("language", "sigma")]


def test_the_facet_that_is_filtered_is_the_one_of_the_page(library: Library) -> None:
    for facet, name in (("author", "Ann (Here)"), ("platform", "AWS"), ("repository", "repository")):
        page = index_page(library, facet, name)
        asked = library.index.having(Facet(facet), name)
        assert asked.bit_count() == page.total
