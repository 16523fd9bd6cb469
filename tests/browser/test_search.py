"""The static search finds what the catalog's own search finds, and says the same of it.

The script runs in Chromium on the files of the search, opened from disk. Questions are typed as people and their
keyboards type them: accents, other scripts, characters that one of the two may not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from playwright.sync_api import Browser, Page

from detectionary.catalog import Facet, Filters, Sort, open_catalog
from detectionary.catalog.search import question
from detectionary.model.entry import Action, Entry
from detectionary.model.rule import Severity
from detectionary.pages.browse.search import LIMIT, BrowseRequest, browse_answer
from detectionary.pages.environment import asset_files
from detectionary.pages.library import Bodies, Library
from detectionary.pages.search.files import SEARCH
from tests.browser.questions import QUERIES, TEXTS
from tests.catalog.stored import an_entry, looks_for, store


def entries() -> Iterator[Entry]:
    """Rules that hold what is asked for, and some that hold nearly that."""
    alpha = an_entry(
        "alpha",
        looks_for("EventName", "RunInstances"),
        looks_for("ErrorCode", "Client.UnauthorizedOperation"),
        exclusions=(looks_for("UserAgent", "console"),),
        severity=Severity.HIGH,
        tables=("AWSCloudTrail",),
        techniques=("T1583", "T1078.004"),
        actions=["aws:ec2.amazonaws.com/RunInstances"],
    )
    author = "Ada Example (Northwind, Ltd.), Bo; ada example (Northwind, Ltd.)"
    yield replace(alpha, rule=replace(alpha.rule, author=author, status="Available"), platform="AWS")
    beta = an_entry(
        "beta", looks_for("eventname", "PassRole"), looks_for("Role", "RunInstances"), severity=Severity.LOW
    )
    yield replace(beta, platform="windows", third_party_feed="its table holds alerts")
    gamma = an_entry(
        "gamma", looks_for("CommandLine", 'a "quoted" path', 4625), language="sigma", techniques=("T1078",)
    )
    yield replace(gamma, platform="Windows", rule=replace(gamma.rule, status="available"))
    yield an_entry(
        "delta",
        looks_for("Größe", "Straße", "Über"),
        looks_for("flag", True),
        language="eql",
        severity=Severity.CRITICAL,
    )
    epsilon = an_entry(
        "epsilon", looks_for("CommandLine", "STRASSE"), language="sigma", tables=("windows/process_creation",)
    )
    write = Action("azure:Activity/NETWORK/NICS/WRITE", "azure:Activity", "NETWORK/NICS/WRITE")
    # Cherokee, whose folded letters are the large ones
    yield replace(epsilon, actions=(write,), platform="ᎠᏓ")
    for number, text in enumerate(TEXTS):
        made = an_entry(f"text {number}", looks_for("Größe" if number % 2 else "grösse", text), query=text)
        yield replace(
            made, rule=replace(made.rule, title=f"Title {text[:40]}" if number % 3 else "Title", description=text)
        )


def write_search(library: Library, folder: Path) -> Path:
    """The files of the search, and a page that has nothing but its script."""
    for name, content in SEARCH.files(library):
        folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_bytes(content)
    for name in ("search.js", "search-engine.js"):
        path, content = asset_files()[name]
        folder.joinpath(path).parent.mkdir(exist_ok=True)
        folder.joinpath(path).write_bytes(content)
    script = f'<script src="{asset_files()["search.js"][0]}" data-root="" data-mode="static"></script>'
    page = folder / "page.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><title>Search</title>{script}", encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("search") / "rules.db"
    store(path, *entries())
    store(path, gone=["text 11"])
    with open_catalog(path) as catalog:
        yield Library(catalog)


@pytest.fixture(scope="module")
def page(library: Library, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page that searches from disk."""
    address = write_search(library, tmp_path_factory.mktemp("static")).as_uri()
    page = browser.new_page()
    page.goto(address)
    yield page
    page.close()


SEARCH_ALL = """async (queries) => {
  const answers = [];
  for (const query of queries) {
    answers.push(await detectionary.search(detectionary.request(new URLSearchParams(query))));
  }
  return answers;
}"""


def quoted(query: str) -> str:
    return urlencode(parse_qsl(query.replace("&amp;", "%26amp;").replace("$()", "%24()"), keep_blank_values=True))


