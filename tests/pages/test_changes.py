"""The pages of changes and the feed: every change is there, reachable, light, and strangers' texts stay texts."""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from detectionary.model.entry import Entry
from detectionary.model.rule import Severity
from detectionary.pages.changes.context import INDEX, PAGE_SIZE, ChangesPage, RunPage
from detectionary.pages.changes.feed import FEED_FILE, MOST_ENTRIES, feed
from detectionary.pages.changes.kind import CHANGES
from detectionary.pages.keys import up
from detectionary.pages.library import Bodies, Library
from tests.catalog.stored import an_entry, looks_for, moved, opened, store
from tests.pages.markup import faults, read

ATOM = "{http://www.w3.org/2005/Atom}"
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>\x00\x0b\u202e'


def library(folder: Path, *, bodies: Bodies = Bodies.ALL, base_url: str | None = None) -> Library:
    return Library(opened(folder / "catalog.db"), bodies=bodies, base_url=base_url)


def run_page(found: Library, path: str) -> RunPage:
    page = CHANGES.fill(found, path)
    assert isinstance(page, RunPage), path
    return page


def index_page(found: Library) -> ChangesPage:
    page = CHANGES.fill(found, INDEX)
    assert isinstance(page, ChangesPage)
    return page


def html_of(found: Library, path: str) -> str:
    page = CHANGES.fill(found, path)
    assert page is not None, path
    html = CHANGES.html(found, page)
    assert faults(html) == []
    assert len(html.encode()) < 60_000
    return html


def encoded(found: Library, path: str) -> bytes:
    page = CHANGES.fill(found, path)
    assert page is not None
    return CHANGES.encode(page)


def revised(name: str, **rule: Any) -> Entry:
    """The entry with the same query and another text around it. `Any`: properties of all types."""
    entry = an_entry(name)
    return replace(entry, rule=replace(entry.rule, body=f"{entry.rule.body}\n{rule}", **rule))


