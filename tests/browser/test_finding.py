"""Search, facets and the matrix as people use them, on the static site and on the live one: the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from detectionary.catalog import Facet, Filters, Sort, open_catalog
from detectionary.catalog.coverage import chosen, coverage
from detectionary.catalog.coverage import coverage as covering
from detectionary.pages.browse.search import BrowseAnswer, BrowseRequest, browse_answer
from detectionary.pages.library import Library
from tests.browser.conftest import NARROW
from tests.browser.watching import Watched


@pytest.fixture
def library(catalog: Path) -> Iterator[Library]:
    with open_catalog(catalog) as opened:
        yield Library(opened)


@pytest.fixture
def browse(either: str, visitor: Callable[..., Watched]) -> Page:
    page = visitor().page()
    page.goto(f"{either}browse/index.html")
    expect(page.locator("#sorted")).to_be_visible()
    return page


def filters(**names: str) -> Filters:
    found = Filters()
    for facet, name in names.items():
        found = found.adding(Facet(facet), name)
    return found


def answer(library: Library, text: str = "", **names: str) -> BrowseAnswer:
    return browse_answer(library, BrowseRequest(text, filters(**names), Sort.RELEVANCE, 0, 50))


def found(page: Page, total: int) -> None:
    """Wait until the page says that it has found so many rules."""
    expect(page.locator("#found b")).to_have_text(f"{total:,}")
    expect(page.locator("#results tbody tr:not(.snippet)")).to_have_count(min(total, 50))


def count(page: Page, facet: str, title: str) -> int:
    label = page.locator(f".facet[data-facet={facet}] label", has=page.get_by_title(title, exact=True)).or_(
        page.locator(f".facet[data-facet={facet}] label[title='{title}']")
    )
    return int(label.first.locator(".count").inner_text().replace(",", ""))


def tick(page: Page, facet: str, title: str) -> None:
    page.locator(f".facet[data-facet={facet}] label[title='{title}'] input").click()


# Search and facets


def test_words_find_rules_and_are_marked(browse: Page, library: Library) -> None:
    browse.fill("#q", "RunInstances")
    found(browse, answer(library, "RunInstances").total)
    expect(browse.locator("#results mark").first).to_have_text("RunInstances")
    assert browse.url.endswith("?q=RunInstances")


def test_what_is_quoted_of_a_rule_is_not_its_title_again(site: str, visitor: Callable[..., Watched]) -> None:
    page = visitor().page()
    page.goto(f"{site}browse/index.html?q=bucket+lang:sigma")
    expect(page.locator("#results .snippet").first).to_be_visible()
    for line in page.locator("#results tr:has(+ .snippet)").all():
        title = line.locator("th a").inner_text()
        quoted = line.locator("xpath=following-sibling::tr[1]").inner_text()
        assert f"title: {title}" not in quoted


def test_filters_in_the_words(browse: Page, library: Library) -> None:
    text = "field:EventName value:RunInstances lang:kusto"
    browse.fill("#q", text)
    expected = answer(library, text).total
    assert expected
    found(browse, expected)


def test_facets_count_and_stay_in_the_address(browse: Page, library: Library) -> None:
    everything = answer(library)
    counts = {
        each.title: each.rules for facet in everything.facets if facet.facet == "language" for each in facet.counts
    }
    assert count(browse, "language", "Kusto") == counts["Kusto"]
    tick(browse, "language", "Kusto")
    kusto = answer(library, language="kusto")
    found(browse, kusto.total)
    assert "language=kusto" in browse.url
    # Alternatives of the same facet keep their counts; those of others follow.
    assert count(browse, "language", "Sigma") == counts["Sigma"]
    aws = next(
        each.rules for facet in kusto.facets if facet.facet == "platform" for each in facet.counts if each.name == "AWS"
    )
    assert count(browse, "platform", "AWS") == aws
    tick(browse, "platform", "AWS")
    found(browse, aws)
    tick(browse, "language", "Sigma")
    both = browse_answer(
        library, BrowseRequest("", filters(language="kusto", platform="AWS").adding(Facet.LANGUAGE, "sigma"))
    )
    found(browse, both.total)


def test_back_and_reload_bring_the_answer_back(browse: Page, library: Library) -> None:
    total = answer(library).total
    kusto = answer(library, language="kusto").total
    aws = answer(library, language="kusto", platform="AWS").total
    assert total > kusto > aws
    tick(browse, "language", "Kusto")
    found(browse, kusto)
    tick(browse, "platform", "AWS")
    found(browse, aws)
    browse.reload()
    found(browse, aws)
    expect(browse.locator(".facet[data-facet=language] label[title=Kusto] input")).to_be_checked()
    browse.locator("#results tbody th a").first.click()
    expect(browse.locator("main.rule h1, .rule h1")).to_be_visible()
    browse.go_back()
    found(browse, aws)
    browse.go_back()
    found(browse, kusto)
    expect(browse.locator(".facet[data-facet=platform] label[title=AWS] input")).not_to_be_checked()
    browse.go_back()
    found(browse, total)


def test_a_filter_is_taken_off_again(browse: Page, library: Library) -> None:
    tick(browse, "language", "Kusto")
    found(browse, answer(library, language="kusto").total)
    browse.locator("#chosen a, #chosen button").first.click()
    found(browse, answer(library).total)
    assert "language" not in browse.url


def test_nothing_found_says_what_to_do(browse: Page) -> None:
    browse.fill("#q", "zzzyx language:kusto")
    expect(browse.locator("#found b")).to_have_text("0")
    expect(browse.locator("#results .empty")).to_be_visible()
    expect(browse.locator("#results .empty a")).not_to_have_count(0)


def test_the_keyboard_finds_and_opens(browse: Page, library: Library) -> None:
    browse.keyboard.press("/")
    browse.keyboard.type("RunInstances")
    found(browse, answer(library, "RunInstances").total)
    browse.keyboard.press("ArrowDown")
    first = browse.evaluate("document.activeElement.textContent")
    browse.keyboard.press("ArrowDown")
    second = browse.evaluate("document.activeElement.textContent")
    assert first != second
    browse.keyboard.press("ArrowUp")
    assert browse.evaluate("document.activeElement.textContent") == first
    browse.keyboard.press("ArrowUp")
    assert browse.evaluate("document.activeElement.id") == "q"
    browse.keyboard.press("ArrowDown")
    browse.keyboard.press("Enter")
    expect(browse.locator(".rule h1")).to_have_text(first)


def test_facets_by_keyboard(browse: Page, library: Library) -> None:
    box = browse.locator(".facet[data-facet=language] label[title=Kusto] input")
    box.focus()
    browse.keyboard.press("Space")
    found(browse, answer(library, language="kusto").total)
    expect(box).to_be_focused()
    browse.keyboard.press("Space")
    found(browse, answer(library).total)
    expect(box).to_be_focused()


def test_facets_on_a_narrow_screen(either: str, visitor: Callable[..., Watched], library: Library) -> None:
    page = visitor(width=NARROW).page()
    page.goto(f"{either}browse/index.html")
    page.click("#fold")
    expect(page.locator("#side")).to_be_visible()
    tick(page, "language", "Kusto")
    expect(page.locator("#done")).to_contain_text(f"{answer(library, language='kusto').total:,}")
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    found(page, answer(library, language="kusto").total)
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


# The matrix


@pytest.fixture
def matrix(either: str, visitor: Callable[..., Watched]) -> Page:
    page = visitor().page()
    page.goto(f"{either}attack/index.html")
    expect(page.locator("#tools")).to_be_visible()
    return page


def technique_count(page: Page, technique: str) -> str:
    link = page.locator(f"#matrix li:has(> a[href$='{technique.lower()}.html'])").first
    return link.locator("> b").inner_text()


def test_the_matrix_is_filtered(matrix: Page, library: Library) -> None:
    every = coverage(library.index, chosen(library.catalog, library.index))
    sigma = coverage(library.index, chosen(library.catalog, library.index, filters=filters(language="sigma")))
    technique = next(
        name for name in sorted(sigma.techniques) if "." not in name and every.of(name).all > sigma.of(name).all
    )
    assert technique_count(matrix, technique) == f"{every.of(technique).all:,}"
    matrix.click("#narrow")
    matrix.locator("#sets select[name=language]").select_option("sigma")
    expect(matrix.locator("#told")).to_contain_text("Sigma")
    assert technique_count(matrix, technique) == f"{sigma.of(technique).all:,}"
    assert "language=sigma" in matrix.url
    matrix.reload()
    expect(matrix.locator("#told")).to_contain_text("Sigma")
    assert technique_count(matrix, technique) == f"{sigma.of(technique).all:,}"


def test_a_number_of_the_filtered_matrix_leads_to_the_rules_that_it_counts(matrix: Page, library: Library) -> None:
    sigma = coverage(library.index, chosen(library.catalog, library.index, filters=filters(language="sigma")))
    technique = next(name for name in sorted(sigma.techniques) if "." not in name and sigma.of(name).all > 1)
    matrix.click("#narrow")
    matrix.locator("#sets select[name=language]").select_option("sigma")
    expect(matrix.locator("#told")).to_contain_text("Sigma")
    matrix.locator(f"#matrix li:has(> a[href$='{technique.lower()}.html'])").first.locator("> b a").click()
    found(matrix, sigma.of(technique).all)


def test_a_number_that_no_filter_can_say_is_no_link(matrix: Page, library: Library) -> None:
    """Two techniques as filters are alternatives: together they find more than the cell counts."""
    everything = coverage(library.index, chosen(library.catalog, library.index))
    technique = next(name for name in sorted(everything.techniques) if everything.of(name).all > 1)
    matrix.goto(f"{matrix.url.partition('?')[0]}?technique={technique}")
    expect(matrix.locator("#told")).to_contain_text(technique)
    expect(matrix.locator(".set-number a")).to_have_count(1)
    expect(matrix.locator("#matrix li > b a")).to_have_count(0)


def test_the_layer_is_that_of_the_filter(matrix: Page, library: Library) -> None:
    matrix.click("#narrow")
    matrix.locator("#sets select[name=language]").select_option("sigma")
    expect(matrix.locator("#told")).to_contain_text("Sigma")
    with matrix.expect_download() as saving:
        matrix.click("#layer")
    layer = json.loads(Path(saving.value.path()).read_text(encoding="utf-8"))
    assert layer["versions"]["layer"] == "4.5"
    sigma = covering(library.index, chosen(library.catalog, library.index, filters=filters(language="sigma")))
    scores = {each["techniqueID"]: each["score"] for each in layer["techniques"] if each.get("score")}
    assert scores
    for name, score in scores.items():
        assert score in sigma.of(name), name


def test_two_sets_are_compared(matrix: Page, library: Library) -> None:
    index, catalog = library.index, library.catalog
    kusto = coverage(index, chosen(catalog, index, filters=filters(language="kusto")))
    sigma = coverage(index, chosen(catalog, index, filters=filters(language="sigma")))
    matrix.click("#compare")
    for number, language in enumerate(("kusto", "sigma")):
        matrix.locator("#sets fieldset").nth(number).locator("select[name=language]").select_option(language)
    expect(matrix.locator("#told")).to_contain_text("both cover")
    expect(matrix.locator("#told")).to_contain_text("Sigma")
    wide = [{name for name in each.techniques if "." not in name and each.of(name).all} for each in (kusto, sigma)]
    only = sorted(wide[1] - wide[0])
    assert only
    item = matrix.locator(f"#matrix li:has(> a[href$='{only[0].lower()}.html'])").first
    expect(item).to_have_class("in-b")
    both = sorted(wide[0] & wide[1])
    item = matrix.locator(f"#matrix li:has(> a[href$='{both[0].lower()}.html'])").first
    expect(item).to_have_class("in-both")
    numbers = matrix.locator("#told b").all_inner_texts()
    assert [int(each.replace(",", "")) for each in numbers[:3]] == [len(wide[0]), len(wide[1]), len(both)]
