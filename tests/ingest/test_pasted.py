"""A pasted text is read as what it is, though it has no name, is not finished, or is no rule at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.ingest.pasted import LANGUAGES, language_of, read_pasted
from tests.conftest import PROJECT

RULES = PROJECT / "examples" / "rules"
FILES = sorted(path for path in RULES.rglob("*.*") if path.suffix != ".txt")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_rule_file_needs_no_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    unnamed, named = read_pasted(text), read_pasted(text, f"any/folder/{path.name}")
    assert [rule.language for rule in unnamed.content.rules] == [rule.language for rule in named.content.rules]
    assert [rule.query.text for rule in unnamed.content.rules] == [rule.query.text for rule in named.content.rules]
    assert len(unnamed.content.functions) == len(named.content.functions)
    assert unnamed.content.rules or unnamed.content.functions


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("SecurityEvent | where EventID == 4625", "kusto"),
        ("SecurityEvent | where ", "kusto"),
        ("SecurityEvent", "kusto"),
        ("let a = 1;\nT | where (", "kusto"),
        ('FROM logs-* | WHERE event.code == "4625"', "esql"),
        ("FROM logs-* | WHERE ", "esql"),
        ('process where process.name == "cmd.exe"', "eql"),
        ("sequence by host.id [process where true] [", "eql"),
        ('$e.metadata.event_type = "USER_LOGIN"', "yaral"),
        ('event.code: 4625 and not user.name: "a"', "kuery"),
        ("", "kusto"),
    ],
)
def test_a_lone_query_is_told_by_its_content(text: str, language: str) -> None:
    assert language_of(text) == language
    if text:
        pasted = read_pasted(text)
        assert pasted.guessed
        assert [rule.language for rule in pasted.content.rules] == [language]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("title: a\nlogsource:\n  product: windows\ndetection:\n  s:\n    A: b\n  condition: s\n", "sigma"),
        ("name: a\nquery: |\n  T\n  | where x == 1\n", "kusto"),
        ("query: T | where (\n", "kusto"),
        ('[rule]\nname = "a"\nlanguage = "eql"\nquery = "process where true"\n', "eql"),
        ("rule a { meta: ", "yaral"),
        ("# Hunt\n\n```kql\nT | where x == 1\n```\n", "kusto"),
    ],
)
def test_an_unfinished_rule_file_is_one(text: str, language: str) -> None:
    pasted = read_pasted(text)
    assert not pasted.guessed
    assert [rule.language for rule in pasted.content.rules] == [language]


def test_the_language_that_is_said_holds() -> None:
    words = "user and host"
    assert read_pasted(words, language="lucene").content.rules[0].language == "lucene"
    assert read_pasted(words, language="kuery").content.rules[0].language == "kuery"
    elastic = '[rule]\nname = "a"\nlanguage = "kuery"\nquery = "a: b"\n'
    assert read_pasted(elastic, language="kuery").content.rules[0].title == "a"
    for language in LANGUAGES:
        assert all(rule.language == language for rule in read_pasted("a | b", language=language).content.rules)


def test_a_name_that_leads_to_no_rule_is_not_believed() -> None:
    text = "name: a\nquery: T | where x == 1\n"
    assert read_pasted(text, "notes.toml").content.rules[0].title == "a"
    assert read_pasted(text, "no ending").path == "no ending.yml"


@pytest.mark.parametrize("text", ["", " \n", "{}", "<html>", "// only a comment"])
def test_what_is_no_rule_has_a_reason(text: str) -> None:
    content = read_pasted(text).content
    assert not content.rules
    assert content.ignored


@given(st.text(max_size=60), st.sampled_from([None, *LANGUAGES]), st.text(max_size=12))
def test_no_text_raises(text: str, language: str | None, name: str) -> None:
    pasted = read_pasted(text, name, language)
    assert pasted.content.rules or pasted.content.functions or pasted.content.ignored


@pytest.mark.parametrize("text", ["T | where a == '\ud83d'", "name: \ud83d\nquery: T | where x == 1\n"])
def test_half_a_character_is_read(text: str) -> None:
    assert len(read_pasted(text).content.rules) == 1
