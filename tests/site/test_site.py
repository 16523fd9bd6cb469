"""The site as files: what its pages load, where its links lead, and what happens to the folder."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pytest

from detectionary.model.entry import Entry
from detectionary.pages.keys import permalink_path, rule_path
from detectionary.pages.library import Bodies
from detectionary.pages.licences import may_republish
from detectionary.site.folder import MANIFEST, SiteError
from detectionary.site.write import write_site
from tests.pages.entries import FIRST, QUERY, long_entry
from tests.pages.markup import Document, faults, read
from tests.site.catalogs import MemoryCatalog, small_catalog


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def documents(folder: Path) -> dict[str, Document]:
    return {name: read(content.decode()) for name, content in contents(folder).items() if name.endswith(".html")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "out"
    write_site(small_catalog, out)
    return out


def test_no_page_breaks_the_policy(site: Path) -> None:
    pages = {name: text.decode() for name, text in contents(site).items() if name.endswith(".html")}
    assert {name: found for name, page in pages.items() if (found := faults(page))} == {}


def test_every_link_and_every_loaded_file_is_there(site: Path) -> None:
    pages = documents(site)
    ids = {name: set(page.ids()) for name, page in pages.items()}
    files = set(contents(site))
    broken = []
    for name, page in pages.items():
        sources = [str(form.attributes["data-source"]) for form in page.all("form")]
        for address in [*page.links(), *page.loads(), *sources]:
            if address.startswith("https://"):
                continue
            path, _, anchor = unquote(address).partition("#")
            target = normal(PurePosixPath(name).parent / path) if path else name
            if target not in files or (anchor and anchor not in ids[target]):
                broken.append((name, address))
    assert broken == []


def normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_a_rule_has_its_page_its_json_and_its_text(site: Path) -> None:
    folder = site / "rules" / "kusto" / "machine-start"
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "index.json", "rule.yaml"]
    assert (folder / "rule.yaml").read_text() == FIRST.rule.body
    page = json.loads((folder / "index.json").read_bytes())
    assert (page["id"], page["query"]) == (FIRST.rule.id, QUERY)


def test_a_corpus_count_leads_to_the_rules_behind_it(site: Path) -> None:
    page = read((site / rule_path("kusto", "machine-start")).read_text())
    (link,) = {link for link in page.links() if "/indicator/" in link and "StartMachine" in _target(site, link).text}
    behind = read((site / "indicator" / Path(link).name).read_text())
    titles = [element.text for element in behind.all("a") if element.attributes.get("class") == "name"]
    assert titles == ["Machine start denied", "Another one"]


def _target(site: Path, link: str) -> Document:
    return read((site / "rules" / "kusto" / "machine-start" / link).resolve().read_text())


def test_rules_that_a_rule_names_are_linked_when_they_have_pages(tmp_path: Path) -> None:
    related = (("derived", "long"), ("similar", "nowhere"))
    naming = replace(FIRST, rule=replace(FIRST.rule, related=related))
    write_site(lambda: MemoryCatalog((naming, long_entry())), tmp_path / "out")
    page = read((tmp_path / "out" / rule_path("kusto", "machine-start")).read_text())
    assert f"../../../{permalink_path('long')}" in page.links()
    assert "similar to nowhere" in page.text
    assert not [link for link in page.links() if "nowhere" in link]


def test_lists_say_the_language_and_the_kind_of_each_rule(tmp_path: Path) -> None:
    def of(language: str, kind: str) -> Entry:
        return replace(FIRST, slug=f"{language}-{kind}", rule=replace(FIRST.rule, language=language, kind=kind))

    entries = (of("sigma", "Rule"), of("esql", "ES|QL"), of("kuery", "New terms"))
    write_site(lambda: MemoryCatalog(entries), tmp_path / "out")
    index = read((tmp_path / "out" / "index.html").read_text())
    cells = [cell.text for cell in index.all("td")]
    assert cells[5::6] == ["Sigma · Rule", "ES|QL", "Kibana KQL · New terms"]
    lists = {path.name for path in (tmp_path / "out" / "language").iterdir()}
    assert lists == {"index.html", "sigma.html", "esql.html", "kuery.html"}


def test_the_permalink_of_one_rule_leads_on_and_that_of_several_lists_them(site: Path) -> None:
    one = read((site / permalink_path("long")).read_text())
    several = read((site / permalink_path(FIRST.rule.id)).read_text())
    assert [
        meta.attributes["content"] for meta in one.all("meta") if meta.attributes.get("http-equiv") == "refresh"
    ] == ["0; url=../../rules/kusto/long-query/index.html"]
    assert [meta for meta in several.all("meta") if meta.attributes.get("http-equiv") == "refresh"] == []
    assert len(several.all("tr")) == 2


def test_every_rule_is_in_the_index_and_in_the_machine_readable_list(site: Path) -> None:
    listed = json.loads((site / "rules.json").read_bytes())
    index = documents(site)["index.html"]
    assert sorted(rule["slug"] for rule in listed) == ["long-query", "machine-start", "twin"]
    assert {rule["page"] for rule in listed} <= set(index.links())


def test_a_long_index_has_several_pages(tmp_path: Path) -> None:
    many = tuple(replace(FIRST, slug=f"rule-{number:03}") for number in range(405))
    write_site(lambda: MemoryCatalog(many), tmp_path / "out")
    pages = documents(tmp_path / "out")
    rows = [len(pages[name].all("tr")) - 1 for name in ("index.html", "page-2.html", "page-3.html")]
    assert rows == [200, 200, 5]
    assert {"page-2.html", "page-3.html"} <= set(pages["index.html"].links())


def test_two_runs_write_the_same_bytes(site: Path, tmp_path: Path) -> None:
    write_site(small_catalog, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(site)


def test_several_processes_write_the_same_bytes_as_one(site: Path, tmp_path: Path) -> None:
    write_site(small_catalog, tmp_path / "again", processes=2)
    assert contents(tmp_path / "again") == contents(site)


def test_progress_ends_at_the_number_of_pages(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_site(small_catalog, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    done = [each for each, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]


def test_what_an_earlier_site_had_and_this_one_has_not_goes_and_other_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_site(small_catalog, out)
    (out / "CNAME").write_text("rules.example.org")
    (out / "rules" / "notes.txt").write_text("mine")
    write_site(lambda: MemoryCatalog((long_entry(),)), out)
    names = set(contents(out))
    assert not any("machine-start" in name or "twin" in name for name in names)
    assert {"CNAME", "rules/notes.txt", rule_path("kusto", "long-query")} <= names
    assert not (out / "rules" / "kusto" / "twin").exists()
    assert sorted(names - {"CNAME", "rules/notes.txt", MANIFEST}) == (out / MANIFEST).read_text().splitlines()


@pytest.mark.parametrize("inside", ["a.txt", ".git/config"])
def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path, inside: str) -> None:
    file = tmp_path / "out" / inside
    file.parent.mkdir(parents=True)
    file.write_text("x")
    with pytest.raises(SiteError, match="not of a site"):
        write_site(small_catalog, tmp_path / "out")
    assert contents(tmp_path) == {f"out/{inside}": b"x"}


def test_a_manifest_cannot_make_us_remove_files_elsewhere(tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("x")
    out = tmp_path / "out"
    write_site(small_catalog, out)
    with (out / MANIFEST).open("a") as manifest:
        manifest.write(f"../precious.txt\n{outside}\n")
    write_site(small_catalog, out)
    assert outside.read_text() == "x"


def failing_catalog(out: Path) -> MemoryCatalog:
    class Failing(MemoryCatalog):
        def entry(self, name: str) -> None:
            raise RuntimeError(f"{name} of {out}")

    return Failing((FIRST,))


def test_a_run_that_fails_leaves_the_earlier_site_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_site(small_catalog, out)
    before = contents(out)
    with pytest.raises(RuntimeError, match="machine-start"):
        write_site(partial(failing_catalog, out), out)
    assert contents(out) == before
    write_site(small_catalog, out)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_open_only_shows_no_text_of_a_closed_rule(tmp_path: Path) -> None:
    closed = replace(FIRST, rule=replace(FIRST.rule, source=replace(FIRST.rule.source, licence=None)))
    write_site(lambda: MemoryCatalog((closed, long_entry())), tmp_path / "out", bodies=Bodies.OPEN_ONLY)
    folder = tmp_path / "out" / "rules" / "kusto"
    assert sorted(path.name for path in (folder / "machine-start").iterdir()) == ["index.html", "index.json"]
    for name in ("index.html", "index.json"):
        text = (folder / "machine-start" / name).read_text()
        assert "StartMachine" in text  # what it looks for is a fact
        assert "| where" not in text
    assert "| where" in (folder / "long-query" / "index.html").read_text()
    assert faults((folder / "machine-start" / "index.html").read_text()) == []


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