def request(query: str) -> BrowseRequest:
    """What the parameters of an address ask for, as the documentation of the script's `request` has it."""
    asked = BrowseRequest()
    filters = Filters()
    for name, value in parse_qsl(query, keep_blank_values=True):
        number = int(value) if value.isascii() and value.isdigit() else None
        match name:
            case "q":
                asked = replace(asked, text=value)
            case "sort" if value in {each.value for each in Sort}:
                asked = replace(asked, sort=Sort(value))
            case "offset" if number is not None:
                asked = replace(asked, offset=number)
            case "limit" if number is not None:
                asked = replace(asked, limit=min(max(number, 1), 200))
            case _ if name in {facet.value for facet in Facet} and value.strip():
                filters = filters.adding(Facet(name), value.strip())
            case _:
                pass
    return replace(asked, filters=filters)


def live(library: Library, query: str) -> dict[str, Any]:
    answer = json.loads(msgspec.json.encode(browse_answer(library, request(query))))
    assert isinstance(answer, dict)
    return answer


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without snippets; the best first is an order of its own, so such rules are compared as a set."""
    rules = [{name: value for name, value in rule.items() if name != "snippet"} for rule in answer["rules"]]
    if answer["sort"] == "relevance" and answer["text"].strip():
        rules.sort(key=lambda rule: str(rule["slug"]))
    return answer | {"rules": rules}


def test_the_script_answers_as_the_catalog_does(library: Library, page: Page) -> None:
    queries = [quoted(query) for query in QUERIES]
    answers = page.evaluate(SEARCH_ALL, queries)
    for query, answer in zip(queries, answers, strict=True):
        assert comparable(answer) == comparable(live(library, query)), query
    assert len(library.index.rules) < LIMIT  # or sets of rules could not be compared by the first page
    found = {answer["total"] for answer in answers}
    assert {0, 1, 2, len(library.index.rules)} <= found


def test_rules_that_are_gone_are_not_found(library: Library, page: Page) -> None:
    (answer,) = page.evaluate(SEARCH_ALL, [quoted('q="two one"')])
    assert [rule["slug"] for rule in answer["rules"]] == [
        rule.reference.slug for rule in library.index.rules if rule.path == "rules/text 10.yaml"
    ]


QUESTION = """async ([text, filters]) => {
  const asked = await detectionary.question(text, filters);
  return [asked.match, asked.filters];
}"""

typed = some.lists(
    some.one_of(
        some.sampled_from(
            [
                "field:",
                "Lang:",
                "kind:",
                '"',
                "*",
                " ",
                "\u3000",
                "\x85",
                "\x1c",
                ":",
                "é",
                "ß",
                "①",
                "🟢",
                "K",
                "\ufeff",
                "\0",
            ]
        ),
        some.text(some.characters(codec="utf-8"), max_size=3),
    ),
    max_size=12,
).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=typed)
def test_a_text_is_the_same_question(page: Page, text: str) -> None:
    match, filters = page.evaluate(QUESTION, [text, {"field": ["given"]}])
    asked = question(text, Filters().adding(Facet.FIELD, "given"))
    assert match == asked.match
    assert filters == {facet.value: list(names) for facet, names in asked.filters.by_facet}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=typed)
def test_any_text_finds_the_same(library: Library, page: Page, text: str) -> None:
    query = urlencode([("q", text)])
    (answer,) = page.evaluate(SEARCH_ALL, [query])
    assert comparable(answer) == comparable(live(library, query))


def test_better_hits_come_first(page: Page) -> None:
    (answer,) = page.evaluate(SEARCH_ALL, [quoted("q=alpha")])
    assert answer["rules"][0]["title"] == "Title of alpha"


def test_titles_and_texts_are_marked(page: Page) -> None:
    marked = page.evaluate("detectionary.marked('Straße über CAFÉ, cafe\u0301s', 'café* uber kind:x')")
    assert marked == [
        ["Straße ", False],
        ["über", True],
        [" ", False],
        ["CAFÉ", True],
        [", ", False],
        ["cafe\u0301s", True],
    ]


@pytest.mark.parametrize(
    ("title", "searched"),
    [
        ("Straße über CAFÉ, cafe\u0301s", "café* uber kind:x"),
        ("A kind of Windows task", "kind:windows task"),
        ("A kind of Windows task", 'TECH:T1059 field:"of a kind" windows'),
        ("Copies of http files", "http:// copies"),
        ("None of this", "language:sigma"),
        ("İstanbul and ΣΊΣΥΦΟΣ", "istanbul σισυφος"),
    ],
)
def test_titles_are_marked_alike_on_the_live_site(page: Page, browser: Browser, title: str, searched: str) -> None:
    live_page = browser.new_page()
    live_page.set_content("<script data-root='' data-mode='live'></script>")
    script = asset_files()["search.js"][1].decode().replace("document.currentScript", "document.scripts[0]")
    live_page.evaluate("(script) => { (0, eval)(script); }", script)
    hits = """async ([title, searched]) =>
      (await detectionary.marked(title, searched)).filter(([, hit]) => hit).map(([text]) => text)"""
    assert live_page.evaluate(hits, [title, searched]) == page.evaluate(hits, [title, searched])
    live_page.close()


def test_numbers_of_techniques_are_those_of_the_matrix(library: Library, page: Page) -> None:
    ask = "(query) => detectionary.coverage(detectionary.request(new URLSearchParams(query)))"
    covered = page.evaluate(ask, "")
    assert covered == {
        "total": len(library.index.rules) - 1,
        "techniques": {"T1583": [1, 1], "T1078": [1, 2], "T1078.004": [1, 1]},
        "tactics": {"Execution": 2},
    }
    assert page.evaluate(ask, "feed=yes")["total"] == 1


def test_all_values_of_a_facet(library: Library, page: Page) -> None:
    values = page.evaluate("detectionary.values('field', { text: '', filters: {} })")
    assert {each["key"] for each in values} == set(library.index.values(Facet.FIELD))


def test_a_site_that_is_made_anew_is_found_again(library: Library, browser: Browser, tmp_path: Path) -> None:
    """The page still has the old index: parts of the new one are of another version."""
    page = browser.new_page()
    page.goto(write_search(library, tmp_path).as_uri())
    page.evaluate(SEARCH_ALL, ["q=gamma"])
    path = tmp_path / "rules.db"
    store(path, *list(entries())[:2])
    for part in (tmp_path / "search").iterdir():
        part.unlink()
    with open_catalog(path) as catalog:
        write_search(Library(catalog), tmp_path)
    (answer,) = page.evaluate(SEARCH_ALL, ['q="what alpha is"'])
    page.close()
    assert [rule["title"] for rule in answer["rules"]] == ["Title of alpha"]
    assert answer["facets"][1]["counts"][0]["rules"] == 1


def test_texts_of_closed_rules_are_not_in_the_files(library: Library, browser: Browser, tmp_path: Path) -> None:
    """Nobody may republish these rules: their words are found, the order of the words is in no file."""
    path = tmp_path / "rules.db"
    store(path, an_entry("alpha", looks_for("Name", "value one"), query="secret order of these words"))
    with open_catalog(path) as catalog:
        store_licence(path, None)
        closed = Library(catalog, bodies=Bodies.OPEN_ONLY)
        page = browser.new_page()
        page.goto(write_search(closed, tmp_path).as_uri())
    queries = [quoted(each) for each in ("q=secret words", 'q="secret order"', 'q="what alpha is"', 'q="value one"')]
    answers = page.evaluate(SEARCH_ALL, queries)
    page.close()
    assert [answer["total"] for answer in answers] == [1, 0, 1, 1]


def store_licence(path: Path, licence: str | None) -> None:
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE repositories SET licence = ?", (licence,))
    connection.close()


def test_a_catalog_of_no_rules_has_no_answers_and_no_errors(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "rules.db"
    store(path)
    with open_catalog(path) as catalog:
        page = browser.new_page()
        page.goto(write_search(Library(catalog), tmp_path).as_uri())
    answers = page.evaluate(SEARCH_ALL, ["", "q=word", "q=w*", 'q="two words"', "platform=AWS", "value=1", "id=1"])
    page.close()
    assert {answer["total"] for answer in answers} == {0}
    assert {len(facet["counts"]) for answer in answers for facet in answer["facets"]} == {0}


def test_real_rules_are_found_alike(catalog: Path, browser: Browser, tmp_path: Path) -> None:
    """Words, pairs of words and beginnings of the rules of the site that the other tests visit."""
    with open_catalog(catalog) as opened:
        library = Library(opened)
        page = browser.new_page()
        page.goto(write_search(library, tmp_path).as_uri())
        queries = [urlencode([("q", text), ("limit", "200")]) for text in real_texts(library)]
        answers = page.evaluate(SEARCH_ALL, queries)
        page.close()
        for query, answer in zip(queries, answers, strict=True):
            wanted = live(library, query)
            if wanted["total"] <= len(wanted["rules"]):
                assert comparable(answer) == comparable(wanted), query
            assert (answer["total"], answer["facets"]) == (wanted["total"], wanted["facets"]), query


def real_texts(library: Library) -> Sequence[str]:
    tokens = [token for part in library.catalog.token_places() for token in part.tokens]
    titles = [rule.reference.title for rule in library.index.rules]
    pairs = [" ".join(title.split()[:2]) for title in titles[::7]]
    every = max(1, len(tokens) // 60)
    return [
        *tokens[::every],
        *(f"{token[:3]}*" for token in tokens[::every]),
        *(f'"{pair}"' for pair in pairs[:40]),
        *(pair.replace(" ", ".") for pair in pairs[:20]),
    ]
