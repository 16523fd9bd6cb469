"""Files for programs and search engines."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from detectionary.catalog import open_catalog
from detectionary.model.entry import Entry
from detectionary.pages import programs
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.part import Part
from detectionary.pages.programs import RULE_TABLES, RuleLine, rule_line, rules_csv, sitemap
from tests.catalog.stored import opened
from tests.pages.entries import FIRST, long_entry
from tests.site.catalogs import placed, store


def files(tmp_path: Path, *entries: Entry) -> dict[str, bytes]:
    with open_catalog(store(tmp_path / "rules.db", entries)) as catalog:
        return dict(RULE_TABLES.files(Library(catalog)))


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_a_rule_has_everything_that_lists_know_of_it(tmp_path: Path) -> None:
    found = files(tmp_path, placed(FIRST, "cloud/machine-start.yaml"))
    table = json.loads(found["api/rules.json"])
    assert table == {
        "version": 1,
        "total": 1,
        "rules": [
            {
                "id": FIRST.rule.id,
                "slug": "machine-start",
                "title": "Machine start denied",
                "language": "kusto",
                "platform": "AWS",
                "severity": "medium",
                "status": "Available",
                "kind": "Scheduled",
                "repository": "github.com/example/MIT",
                "path": "cloud/machine-start.yaml",
                "commit": "0123456789abcdef",
                "licence": "MIT",
                "authors": ["A. Author"],
                "tactics": ["Resource Development"],
                "techniques": ["T1583"],
                "tables": ["Trail"],
                "actions": ["cloud:machines/StartMachine"],
                "fields": ["event.action", "failure"],
                "exclusions": 0,
                "thresholds": 0,
                "predicates": 2,
                "opaques": 0,
                "diagnostics": 0,
                "accepted": True,
                "third_party_feed": None,
                "page": "rules/kusto/machine-start/index.html",
                "json": "rules/kusto/machine-start/index.json",
            }
        ],
    }
    assert rows(found["api/rules.csv"]) == [
        {
            **{name: str(value) for name, value in table["rules"][0].items()},
            **{name: "; ".join(value) for name, value in table["rules"][0].items() if isinstance(value, list)},
            "accepted": "true",
            "third_party_feed": "",
        }
    ]


def test_both_list_every_rule_in_the_same_order(tmp_path: Path) -> None:
    found = files(tmp_path, placed(FIRST, "b.yaml"), placed(long_entry(), "a.kql"), placed(FIRST, "c.yaml", title="A"))
    slugs = [rule["slug"] for rule in json.loads(found["api/rules.json"])["rules"]]
    assert slugs == [row["slug"] for row in rows(found["api/rules.csv"])] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),  # some spreadsheets take the wide forms for the narrow ones
        ("a=1", "a=1"),
        ('a "b", c', 'a "b", c'),
        ("two\nlines", "two\nlines"),
        ("a\0b", "a�b"),
        ("\udc80", "?"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula_and_every_other_text_comes_back(title: str, cell: str) -> None:
    (row,) = rows(rules_csv([a_row(title)]))
    assert row["title"] == cell


def a_row(title: str) -> RuleLine:
    texts = dict.fromkeys(RuleLine.__struct_fields__, "")
    return RuleLine(**{**texts, "title": title})  # type: ignore[arg-type]  # only texts are written here


def test_lines_end_as_the_standard_says_and_cells_with_marks_are_quoted() -> None:
    data = rules_csv([a_row('a,"b"\n')])
    assert data.count(b"\r\n") == 2
    assert b',"a,""b""\n",' in data


# Search engines


class _Nothing(Part, frozen=True):
    pass


def kind(name: str, count: int, **more: bool) -> PageKind[_Nothing]:
    paths = [f"{name}/index.html", *(f"{name}/{number}.html" for number in range(1, count))]
    return PageKind(name, name, lambda _library: paths, lambda *_: None, lambda *_: "", **more)  # type: ignore[arg-type]


def locations(data: bytes) -> list[str | None]:
    root = ElementTree.fromstring(data)  # noqa: S314  # our own
    return [element.text for element in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(opened(store(tmp_path / "rules.db", [FIRST])), base_url="https://example.org/a b&/")


def test_the_sitemap_names_every_page_that_says_something(library: Library) -> None:
    group = sitemap([kind("b", 2), kind("x", 1, indexed=False), kind("y", 1, script_only=True), kind("a", 1)])
    found = dict(group.files(library))
    assert sorted(found) == ["robots.txt", "sitemap.xml"]
    assert locations(found["sitemap.xml"]) == [
        "https://example.org/a b&/a/",
        "https://example.org/a b&/b/",
        "https://example.org/a b&/b/1.html",
    ]
    assert found["robots.txt"].endswith(b"\nSitemap: https://example.org/a b&/sitemap.xml\n")


def test_a_large_sitemap_is_an_index_of_several(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_MOST_ADDRESSES", 4)
    found = dict(sitemap([kind("a", 9)]).files(library))
    names = ["sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml"]
    assert locations(found["sitemap.xml"]) == [f"https://example.org/a b&/{name}" for name in names]
    assert [len(locations(found[name])) for name in names] == [4, 4, 1]


def test_without_an_address_there_is_no_sitemap(tmp_path: Path) -> None:
    with open_catalog(store(tmp_path / "rules.db", [FIRST])) as catalog:
        assert dict(sitemap([kind("a", 9)]).files(Library(catalog))) == {"robots.txt": b"User-agent: *\nDisallow:\n"}


def test_rows_are_those_of_the_list(tmp_path: Path) -> None:
    closed = replace(FIRST, third_party_feed="it only passes on")
    with open_catalog(store(tmp_path / "rules.db", [closed])) as catalog:
        (listing,) = catalog.references()
        assert rule_line(listing).third_party_feed == "it only passes on"
