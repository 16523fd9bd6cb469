"""The overviews of log sources, fields, actions, …: the box that finds one by its name, in the static site and live."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.watching import Watched


def test_a_list_is_found_by_its_name(either: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(f"{either}action/index.html")
    page.fill("#finder-box", "runinst")
    expect(page.locator("#found")).to_contain_text("1 of ", timeout=60_000)
    expect(page.locator("#all-names")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("aws:ec2.amazonaws.com/RunInstances", timeout=60_000)


def test_what_cannot_be_read_leaves_the_page_as_it_was(site: str, visitor: Callable[..., Watched]) -> None:
    watched = visitor()
    page = watched.page()
    page.route("**/names.js", lambda route: route.abort())
    page.goto(f"{site}action/index.html")
    page.fill("#finder-box", "runinst")
    expect(page.locator("#found")).to_have_text("The list of names could not be read.", timeout=60_000)
    expect(page.locator("#all-names")).to_be_visible()
    watched.forgive("names.js", "ERR_FAILED")
