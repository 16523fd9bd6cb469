"""Comparing rules in a real browser: the script makes what Python makes, and rules are found and added by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from detectionary.catalog import open_catalog
from detectionary.model.analysis import OutputField
from detectionary.model.predicate import Operator
from detectionary.pages.compare.html import DETAILS, _render
from detectionary.pages.compare.kind import compare_page
from detectionary.pages.library import Library
from detectionary.pages.part import encode_part
from detectionary.text import SourceText
from tests.browser.conftest import NARROW
from tests.browser.live import serving
from tests.browser.sites import served, static_site
from tests.browser.test_pages import HEAVIEST
from tests.browser.watching import Watched, weighed
from tests.conftest import needs_shared
from tests.pages.entries import FIRST
from tests.pages.test_compare import row
from tests.site.catalogs import placed, store

FEWEST_PAIRS = 20

TREE = """(root) => {
  root.normalize();
  const found = [];
  (function walk(element) {
    for (const child of element.childNodes) {
      const text = child.nodeType === 3 ? child.textContent.replace(/\\s+/g, " ").trim() : "";
      if (text) found.push(text);
      if (child.nodeType !== 1) continue;
      const attributes = [...child.attributes].map((each) => each.name + "=" + each.value);
      found.push([child.tagName, ...attributes.sort()].join(" "));
      walk(child);
    }
  })(root);
  return found;
}"""
"""An element's insides as a list: elements with their attributes, and texts."""


PLACE = """(html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.body.replaceChildren(...page.body.children);
}"""
"""Show a page without loading it."""


@pytest.fixture
def library(catalog: Path) -> Iterator[Library]:
    with open_catalog(catalog) as opened:
        yield Library(opened)


def together(library: Library) -> Iterator[tuple[str, ...]]:
    """Slugs of rules that have something to do with each other, two to four; then of any."""
    for rule in library.index.rules:
        entry = library.catalog.entry(rule.reference.slug)
        assert entry is not None
        known = library.catalog.relations(entry)
        others = [other.slug for other in (*known.copies, *known.versions)]
        others += [other.slug for _, other in known.same_action] + [other.slug for other, _ in known.shared_indicators]
        near = list(dict.fromkeys(others))
        if near:
            yield (entry.slug, *near[: 1 + rule.number % 3])
    slugs = [rule.reference.slug for rule in library.index.rules]
    yield from pairwise(slugs)


