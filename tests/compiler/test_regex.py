"""Kusto's regular expressions: what is read, what is refused, and what RE2 is given. What they match, the cases say."""

from __future__ import annotations

import re
from itertools import pairwise

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from detectionary.compiler import sql
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.regex import matches_nothing, parse_regex
from detectionary.compiler.regex_sets import RegexError, complement, explicit, normal
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.regex import searched, written
from detectionary.engines.duckdb.regex_borders import stripped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", "abc"),
        ("a.b", r"a[^\n]b"),
        ("(?s)a.b", "a(?s:.)b"),
        (r"\d+", r"[\p{Nd}]+"),
        (r"\D", r"[^\p{Nd}]"),
        (r"[\s\S]*", "(?s:.)*"),
        (r"a\.b", r"a\x{2E}b"),
        ("^a$", r"\Aa\z"),
        ("(?m)^a$", "(?m:^)a(?m:$)"),
        ("(?i)ab1", "(?i:ab1)"),
        ("a|b|", "(?:a|b|)"),
        ("(a)(?:b)(?P<n>c)", "(a)(?:b)(c)"),
        ("a{2,3}?b{2,}c{4}", "a{2,3}?b{2,}c{4}"),
        ("a**", "(?:a*)*"),
        ("(?:ab)+", "(?:ab)+"),
        ("(?:a|b)?(c|d)", "(?:a|b)?(c|d)"),
        ("(?U)a+b+?", "a+?b+"),
        ("a{,2}", r"a\x{7B}\x{2C}2\x{7D}"),
        (r"[a-z0-9_]", "[0-9_a-z]"),
        ("[^a]", "[^a]"),
        ("[]a]", r"[\x{5D}a]"),
        ("[a-c&&b-d]", "[b-c]"),
        (r"[[:alpha:]\d]", r"[A-Za-z\p{Nd}]"),
        (r"\x41\u0042\x{43}\U00000044\105", "ABCDE"),
        (r"(?-u:\w)", "(?:[0-9A-Z_a-z])"),
        (r"\p{Greek}\P{Lu}", r"[\p{Greek}][^\p{Lu}]"),
    ],
)
def test_an_expression_is_written_for_re2(text: str, expected: str) -> None:
    assert written(parse_regex(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "(a",
        "a)",
        "[a",
        "*a",
        "a|+",
        "a\\",
        "(?=a)",
        "(?<!a)b",
        "(?>a)",
        r"(a)\9",
        r"\Q.\E",
        r"\i",
        "(?x)a b",
        "a{3,2}",
        "[b-a]",
        r"\x{110000}",
        r"\xZZ",
        r"\p{Nothing}",
        "[[:none:]]",
        r"[\b]",
        r"\b{start}a",
        "(?P<1>a)",
        "(?P<a>b)(?P<a>c)",
        "(?a",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(RegexError):
        parse_regex(text)


def test_repetitions_beyond_those_of_re2_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="1000"):
        written(parse_regex("(?:a{100}){11}"))


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("a", False),
        ("a*", True),
        ("a|b?", True),
        ("(a)b*", False),
        ("^$", True),
        ("(?:a{0,2})+", True),
        ("[^a]", False),
    ],
)
def test_an_expression_that_takes_no_character_is_known(text: str, nothing: bool) -> None:
    assert matches_nothing(parse_regex(text).tree) is nothing


def test_groups_are_known_by_number_and_name() -> None:
    assert parse_regex("(a)(?:b)(?<two>c(d))").groups == (None, "two", None)


RANGES = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)).map(lambda pair: (pair[0], pair[0] + pair[1])))


@given(RANGES)
def test_the_complement_of_a_complement_is_the_set(ranges: list[tuple[int, int]]) -> None:
    found = normal(ranges)
    assert complement(complement(found)) == found
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(found))


def test_words_hold_letters_marks_digits_and_joiners() -> None:
    words = explicit((), parse_regex(r"\w").tree.names)  # type: ignore[union-attr]
    inside = {code for code in range(0x3000) if any(low <= code <= high for low, high in words)}
    assert {ord(letter) for letter in "aZ_0é٣Ⅳ\u0301\u200d‿ⓐ"} <= inside
    assert not inside & {ord(letter) for letter in "- .½€\u00a0\u2028"}


ALPHABET = "ab1_ \n-"
LETTERS = st.sampled_from(ALPHABET)
ATOMS = st.one_of(
    LETTERS.map(lambda letter: re.escape(letter).replace("\\\n", r"\n")),
    st.sampled_from([".", r"\d", r"\w", r"\s", r"\W", "[ab]", "[^a1]", r"[\w-]", r"[^\s_]", "^", "$", "(?i:B)"]),
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}", "*?", "+?"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
        inner.map(lambda part: f"({part})"),
    ),
    max_leaves=6,
)


@given(PATTERNS, st.text(ALPHABET, max_size=8))
def test_re2_finds_what_the_expression_means(pattern: str, text: str) -> None:
    """Python's own expressions mean the same where their syntax is shared (but for `$`, which is written `\\Z`)."""
    meant = re.search(pattern.replace("$", r"\Z"), text)
    connection = duckdb.default_connection()
    rows = connection.execute(
        "select regexp_matches(?1, ?2), regexp_extract(?1, ?2, 0)", [text, written(parse_regex(pattern))]
    ).fetchall()
    assert rows == [(meant is not None, meant[0] if meant else "")]


EDGES = st.sampled_from(["a", "[ab]", r"\w", "(?:a|1)", "b?_", "_1?", ""])


@given(EDGES, PATTERNS, EDGES, st.booleans(), st.booleans(), st.text("ab1_ -é", max_size=8))
def test_borders_at_the_ends_are_those_of_unicode(
    first: str, inner: str, last: str, front: bool, back: bool, text: str
) -> None:
    border = r"\b"
    pattern = f"{border * front}{first}(?:{inner}){last}{border * back}"
    expression = parse_regex(pattern)
    assume(stripped(expression) is not None)
    meant = re.search(pattern.replace("$", r"\Z"), text)

    def result(given_: Sql, whole: int) -> Sql:
        return sql.call("regexp_extract", sql.text(text), given_, sql.number(whole))

    query = sql.select([searched(expression, sql.text(text), result)]).sql("duckdb")
    assert duckdb.default_connection().execute(query).fetchall() == [(meant[0] if meant else "",)]
