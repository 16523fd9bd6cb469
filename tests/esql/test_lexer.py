"""Tokens: every character is in one or between two, and what a character is depends on the command it stands in."""

from __future__ import annotations

import pytest

from detectionary.languages.esql.lexer import Tokens, tokenize
from detectionary.languages.esql.tokens import END


def _shown(tokens: Tokens) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens if token.kind != END]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "FROM logs-*,remote:logs-a::failures METADATA _id",
            [
                ("from", "FROM"),
                ("an index pattern", "logs-*"),
                (",", ","),
                ("an index pattern", "remote"),
                (":", ":"),
                ("an index pattern", "logs-a"),
                ("::", "::"),
                ("an index pattern", "failures"),
                ("metadata", "METADATA"),
                ("an index pattern", "_id"),
            ],
        ),
        (
            "from a | keep x*, *.y, `b*`.c",
            [
                ("from", "from"),
                ("an index pattern", "a"),
                ("|", "|"),
                ("keep", "keep"),
                ("a name pattern", "x*"),
                (",", ","),
                ("a name pattern", "*.y"),
                (",", ","),
                ("a name pattern", "`b*`.c"),
            ],
        ),
        (
            'row a = """say "x\\d" """ | where a.b==1.5e3',
            [
                ("row", "row"),
                ("a name", "a"),
                ("=", "="),
                ("a string", '"""say "x\\d" """'),
                ("|", "|"),
                ("where", "where"),
                ("a name", "a.b"),
                ("==", "=="),
                ("a number", "1.5e3"),
            ],
        ),
        (
            "from a | rename b as c | enrich my-policy on d with as = e",
            [
                ("from", "from"),
                ("an index pattern", "a"),
                ("|", "|"),
                ("rename", "rename"),
                ("a name pattern", "b"),
                ("as", "as"),
                ("a name pattern", "c"),
                ("|", "|"),
                ("enrich", "enrich"),
                ("a policy", "my-policy"),
                ("on", "on"),
                ("a name pattern", "d"),
                ("with", "with"),
                ("a name pattern", "as"),
                ("=", "="),
                ("a name pattern", "e"),
            ],
        ),
        (
            "from a | fork (where x in (from b | keep c)) (limit 5) | sort d",
            [
                *(("from", "from"), ("an index pattern", "a"), ("|", "|"), ("fork", "fork"), ("(", "(")),
                *(("where", "where"), ("a name", "x"), ("in", "in"), ("(", "("), ("from", "from")),
                *(("an index pattern", "b"), ("|", "|"), ("keep", "keep"), ("a name pattern", "c"), (")", ")")),
                *((")", ")"), ("(", "("), ("limit", "limit"), ("a whole number", "5"), (")", ")"), ("|", "|")),
                *(("sort", "sort"), ("a name", "d")),
            ],
        ),
        (
            "promql index=metrics-* sum(rate(x{a='|'}[5m])) | limit 5",
            [
                ("promql", "promql"),
                ("a PromQL query", "index=metrics-* sum(rate(x{a='|'}[5m]))"),
                ("|", "|"),
                ("limit", "limit"),
                ("a whole number", "5"),
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_and_signs_of_each_mode(text: str, expected: list[tuple[str, str]]) -> None:
    assert _shown(tokenize(text)) == expected


def test_comments_lie_between_tokens_and_nest() -> None:
    text = "from a // one | two\n| /* x /* y */ | z */ limit 5 /* open"
    tokens = tokenize(text)
    assert [token.text for token in tokens] == ["from", "a", "|", "limit", "5", ""]
    assert [span.of(text) for span in tokens.comments()] == ["// one | two", "/* x /* y */ | z */", "/* open"]
    assert tokens.unclosed == text.index("/* open")


def test_a_comment_that_is_not_balanced_ends_at_its_first_end() -> None:
    text = "from a /* x /* y */ | limit 5"
    assert [token.text for token in tokenize(text)] == ["from", "a", "|", "limit", "5", ""]


def test_a_pipe_ends_brackets_that_were_left_open() -> None:
    kinds = [token.kind for token in tokenize("from a | where (x == (1 | keep y*")]
    assert kinds[-3:] == ["keep", "a name pattern", END]