def sigma(name: str, query: str) -> Entry:
    return an_entry(name, query=query, language="sigma")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs: a first reading; then one rule of each fate."""
    path = tmp_path / "catalog.db"
    store(path, an_entry("a", looks_for("F", "x")), an_entry("b"), an_entry("c"), sigma("s", "old"))
    store(
        path,
        an_entry("a", looks_for("F", "y"), query="a | take 2"),
        revised("b", severity=Severity.HIGH, version="2.0"),
        moved(an_entry("c"), "rules/other/c.yaml"),
        sigma("s", "new"),
        an_entry("n"),
        gone=["c"],
    )
    return tmp_path


def test_a_catalog_without_an_ingest(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.execute("DELETE FROM repositories")
        connection.execute("DELETE FROM runs")
    found = library(tmp_path)
    assert list(CHANGES.paths(found)) == [INDEX]
    assert index_page(found) == ChangesPage((), None, "changes/feed.xml")
    assert "Nothing was ingested yet" in html_of(found, INDEX)


def test_a_first_reading_is_told_and_has_no_page(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", an_entry("a"), an_entry("b"))
    found = library(tmp_path)
    assert list(CHANGES.paths(found)) == [INDEX]
    (run,) = index_page(found).runs
    assert [(each.repository, each.rules) for each in run.first_readings] == [("repository", 2)]
    assert (run.total, run.page, index_page(found).newest) == (0, None, None)
    html = html_of(found, INDEX)
    assert "repository read first, 2 rules" in html
    assert "only a first reading" in html


def test_a_first_reading_of_one_rule_is_told_in_the_singular(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", an_entry("a"))
    assert "repository read first, 1 rule<" in html_of(library(tmp_path), INDEX)


def test_every_change_is_on_the_page_of_its_run(folder: Path) -> None:
    found = library(folder)
    assert list(CHANGES.paths(found)) == [INDEX, "changes/2.html", "changes/2-kusto.html", "changes/2-sigma.html"]
    page = run_page(found, "changes/2.html")
    assert [(each.event, each.kinds, each.slug) for each in page.changes] == [
        ("changed", ("logic",), "a"),
        ("changed", ("logic",), "s"),
        ("changed", ("metadata",), "b"),
        ("added", (), "n"),
        ("moved", (), "c-9a4d18"),
    ]
    first = page.changes[0]
    assert [(each.what, each.name, each.before, each.after) for each in first.details] == [
        ("indicator", "F eq", "x", None),
        ("indicator", "F eq", None, "y"),
    ]
    before, after = an_entry("a").rule.body, an_entry("a", query="a | take 2").rule.body
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), "before", "after", lineterm="")
    assert first.diff == "\n".join(lines)
    assert page.changes[4].path_before == "rules/c.yaml"
    assert {link.name: link.rules for link in page.groups} == {"logic": 2, "metadata": 1, "added": 1, "moved": 1}
    assert index_page(found).newest == page
    html = html_of(found, "changes/2.html")
    for change in page.changes:
        assert f'href="../{change.page}"' in html
    assert "<del>name: a" not in html, "what did not change is no difference"
    assert "<del>-query: a | take 1\n</del>" in html
    assert "<ins>+query: a | take 2\n</ins>" in html


def test_changes_of_one_language_have_a_list(folder: Path) -> None:
    found = library(folder)
    page = run_page(found, "changes/2-sigma.html")
    assert (page.language, page.total, [each.slug for each in page.changes]) == ("sigma", 1, ["s"])
    assert [(each.language, each.rules, each.page) for each in page.languages] == [
        ("kusto", 4, "changes/2-kusto.html"),
        ("sigma", 1, "changes/2-sigma.html"),
    ]
    assert "in Sigma" in html_of(found, "changes/2-sigma.html")


def test_groups_lead_to_where_they_begin_on_whichever_page(tmp_path: Path) -> None:
    names = [f"r{number:03}" for number in range(PAGE_SIZE + 15)]
    store(tmp_path / "catalog.db", *map(an_entry, names))
    changed = [an_entry(name, query=f"{name} | take 2") for name in names]
    store(tmp_path / "catalog.db", *changed, an_entry("new"))
    found = library(tmp_path)
    paths = ["changes/2.html", "changes/2.page-2.html"]
    assert list(CHANGES.paths(found)) == [INDEX, *paths], "one language needs no list of its own"
    pages = [run_page(found, path) for path in paths]
    assert [len(page.changes) for page in pages] == [PAGE_SIZE, 16]
    assert [(link.name, link.page) for link in pages[0].groups] == [
        ("logic", "changes/2.html#logic"),
        ("added", "changes/2.page-2.html#added"),
    ]
    second = html_of(found, paths[1])
    assert {"logic", "added"} <= set(read(second).ids())
    assert "continued" in second
    assert 'href="../changes/2.page-2.html#added"' in html_of(found, paths[0])
    index = html_of(found, INDEX)
    assert f"The other {16} changes" in index
    assert f'<a href="../changes/2.html#logic">{len(names)}</a>' in index
    assert '<a href="../changes/2.page-2.html#added">1</a>' in index


def test_runs_lead_to_their_neighbours(folder: Path) -> None:
    store(folder / "catalog.db")
    store(folder / "catalog.db", revised("b", severity=Severity.LOW))
    found = library(folder)
    assert [(run.number, run.page) for run in index_page(found).runs] == [
        (4, "changes/4.html"),
        (3, None),
        (2, "changes/2.html"),
        (1, None),
    ]
    second, fourth = run_page(found, "changes/2.html"), run_page(found, "changes/4.html")
    assert (second.older, second.newer) == (None, "changes/4.html")
    assert (fourth.older, fourth.newer) == ("changes/2.html", None)


def test_what_is_gone_is_named_and_not_linked(folder: Path) -> None:
    store(folder / "catalog.db", gone=["a"])
    found = library(folder)
    (removed,) = run_page(found, "changes/3.html").changes
    assert (removed.event, removed.slug, removed.page) == ("removed", "a", None)
    html = html_of(found, "changes/3.html")
    assert "Title of a" in html
    assert not [link for link in read(html).links() if "/rules/" in link]
    assert "no longer here" in html_of(found, "changes/2.html"), "also on the page of an earlier run"


def test_an_interrupted_run_is_told_and_is_not_the_newest(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as connection, connection:
        connection.execute("UPDATE runs SET finished = NULL WHERE number = 2")
    found = library(folder)
    assert index_page(found).newest is None
    assert "interrupted" in html_of(found, INDEX)
    assert "This ingest was interrupted" in html_of(found, "changes/2.html")
    assert feed(found).count(b"<entry>") == 0


def test_texts_that_may_not_be_shown_are_left_out(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "catalog.db")) as connection, connection:
        connection.execute("UPDATE repositories SET licence = 'Elastic-2.0'")
    store(folder / "catalog.db", revised("b", description="secret words"))
    with closing(sqlite3.connect(folder / "catalog.db")) as connection, connection:
        connection.execute("UPDATE repositories SET licence = 'Elastic-2.0'")
    shown, hidden = library(folder), library(folder, bodies=Bodies.OPEN_ONLY)
    assert "secret words" in html_of(shown, "changes/3.html")
    assert all(change.diff is None for change in run_page(hidden, "changes/2.html").changes)
    for path in CHANGES.paths(hidden):
        assert "secret words" not in html_of(hidden, path)
        assert b"secret words" not in encoded(hidden, path)
    assert b"secret words" not in feed(hidden)
    assert [each.after for each in run_page(hidden, "changes/2.html").changes[0].details] == [None, "y"], "facts stay"


def hostile(name: str, query: str, value: str) -> Entry:
    entry = an_entry(name, looks_for(EVIL, value), query=query)
    return replace(entry, rule=replace(entry.rule, title=EVIL, body=f"{EVIL}\n{query}"))


def test_texts_of_strangers_stay_texts(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", hostile("a", "old", f"old {EVIL}"))
    store(tmp_path / "catalog.db", hostile("a", f"new {EVIL}", f"new {EVIL}"))
    found = library(tmp_path, base_url="https://example.org/rules/")
    for path in CHANGES.paths(found):
        html = html_of(found, path)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "\u202e" not in html
        assert "\x00" not in html
        json.loads(encoded(found, path))
    top = ElementTree.fromstring(feed(found))  # noqa: S314  # our own
    (entry,) = top.findall(f"{ATOM}entry")
    content = entry.findtext(f"{ATOM}content") or ""
    assert "<script>" not in content
    assert "&lt;script&gt;" in content


def test_large_differences_keep_pages_light(tmp_path: Path) -> None:
    def large(name: str, word: str) -> Entry:
        values = [f"{word} {number} {'x' * 200}" for number in range(300)]
        entry = an_entry(name, looks_for("F", *values), query=word)
        return replace(entry, rule=replace(entry.rule, body="\n".join(values)))

    names = [f"r{number}" for number in range(PAGE_SIZE)]
    store(tmp_path / "catalog.db", *(large(name, "old") for name in names))
    store(tmp_path / "catalog.db", *(large(name, "new") for name in names))
    found = library(tmp_path)
    html = html_of(found, "changes/2.html")
    page = run_page(found, "changes/2.html")
    assert all(f'href="../{change.page}"' in html for change in page.changes), "every rule is named"
    assert page.changes[0].diff is not None
    assert len(page.changes[0].diff.split("\n")) > 600, "the JSON holds it whole"
    assert len(page.changes[0].details) == 600


def test_very_long_texts_are_not_compared(tmp_path: Path) -> None:
    def long(word: str) -> Entry:
        entry = an_entry("a", query=word)
        return replace(entry, rule=replace(entry.rule, body=f"{word}\n" * 4_000))

    store(tmp_path / "catalog.db", long("old"))
    store(tmp_path / "catalog.db", long("new"))
    assert run_page(library(tmp_path), "changes/2.html").changes[0].diff is None


def test_a_basis_changes_with_what_is_shown(folder: Path) -> None:
    assert CHANGES.basis is not None
    found = library(folder)
    before = {path: CHANGES.basis(found, path) for path in CHANGES.paths(found)}
    assert before == {path: CHANGES.basis(library(folder), path) for path in before}
    hidden = library(folder, bodies=Bodies.OPEN_ONLY)
    assert all(CHANGES.basis(hidden, path) != basis for path, basis in before.items())
    store(folder / "catalog.db", gone=["a"])
    later = library(folder)
    assert CHANGES.basis(later, "changes/2.html") != before["changes/2.html"], "a rule that it links is gone"


def test_json_is_the_same_context(folder: Path) -> None:
    found = library(folder)
    for path in CHANGES.paths(found):
        page = CHANGES.fill(found, path)
        assert page is not None
        assert msgspec.json.decode(CHANGES.encode(page), type=type(page)) == page
    assert CHANGES.fill(found, "changes/9.html") is None


# The feed


def entries(data: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(data).findall(f"{ATOM}entry")  # noqa: S314  # our own


def test_the_feed_is_valid_atom(folder: Path) -> None:
    ((path, data),) = FEED_FILE.files(library(folder, base_url="https://example.org/rules/"))
    assert path == "changes/feed.xml"
    top = ElementTree.fromstring(data)  # noqa: S314  # our own
    assert top.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(top.findall(f"{ATOM}{name}")) == 1
    assert top.findtext(f"{ATOM}author/{ATOM}name")
    links = {each.get("rel"): each.get("href") for each in top.findall(f"{ATOM}link")}
    assert links["self"] == "https://example.org/rules/changes/feed.xml"
    found = entries(data)
    assert len(found) == 5
    ids = [each.findtext(f"{ATOM}id") or "" for each in found]
    assert len(set(ids)) == 5
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", each) for each in ids)
    for each in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each.findtext(f"{ATOM}updated") or "")
        assert each.findtext(f"{ATOM}title")
        (content,) = each.findall(f"{ATOM}content")
        assert content.get("type") == "html"
        (link,) = each.findall(f"{ATOM}link")
        assert (link.get("href") or "").startswith("https://example.org/rules/rules/")
    assert found[0].findtext(f"{ATOM}title") == "Title of a: changed (logic)"
    assert [each.get("term") for each in found[0].findall(f"{ATOM}category")] == ["changed", "logic", "kusto"]


def test_ids_stay_when_more_happens(folder: Path) -> None:
    before = [each.findtext(f"{ATOM}id") for each in entries(feed(library(folder)))]
    store(folder / "catalog.db", revised("b", severity=Severity.LOW))
    after = [each.findtext(f"{ATOM}id") for each in entries(feed(library(folder, base_url="https://example.org/")))]
    assert after[1:] == before, "another address, later news: the same ids"


def test_without_an_address_links_are_relative_and_the_feed_says_so(folder: Path) -> None:
    data = feed(library(folder))
    assert b"relative to this file" in data
    links = [each.get("href") or "" for each in ElementTree.fromstring(data).iter(f"{ATOM}link")]  # noqa: S314
    assert all(link.startswith(up("changes/feed.xml")) for link in links)


def test_a_first_reading_is_no_news(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", *(an_entry(f"r{number}") for number in range(50)))
    assert entries(feed(library(tmp_path))) == []


def test_many_new_rules_share_an_entry(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", an_entry("a"))
    store(tmp_path / "catalog.db", an_entry("a", query="b"), *(an_entry(f"r{number}") for number in range(50)))
    titles = [each.findtext(f"{ATOM}title") for each in entries(feed(library(tmp_path)))]
    assert titles == ["Title of a: changed (logic)", "50 rules of repository added"]


def test_the_feed_ends_after_the_newest(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(MOST_ENTRIES + 20)]
    store(tmp_path / "catalog.db", *map(an_entry, names))
    store(tmp_path / "catalog.db", *(an_entry(name, query="b") for name in names))
    assert len(entries(feed(library(tmp_path)))) == MOST_ENTRIES
