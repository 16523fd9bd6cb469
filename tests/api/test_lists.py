"""Lists and counts of the API: complete, the same as the browse page's, narrowed by the same filters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from detectionary.api.parameters import Filtering
from detectionary.catalog import COUNTED, Facet, Filters, Index, browse, open_catalog
from detectionary.pages.keys import rule_path
from detectionary.pages.kind import json_path
from tests.api.conftest import Asking


@pytest.fixture(scope="module")
def index(catalog: Path) -> Index:
    with open_catalog(catalog) as opened:
        return opened.index()


def following(ask: Asking, address: str) -> list[Any]:
    """The answers of all parts of a list, led on by the header Link."""
    folder = address.partition("?")[0]
    answers = []
    while True:
        response = ask(address)
        assert response.status_code == 200, response.text
        answers.append(response.json())
        found = re.search(r'<([^>]*)>; rel="next"', response.headers["link"])
        if found is None:
            return answers
        address = folder + found[1]


@pytest.mark.parametrize("sort", ["relevance", "title", "severity", "language", "repository"])
@pytest.mark.parametrize("limit", [1, 7, 200])
def test_the_parts_of_a_list_have_every_rule_once(ask: Asking, index: Index, sort: str, limit: int) -> None:
    parts = following(ask, f"/api/rules?limit={limit}&sort={sort}")
    slugs = [rule["slug"] for part in parts for rule in part["rules"]]
    assert sorted(slugs) == sorted(rule.reference.slug for rule in index.rules)
    assert {part["total"] for part in parts} == {len(index.rules)}


def test_the_header_link_keeps_the_filters_and_leads_back(ask: Asking) -> None:
    links = ask("/api/rules?language=kusto&q=a*&limit=2&offset=3&sort=title").headers["link"]
    found = {rel: address for address, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', links)}
    assert set(found) == {"first", "prev", "next", "last"}
    assert found["prev"] == "?q=a%2A&language=kusto&sort=title&offset=1&limit=2"
    assert found["next"] == "?q=a%2A&language=kusto&sort=title&offset=5&limit=2"
    assert "offset=0&" in found["first"]


def test_a_search_leads_on_too(ask: Asking) -> None:
    found = [rule["slug"] for part in following(ask, "/api/search?limit=7") for rule in part["rules"]]
    assert found == [rule["slug"] for rule in ask("/api/rules?limit=200").json()["rules"]]


def test_a_part_beyond_the_end_is_empty_and_leads_back(ask: Asking, index: Index) -> None:
    response = ask("/api/rules?offset=1000&limit=10")
    assert response.json()["rules"] == []
    last = (len(index.rules) - 1) // 10 * 10
    assert f'<?sort=relevance&offset={last}&limit=10>; rel="prev"' in response.headers["link"]


@pytest.mark.parametrize("facet", COUNTED)
def test_filters_find_what_the_catalog_finds(ask: Asking, catalog: Path, index: Index, facet: Facet) -> None:
    values = list(index.values(facet).values())
    with open_catalog(catalog) as opened:
        for chosen in [values[:1], values[:2], values[-1:]]:
            names = [value.name for value in chosen]
            if not names:
                continue
            filters = Filters(((facet, tuple(names)),))
            expected = [found.rule.reference.slug for found in browse(opened, index, "", filters, limit=200).rules]
            query = urlencode([(facet.value, name) for name in names] + [("limit", "200")])
            for operation in ("search", "rules"):
                answer = ask(f"/api/{operation}?{query}").json()
                assert [rule["slug"] for rule in answer["rules"]] == expected
            assert ask(f"/api/facets?{query.rpartition('&')[0]}").json()["total"] == len(expected)


def test_every_facet_can_be_filtered_by() -> None:
    assert {facet.value for facet in Facet} == set(Filtering.model_fields) - {"q"}


def test_letters_case_of_chosen_values_does_not_matter(ask: Asking) -> None:
    for query in ("severity=HIGH", "has=Exclusions", "feed=NO", "platform=aws"):
        name, _, value = query.partition("=")
        assert (
            ask(f"/api/rules?{query}").json()["total"] == ask(f"/api/rules?{name}={value.lower()}").json()["total"] > 0
        )


@pytest.mark.parametrize("facet", COUNTED)
def test_the_values_of_a_facet_come_complete_in_parts(ask: Asking, index: Index, facet: Facet) -> None:
    parts = following(ask, f"/api/facets/{facet.value}?limit=3")
    counts = {value["key"]: value["rules"] for part in parts for value in part["counts"]}
    assert counts == {key: value.bits.bit_count() for key, value in index.values(facet).items()}


def test_a_facet_counts_among_the_rules_that_the_other_filters_leave(ask: Asking) -> None:
    both = ask("/api/facets/language?language=kusto&severity=high").json()
    alone = ask("/api/facets/language?severity=high").json()
    assert both == alone
    assert len(both["counts"]) > 1


def test_an_answer_of_search_is_that_of_the_browse_page(ask: Asking) -> None:
    answer = ask("/api/search?q=field:EventName&limit=1&sort=title").json()
    assert answer["text"] == "field:EventName"
    assert len(answer["rules"]) == 1 < answer["total"]
    assert [facet["facet"] for facet in answer["facets"]] == [facet.value for facet in COUNTED]


def test_a_rule_goes_by_slug_and_by_id_and_is_its_pages_json(ask: Asking, index: Index) -> None:
    for rule in index.rules:
        page = ask("/" + json_path(rule_path(rule.reference.language, rule.reference.slug)))
        assert ask(f"/api/rules/{rule.reference.slug}").content == page.content
        for name in (quote(rule.reference.id.upper()), quote(rule.reference.id, safe="")):
            assert ask(f"/api/rules/{name}").json()["id"] == rule.reference.id
            assert ask(f"/api/rules/{name}/related").json()["id"] == rule.reference.id


def test_neighbours_are_those_of_the_rules_page(ask: Asking, index: Index) -> None:
    slug = index.rules[0].reference.slug
    page, around = ask(f"/api/rules/{slug}").json(), ask(f"/api/rules/{slug}/related").json()
    assert {name: page[name] for name in around} == around


def test_the_statistics_are_the_overviews(ask: Asking) -> None:
    assert ask("/api/statistics").content == ask("/index.json").content


def test_rules_side_by_side_and_what_is_missing(ask: Asking, index: Index) -> None:
    first, second = (rule.reference.slug for rule in index.rules[:2])
    answer = ask(f"/api/compare?rules={first},{second},no-such-rule").json()
    assert [rule["slug"] for rule in answer["rules"]] == [first, second]
    assert answer["missing"] == ["no-such-rule"]


def test_coverage_and_layers_follow_filters(ask: Asking) -> None:
    coverage = ask("/api/coverage?language=kusto").json()
    layer = ask("/api/layer?language=kusto").json()
    assert {each["techniqueID"]: each["score"] for each in layer["techniques"]} == {
        technique: count for technique, (_, count) in coverage["techniques"].items()
    }
    assert coverage["total"] < ask("/api/coverage").json()["total"]
