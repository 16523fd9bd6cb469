"""Tokens: every spelling of every literal, and that no character is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.languages.kusto.lexer import bad_escape, string_is_complete, tokenize
from detectionary.languages.kusto.literals import TICKS_PER_DAY, TICKS_PER_SECOND, literal_value, string_value
from detectionary.languages.kusto.syntax import ScalarType
from detectionary.languages.kusto.tokens import (
    BAD,
    BOOL,
    DATETIME,
    DECIMAL,
    DIRECTIVE,
    END,
    GUID,
    INT,
    LONG,
    NAME,
    RAW_GUID,
    REAL,
    STRING,
    TIMESPAN,
)

_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("T", NAME),
        ("$left", NAME),
        ("_x1", NAME),
        ("12ab", NAME),
        ("0xG", NAME),
        ("true", BOOL),
        ("FALSE", BOOL),
        ("bool(1)", BOOL),
        ("5", LONG),
        ("0x1F", LONG),
        ("long(5)", LONG),
        ("int64(5)", LONG),
        ("int(5)", INT),
        ("1.5", REAL),
        ("1.", REAL),
        ("1e5", REAL),
        ("1.5e-3", REAL),
        ("real(nan)", REAL),
        ("double(1)", REAL),
        ("decimal(1.5)", DECIMAL),
        ("datetime(2024-01-31)", DATETIME),
        ("date(2024)", DATETIME),
        ("1.5h", TIMESPAN),
        ("10ticks", TIMESPAN),
        ("time(1.02:03:04)", TIMESPAN),
        (f"guid({_GUID})", GUID),
        (_GUID, RAW_GUID),
        ("'a'", STRING),
        ('"a"', STRING),
        (r"'it\'s'", STRING),
        ("@'c:\\'", STRING),
        ('@"a""b"', STRING),
        ("h'secret'", STRING),
        ('H@"secret"', STRING),
        ("```a\n\nb```", STRING),
        ("~~~a\nb~~~", STRING),
        ("#connect x", DIRECTIVE),
        ("&", BAD),
        ("matches regex", "matches regex"),
        ("!in~", "!in~"),
        ("in~", "in~"),
        ("mv-expand", "mv-expand"),
        ("hint.strategy", "hint.strategy"),
        ("3Dchart", "3Dchart"),
        ("=~", "=~"),
        ("<>", "<>"),
        ("..", ".."),
        ("datetime", "datetime"),
    ],
)
def test_a_text_is_one_token_of_its_kind(text: str, kind: str) -> None:
    tokens = tokenize(text)
    assert (tokens.kinds, tokens.texts) == ([kind, END], [text, ""])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1..5", ["1", "..", "5"]),
        ("1.d", ["1", ".", "d"]),
        ("matches  regex", ["matches", "regex"]),
        ("a-b", ["a", "-", "b"]),
        ("x!has'y'", ["x", "!has", "'y'"]),
        ("h@x", ["h", "@", "x"]),
        ("'a\nb", ["'a", "b"]),
        ("datetime(2024\n)", ["datetime(2024", ")"]),
        ("a//b\nc", ["a", "c"]),
        ("a\u00a0b", ["a", "b"]),
    ],
)
def test_where_tokens_end(text: str, words: list[str]) -> None:
    assert tokenize(text).texts[:-1] == words


def test_a_compound_keyword_with_more_letters_has_no_keyword_in_it() -> None:
    assert tokenize("project-away").kinds[0] == "project-away"
    assert tokenize("project-awayx").kinds[:3] == [NAME, "-", NAME]
    assert tokenize("project-x").kinds[:3] == ["project", "-", NAME]


def test_comments_are_found_between_tokens_and_nowhere_else() -> None:
    text = "T // one\n// two\n| where a == 'http://x' // three"
    assert [span.of(text) for span in tokenize(text).comments()] == ["// one", "// two", "// three"]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        (r"'a\tb\\c'", "a\tb\\c"),
        (r'"\u0041\x42\103"', "ABC"),
        (r"@'\d''x'", r"\d'x"),
        ("h'x'", "x"),
        ("```a\nb```", "a\nb"),
        ("''", ""),
    ],
)
def test_what_a_string_stands_for(word: str, value: str) -> None:
    assert string_is_complete(word)
    assert string_value(word) == value


def test_faults_of_strings() -> None:
    assert not string_is_complete("'abc")
    assert not string_is_complete(r"'a\d'")
    assert bad_escape(r"'a\d'") == 2
    assert bad_escape("'abc") is None


@pytest.mark.parametrize(
    ("kind", "word", "expected"),
    [
        (LONG, "0x1F", (ScalarType.LONG, 31)),
        (LONG, "0xFFFFFFFFFFFFFFFF", (ScalarType.LONG, -1)),
        (LONG, "long(null)", (ScalarType.LONG, None)),
        (LONG, "long(abc)", (ScalarType.LONG, None)),
        (INT, "int(max)", (ScalarType.INT, 2**31 - 1)),
        (BOOL, "True", (ScalarType.BOOL, True)),
        (TIMESPAN, "1.5h", (ScalarType.TIMESPAN, 5400 * TICKS_PER_SECOND)),
        (TIMESPAN, "7micros", (ScalarType.TIMESPAN, 70)),
        (TIMESPAN, "time(2)", (ScalarType.TIMESPAN, 2 * TICKS_PER_DAY)),
        (TIMESPAN, "time(1.00:00:00.5)", (ScalarType.TIMESPAN, TICKS_PER_DAY + TICKS_PER_SECOND // 2)),
        (TIMESPAN, "timespan(-01:00)", (ScalarType.TIMESPAN, -3600 * TICKS_PER_SECOND)),
        (DATETIME, "datetime(0001-01-02)", (ScalarType.DATETIME, TICKS_PER_DAY)),
        (DATETIME, "datetime(0001-01-01T01:00:00+01:00)", (ScalarType.DATETIME, 0)),
        (DATETIME, "datetime('0001-01-01 00:00:01.5')", (ScalarType.DATETIME, 15_000_000)),
        (DATETIME, "datetime(2024-02-30)", (ScalarType.DATETIME, None)),
        (GUID, f"guid({_GUID.upper()})", (ScalarType.GUID, _GUID)),
    ],
)
def test_the_values_of_literals(kind: str, word: str, expected: tuple[ScalarType, object]) -> None:
    assert literal_value(kind, word) == expected


@given(st.text(alphabet=st.sampled_from(" \n\tab1'\"@h`~|-.!=/\\()[]{}#&é€"), max_size=60) | st.text(max_size=40))
def test_every_character_is_in_a_token_or_before_one(text: str) -> None:
    tokens = tokenize(text)
    rebuilt, before = "", 0
    for token in tokens:
        assert token.span.start >= before
        rebuilt += text[before : token.span.start] + token.text
        assert token.span.of(text) == token.text
        before = token.span.end
    assert rebuilt == text
    assert tokens.kinds[-1] == END
    assert END not in tokens.kinds[:-1]