def settled(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector("#compared .heads, #compared .notice")
    more = page.get_by_role("button", name="Compare them")
    if more.count():  # of long rules
        more.click()
        page.wait_for_selector("#compared .aligned")
    return page


@needs_shared
def test_the_script_and_python_agree(library: Library, site: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    elsewhere = visitor().page()
    compared = 0
    for slugs in islice(together(library), 3 * FEWEST_PAIRS):
        expected = compare_page(library, slugs)
        assert expected is not None
        settled(page, f"{site}compare/index.html?rules={','.join(slugs)}")
        context: Any = page.eval_on_selector("#compared", "each => each.comparison")
        assert (slugs, context) == (slugs, json.loads(encode_part(expected)))
        elsewhere.goto(f"{site}404.html")
        elsewhere.evaluate(
            PLACE,
            _render(expected, DETAILS[0], False, "../"),
        )
        made, served = (each.eval_on_selector("#compared", TREE) for each in (page, elsewhere))
        assert (slugs, made) == (slugs, served)
        compared += 1
    assert compared >= FEWEST_PAIRS


def first_two(library: Library) -> tuple[str, str]:
    one, other = (rule.reference.slug for rule in islice(library.index.rules, 2))
    return one, other


def test_only_what_differs(library: Library, either: str, visitor: Callable[..., Watched]) -> None:
    page = settled(visitor().page(), f"{either}compare/index.html?rules={','.join(first_two(library))}")
    same = page.locator("tr.all:not(.group)")
    assert same.first.is_visible()
    page.get_by_label("Show only what differs").check()
    assert not any(same.nth(number).is_visible() for number in range(same.count()))
    assert page.locator("tr.differs, tr.one").first.is_visible()


def test_rules_are_found_and_added_with_the_keyboard(
    library: Library, either: str, visitor: Callable[..., Watched]
) -> None:
    one, other = first_two(library)
    title = library.index.rules[1].reference.title
    page = settled(visitor().page(), f"{either}compare/index.html?rules={one}")
    assert page.locator(".heads li").count() == 1
    page.get_by_label("Add a rule").fill(title)
    page.wait_for_selector("#pick-found button")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".heads.of2")
    assert page.url.endswith(f"?rules={one},{other}")
    page.get_by_label("Leave out A").click()
    page.wait_for_selector(".heads.of1")
    assert page.url.endswith(f"?rules={other}")


def test_a_rule_is_named_by_its_id_too_and_what_is_not_there_is_told(
    library: Library, either: str, visitor: Callable[..., Watched]
) -> None:
    first, second = (rule.reference for rule in islice(library.index.rules, 2))
    page = settled(visitor().page(), f"{either}compare/index.html?rules={first.id.upper()},{second.slug},nobody")
    assert page.locator(".heads li").count() == 2
    assert "nobody" in page.locator("#compared .notice").inner_text()


def test_rules_are_compared_from_disk_too(library: Library, site_folder: Path, browser: Browser) -> None:
    address = f"{(site_folder / 'compare' / 'index.html').as_uri()}?rules={','.join(first_two(library))}"
    with browser.new_context() as context:
        page = settled(context.new_page(), address)
        page.wait_for_selector("#compared .aligned")
        page.locator("#compared .heads a").first.click()
        assert page.locator("h1").inner_text() == library.index.rules[0].reference.title


def test_where_a_rule_cannot_be_read_its_page_is_linked(
    library: Library, site: str, visitor: Callable[..., Watched]
) -> None:
    watched = visitor()
    page = watched.page()
    page.route("**/compare.js", lambda route: route.abort())
    page.goto(f"{site}compare/index.html?rules={','.join(first_two(library))}")
    expect(page.locator("#compared .notice")).to_contain_text("could not be read")
    expect(page.locator("#compared .bullets a")).to_have_count(2)
    watched.forgive("ERR_FAILED")


def test_a_live_site_compares_without_a_script(library: Library, live: str, visitor: Callable[..., Watched]) -> None:
    page = visitor(script=False).page()
    page.goto(f"{live}compare/")
    page.get_by_label("Two to four rules").fill(", ".join(first_two(library)))
    page.get_by_role("button", name="Compare").click()
    assert page.locator(".heads li").count() == 2
    assert page.locator(".aligned tr").count() > 4
    page.goto(f"{live}compare/index.html?rules=nobody")
    assert "nobody" in page.locator("#compared .notice").inner_text()


@pytest.mark.parametrize("where", ["site", "live"])
def test_of_five_rules_it_says_that_four_are_compared(
    library: Library, where: str, request: pytest.FixtureRequest, visitor: Callable[..., Watched]
) -> None:
    page = visitor().page()
    five = [rule.reference.slug for rule in library.index.rules[:5]]
    page.goto(f"{request.getfixturevalue(where)}compare/index.html?rules={','.join(five)}")
    expect(page.locator(".heads li")).to_have_count(4)
    expect(page.locator(".notice")).to_have_text(re.compile("^5 rules are named, and no more than 4 are compared"))
    page.goto(f"{request.getfixturevalue(where)}compare/index.html?rules={','.join(five[:4])}")
    expect(page.locator(".heads li")).to_have_count(4)
    expect(page.locator(".notice")).to_have_count(0)


def test_a_long_name_that_is_not_known_stays_on_a_narrow_page(site: str, visitor: Callable[..., Watched]) -> None:
    watched = visitor()
    page = watched.page()
    page.set_viewport_size({"width": NARROW, "height": 800})
    page.goto(f"{site}compare/index.html?rules={'proc_creation_' * 6},b")
    expect(page.locator("#compared .notice")).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    watched.forgive("404")


def test_blanks_around_a_value_take_room(site: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(f"{site}index.html")
    page.evaluate(PLACE, "<ul class=tree><li><i class=op>eq</i> <code>a</code>, <code> a </code></ul>")
    widths = page.evaluate(
        "[...document.querySelectorAll('.tree code')].map((each) => each.getBoundingClientRect().width)"
    )
    assert widths[1] > 2 * widths[0]


# What the browser loads


@pytest.fixture(scope="module")
def long_rules(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of four long rules, and of four that are as long as one file holds."""
    entries = []
    for number in range(8):
        most = 1_500 if number < 4 else 48
        fields = tuple(
            row(f"Field{at}", Operator.EQ, *(f"value {at} {each + number}" for each in range(most // 12)))
            for at in range(12)
        )
        names = tuple(OutputField(f"Column{at}OfManyThatARuleGives", "project", 2, "string") for at in range(most // 6))
        query = "\n".join(f"| where Field{at} == {at + number} // and so on" for at in range(most // 3))
        entry = placed(FIRST, f"rule-{number}.yaml", title=f"Rule {number}")
        rule = replace(entry.rule, id=f"id-{number}", query=SourceText(f"T\n{query}"))
        analysis = replace(entry.analysis, indicators=fields, output_fields=names)
        entries.append(replace(entry, rule=rule, analysis=analysis))
    return store(tmp_path_factory.mktemp("long") / "rules.db", entries)


@pytest.fixture(scope="module", params=["site", "live"])
def long_site(
    request: pytest.FixtureRequest, long_rules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "live":
        with serving(long_rules) as address:
            yield address
    else:
        with served(static_site(long_rules, tmp_path_factory.mktemp("long-site"))) as address:
            yield address


@pytest.mark.parametrize("numbers", ["01", "0123", "4567", "45"])
def test_the_first_view_of_long_rules_is_light(
    long_rules: Path, long_site: str, visitor: Callable[..., Watched], numbers: str
) -> None:
    watched = visitor()
    page = watched.page()
    slugs = [f"rule-{number}" for number in numbers]
    address = f"{long_site}compare/index.html?rules={','.join(slugs)}"
    weight = weighed(watched, lambda: page.goto(address, wait_until="networkidle"))
    assert weight < HEAVIEST
    expect(page.locator(".heads li")).to_have_count(len(slugs))
    more = page.get_by_role("button", name="Compare them")
    if more.count():
        assert numbers[0] == "0"
        more.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Show only what differs")).to_be_focused()  # who uses keys goes on from there
    expect(page.locator(".aligned").first).to_be_visible()
    if context := page.eval_on_selector("#compared", "each => each.comparison"):
        with open_catalog(long_rules) as catalog:
            wanted = compare_page(Library(catalog), slugs)
        assert wanted is not None
        assert context == json.loads(encode_part(wanted))


def test_the_search_is_loaded_when_a_rule_is_looked_for(
    library: Library, either: str, visitor: Callable[..., Watched]
) -> None:
    page = settled(visitor().page(), f"{either}compare/index.html?rules={','.join(first_two(library))}")
    scripts = "[...document.scripts].map((each) => each.src.split('/').pop().split('.')[0])"
    assert "search" not in page.evaluate(scripts)
    page.get_by_label("Add a rule").fill("a")
    page.wait_for_selector("#pick-found button")
    assert "search" in page.evaluate(scripts)
