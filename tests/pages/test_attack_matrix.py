"""The ATT&CK matrix: complete without a script, with true numbers, and a scale that says what its colours mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from detectionary.attack.facts import CREDIT, matrix
from detectionary.pages.attack import sets
from detectionary.pages.attack.layers import ALL_PATH, LAYERS
from detectionary.pages.attack.matrix import (
    PATH,
    MatrixPage,
    coverage_answer,
    heat_steps,
    level_of,
    technique_page_path,
)
from detectionary.pages.attack.matrix_kind import MATRIX
from detectionary.pages.attack.sets import CoveragePage
from detectionary.pages.library import Library
from tests.catalog.stored import closed_at_the_end
from tests.pages.attack_rules import RULES, asked, attack_library
from tests.pages.markup import Document, faults, read


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with closed_at_the_end():
        yield attack_library(tmp_path_factory.mktemp("matrix"))


@pytest.fixture(scope="module")
def page(library: Library) -> MatrixPage:
    found = MATRIX.fill(library, PATH)
    assert isinstance(found, MatrixPage)
    return found


@pytest.fixture(scope="module")
def html(library: Library, page: MatrixPage) -> str:
    return MATRIX.html(library, page)


@pytest.fixture(scope="module")
def document(html: str) -> Document:
    return read(html)


def test_the_page_is_sound_and_small(html: str) -> None:
    assert faults(html) == []
    assert len(html.encode()) < 60_000
    assert CREDIT in html


def test_there_are_two_addresses(library: Library) -> None:
    assert list(MATRIX.paths(library)) == [PATH, sets.PATH]
    assert MATRIX.fill(library, "attack/other.html") is None


def test_every_technique_stands_under_each_of_its_tactics(page: MatrixPage) -> None:
    facts = matrix()
    assert [tactic.name for tactic in page.tactics] == [tactic.name for tactic in facts.tactics.values()]
    for tactic, known in zip(page.tactics, facts.tactics.values(), strict=True):
        shown = [top.id for top in tactic.techniques]
        shown += [each.id for top in tactic.techniques for each in top.sub_techniques]
        assert sorted(shown) == [each.id for each in facts.current.values() if known.short_name in each.tactics]
        assert [each.name for each in tactic.techniques] == sorted(each.name for each in tactic.techniques)


def test_every_technique_is_a_link_in_every_column_without_a_script(document: Document) -> None:
    links = document.links()
    for technique in matrix().current.values():
        if "." not in technique.id:
            assert links.count(f"../{technique_page_path(technique.id)}") == len(technique.tactics)


def test_every_sub_technique_is_read_without_a_script_with_its_number(page: MatrixPage, document: Document) -> None:
    items = {element.text for element in document.all("li")}
    expected = {
        f"{each.rules} {each.name}" for tactic in page.tactics for top in tactic.techniques
        for each in top.sub_techniques
    }  # fmt: skip
    assert len(expected) > 400
    assert expected <= items


def test_numbers_of_lists_are_the_ends_of_ids(document: Document) -> None:
    """The script reads the id of a sub-technique from its place in the list."""
    facts = matrix()
    names: dict[str, str] = {}
    parent, number, inside = "", 0, False
    for element in document.elements:
        href = element.attributes.get("href") or ""
        if element.tag == "a" and "/technique/" in href:
            parent, inside = href.rpartition("/")[2].removesuffix(".html").upper(), False
        elif element.tag == "ol":
            number, inside = 0, True
        elif element.tag == "li" and inside and "class" not in element.attributes:
            number = int(element.attributes.get("value") or number + 1)
            names[f"{parent}.{number:03}"] = element.text.partition(" ")[2]
    assert names == {each.id: each.name for each in facts.current.values() if "." in each.id}


def test_a_cell_has_its_number_and_a_gap_is_told_by_more_than_colour(html: str) -> None:
    assert "<li class=h0><a href=../technique/t1003.html>OS Credential Dumping</a><b>0</b>" in html
    assert "t1059.html>Command and Scripting Interpreter</a><b>4</b><details><summary>3/13</summary>" in html


def test_what_is_left_out_is_told(page: MatrixPage, document: Document) -> None:
    assert (page.rules, page.forwarding) == (len(RULES) - 1, 1)
    assert page.without_technique == 3
    assert [(each.domain, each.rules) for each in page.other_domains] == [("ICS", 1), ("Mobile", 1)]
    assert "1 rule that only forwards a vendor’s alert is left out" in document.text
    assert "T0866 Exploitation of Remote Services" in document.text


def test_totals_are_of_techniques_and_of_sub_techniques(page: MatrixPage) -> None:
    assert (page.techniques, page.sub_techniques) == (222, 475)
    assert (page.covered_techniques, page.covered_sub_techniques) == (3, 4)
    execution = next(tactic for tactic in page.tactics if tactic.name == "Execution")
    assert (execution.rules, execution.covered) == (4, 1)


def test_the_json_holds_what_the_page_shows(page: MatrixPage) -> None:
    plain = json.loads(MATRIX.encode(page))
    cell = next(each for each in plain["tactics"][3]["techniques"] if each["id"] == "T1059")
    assert (cell["rules"], cell["own"], cell["page"]) == (4, 1, "technique/t1059.html")
    assert [each["level"] for each in plain["steps"]] == list(range(len(plain["steps"])))


def test_the_basis_stays_and_changes_with_the_page(library: Library, tmp_path: Path) -> None:
    assert MATRIX.basis is not None
    same = attack_library(library.catalog.path.parent)
    assert MATRIX.basis(same, PATH) == MATRIX.basis(library, PATH)
    assert MATRIX.basis(attack_library(library.catalog.path.parent, live=True), PATH) != MATRIX.basis(library, PATH)


@given(counts=some.lists(some.integers(min_value=0, max_value=900)))
def test_steps_part_all_numbers_among_them(counts: list[int]) -> None:
    steps = heat_steps(counts)
    assert sum(step.techniques for step in steps) == len(counts)
    assert [step.level for step in steps] == list(range(len(steps)))
    assert len(steps) <= 7
    for before, after in pairwise(steps):
        assert before.most < after.least <= after.most
    for count in counts:
        step = steps[level_of(count, steps)]
        assert step.least <= count <= step.most


def test_steps_hold_about_the_same_number_of_techniques() -> None:
    steps = heat_steps([0, 0, *range(1, 61)])
    assert [step.techniques for step in steps] == [2, 10, 10, 10, 10, 10, 10]
    assert [(step.least, step.most) for step in steps[1:3]] == [(1, 10), (11, 20)]


def test_equal_numbers_never_have_two_colours() -> None:
    assert [(step.least, step.most, step.techniques) for step in heat_steps([1] * 50 + [7])] == [
        (0, 0, 0), (1, 1, 50), (7, 7, 1),
    ]  # fmt: skip


def test_the_answer_of_the_api_has_pairs_by_technique(library: Library) -> None:
    found = coverage_answer(library, asked("whoami", platform=["Windows"]))
    assert found.total == 2
    assert found.techniques == {"T1059": (1, 2), "T1059.001": (1, 1), "T1105": (1, 1)}
    assert found.tactics == {"Command and Control": 1, "Execution": 2}


def test_sets_of_rules_are_told_by_what_they_cover(library: Library) -> None:
    page = MATRIX.fill(library, sets.PATH)
    assert isinstance(page, CoveragePage)
    rows = {(facet.facet, each.name): each for facet in page.facets for each in facet.sets}
    kusto, sigma = rows["language", "kusto"], rows["language", "sigma"]
    assert (kusto.rules, kusto.naming, kusto.techniques, kusto.sub_techniques) == (6, 3, 2, 2)
    assert (sigma.rules, sigma.naming, sigma.techniques, sigma.sub_techniques) == (2, 2, 2, 3)
    assert (kusto.alone, sigma.alone) == (("T1078",), ("T1105",))
    assert rows["platform", "AWS"].matrix == "attack/index.html?platform=AWS"
    html = MATRIX.html(library, page)
    assert faults(html) == []
    assert len(html.encode()) < 60_000
    layers = {path for path, _ in LAYERS.files(library)}
    assert {each.layer for each in rows.values()} | {ALL_PATH} == layers
