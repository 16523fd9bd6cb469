"""What each stretch of a query is shown as, and that EQL is a language as the rooms above know it."""

from __future__ import annotations

import pytest

from detectionary.languages.eql import LANGUAGE
from detectionary.languages.language import Language
from detectionary.text import SourceText


def _shown(text: str) -> list[tuple[str, str]]:
    return [(found.span.of(text), found.kind) for found in LANGUAGE.highlight(SourceText(text))]


def test_a_query() -> None:
    assert _shown('process where process.args[0] : ("a*", 5) and not startsWith~(?`x y`.b, true) // done') == [
        ("process", "table"),
        ("where", "keyword"),
        ("process.args[0]", "column"),
        (":", "operator"),
        ('"a*"', "string"),
        ("5", "number"),
        ("and", "operator"),
        ("not", "operator"),
        ("startsWith~", "function"),
        ("?`x y`.b", "column"),
        ("true", "keyword"),
        ("// done", "comment"),
    ]


def test_a_sequence() -> None:
    assert _shown("sequence by a with maxspan = 10m ![any where b] by c with runs=3 until [d where e] | head 5") == [
        ("sequence", "keyword"),
        ("by", "keyword"),
        ("a", "column"),
        ("with", "keyword"),
        ("maxspan", "keyword"),
        ("=", "operator"),
        ("10m", "number"),
        ("![", "operator"),
        ("any", "keyword"),
        ("where", "keyword"),
        ("b", "column"),
        ("by", "keyword"),
        ("c", "column"),
        ("with", "keyword"),
        ("runs", "keyword"),
        ("=", "operator"),
        ("3", "number"),
        ("until", "keyword"),
        ("d", "table"),
        ("where", "keyword"),
        ("e", "column"),
        ("|", "operator"),
        ("head", "keyword"),
        ("5", "number"),
    ]


def test_a_comment_inside_of_a_field() -> None:
    assert _shown("any where a /* c */ .b /* d */ == 1")[2:] == [
        ("a /* c */ .b", "column"),
        ("/* d */", "comment"),
        ("==", "operator"),
        ("1", "number"),
    ]


def test_what_has_no_meaning_is_an_error() -> None:
    assert _shown("any where a == $ /* b") == [
        ("any", "keyword"),
        ("where", "keyword"),
        ("a", "name"),
        ("==", "operator"),
        ("$", "error"),
        ("/* b", "error"),
    ]


@pytest.mark.parametrize("text", ["", " ", "// only a comment", "/* open"])
def test_texts_without_a_query(text: str) -> None:
    language: Language = LANGUAGE
    assert not language.check(SourceText(text)).accepted
    assert all(found.kind in ("comment", "error") for found in language.highlight(SourceText(text)))
