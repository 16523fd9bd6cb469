"""The link checker: what it finds, and that it finds nothing in whole sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.ingest import ingest
from detectionary.pages.keys import rule_path
from detectionary.site.write import write_site
from tests.conftest import needs_shared, shared
from tests.site.catalogs import small_catalog
from tests.site.links import faults

EXAMPLES = Path(__file__).parents[2] / "examples" / "rules"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("links")
    write_site(small_catalog(folder), folder / "out")
    return folder / "out"


def test_a_site_of_the_examples_is_sound(tmp_path: Path) -> None:
    ingest([EXAMPLES], tmp_path / "rules.db", processes=1)
    write_site(tmp_path / "rules.db", tmp_path / "out")
    assert list(faults(tmp_path / "out")) == []


@needs_shared
def test_a_site_of_a_corpus_is_sound(tmp_path: Path) -> None:
    ingest([shared("corpora/chronicle-detection-rules")], tmp_path / "rules.db", processes=1)
    write_site(tmp_path / "rules.db", tmp_path / "out", processes=2)
    assert list(faults(tmp_path / "out", processes=2)) == []


RULE = rule_path("kusto", "machine-start")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('<a href="nowhere.html">x</a>', "rules/kusto/machine-start/nowhere.html is not there"),
        ('<a href="../twin/index.html#nothing">x</a>', "rules/kusto/twin/index.html has no #nothing"),
        ('<a href="#nothing">x</a>', f"{RULE} has no #nothing"),
        ('<a href="/index.html">x</a>', "<a> names '/index.html', which begins at the root"),
        ('<a href="../twin/">x</a>', "<a> names the folder '../twin/', which does not open from disk"),
        ('<a href="javascript:x">x</a>', "<a> names 'javascript:x', which is elsewhere"),
        ('<img alt="" src="https://example.org/x.png">', "<img> names 'https://example.org/x.png', which is elsewhere"),
        ('<img alt="" src="//example.org/x.png">', "<img> names '//example.org/x.png', which is elsewhere"),
        ('<form action="https://example.org/">', "<form> names 'https://example.org/', which is elsewhere"),
        ('<form action="nowhere.html">', "rules/kusto/machine-start/nowhere.html is not there"),
        ('<meta http-equiv="refresh" content="0; url=x.html">', "rules/kusto/machine-start/x.html is not there"),
        ("<script>1</script>", "a script without a file"),
        ("<script>1</script>", "a script inside of the page"),
        ("<style>p{}</style>", "<style>"),
        ('<p style="color:red">', "<p> has style"),
        ('<p onclick="x">', "<p> has onclick"),
        ('<p id="a b">', "the id 'a b'"),
        ('<p id="main">', "the id main stands twice"),
        ("<h1>Again</h1>", "2 headings of the first rank"),
        ('<p aria-labelledby="nothing">', "no element has the id nothing, which an attribute names"),
    ],
)
def test_a_fault_is_found(site: Path, more: str, fault: str) -> None:
    page = site / RULE
    text = page.read_text()
    try:
        page.write_text(text.replace("</body>", f"{more}</body>"))
        assert f"{RULE}: {fault}" in set(faults(site))
    finally:
        page.write_text(text)


def test_links_elsewhere_are_for_readers_to_follow(site: Path) -> None:
    page = site / RULE
    text = page.read_text()
    before = set(faults(site))
    try:
        page.write_text(text.replace("</body>", '<a href="https://example.org/?a=1#b">x</a></body>'))
        assert set(faults(site)) == before
    finally:
        page.write_text(text)


def test_missing_json_broken_json_and_files_of_one_name_are_found(tmp_path: Path) -> None:
    write_site(small_catalog(tmp_path), tmp_path / "out")
    folder = (tmp_path / "out" / RULE).parent
    (folder / "index.json").unlink()
    (folder / "rule.YAML").write_text("")
    (tmp_path / "out" / "api" / "rules.json").write_text("{")
    found = list(faults(tmp_path / "out"))
    assert f"{RULE}: rules/kusto/machine-start/index.json is not there" in found
    assert any("where letters' case does not matter" in fault for fault in found)
    assert any(fault.startswith("api/rules.json: ") for fault in found)
