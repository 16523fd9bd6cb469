"""The site as files: what a rule and an id have, what is the same in every run, what open-only leaves out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.catalog import open_catalog
from detectionary.pages.keys import permalink_path, rule_path
from detectionary.pages.kind import FileGroup
from detectionary.pages.library import Library
from detectionary.pages.licences import may_republish
from detectionary.pages.registry import FILES, PAGES
from detectionary.site import work
from detectionary.site.write import SiteReport, write_site
from tests.pages.entries import FIRST, QUERY, long_entry
from tests.pages.markup import Document, read
from tests.site.catalogs import contents, placed, small_catalog, store
from tests.site.links import faults

RULE = rule_path("kusto", "machine-start")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="module")
def site(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "out"
    write_site(catalog, out)
    return out


def page(site: Path, address: str) -> Document:
    return read((site / address).read_text())


def test_every_page_and_file_of_the_registry_is_there(site: Path, catalog: Path) -> None:
    with open_catalog(catalog) as opened:
        library = Library(opened)
        addresses = {path for kind in PAGES for path in kind.paths(library)}
        addresses |= {path for group in FILES for path, _ in group.files(library)}
    assert addresses <= set(contents(site))
    assert len(addresses) > 20


def test_every_link_leads_to_a_file(site: Path) -> None:
    assert list(faults(site)) == []


def test_a_rule_has_its_page_its_json_and_its_text(site: Path) -> None:
    folder = (site / RULE).parent
    assert sorted(path.name for path in folder.iterdir()) == ["compare.js", "index.html", "index.json", "rule.yaml"]
    assert (folder / "rule.yaml").read_text() == FIRST.rule.body
    twin = json.loads((folder / "index.json").read_bytes())
    assert (twin["id"], twin["query"]) == (FIRST.rule.id, QUERY)


def test_rules_that_a_rule_names_are_linked_when_they_have_pages(tmp_path: Path) -> None:
    related = (("derived", "long"), ("similar", "nowhere"))
    naming = replace(FIRST, rule=replace(FIRST.rule, related=related))
    entries = (placed(naming, "machine-start.yaml"), placed(long_entry(), "long-query.kql"))
    write_site(store(tmp_path / "rules.db", entries), tmp_path / "out")
    found = page(tmp_path / "out", RULE)
    assert f"../../../{permalink_path('long')}" in found.links()
    assert "nowhere" in found.text
    assert not [link for link in found.links() if "nowhere" in link]


def refreshes(document: Document) -> list[str | None]:
    return [
        meta.attributes["content"] for meta in document.all("meta") if meta.attributes.get("http-equiv") == "refresh"
    ]


def test_the_permalink_of_one_rule_leads_on_and_that_of_several_lists_them(site: Path) -> None:
    one, several = page(site, permalink_path("long")), page(site, permalink_path(FIRST.rule.id))
    assert refreshes(one) == ["0; url=../../rules/kusto/long-query/index.html"]
    assert refreshes(several) == []
    rules = [link for link in several.links() if "/rules/" in link]
    assert rules == ["../../rules/kusto/twin/index.html", "../../rules/kusto/machine-start/index.html"]
    twin = json.loads((site / permalink_path(FIRST.rule.id)).with_name("index.json").read_bytes())
    assert [rule["slug"] for rule in twin["rules"]] == ["twin", "machine-start"]


def test_ids_that_differ_in_case_alone_have_one_permalink(tmp_path: Path) -> None:
    entries = [
        placed(replace(FIRST, rule=replace(FIRST.rule, id=name)), f"{name}.yaml", title=name)
        for name in ("AbC", "aBc-2")
    ]
    entries.append(placed(replace(FIRST, rule=replace(FIRST.rule, id="abc")), "third.yaml", title="third"))
    write_site(store(tmp_path / "rules.db", entries), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out" / "id").iterdir()) == ["abc", "abc-2"]
    twin = json.loads((tmp_path / "out" / "id" / "abc" / "index.json").read_bytes())
    assert [rule["slug"] for rule in twin["rules"]] == ["AbC", "third"]


# Every run


def test_two_runs_write_the_same_bytes(site: Path, catalog: Path, tmp_path: Path) -> None:
    write_site(catalog, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(site)


def test_several_processes_write_the_same_bytes_as_one(
    site: Path, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_FEW", 0)
    write_site(catalog, tmp_path / "again", processes=2)
    assert contents(tmp_path / "again") == contents(site)


def test_progress_ends_at_the_number_of_pages(catalog: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = write_site(catalog, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    done = [each for each, _ in seen]
    assert done == sorted(done)
    assert seen[-1] == (report.made, report.made)


def test_the_report_counts_what_there_is(catalog: Path, tmp_path: Path) -> None:
    report = write_site(catalog, tmp_path / "out")
    files = contents(tmp_path / "out")
    names = [name for name in files if name not in (".detectionary-site", ".detectionary-site-checked")]
    pages = sum(name.endswith(".html") for name in names)
    made = pages + len(work.GROUPS)
    assert report == SiteReport(3, pages, len(names), made, len(names), 0, ())


def test_a_file_that_two_pages_claim_is_a_fault_of_ours(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = FileGroup("twice", lambda _library: [(RULE, b"")])
    monkeypatch.setattr(work, "GROUPS", (*work.GROUPS, twice))
    monkeypatch.setattr("detectionary.site.write.GROUPS", work.GROUPS)
    with pytest.raises(RuntimeError, match=RULE):
        write_site(catalog, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_with_an_address_pages_say_which_is_theirs(catalog: Path, tmp_path: Path) -> None:
    write_site(catalog, tmp_path / "out", base_url="https://rules.example.org/all/")

    def canonical(address: str) -> list[str | None]:
        links = page(tmp_path / "out", address).all("link")
        return [link.attributes["href"] for link in links if link.attributes.get("rel") == "canonical"]

    assert canonical(RULE) == ["https://rules.example.org/all/rules/kusto/machine-start/"]
    assert canonical("platform/aws.html") == ["https://rules.example.org/all/platform/aws.html"]
    assert canonical(permalink_path("long")) == []
    assert canonical("404.html") == []
    assert list(faults(tmp_path / "out", base="/all/")) == []


# Licences


@pytest.mark.parametrize(
    ("licence", "open_"),
    [
        ("MIT", True),
        ("Apache-2.0", True),
        ("DRL-1.1", True),
        ("Elastic-2.0", False),
        ("CC-BY-NC-4.0", False),
        (None, False),
    ],
)
def test_licences(licence: str | None, open_: bool) -> None:
    assert may_republish(licence) is open_
