"""`detectionary site`: options, what it says, how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.pages.entries import FIRST
from tests.site.catalogs import placed, small_catalog, store


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return small_catalog(tmp_path)


def test_the_second_run_has_nothing_to_write(run: Run, catalog: Path, tmp_path: Path) -> None:
    first = run("site", tmp_path / "out", "--db", catalog, "--format", "json")
    second = run("site", tmp_path / "out", "--db", catalog, "--format", "json")
    assert first.status == second.status == 0
    assert first.json()["rules"] == 3
    assert first.json()["written"] == first.json()["files"] == second.json()["files"]
    assert (second.json()["written"], second.json()["removed"], second.json()["kept"]) == (0, 0, [])


def test_text_says_what_is_new(run: Run, catalog: Path, tmp_path: Path) -> None:
    run("site", tmp_path / "out", "--db", catalog)
    told = run("site", tmp_path / "out", "--db", catalog).out
    assert "3 rules on " in told
    assert "\n0 of " in told


def test_the_address_of_the_site_ends_in_a_slash(run: Run, catalog: Path, tmp_path: Path) -> None:
    assert run("site", tmp_path / "out", "--db", catalog, "--base-url", "https://example.org/all").status == 0
    assert "<loc>https://example.org/all/rules/kusto/twin/</loc>" in (tmp_path / "out" / "sitemap.xml").read_text()


@pytest.mark.parametrize(
    "address", ["example.org", "ftp://example.org/", "https:///x", "https://example.org/?a", "https://example.org/#a"]
)
def test_what_is_no_address_of_a_site_is_refused(run: Run, catalog: Path, tmp_path: Path, address: str) -> None:
    refused = run("site", tmp_path / "out", "--db", catalog, "--base-url", address)
    assert refused.status == 2
    assert f"{address} is no address of a site" in refused.err
    assert not (tmp_path / "out").exists()


def test_files_of_others_in_the_way_are_named(run: Run, catalog: Path, tmp_path: Path) -> None:
    run("site", tmp_path / "out", "--db", catalog)
    mine = tmp_path / "out" / "rules" / "kusto" / "new" / "index.html"
    mine.parent.mkdir()
    mine.write_text("mine")
    store(catalog, [placed(FIRST, "new.yaml")])
    told = run("site", tmp_path / "out", "--db", catalog)
    assert told.status == 0
    assert "rules/kusto/new/index.html is not of the site" in " ".join(told.err.split())
    assert mine.read_text() == "mine"
