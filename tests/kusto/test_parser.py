"""The parser: trees of every production, what it says of faults, and that no text stops it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.blocks import split_queries
from detectionary.languages.kusto.check import check
from detectionary.languages.kusto.highlight import highlight
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.parser_base import MAX_DEPTH
from detectionary.languages.kusto.tokens import KEYWORDS, PUNCTUATION
from detectionary.text import SourceText, render
from tests.kusto.steps import steps
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "syntax-faults.md"))
def test_what_is_said_of_a_faulty_query(case: Case) -> None:
    source = SourceText(case.text("kusto"))
    said = "\n".join(render(diagnostic, source) for diagnostic in parse(source).diagnostics)
    assert said == case.text("faults")


@pytest.mark.parametrize("case", parameters(CASES / "syntax-trees.md"))
def test_the_outline_of_a_tree(case: Case) -> None:
    text = case.text("kusto")
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert "\n".join(_outline(parsed.tree, text, 0)) == case.text("tree")


def _outline(node: syntax.Node, text: str, depth: int) -> list[str]:
    """Kind and text of a node, its children below it; names are on the line of their parent."""
    lines = []
    if not isinstance(node, syntax.Query):
        shown = node.span.of(text).replace("\n", " ")
        lines.append(f"{'  ' * depth}{type(node).__name__} {shown if len(shown) <= 60 else shown[:59] + '…'}")
        depth += 1
    for child in syntax.children(node):
        if not isinstance(child, syntax.Name):
            lines += _outline(child, text, depth)
    return lines


@pytest.mark.parametrize("case", parameters(CASES / "syntax-accepted.md"))
def test_every_line_is_a_query(case: Case) -> None:
    for query in case.text("kusto").splitlines():
        parsed = parse(query)
        assert parsed.diagnostics == (), query
        assert not any(isinstance(node, syntax.BadOperator | syntax.BadStatement) for node in syntax.walk(parsed.tree))


def _expression(text: str) -> syntax.Expression:
    (statement,) = parse(text).tree.statements
    assert isinstance(statement, syntax.ExpressionStatement)
    return statement.expression


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a and b or c", "(a and b) or c"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a * b has c", "a * (b has c)"),
        ("a has b == c", "(a has b) == c"),
        ("a == b < c", "a == (b < c)"),
        ("a < b + c", "a < (b + c)"),
        ("-a + b", "(-a) + b"),
    ],
)
def test_how_strongly_operators_bind(text: str, grouped: str) -> None:
    assert _without_parentheses(_expression(text)) == _without_parentheses(_expression(grouped))


def _without_parentheses(node: syntax.Expression) -> object:
    match node:
        case syntax.Parenthesized(inner):
            return _without_parentheses(inner)
        case syntax.Binary(operator, left, right):
            return operator, _without_parentheses(left), _without_parentheses(right)
        case syntax.Unary(sign, operand):
            return sign, _without_parentheses(operand)
        case _:
            return node


@pytest.mark.parametrize("text", ["a == b == c", "a < b < c", "a has b has c", "a in (b) == c", "- - 1"])
def test_what_cannot_follow(text: str) -> None:
    assert not parse(f"print {text}").accepted


def test_stages_have_canonical_kinds_and_spans_without_the_pipe() -> None:
    text = "let x = T | take 1;\nT | filter a == 1 | order by a | limit 5 | mvexpand b; union T, U | count; f(x)"
    report = check(SourceText(text))
    assert [(stage.kind, stage.span.of(text)) for stage in report.stages] == [
        ("source", "T"),
        ("where", "filter a == 1"),
        ("sort", "order by a"),
        ("take", "limit 5"),
        ("mv-expand", "mvexpand b"),
        ("union", "union T, U"),
        ("count", "count"),
        ("source", "f(x)"),
    ]


def test_a_stage_that_cannot_be_read_keeps_its_place() -> None:
    text = "T | where a == | summarize count() b, c | take 5"
    report = check(SourceText(text))
    assert not report.accepted
    assert [stage.kind for stage in report.stages] == ["source", "where", "summarize", "take"]


def test_highlighting_tells_names_apart() -> None:
    text = "let a = 5; // c\nT | where b has 'x' and f(b) > a"
    assert [(found.span.of(text), found.kind) for found in highlight(text)] == [
        ("let", "keyword"),
        ("a", "name"),
        ("=", "operator"),
        ("5", "number"),
        ("// c", "comment"),
        ("T", "table"),
        ("|", "operator"),
        ("where", "keyword"),
        ("b", "column"),
        ("has", "operator"),
        ("'x'", "string"),
        ("and", "operator"),
        ("f", "function"),
        ("b", "column"),
        (">", "operator"),
        ("a", "name"),
    ]


@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("T | take 1", ["T | take 1"]),
        ("// nothing\n", []),
        ("T\n\n| take 1\n\n| count", ["T\n\n| take 1\n\n| count"]),
        ("// one\nT | take 1\n\n// two\nU | take 2\n", ["// one\nT | take 1", "// two\nU | take 2"]),
        ("let a = 1;\n\nT | where x == a\n\nU | count", ["let a = 1;\n\nT | where x == a", "U | count"]),
        ("Heading\n\nT | take 1\n\nU | take 2", ["T | take 1", "U | take 2"]),
        ("T\n| where (\n\n| take 1\n\nU | count", ["T\n| where (\n\n| take 1", "U | count"]),
    ],
)
def test_which_queries_a_text_holds(text: str, queries: list[str]) -> None:
    assert [text[start:end] for start, end in split_queries(text)] == queries


def test_nesting_is_bounded_with_a_diagnostic() -> None:
    assert parse(f"print {'(' * MAX_DEPTH}1{')' * MAX_DEPTH}").accepted
    deeper = parse(f"print {'(' * (MAX_DEPTH + 1)}1{')' * (MAX_DEPTH + 1)}, b = 2")
    assert [diagnostic.code for diagnostic in deeper.diagnostics] == ["KQL018"]


@pytest.mark.parametrize(
    "piece",
    ["(", "[", "{", "f(", "a in (", "| join (T ", "dynamic([", "let f = () { ", "| mv-apply a on (", ")", ";", "|", "-",
     "'", "`", "a ", "| x ", "let a = 1\n", " and a == 1", ".b", "h@", "project-"],
)  # fmt: skip
def test_long_and_deep_texts_take_linear_time(piece: str) -> None:
    """Four times the text costs about four times the executed lines; a square would cost sixteen times."""
    short, long = (steps(partial(parse, f"T | where a == 1 {piece * count}")) for count in (1_000, 4_000))
    assert long < 6 * short


_WORDS = st.sampled_from(
    [*sorted(KEYWORDS | PUNCTUATION), "T", "a", "'s'", "'bad", "5", "1d", "datetime(2024)", "\n", "&"]
)


@settings(deadline=None)
@given(st.lists(_WORDS, max_size=40))
def test_no_text_stops_the_parser_and_every_node_lies_in_its_parent(words: list[str]) -> None:
    text = " ".join(words)
    parsed = parse(text)
    for diagnostic in parsed.diagnostics:
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    for node in syntax.walk(parsed.tree):
        for child in syntax.children(node):
            assert node.span.start <= child.span.start <= child.span.end <= node.span.end
    end = 0
    for found in highlight(text):
        assert end <= found.span.start < found.span.end
        end = found.span.end


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("wher x == 1", "wher"),
        ("WHER x == 1", "wher"),
        ("filter", "where"),
        ("5", "?"),
        ("", "?"),
        ("['where'] x", "?"),
    ],
)
def test_a_stage_that_is_no_operator_is_called_by_its_first_word(stage: str, kind: str) -> None:
    assert [found.kind for found in check(SourceText(f"T | {stage} | take 5")).stages] == ["source", kind, "take"]
