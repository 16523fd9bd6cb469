"""A catalog whose every text is an attack, in a real browser: on every page all of it is text, and nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.live import serving
from tests.browser.sites import served, static_site
from tests.browser.watching import Watched
from tests.catalog.stored import store
from tests.pages.test_hostile_texts import hostile_entry

ATTACKS = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)><iframe srcdoc=x>",
    "attributes": "\" autofocus onfocus=\"alert(1)\" style=\"background:url(//x.example)\" x='' onmouseover='alert(2)",
    "ends": "--></style></title></textarea></noscript></script></pre></main><h1 id=main>new</h1><base href=//x>",
    "addresses": "javascript:alert(1)//https://x.example/\"><a href=javascript:alert(2)>x</a> data:text/html,<script>",
    "scripts": "</script><script>alert(1)</script>'-alert(2)-'\\'-alert(3)//`${alert(4)}`\u2028alert(5)",
    "templates": "{{ 7*7 }}{% raw %}{{ config }}${7*7}<%= 7*7 %>",
    "paths": "../../../etc/passwd\\..\\..\\x?a=b#c%2e%2e%2f&d;e",
}  # fmt: skip


@pytest.fixture(scope="module")
def hostile_catalog(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rules of each attack, so that they have each other as neighbours."""
    path = tmp_path_factory.mktemp("hostile") / "x.db"
    entries = []
    for name, text in ATTACKS.items():
        entry = hostile_entry(text)
        for number in (1, 2):
            source = replace(entry.rule.source, path=f"{name}{number}/{text}")
            rule = replace(entry.rule, id=f"{text}{number}", source=source)
            entries.append(replace(entry, rule=rule, slug=f"{name}{number}"))
    store(path, *entries)
    return path


@pytest.fixture(scope="module")
def hostile_folder(hostile_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return static_site(hostile_catalog, tmp_path_factory.mktemp("hostile-site"))


@pytest.fixture(scope="module")
def hostile_site(hostile_folder: Path) -> Iterator[str]:
    with served(hostile_folder) as address:
        yield address


@pytest.fixture(scope="module")
def hostile_server(hostile_catalog: Path) -> Iterator[str]:
    with serving(hostile_catalog) as address:
        yield address


FAULTS = """() => {
  const faults = [];
  const say = (each, what) => faults.push(each.localName + ' ' + what.slice(0, 120));
  const strange = 'iframe, frame, object, embed, base, portal, audio, video, body script:not([src])';
  for (const each of document.querySelectorAll(strange)) say(each, each.outerHTML);
  for (const each of document.querySelectorAll('*')) {
    for (const { name, value } of each.attributes) {
      if (name.startsWith('on') || name === 'srcdoc') say(each, name);
      if (name === 'style' && !each.closest('svg')) say(each, 'style=' + value);
      if (!['href', 'src', 'action', 'formaction', 'xlink:href'].includes(name)) continue;
      const to = new URL(value, document.baseURI);
      const link = each.localName === 'a' && ['http:', 'https:', 'blob:'].includes(to.protocol);
      if (to.origin !== location.origin && !link) say(each, value);
    }
  }
  for (const name of ['h1', 'main', '#main']) {
    const found = document.querySelectorAll(name).length;
    if (found !== 1) faults.push(found + ' of ' + name);
  }
  return faults;
}"""
"""What must not be in a page whatever its texts are."""


def look(page: Page, faults: list[str], where: str) -> None:
    faults += [f"{where}: {each}" for each in page.evaluate(FAULTS)]


def test_every_page_is_inert(hostile_folder: Path, hostile_site: str, visitor: Callable[..., Watched]) -> None:
    watched = visitor()
    page = watched.page()
    faults: list[str] = []
    files = sorted(path.relative_to(hostile_folder).as_posix() for path in hostile_folder.rglob("*.html"))
    assert len(files) > 60
    for file in files:
        page.goto(hostile_site + quote(file))
        if file.startswith("id/"):  # it leads on to the rule that has this id
            page.wait_for_url(f"{hostile_site}rules/**")
        look(page, faults, file)
        faults += [f"{file}: {each}" for each in watched.troubles]
        watched.troubles.clear()
    assert not faults, "\n".join(faults[:40])


def test_no_file_lies_outside_of_the_site(hostile_folder: Path) -> None:
    for path in hostile_folder.rglob("*"):
        assert path.resolve().is_relative_to(hostile_folder.resolve())
        assert path.name.isprintable()
        assert path.name.isascii()


@pytest.mark.parametrize("where", ["hostile_site", "hostile_server"])
def test_what_scripts_make_of_it_is_inert(
    where: str, request: pytest.FixtureRequest, visitor: Callable[..., Watched]
) -> None:
    site = str(request.getfixturevalue(where))
    watched = visitor()
    page = watched.page()
    faults: list[str] = []
    # Search, with hits in titles and texts, and every facet.
    for text in ("", "alert", "script", "title:alert", "x.example"):
        page.goto(f"{site}browse/index.html?q={quote(text)}")
        expect(page.locator("#found")).not_to_contain_text("Searching")
        page.wait_for_timeout(300)
        look(page, faults, f"search {text!r}")
    page.goto(f"{site}browse/index.html")
    expect(page.locator("#sorted")).to_be_visible()
    for box in page.locator(".facet").all():
        if not box.evaluate("each => each.open"):
            box.locator("summary").click()
    for facet in ("platform", "kind", "table", "field", "author", "tactic"):
        label = page.locator(f".facet[data-facet={facet}] label").first
        if label.count():
            label.locator("input").click()
            page.wait_for_timeout(150)
            look(page, faults, f"facet {facet}")
            page.go_back()
            page.wait_for_timeout(150)
    # Words that are attacks themselves.
    for text in ATTACKS.values():
        page.goto(
            f"{site}browse/index.html?q={quote(text)}&platform={quote(text)}&sort={quote(text)}&offset={quote(text)}"
        )
        page.wait_for_timeout(300)
        look(page, faults, "words")
        watched.forgive("status 422", "status 400")  # the live site refuses some
    # Comparing.
    for rules in ("markup1,markup2", "ends1,attributes1,scripts1,addresses1", quote(ATTACKS["markup"])):
        page.goto(f"{site}compare/index.html?rules={rules}")
        page.wait_for_timeout(500)
        look(page, faults, f"compare {rules}")
    # The matrix.
    page.goto(
        f"{site}attack/index.html?language=kusto&q={quote(ATTACKS['attributes'])}&platform={quote(ATTACKS['markup'])}"
    )
    page.wait_for_timeout(500)
    look(page, faults, "matrix")
    watched.forgive("status 404", "status 422", "status 400")
    assert not faults, "\n".join(faults[:40])
