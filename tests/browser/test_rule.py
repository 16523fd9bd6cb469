"""The page of a rule in a real browser: parts of the query and their lines, the contents, copying."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from detectionary.catalog import open_catalog
from detectionary.pages.keys import rule_path
from tests.browser.watching import Watched

MARKED = ".on, .here"


@pytest.fixture
def rule(catalog: Path, site: str) -> str:
    """The address of a rule in Kusto with several stages on lines of their own, indicators and an alert."""
    with open_catalog(catalog) as opened:
        for listing in opened.index().rules:
            entry = opened.entry(listing.reference.slug)
            assert entry is not None
            stages = entry.analysis.stages
            if (
                listing.reference.language == "kusto"
                and len(stages) > 3
                and entry.analysis.indicators
                and entry.rule.alert.title
                and len({stage.span.start for stage in stages}) == len(stages)
            ):
                return site + rule_path("kusto", listing.reference.slug)
    pytest.fail("no such rule among the examples")


def marked(page: Page) -> set[str]:
    """What is marked: the ids of stages and lines, else the kind of element."""
    found: list[str] = page.eval_on_selector_all(MARKED, "all => all.map((each) => each.id || each.tagName)")
    return set(found)


def first_stage_of_row(page: Page) -> tuple[str, str]:
    """The stage that the first indicator leads to, and the line that it stands on."""
    row = page.locator(".comparisons tr[data-line]").first
    link = row.locator('a[href^="#s"]').get_attribute("href")
    line = row.get_attribute("data-line")
    assert link is not None
    assert line is not None
    return link[1:], line


def test_a_line_marks_its_stage_and_a_stage_its_lines(rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(rule)
    page.hover(".code .s[href='#s2']")
    page.wait_for_selector("#s2.on")
    line = page.locator(".code > li:has(.s[href='#s2'])").get_attribute("id")
    assert marked(page) >= {"s2", line}
    page.hover("#s3 .operator")
    page.wait_for_selector("#s3.on")
    assert "s2" not in marked(page)
    assert page.locator(".code > li:has(.s[href='#s3']).on").count() == 1


def test_the_keyboard_marks_too_and_escape_ends_it(rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(rule)
    page.focus("#s2 a.disc")
    page.wait_for_selector("#s2.on")
    page.focus(".code .s[href='#s3']")
    page.wait_for_selector("#s3.on")
    page.keyboard.press("Escape")
    assert marked(page) == set()


def test_an_indicator_marks_its_own_line_and_shows_it_when_it_is_out_of_sight(
    rule: str, visitor: Callable[..., Watched]
) -> None:
    page = visitor().page()
    page.goto(rule)
    stage, line = first_stage_of_row(page)
    page.locator(".comparisons tr[data-line]").first.scroll_into_view_if_needed()
    page.locator(".comparisons tr[data-line] td .op").first.hover()
    page.wait_for_selector(".code > li.here")
    assert stage in marked(page)
    body = page.locator("ol.code > li.here > code").inner_text()
    peek = page.locator(".peek")
    if peek.is_visible():
        assert f"line {line}" in peek.inner_text()
        assert body.split()[0] in peek.inner_text()


def test_a_filled_part_of_the_alert_leads_to_its_column(rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(rule)
    slot = page.locator(".card a.slot").first
    name = slot.inner_text().strip("{}")
    slot.click()
    row = page.locator(".fields tr:target")
    assert row.locator("code").first.inner_text() == name


def test_a_click_on_a_line_goes_to_its_stage(rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(rule)
    page.locator(".code > li:has(.s[href='#s2']) > code").click(position={"x": 2, "y": 4})
    assert page.url.endswith("#s2")


def test_the_contents_follow_the_reader(rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(rule)
    for name in ("stages", "indicators", "body"):
        page.evaluate("name => document.getElementById(name).scrollIntoView()", name)
        page.wait_for_selector(f".contents a[href='#{name}'][aria-current]")
        assert page.locator(".contents [aria-current]").count() == 1


def test_the_query_and_the_permalink_are_copied(rule: str, visitor: Callable[..., Watched]) -> None:
    watched = visitor()
    watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = watched.page()
    page.goto(rule)
    page.get_by_role("button", name="Copy query").click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip().splitlines()[0] == page.locator(".code > li > code").first.inner_text().strip()
    page.get_by_role("button", name="Copy permalink").click()
    page.get_by_text("Copied").first.wait_for()
    page.wait_for_timeout(50)
    assert "/id/" in page.evaluate("navigator.clipboard.readText()")


def test_without_script_every_mark_is_still_a_link(rule: str, visitor: Callable[..., Watched]) -> None:
    page = visitor(script=False).page()
    page.goto(rule)
    page.locator(".code .s[href='#s2']").click()
    assert page.url.endswith("#s2")
    assert page.locator("button.copy:visible").count() == 0
