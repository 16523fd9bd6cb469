"""The browse page's script makes the rows that the server makes, whatever rules say."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from playwright.sync_api import Browser, Page

from detectionary.pages.browse.listing import RuleRow
from detectionary.pages.browse.listing_html import rules_table
from detectionary.pages.environment import asset_files
from detectionary.pages.languages import LANGUAGES, language_title
from detectionary.pages.part import whole_characters
from tests.browser.test_compare import TREE
from tests.browser.test_compare_script import TEXTS

SHELL = "<table class=rule-rows><thead></thead><tbody></tbody></table><p id=picked></p>"

ROWS = """([rules, languages]) => {
  const table = document.querySelector("table");
  const titles = (facet, name) => facet === "language" ? languages[name] || name : "as another rule spells it";
  detectionary.page.rows(table, { rules, text: "" }, titles);
  for (const pick of table.querySelectorAll(".pick")) pick.remove();
  return [...table.tBodies[0].rows];
}"""

texts = some.one_of(some.sampled_from((*TEXTS, "\u200b \u202e", "é" * 81, "😀" * 80)), some.text(max_size=4))
maybe = some.none() | texts
lists = some.lists(texts, max_size=5).map(tuple)
rows = some.builds(
    RuleRow,
    id=texts,
    slug=some.just("slug"),
    title=texts,
    language=some.sampled_from(("kusto", "esql", "unheard-of")),
    platform=maybe,
    severity=some.none() | some.sampled_from(("high", "low")),
    status=maybe,
    kind=some.sampled_from(("Query", "query", "constructor", "ES|QL", "Hunting")) | texts,
    repository=some.sampled_from(("https://github.com/a/b", "github.com/c", "d", "")) | texts,
    path=texts,
    tactics=lists,
    techniques=lists,
    tables=lists,
    actions=lists,
    authors=lists,
    third_party_feed=some.none() | some.just("why"),
    accepted=some.booleans(),
    page=some.just("rules/kusto/slug/index.html"),
)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with an empty table and the script that fills it."""
    page = browser.new_page()
    page.set_content(SHELL)
    page.evaluate("globalThis.detectionary = { root: '../' }")
    page.evaluate("(script) => { (0, eval)(script); }", asset_files()["browse-rows.js"][1].decode())
    yield page
    page.close()


def row(**changes: object) -> RuleRow:
    lists = ("tactics", "techniques", "tables", "actions", "authors")
    plain: dict[str, object] = {name: () if name in lists else "x" for name in RuleRow.__struct_fields__}
    plain |= {"accepted": True, "third_party_feed": None, "severity": "high", "page": "rules/kusto/slug/index.html"}
    return msgspec.convert(plain | changes, RuleRow)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(rows, max_size=4))
@example([row(title=text, platform=text) for text in TEXTS])
@example([row(tables=TEXTS), row(techniques=TEXTS), row(tactics=TEXTS), row(tactics=TEXTS[5:])])
@example([row(kind="query"), row(kind="Query"), row(language="esql", kind="ES|QL"), row(kind="CustomDetection")])
def test_rows_are_those_of_the_server(page: Page, rules: list[RuleRow]) -> None:
    languages = {name: language_title(name) for name in LANGUAGES}
    page.evaluate(ROWS, [plain(rules), languages])
    made = page.eval_on_selector("table tbody", TREE)
    table = "(html) => new DOMParser().parseFromString(html, 'text/html').querySelector('tbody')"
    served = page.evaluate_handle(table, str(rules_table(rules, "../")).encode("utf-8", "replace").decode())
    assert made == served.evaluate(TREE)


def plain(rules: list[RuleRow]) -> object:
    """As the API answers them."""
    return whole_characters([msgspec.to_builtins(rule) for rule in rules])
