"""Texts as painted HTML, and where the lines of a query stand in its file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectionary.model.analysis import Analysis, Pipeline, Stage
from detectionary.model.entry import NO_RELATIONS
from detectionary.pages import rule_page
from detectionary.pages.keys import folder_name, list_path, permalink_path, rule_path, up
from detectionary.pages.rule.html import render_rule
from detectionary.pages.texts import yaml_text
from detectionary.pages.texts.code import Painted, Placement, breakable, escape, escape_code
from detectionary.pages.texts.prose import linked_paragraphs
from detectionary.text import SourceText, Span
from tests.pages.entries import BODY, FIRST, QUERY, paint
from tests.pages.markup import read


def test_tokens_are_wrapped_by_kind_and_the_rest_is_kept() -> None:
    painted = Painted("a = 'b' // c", [(0, 1, "column"), (4, 7, "string"), (8, 12, "comment")])
    assert painted.html(0, 12) == "a = <i>'b'</i> <em>// c</em>"


@pytest.mark.parametrize(
    ("start", "end", "html"),
    [(0, 3, "<b>whe</b>"), (2, 9, "<b>ere</b> <i>xyz</i>"), (7, 8, "<i>y</i>"), (5, 6, " "), (9, 9, "")],
)
def test_a_range_may_begin_and_end_inside_tokens(start: int, end: int, html: str) -> None:
    assert Painted("where xyz", [(0, 5, "keyword"), (6, 9, "string")]).html(start, end) == html


def test_stretches_that_overlap_or_point_outside_lose_no_text() -> None:
    painted = Painted("abcdef", [(0, 3, "string"), (2, 5, "number"), (4, 99, "comment")])
    assert read(painted.html(0, 6)).text == "abcdef"


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("windows/process_creation", "windows/<wbr>process_<wbr>creation"),
        ("logs-system.security*", "logs-system.<wbr>security*"),
        ("aws:s3.amazonaws.com/<b>", "aws:<wbr>s3.<wbr>amazonaws.<wbr>com/&lt;b&gt;"),
        ("plain", "plain"),
    ],
)
def test_names_break_between_their_words(name: str, html: str) -> None:
    assert breakable(name) == html


def test_controls_are_drawn_in_code_and_replaced_in_prose() -> None:
    assert escape_code("a\x00b") == 'a<span class=u data-u="U+0000"></span>b'
    assert escape("a\x00b\u202ec") == "a\ufffdbc"
    assert escape(escape("a\x00b")) == "a\ufffdb"  # its sign stays, also where a piece of a page is cleaned again


def test_line_ends_of_all_kinds_become_line_feeds() -> None:
    assert escape_code("a\r\nb\rc") == "a\nb\nc"


def placed(body: str, query: SourceText, line: int = 1) -> list[int | None]:
    rule = replace(FIRST.rule, body=body, query=query, body_start=line)
    return list(Placement(rule_page(replace(FIRST, rule=rule), NO_RELATIONS, paint)).offsets)


def test_the_lines_of_an_indented_query_are_found_in_its_file() -> None:
    offsets = placed(BODY, FIRST.rule.query)
    lines = QUERY.splitlines()
    assert [BODY[offset : offset + len(line)] for offset, line in zip(offsets, lines, strict=False) if offset] == lines


def test_a_line_that_the_file_spells_otherwise_is_not_placed() -> None:
    assert placed(BODY.replace('"Denied"', '\\"Denied\\"'), FIRST.rule.query)[2] is None


def test_a_query_that_is_its_file_is_placed_line_by_line() -> None:
    assert placed("a\nb", SourceText("a\nb")) == [0, 2]


def test_the_body_is_shown_verbatim_with_the_query_marked() -> None:
    document = read(render_rule(rule_page(FIRST, NO_RELATIONS, paint)))
    (text,) = [element for element in document.all("ol") if element.attributes.get("id") == "text"]
    assert text.text == BODY
    codes = [element.text for element in document.all("code")]
    assert [line for line in QUERY.splitlines() if line not in codes] == []


def test_stages_and_lines_are_linked_both_ways() -> None:
    document = read(render_rule(rule_page(FIRST, NO_RELATIONS, paint)))
    assert {"s1", "s6", "L5", "L10"} <= set(document.ids())
    assert {"#s1", "#s6", "#L5", "#L10"} <= set(document.links())


def test_a_long_pipeline_inside_a_stage_is_folded_to_a_link_to_its_stages() -> None:
    inner = "Events\n| where a == 1\n| where b == 2\n| project a, b"
    query = f"T\n| join ({inner}) on a"
    at = query.index(inner)
    starts = [at, *(at + found + 2 for found, letter in enumerate(inner) if letter == "|")]
    ends = [*(start - 3 for start in starts[1:]), at + len(inner)]
    stages = tuple(
        Stage(number, "where", query[start:end], Span(start, end))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)
    )
    join = Stage(2, "join", query[2:], Span(4, len(query)), pipelines=(Pipeline("right side", stages),))
    analysis = Analysis(True, stages=(Stage(1, "source", "T", Span(0, 1)), join))
    rule = replace(FIRST.rule, query=SourceText(query), body=query, body_language="kusto")
    document = read(render_rule(rule_page(replace(FIRST, rule=rule, analysis=analysis), NO_RELATIONS, paint)))
    (fold,) = [element for element in document.all("a") if element.attributes.get("class") == "fold"]
    assert fold.text == "right side: 4 stages"
    assert fold.attributes["href"] == "#s2-1-1"
    assert "s2-1-4" in document.ids()
    assert "| join (right side: 4 stages) on a" in [element.text for element in document.all("code")]


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("a: b # c", [("a", "key"), ("# c", "comment")]),
        ("a: 'b # c'", [("a", "key"), ("'b # c'", "string")]),
        ("a: |\n  # no comment\nb: 1", [("a", "key"), ("b", "key")]),
        ('- é: x\n  k: "y"', [("é", "key"), ("k", "key"), ('"y"', "string")]),
        ("a: b\n\tc: [", [("a", "key")]),
        ("\ufeffa: b # c", [("a", "key"), ("# c", "comment")]),
        ("", []),
    ],
)
def test_yaml_is_painted_by_its_own_tokens(text: str, stretches: list[tuple[str, str]]) -> None:
    assert [(text[start:end], kind) for start, end, kind in yaml_text.stretches(text)] == stretches


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one\ntwo</p><p>three</p>"),
        (
            "See https://a.example/b?c=1&d=2.",
            '<p>See <a href="https://a.example/b?c=1&amp;d=2" rel="noopener noreferrer nofollow">'
            "https://a.example/b?c=1&amp;d=2</a>.</p>",
        ),
        ("<b>", "<p>&lt;b&gt;</p>"),
        ("", ""),
    ],
)
def test_prose(text: str, html: str) -> None:
    assert linked_paragraphs(text) == html


def test_names_of_folders_are_safe_and_distinct() -> None:
    names = ["a", "A-b_c.1", "a/b", "a:b", "..", ".", "", "é", "x" * 300, "x" * 301, "con<>"]
    folders = [folder_name(name) for name in names]
    assert len(set(folders)) == len(folders)
    assert folders[:2] == names[:2]
    assert all(folder and not folder.startswith(".") and "/" not in folder and len(folder) <= 100 for folder in folders)


def test_paths() -> None:
    assert rule_path("kusto", "x") == "rules/kusto/x/index.html"
    assert up(rule_path("kusto", "x")) == "../../../"
    assert list_path("tactic", "Resource Development", 2) == "tactic/resource-development.page-2.html"
    assert list_path("table", "index") != "table/index.html"
    assert (
        permalink_path("5d3c7e4e-0000-4000-8000-000000000001") == "id/5d3c7e4e-0000-4000-8000-000000000001/index.html"
    )
