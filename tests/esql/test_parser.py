"""Which texts are ES|QL, what their trees are, and what is said about the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.languages.esql import LANGUAGE
from detectionary.languages.esql.parser import parse
from detectionary.languages.esql.printer import printed
from detectionary.languages.esql.syntax import (
    Arithmetic,
    Compare,
    Connective,
    Expression,
    InList,
    IsNull,
    Like,
    Literal,
    Logic,
    Name,
    Not,
    Parenthesized,
    Signed,
)
from detectionary.languages.esql.syntax_commands import Where
from detectionary.text import SourceText, render
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "syntax-accepted.md"))
def test_accepted(case: Case) -> None:
    parsed = parse(case.text("esql"))
    assert parsed.diagnostics == ()
    text = printed(parsed.tree)
    assert text == case.text("printed")
    assert parse(text).tree == parsed.tree


@pytest.mark.parametrize("case", parameters(CASES / "syntax-faults.md"))
def test_faults(case: Case) -> None:
    source = SourceText(case.text("esql"), "q")
    assert "\n".join(render(each, source) for each in parse(source).diagnostics) == case.text("faults")


def _condition(text: str) -> Expression:
    parsed = parse(f"from a | where {text}")
    assert parsed.accepted
    command = parsed.tree.commands[1]
    assert isinstance(command, Where)
    return command.condition


A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a or b and c", Logic(Connective.OR, (A, Logic(Connective.AND, (B, C))))),
        ("not a and b", Logic(Connective.AND, (Not(A), B))),
        ("not a == b", Not(Compare("==", A, B))),
        ("not a in (1)", Not(InList(A, (Literal(1),)))),
        ("a + b * c", Arithmetic((A, Arithmetic((B, C), ("*",))), ("+",))),
        ("-a + b", Arithmetic((Signed("-", A), B), ("+",))),
        ("a == b is null", IsNull(Compare("==", A, B))),
        ("(a) like (b)", Like(Parenthesized(A), (Parenthesized(B),))),
        ('a like ("x")', Like(A, (Literal("x"),), listed=True)),
        ("`a` . b == 1", Compare("==", Name("a.b"), Literal(1))),
    ],
)
def test_precedence(text: str, expected: Expression) -> None:
    assert _condition(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\\b\"c\t"', 'a\\b"c\t'),
        (r'"""a\b"c"""', 'a\\b"c'),
        ('"""a"""""', 'a""'),
        ('""', ""),
        ('""""""', ""),
    ],
)
def test_strings(text: str, value: str) -> None:
    assert _condition(f"a == {text}") == Compare("==", A, Literal(value))


def test_spelling_does_not_count() -> None:
    one = SourceText('FROM a|WHERE  TO_LOWER(`x`) LIKE """b\\\\*""" /* c */ AND NOT y==1')
    other = SourceText('from a\n| where to_lower(x) like "b\\\\\\\\*" and not y == 1')
    third = SourceText('from a | where to_lower(x) like "b*" and not y == 1')
    assert LANGUAGE.normalised(one) == LANGUAGE.normalised(other) != LANGUAGE.normalised(third)


def test_check_names_the_commands() -> None:
    report = LANGUAGE.check(SourceText("from a | inline stats c = count(*) by d | lookup join e on d | LIMIT 5"))
    assert report.accepted
    assert [stage.kind for stage in report.stages] == ["from", "inline stats", "lookup join", "limit"]


def test_split_finds_the_one_query() -> None:
    text = "\n// a query\nfrom a\n\n| limit 5\n"
    assert [text[start:end] for start, end in LANGUAGE.split(text)] == ["// a query\nfrom a\n\n| limit 5"]
    assert LANGUAGE.split("// nothing\n") == ()
    assert LANGUAGE.split("some words") == ()


def test_highlight() -> None:
    text = 'FROM a-* METADATA _id | WHERE to_lower(b.c) == "x" AND d > 5 minutes // e\n| keep f.*'
    assert [(each.kind, each.span.of(text)) for each in LANGUAGE.highlight(SourceText(text))] == [
        ("keyword", "FROM"),
        ("table", "a-*"),
        ("keyword", "METADATA"),
        ("column", "_id"),
        ("operator", "|"),
        ("keyword", "WHERE"),
        ("function", "to_lower"),
        ("column", "b.c"),
        ("operator", "=="),
        ("string", '"x"'),
        ("operator", "AND"),
        ("column", "d"),
        ("operator", ">"),
        ("number", "5 minutes"),
        ("comment", "// e"),
        ("operator", "|"),
        ("keyword", "keep"),
        ("column", "f.*"),
    ]
