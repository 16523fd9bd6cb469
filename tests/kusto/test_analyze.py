"""What queries are taken apart into, by cases that a detection engineer can review."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.languages.kusto.analyze import analyze
from detectionary.model.analysis import OutputField
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.analysis_lines import ENVIRONMENT, FILTERS, OTHERS, lines
from tests.mdcases import Case, parameters

CASES = sorted((Path(__file__).parent / "cases").glob("analysis-*.md"))


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks} - {"kusto"}
    assert words, "the case expects nothing"
    assert words <= FILTERS.keys() | OTHERS.keys()
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    analysis = analyze(SourceText(case.text("kusto")), ENVIRONMENT)
    show = {**FILTERS, **OTHERS}
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected


def test_the_first_rule() -> None:
    query = """AWSCloudTrail
| where EventName == "RunInstances"
| where ErrorCode == "Client.UnauthorizedOperation"
| project TimeGenerated, AwsEventId, SourceIpAddress
| extend User = substring(AwsEventId, indexof_regex(AwsEventId, ":") + 1)
| extend Name = split(User, '@')[0], Suffix = split(User, '@')[1]
"""
    analysis = analyze(SourceText(query), ENVIRONMENT)
    assert analysis.accepted
    assert [stage.operator for stage in analysis.stages] == ["source", "where", "where", "project", "extend", "extend"]
    assert [(row.field, row.values[0].value, row.stage, row.tables) for row in analysis.indicators] == [
        ("EventName", "RunInstances", 2, ("AWSCloudTrail",)),
        ("ErrorCode", "Client.UnauthorizedOperation", 3, ("AWSCloudTrail",)),
    ]
    assert analysis.output_fields[-1] == OutputField("Suffix", "extend", 6, "dynamic")
    for stage in analysis.stages:
        assert stage.text.endswith(query[stage.span.start : stage.span.end])


def test_spans_of_rows_are_those_of_their_comparisons() -> None:
    query = 'T | where A == "x" and not(B in ("y", "z"))'
    analysis = analyze(SourceText(query), ENVIRONMENT)
    (indicator,), (exclusion,) = analysis.indicators, analysis.exclusions
    assert indicator.span.of(query) == 'A == "x"'
    assert exclusion.span.of(query) == 'B in ("y", "z")'


@pytest.mark.parametrize(
    "query",
    [
        "",
        "|",
        "| where",
        "T | where (((((",
        "let x = x; x",
        "let f = (a: string) { f(a) }; f('x')",
        "let f = () { g() }; let g = () { f() }; f()",
        "T | where A == B == C",
        "T | where not() | where isempty() | where ipv4_is_match() | where A in ()",
        'T | where set_has_element(A) or indexof(A) == -1 or "x" in ()',
        "T | summarize by | where count_ > ",
        "T | extend (a, b) = c | where a == 1",
        "search *",
        "find where",
        "T | mv-apply on (where x == 1)",
        "T | invoke",
        "declare query_parameters(a: string); a",
        "print dynamic({'a':}) | where x == 1",
        "T | parse-where A with",
        "T | where A between (1 ..",
        "let x = datatable(a: string) []; T | where A in (x)",
        "let x = datatable() []; T | where A in (x)",
        "T | where A == 1/0 or A == -(-1) or A == 5 % 0",
        "T | where A == " + "1 + " * 3000 + "1",
        "T | where " + " or ".join(f"A == {number}" for number in range(3000)),
        "T | where " + "(" * 400 + "A == 1" + ")" * 400,
        "T | where " + "not(" * 400 + "A == 1" + ")" * 400,
        "T | where A in (" + ", ".join(f'"{number}"' for number in range(3000)) + ")",
        "T" + " | extend A = tolower(A)" * 1000 + ' | where A == "x"',
        "".join(f"let a{number + 1} = a{number};\n" for number in range(1000)) + "T | where A == a1000",
    ],
    ids=lambda query: query[:40],
)
def test_no_text_raises(query: str) -> None:
    analysis = analyze(SourceText(query), Environment())
    assert analysis.predicate_count >= len(analysis.time_filters)


def test_a_long_chain_keeps_every_comparison() -> None:
    query = "T | where " + " or ".join(f"A == {number}" for number in range(3000))
    assert len(analyze(SourceText(query), Environment()).indicators) == 3000
