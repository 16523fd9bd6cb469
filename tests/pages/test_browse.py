"""The browse page and the answer of a search, before any script or server has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from detectionary.catalog import COUNTED, Facet, Filters, Sort, open_catalog
from detectionary.model.rule import Severity
from detectionary.pages.browse.kind import BROWSE, EXAMPLES, FIRST, NEXT, PATH
from detectionary.pages.browse.search import BrowseRequest, browse_answer
from detectionary.pages.browse.words import FACET_TITLES, value_title
from detectionary.pages.library import Bodies, Library
from detectionary.pages.part import encode_part
from tests.catalog.stored import an_entry, looks_for, store

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path: Path = tmp_path_factory.mktemp("browse") / "rules.db"
    first = an_entry(
        "alpha",
        looks_for("EventName", "RunInstances"),
        severity=Severity.HIGH,
        tables=("AWSCloudTrail",),
        techniques=("T1078.004",),
    )
    hostile = an_entry("hostile", looks_for(HOSTILE, HOSTILE), language="sigma", tables=(HOSTILE,))
    many = (an_entry(f"rule {number:03}") for number in range(FIRST + NEXT))
    store(
        path,
        replace(first, rule=replace(first.rule, author="Ada, Bo", status="Available"), platform="AWS"),
        replace(hostile, rule=replace(hostile.rule, title=HOSTILE), platform=HOSTILE),
        *many,
    )
    with open_catalog(path) as catalog:
        yield Library(catalog)


def test_an_answer_says_what_was_asked_and_what_rules_have(library: Library) -> None:
    filters = Filters().adding(Facet.PLATFORM, "aws")
    answer = json.loads(encode_part(browse_answer(library, BrowseRequest("RunInstances", filters, Sort.TITLE, 0, 7))))
    (rule,) = answer.pop("rules")
    facets = {facet["facet"]: facet for facet in answer.pop("facets")}
    assert answer == {
        "text": "RunInstances",
        "filters": {"platform": ["aws"]},
        "sort": "title",
        "total": 1,
        "offset": 0,
        "limit": 7,
    }
    assert ["RunInstances", True] in rule.pop("snippet")
    assert rule == {
        "id": "id of alpha",
        "slug": "title-of-alpha",
        "title": "Title of alpha",
        "language": "kusto",
        "platform": "AWS",
        "severity": "high",
        "status": "Available",
        "kind": "Scheduled",
        "repository": "repository",
        "path": "rules/alpha.yaml",
        "tactics": ["Execution"],
        "techniques": ["T1078.004"],
        "tables": ["AWSCloudTrail"],
        "actions": [],
        "authors": ["Ada", "Bo"],
        "third_party_feed": None,
        "accepted": True,
        "page": "rules/kusto/title-of-alpha/index.html",
    } | {"slug": rule["slug"], "page": f"rules/kusto/{rule['slug']}/index.html"}
    assert facets["technique"] == {
        "facet": "technique",
        "title": "Technique",
        "values": 1,
        "counts": [
            {
                "key": "t1078.004",
                "name": "T1078.004",
                "title": "T1078.004 Valid Accounts: Cloud Accounts",
                "rules": 1,
            }
        ],
    }
    assert list(facets) == [facet.value for facet in COUNTED]


def test_a_snippet_of_a_text_that_may_not_be_shown_is_left_out(library: Library) -> None:
    request = BrowseRequest("alpha")
    assert browse_answer(library, request).rules[0].snippet
    open_only = Library(library.catalog, library.index, bodies=Bodies.OPEN_ONLY)
    assert browse_answer(open_only, request).rules[0].snippet  # the repository's licence is MIT
    closed = replace(library.index.rules[0], licence=None)
    index = type(library.index)((closed, *library.index.rules[1:]), {})
    shown = browse_answer(
        Library(library.catalog, index, bodies=Bodies.OPEN_ONLY), BrowseRequest(closed.reference.title)
    )
    assert [rule.snippet for rule in shown.rules if rule.slug == closed.reference.slug] == [()]


@pytest.mark.parametrize(
    ("facet", "name", "title"),
    [
        (Facet.LANGUAGE, "yaral", "YARA-L"),
        (Facet.KIND, "Hunting", "Hunting query"),
        (Facet.TECHNIQUE, "T1059", "T1059 Command and Scripting Interpreter"),
        (Facet.TECHNIQUE, "T9999", "T9999"),
        (Facet.REPOSITORY, "https://github.com/a/b", "a/b"),
        (Facet.SEVERITY, "high", "High"),
        (Facet.HAS, "opaque", "Opaque parts"),
        (Facet.HAS, "other", "other"),
        (Facet.FIELD, "event.action", "event.action"),
    ],
)
def test_values_in_words(facet: Facet, name: str, title: str) -> None:
    assert value_title(facet, name) == title


def test_every_facet_has_a_title() -> None:
    assert set(FACET_TITLES) == set(Facet)


# The page


def pages(library: Library) -> list[str]:
    found = []
    for path in BROWSE.paths(library):
        page = BROWSE.fill(library, path)
        assert page is not None
        found.append(BROWSE.html(library, page))
    return found


def test_pages_hold_every_rule_once_by_title(library: Library) -> None:
    contexts = [BROWSE.fill(library, path) for path in BROWSE.paths(library)]
    assert [len(page.rules) for page in contexts if page] == [FIRST, NEXT, 2]
    titles = [rule.title for page in contexts if page for rule in page.rules]
    assert titles == sorted(titles, key=str.casefold)
    assert len(set(titles)) == len(library.index.rules)
    assert [page.first for page in contexts if page] == [1, FIRST + 1, FIRST + NEXT + 1]
    assert BROWSE.fill(library, "browse/page-9.html") is None


def test_a_page_is_smaller_than_60_kb(library: Library) -> None:
    assert max(len(page.encode()) for page in pages(library)) < 60_000


class Read(HTMLParser):
    """Labels, controls and links of a page, and what a hostile text would have made."""

    def __init__(self) -> None:
        super().__init__()
        self.labelled: set[str] = set()
        self.controls: list[dict[str, str | None]] = []
        self.images = 0
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "label" and given.get("for"):
            self.labelled.add(str(given["for"]))
        if tag in ("input", "select"):
            self.controls.append(given)
        if tag == "a":
            self.links.append(given.get("href") or "")
        self.images += tag == "img" and given.get("src") == "x"
        assert not [name for name in given if name == "style" or name.startswith("on")]


def test_hostile_texts_are_text(library: Library) -> None:
    read = Read()
    for page in pages(library):
        read.feed(page)
    assert read.images == 0


def test_the_first_page_has_the_search_and_examples_that_are_links(library: Library) -> None:
    page = BROWSE.fill(library, PATH)
    assert page is not None
    read = Read()
    read.feed(BROWSE.html(library, page))
    assert "q" in read.labelled
    assert [control["name"] for control in read.controls if control.get("type") == "search"] == ["q"]
    assert len([link for link in read.links if link.startswith("?q=")]) == len(EXAMPLES)
    for text, _ in EXAMPLES:  # examples are questions that the search understands
        assert browse_answer(library, BrowseRequest(text)).total >= 0
    assert {facet.facet for facet in page.facets} == {facet.value for facet in COUNTED if library.index.values(facet)}


def test_the_basis_changes_with_the_rules_that_a_page_shows(library: Library) -> None:
    paths = list(BROWSE.paths(library))
    assert BROWSE.basis is not None
    before = [BROWSE.basis(library, path) for path in paths]
    changed = [
        replace(rule, digest="other") if rule.reference.title == "Title of alpha" else rule
        for rule in library.index.rules
    ]
    other = Library(library.catalog, type(library.index)(changed, {}))
    after = [BROWSE.basis(other, path) for path in paths]
    # "Title of alpha" is on the first page, after the hostile title.
    assert [one == two for one, two in zip(before, after, strict=True)] == [False, True, True]
