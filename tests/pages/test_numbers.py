"""A number of rules that is a link leads to exactly so many rules."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import pytest

from detectionary.catalog import Facet, Filters
from detectionary.model.entry import Entry
from detectionary.model.predicate import Opaque
from detectionary.pages.attack.matrix import PATH as MATRIX_PATH
from detectionary.pages.attack.matrix_kind import MATRIX
from detectionary.pages.attack.technique_kind import TECHNIQUES
from detectionary.pages.browse.search import BrowseRequest, browse_answer
from detectionary.pages.library import Library
from detectionary.pages.overview.context import PATH
from detectionary.pages.overview.kind import OVERVIEW
from detectionary.text import Diagnostic, Level, Span
from tests.catalog.stored import an_entry, looks_for
from tests.pages.attack_rules import naming
from tests.pages.indexed import all_pages, by, library_of

NUMBERED: Final = re.compile(r'<a href="[./]*browse/index\.html\?([^"]*)"[^>]*>([\d,]+)</a>')


def broken(entry: Entry) -> Entry:
    diagnostic = Diagnostic("KQL011", Level.ERROR, "an expression is missing", Span(0, 1))
    return replace(entry, analysis=replace(entry.analysis, accepted=False, diagnostics=(diagnostic,)))


def opaque(entry: Entry) -> Entry:
    found = (Opaque("case", "case(a, b)", Span(0, 1)), Opaque("case", "case(b, a)", Span(0, 1)))
    return replace(entry, analysis=replace(entry.analysis, opaques=found, predicate_count=4))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    run = looks_for("EventName", "RunInstances")
    return library_of(
        tmp_path,
        by(broken(an_entry("one", run, tables=("SigninLogs",))), author="Ann", platform="AWS"),
        by(an_entry("two", run, tables=("SigninLogs",), exclusions=(looks_for("User", "root"),)), author="Ann"),
        by(opaque(an_entry("three", run, language="sigma", tables=("aws/cloudtrail",))), platform="AWS"),
        replace(an_entry("four", run, tables=("SigninLogs",), query="a | take 1"), third_party_feed="an alert table"),
        naming(an_entry("five", tables=("SigninLogs",), query="b"), "T1059.001", "T1078"),
    )


def found(library: Library, query: str) -> int:
    filters = Filters()
    for facet, name in parse_qsl(html.unescape(query)):
        filters = filters.adding(Facet(facet), name)
    return browse_answer(library, BrowseRequest("", filters)).total


def test_numbers_of_index_pages_lead_to_so_many_rules(library: Library) -> None:
    asked = set()
    for path, _page, text in all_pages(library):
        for query, number in NUMBERED.findall(text):
            assert found(library, query) == int(number.replace(",", "")), (path, query)
            asked |= {pair for pair in parse_qsl(html.unescape(query)) if pair[0] in ("has", "parsed", "feed")}
    assert asked == {("has", "exclusions"), ("has", "diagnostics"), ("parsed", "no"), ("feed", "yes")}


def test_numbers_of_the_overview_lead_to_so_many_rules(library: Library) -> None:
    page = OVERVIEW.fill(library, PATH)
    assert page is not None
    text = OVERVIEW.html(library, page)
    numbered = NUMBERED.findall(text.partition('id="sources"')[2])
    kinds = {parse_qsl(html.unescape(query))[-1][0] for query, _ in numbered}
    assert {"language", "has"} <= kinds
    for query, number in numbered:
        if "has=opaque" not in query:  # conditions, and the link says so
            assert found(library, query) == int(number.replace(",", "")), query
    assert '&amp;has=opaque" aria-label="2, see the rules with them">2<' in text
    assert '&amp;parsed=no" aria-label="75.0 %, see the 1 that do not parse">75.0 %<' in text


def test_the_overview_counts_techniques_as_the_matrix_does(library: Library) -> None:
    """One that only its sub-techniques name has rules too."""
    page, matrix = OVERVIEW.fill(library, PATH), MATRIX.fill(library, MATRIX_PATH)
    assert page is not None
    assert page.techniques == 2 == getattr(matrix, "covered_techniques", None)
    assert matrix is not None
    assert "<b>1</b> of 4 rules names a technique" in MATRIX.html(library, matrix)


def test_what_is_left_out_of_a_list_is_no_number_of_the_rules_behind_the_link(tmp_path: Path) -> None:
    many = tuple(looks_for(f"Field{number:02}", "x") for number in range(30))
    library = library_of(
        tmp_path, an_entry("one", *many, tables=("T",)), an_entry("two", *many, tables=("T",), query="b")
    )
    pages = {path: text for path, _page, text in all_pages(library)}
    assert re.search(r">and 14 more under <a href=[^>]*>Search and filter</a>", pages["table/t.html"])
    value = next(text for path, text in pages.items() if path.startswith("indicator/"))
    assert re.search(r"<li class=more-near>and \d+ more</li>", value), "no search finds just these rules"
    assert "Search by this value" in value


def test_what_a_technique_leaves_out_is_named_by_the_filters_of_its_rules(tmp_path: Path) -> None:
    many = tuple(looks_for(f"Field{number:02}", "x") for number in range(30))
    library = library_of(tmp_path, naming(an_entry("one", *many), "T1059"))
    page = TECHNIQUES.fill(library, "technique/t1059.html")
    assert page is not None
    found = re.search(r'<span>and 20 more under <a href="([^"]*)">Search', TECHNIQUES.html(library, page))
    assert found is not None
    assert found[1] == "../browse/index.html?technique=T1059&feed=no"
