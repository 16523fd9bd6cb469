"""What queries are taken apart into, by cases that a detection engineer can review."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.languages.esql.analyze import analyze
from detectionary.model.analysis import Analysis, OutputField
from detectionary.model.schema import Column, Environment, TableSchema
from detectionary.text import SourceText
from tests.analysis_lines import FILTERS, OTHERS, lines
from tests.mdcases import Case, parameters

CASES = sorted((Path(__file__).parent / "cases").glob("analysis-*.md"))


def _warnings(analysis: Analysis) -> list[str]:
    return [f"{each.code} {each.message}" for each in analysis.diagnostics]


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks} - {"esql"}
    assert words, "the case expects nothing"
    assert words <= FILTERS.keys() | OTHERS.keys() | {"warnings"}
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    analysis = analyze(SourceText(case.text("esql")), Environment())
    show = {**FILTERS, **OTHERS, "warnings": _warnings}
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected


def test_spans_and_texts_are_those_of_the_query() -> None:
    query = 'from a-*\n| where b == "x" and not c in ("y", "z")  // why\n| keep b'
    analysis = analyze(SourceText(query), Environment())
    (indicator,), (exclusion,) = analysis.indicators, analysis.exclusions
    assert indicator.span.of(query) == 'b == "x"'
    assert exclusion.span.of(query) == 'c in ("y", "z")'
    assert indicator.tables == ("a-*",)
    assert [stage.span.of(query) for stage in analysis.stages] == [
        "from a-*",
        'where b == "x" and not c in ("y", "z")',
        "keep b",
    ]
    assert analysis.stages[1].text == '| where b == "x" and not c in ("y", "z")'


def test_known_columns_of_an_index_close_the_table() -> None:
    schema = TableSchema("a", (Column("b", "keyword"), Column("c", "long")))
    analysis = analyze(SourceText("from a | eval d = c"), Environment({"a": schema}))
    assert analysis.output_fields == (
        OutputField("b", "from", 1, "keyword"),
        OutputField("c", "from", 1, "long"),
        OutputField("d", "eval", 2, "long"),
    )
    assert not analysis.open_fields
    assert analysis.dependencies == {"a"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "|",
        "| where",
        "from",
        "from a | where (((((",
        "from a | where not",
        "from a | where a in ()",
        "from a | where case() or kql() or match() or cidr_match() or locate() == 0",
        "from a | where starts_with() and mv_contains(1, 2) and 'x'",
        "from a | stats by | keep | drop | rename a | sort | limit | dissect | grok",
        'from a | dissect b "%{c" | grok d "%{IP:e" | where f == 1',
        "from a | eval a = a | eval b = c, c = b | where a == b",
        "from a | fork | fork () (where) | fuse by",
        "from (from (from a | where b == 1) | keep c | where",
        "from a | where b in (from",
        "row a = [ | where a == 1",
        "set a = ; set b; from c",
        "from a | where b == " + "1 + " * 3000 + "1",
        "from a | where " + " or ".join(f"b == {number}" for number in range(3000)),
        "from a | where " + "(" * 4000 + "b == 1" + ")" * 4000,
        "from a | where " + "not (" * 4000 + "b == 1" + ")" * 4000,
        "from a | where " + "not " * 4000 + "b",
        "from a | where b in (" + ", ".join(f'"{number}"' for number in range(3000)) + ")",
        "from a" + " | eval b = to_lower(b)" * 1000 + ' | where b == "x"',
        "from a" + " | eval b = c == 1 and b" * 300 + " | where b",
        "from a | fork " + "(fork " * 1000,
        "from (" * 1000,
    ],
    ids=lambda query: query[:40],
)
def test_no_text_raises(query: str) -> None:
    analysis = analyze(SourceText(query), Environment())
    assert analysis.predicate_count >= len(analysis.opaques)
    assert [stage.number for stage in analysis.stages] == list(range(1, len(analysis.stages) + 1))


def test_a_long_chain_keeps_every_comparison() -> None:
    query = "from a | where " + " or ".join(f"b == {number}" for number in range(3000))
    assert len(analyze(SourceText(query), Environment()).indicators) == 3000
