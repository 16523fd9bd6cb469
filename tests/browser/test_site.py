"""What holds on every page: the theme, reading without scripts, the keyboard, print, and any place on a host."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from detectionary.catalog import open_catalog
from detectionary.pages.keys import rule_path
from tests.browser.conftest import NARROW
from tests.browser.watching import Watched

READABLE = {
    "index.html": ("h1", "table"),
    "browse/index.html": ("h1", "table tbody th a"),
    "attack/index.html": ("h1", "#matrix a"),
    "technique/t1583.html": ("h1", "table, ul li a"),
    "table/index.html": ("h1", "main a"),
    "field/index.html": ("h1", "main a"),
    "action/index.html": ("h1", "main a"),
    "repository/index.html": ("h1", "main a"),
    "changes/index.html": ("h1", "main a, main p"),
    "compare/index.html": ("h1", "main p, noscript"),
    "404.html": ("h1", "form"),
}
"""Pages that say what they have to say without a script, and what must stand in them."""


@pytest.fixture
def rule(catalog: Path) -> str:
    """The address of the page of a rule with a bit of everything."""
    with open_catalog(catalog) as opened:
        entry = opened.entry("f7210a45-12a4-4d02-b59e-f23476827a4b")
        assert entry is not None
        return rule_path(entry.rule.language, entry.slug)


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


# The theme


def test_without_a_choice_the_theme_is_the_systems(site: str, visitor: Callable[..., Watched]) -> None:
    page = visitor("light").page()
    page.goto(f"{site}index.html")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    dark = background(page)
    assert light != dark
    page.emulate_media(color_scheme="light")
    assert background(page) == light


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_chosen_theme_stays(system: str, site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor(system).page()
    page.goto(f"{site}index.html")
    before = background(page)
    page.click("button.theme")
    chosen = background(page)
    assert chosen != before
    for address in (rule, "attack/index.html", "404.html"):
        page.goto(site + address)
        assert background(page) == chosen
    page.emulate_media(color_scheme="dark" if system == "light" else "light")
    assert background(page) == chosen
    page.click("button.theme")
    assert background(page) == before


# Without scripts


@pytest.mark.parametrize("width", [1280, NARROW])
def test_pages_are_read_without_scripts(width: int, site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor(width=width, script=False).page()
    for address, parts in {**READABLE, rule: ("h1", "h2", "table", "#text")}.items():
        response = page.goto(site + address)
        assert response is not None
        assert response.ok, address
        for part in parts:
            assert page.locator(part).count(), (address, part)
            assert any(each.is_visible() for each in page.locator(part).all()[:40]) or part in ("h1", "form"), (
                address,
                part,
            )
        assert page.locator("h1").count() == 1, address
        assert page.locator("button.theme").is_hidden()  # what only a script can do is not offered


def test_headings_are_in_order(site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    for address in (*READABLE, rule):
        page.goto(site + address)
        levels = page.evaluate("Array.from(document.querySelectorAll('h1, h2, h3, h4, h5'), each => +each.tagName[1])")
        assert levels.count(1) == 1, address
        assert all(after <= before + 1 for before, after in pairwise(levels)), (address, levels)


# The keyboard


def test_the_first_stop_leads_to_the_content(site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    for address in (*READABLE, rule):
        page.goto(site + address)
        page.keyboard.press("Tab")
        skip = page.locator("a.skip")
        expect(skip).to_be_focused()
        box = skip.bounding_box()
        assert box is not None
        assert box["width"] > 20, address  # it is seen while it has the focus
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"
        page.keyboard.press("Tab")
        inside = page.evaluate("""() => {
          const each = document.activeElement, main = document.querySelector('main');
          return each === document.body || main.contains(each) || Boolean(main.compareDocumentPosition(each) & 4);
        }""")
        assert inside, address


def test_a_slash_leads_to_the_search(site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    for address in (rule, "index.html", "browse/index.html", "attack/index.html", "table/index.html"):
        page.goto(site + address)
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.matches('input[type=search]')"), address
        assert page.evaluate("document.activeElement.value") == "", address
        page.keyboard.type("a/b")
        assert page.evaluate("document.activeElement.value") == "a/b", address


def test_the_focus_is_always_seen(site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    for address in ("index.html", rule, "browse/index.html"):
        page.goto(site + address)
        for _ in range(25):
            page.keyboard.press("Tab")
            outlined = page.evaluate("""() => {
              const each = document.activeElement;
              if (each === document.body) return true;
              const style = getComputedStyle(each), around = each.closest('.box, .find') || each;
              const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
                || Array.from(each.querySelectorAll('rect, circle, path'), part => getComputedStyle(part).stroke)
                  .some(stroke => stroke !== 'none');
              return shown || getComputedStyle(around).boxShadow !== 'none' || style.boxShadow !== 'none';
            }""")
            assert outlined, (address, page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))


# Other ways to look at it


def test_the_site_works_at_any_place_of_a_host(nested_site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(nested_site + rule)
    page.click("a.brand")
    expect(page).to_have_url(f"{nested_site}index.html")
    page.fill("input[type=search] >> nth=0", "RunInstances")
    page.press("input[type=search] >> nth=0", "Enter")
    expect(page.locator("#found")).to_contain_text("rule")
    page.locator("#results tbody th a").first.click()
    assert page.url.startswith(f"{nested_site}rules/")
    expect(page.locator("h1")).to_be_visible()


def test_what_is_not_there_leads_on(either: str, visitor: Callable[..., Watched]) -> None:
    watched = visitor()
    page = watched.page()
    response = page.goto(f"{either}no/such/page.html")
    assert response is not None
    assert response.status == 404
    expect(page.locator("h1")).to_contain_text("no page at this address")
    page.fill("#again", "RunInstances")
    page.press("#again", "Enter")
    expect(page).to_have_url(f"{either}browse/index.html?q=RunInstances")
    watched.forgive("no/such/page.html")


def test_a_rule_is_printed_without_the_frame(site: str, rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor("dark").page()
    page.goto(site + rule)
    page.emulate_media(media="print", color_scheme="dark")
    for part in ("header.top", ".contents", ".tools", "footer"):
        expect(page.locator(part).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('#text')).maxHeight") == "none"
    channels = page.evaluate("getComputedStyle(document.body).color.match(/[0-9]+/g).slice(0, 3).map(Number)")
    assert max(channels) < 60  # dark letters, whatever the screen shows
    assert len(page.pdf()) > 10_000
