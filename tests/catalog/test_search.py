"""What people type into a search field."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from detectionary.catalog import Catalog, Facet, Filters, browse, open_catalog
from detectionary.catalog.search import question, tactics_called, technique_called
from detectionary.model.rule import Severity
from tests.catalog.stored import an_entry, looks_for, store


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path: Path = tmp_path_factory.mktemp("search") / "search.db"
    store(
        path,
        an_entry(
            "alpha",
            looks_for("EventName", "RunInstances"),
            looks_for("ErrorCode", "Client.UnauthorizedOperation"),
            severity=Severity.HIGH,
            tables=("AWSCloudTrail",),
            techniques=("T1583", "T1078.004"),
            actions=["aws:ec2.amazonaws.com/RunInstances"],
        ),
        an_entry("beta", looks_for("EventName", "PassRole"), looks_for("Role", "RunInstances"), severity=Severity.LOW),
        an_entry("gamma", looks_for("CommandLine", 'a "quoted" path'), language="sigma"),
    )
    with open_catalog(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("runinstances", {"alpha", "beta"}),
        ("Client.UnauthorizedOperation", {"alpha"}),
        ("unauthorized", set()),
        ("unauthorized*", {"alpha"}),
        ("alpha RunInstances", {"alpha"}),
        ("alpha PassRole", set()),
        ('"what alpha is"', {"alpha"}),
        ('"alpha what is"', set()),
        ('"never closed alpha', set()),
        ("field:EventName", {"alpha", "beta"}),
        ("field:eventname value:RUNINSTANCES", {"alpha"}),
        ("value:runinstances", {"alpha", "beta"}),
        ("severity:High", {"alpha"}),
        ("table:awscloudtrail alpha", {"alpha"}),
        ("technique:T1078", {"alpha"}),
        ("technique:t1583", {"alpha"}),
        ("tactic:execution", {"alpha"}),
        ("action:RunInstances", {"alpha"}),
        ("action:aws:ec2.amazonaws.com/RunInstances", {"alpha"}),
        ("language:sigma", {"gamma"}),
        ("repository:repository", {"alpha", "beta", "gamma"}),
        ('value:"a ""quoted"" path"', set()),
        ('id:"id of beta"', {"beta"}),
        ("severity:high severity:low", {"alpha", "beta"}),
        ("", {"alpha", "beta", "gamma"}),
        ("...", {"alpha", "beta", "gamma"}),
        ("NOT alpha", set()),
        ("title : alpha", {"alpha"}),
        ("alpha)", {"alpha"}),
    ],
)
def test_texts_find(catalog: Catalog, text: str, found: set[str]) -> None:
    assert {hit.reference.slug for hit in catalog.search(text)} == found


def test_filters_and_text_hold_together(catalog: Catalog) -> None:
    filters = Filters().adding(Facet.SEVERITY, "low").adding(Facet.SEVERITY, "medium")
    assert [hit.reference.slug for hit in catalog.search("runinstances", filters)] == ["beta"]
    found = catalog.search("runinstances severity:high", filters)
    assert {hit.reference.slug for hit in found} == {"alpha", "beta"}


def test_hits_are_marked_and_the_text_around_them_is_whole(catalog: Catalog) -> None:
    (hit,) = catalog.search('"What alpha"')
    assert ("What alpha", True) in hit.snippet
    assert "".join(piece for piece, _ in hit.snippet) == "What alpha is about"


def test_blanks_around_a_value_and_inside_of_a_tactic_do_not_count(catalog: Catalog) -> None:
    for facet, value in ((Facet.SEVERITY, " low "), (Facet.FIELD, "Role\n"), (Facet.LANGUAGE, "\tkql")):
        assert "beta" in {hit.reference.slug for hit in catalog.search("", Filters().adding(facet, value))}
    found = catalog.search('tactic:"exe cution"')
    assert [hit.reference.slug for hit in found] == ["alpha"]


def test_rules_without_words_are_listed_as_the_browse_page_lists_them(tmp_path: Path) -> None:
    path = tmp_path / "same.db"
    made = [an_entry("a", language="sigma"), an_entry("b", language="kusto"), an_entry("c", language="eql")]
    store(path, *(replace(each, rule=replace(each.rule, title="The same")) for each in made))
    with open_catalog(path) as catalog:
        listed = [found.rule.reference.slug for found in browse(catalog, catalog.index()).rules]
        assert [hit.reference.slug for hit in catalog.search("")] == listed == ["c", "b", "a"]


def test_the_limit_limits(catalog: Catalog) -> None:
    assert len(catalog.search("title", limit=2)) == 2


@given(some.text(max_size=40) | some.text('"*:()^-+ ANDORNEARtitle', max_size=40))
@settings(max_examples=300, deadline=None)
def test_nothing_that_is_typed_is_an_error(catalog: Catalog, text: str) -> None:
    catalog.search(text)
    assert question(text) == question(text)


@pytest.mark.parametrize("name", ["Defense Evasion", "defenseevasion", "defense-evasion"])
def test_a_tactic_that_is_gone_stands_for_those_in_its_place(name: str) -> None:
    assert tactics_called(name) == ("Stealth", "Defense Impairment")


@pytest.mark.parametrize(
    ("name", "tactic"), [("TA0005", "Stealth"), ("ta0001", "Initial Access"), ("lateral-movement", "Lateral Movement")]
)
def test_tactics_have_ids_and_names_in_addresses(name: str, tactic: str) -> None:
    assert tactics_called(name) == (tactic,)


def test_a_revoked_technique_stands_for_the_one_in_its_place() -> None:
    assert technique_called("t1086") == technique_called("T1086") == "T1059.001"
    assert technique_called("T1059") == "T1059"


def test_a_catalog_is_opened_without_numpy() -> None:
    """Every command opens one; numpy takes a tenth of a second to load."""
    code = "import sys, detectionary.catalog; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
