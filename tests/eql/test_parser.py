"""The parser: what it reads, how operators bind, what it says of faults, and that no text stops it."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from detectionary.languages.eql import LANGUAGE
from detectionary.languages.eql.cursor import MAX_DEPTH
from detectionary.languages.eql.faults import faults
from detectionary.languages.eql.parser import parse
from detectionary.languages.eql.printer import printed
from detectionary.languages.eql.syntax import Bad, EventQuery, walk
from detectionary.model.schema import Environment
from detectionary.text import SourceText, render
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "syntax-faults.md"))
def test_what_is_said_of_a_faulty_query(case: Case) -> None:
    source = SourceText(case.text("eql"))
    parsed = parse(source)
    said = [render(diagnostic, source) for diagnostic in (*parsed.diagnostics, *faults(parsed.tree))]
    assert "\n".join(said) == case.text("faults")


@pytest.mark.parametrize("case", parameters(CASES / "syntax-accepted.md"))
def test_every_line_is_a_query(case: Case) -> None:
    for query in case.text("eql").splitlines():
        parsed = parse(query)
        assert parsed.diagnostics == (), query
        assert not any(isinstance(node, Bad) for node in walk(parsed.tree))
        assert parse(printed(parsed.tree)).tree == parsed.tree, query


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a and b or c", "(a and b) or c"),
        ("not a and b", "(not a) and b"),
        ("not a == b", "not (a == b)"),
        ("a + b * c == d", "(a + (b * c)) == d"),
        ("-a + b == c", "((-a) + b) == c"),
        ("a + b in (c)", "a + (b in (c))"),
        ("a in (b) == c", "(a in (b)) == c"),
        ('not a : "x"', 'not (a : "x")'),
        ("a < b + c", "a < (b + c)"),
    ],
)
def test_how_strongly_operators_bind(text: str, grouped: str) -> None:
    read, wanted = (parse(f"any where {each}") for each in (text, grouped))
    assert read.diagnostics == wanted.diagnostics == ()
    assert read.tree == wanted.tree


def test_parentheses_that_matter_are_printed() -> None:
    text = "any where (a or b) and not (c and d) and (e + 1) * 2 == 3 and (f == 1) == true and -(g + 1) == 2"
    assert printed(parse(text).tree) == text


def test_stages_have_canonical_kinds_and_spans_without_the_pipe() -> None:
    text = "sequence by a with maxspan=1m [any where b] by c ![any where d] by e until [any where f] by g | head 5"
    report = LANGUAGE.check(SourceText(text))
    assert report.accepted
    assert [(stage.kind, stage.span.of(text)) for stage in report.stages] == [
        ("sequence", "sequence by a with maxspan=1m"),
        ("query", "[any where b] by c"),
        ("missing", "![any where d] by e"),
        ("until", "until [any where f] by g"),
        ("head", "head 5"),
    ]


@pytest.mark.parametrize("opening", ["(", "not ", "-", "a(", "b + (", "x of [any where "])
def test_nesting_is_limited_by_a_diagnostic(opening: str) -> None:
    for depth in (MAX_DEPTH - 2, MAX_DEPTH + 2, 3000):
        closing = {"(": ")", "[": "]"}.get(opening.strip()[-1], "")
        closing = "]" if opening.endswith("[any where ") else closing
        text = f"any where {opening * depth}a{closing * depth} and c == 1"
        codes = {diagnostic.code for diagnostic in parse(text).diagnostics}
        assert ("EQL017" in codes) is (depth > MAX_DEPTH)
        analysis = LANGUAGE.analyze(SourceText(text), Environment())
        assert any(row.field == "c" for row in analysis.indicators)


@pytest.mark.parametrize(
    "text",
    [
        "a == 1 and " * 4000,
        "(" * 20000,
        ")" * 20000,
        "[" * 20000,
        "any where " + "(a == " * 10000,
        "any where " + "(a == 1) or " * 5000 + "b",
        "sequence " + "[any where (((( ] " * 3000,
        "sequence " + "[any where a == 1] by x " * 3000,
        "any where a in (" + '"x", ' * 10000 + '"y")',
        "any where a == " + "1 + " * 10000 + "1",
        "any where " + "/* " * 10000,
        "any where " + '"""' * 9999,
        "any where a" + ".b" * 10000,
        "any where a" + "[0]" * 10000,
        "any where " + "a == 'x\\" * 5000,
        "| filter " * 5000,
        "any where a" + " | filter b" * 3000,
        "any where " + "f(" * 5000 + "x",
        "any where " + "x of [" * 5000,
        "sequence by " + "a, " * 5000,
        "`" * 20001,
        "?" * 20000,
        '?"' * 10000,
        "any where a == " + "9" * 20000,
        'any where a == "' + "\\u{41}" * 5000 + '"',
        'any where a : "' + "*a" * 20000 + '"',
        'any where a == number("' + "9" * 4000 + '") * 1.5 or b == number("' + "9" * 9000 + '")',
        "any where a == 1e308 * 10 or b == 1 / 5e-324 or c == 9999999999999999999 * 9999999999999999999 % 0.0",
        "any where a == " + 'concat("' + "x" * 10000 + '", "y")',
    ],
    ids=lambda text: text[:24],
)
def test_no_text_takes_long(text: str) -> None:
    started = process_time()
    LANGUAGE.analyze(SourceText(text), Environment())
    LANGUAGE.highlight(SourceText(text))
    LANGUAGE.normalised(SourceText(text))
    assert process_time() - started < 2.0


def test_a_query_keeps_its_category_apart_from_any() -> None:
    for text, category in (("any where a", None), ('"any" where a', "any")):
        body = parse(text).tree.body
        assert isinstance(body, EventQuery)
        assert body.category == category
        assert printed(parse(text).tree) == text
