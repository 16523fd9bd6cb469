"""What rules are taken apart into, by cases that a detection engineer can review."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest

from detectionary.languages.yaral import LANGUAGE
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.analysis_lines import FILTERS, OTHERS, lines
from tests.mdcases import Case, parameters

CASES = sorted((Path(__file__).parent / "cases").glob("analysis-*.md"))

_OWN: Final[Mapping[str, Callable[[Analysis], Iterable[str]]]] = {
    "records": lambda found: (f"{row.record or '-'} | {row.field}" for row in found.indicators),
    "window": lambda found: (found.window or "none",),
    "rule": lambda found: (f"{found.name}", *(f"{key} | {value}" for key, value in found.metadata)),
    "dependencies": lambda found: sorted(found.dependencies),
    "diagnostics": lambda found: (f"{each.code} | {each.message}" for each in found.diagnostics),
}


def analysed(text: str) -> Analysis:
    return LANGUAGE.analyze(SourceText(text), Environment())


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks} - {"yaral"}
    assert words, "the case expects nothing"
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    analysis = analysed(case.text("yaral"))
    show = {**FILTERS, **OTHERS, **_OWN}
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected


def test_spans_of_rows_are_those_of_their_comparisons() -> None:
    text = 'rule r { events: $e.a = "x" not $e.b in ("y", "z") condition: $e }'
    analysis = analysed(text)
    (indicator,), (exclusion,) = analysis.indicators, analysis.exclusions
    assert indicator.span.of(text) == '$e.a = "x"'
    assert exclusion.span.of(text) == '$e.b in ("y", "z")'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rule",
        "rule {",
        "rule x",
        "rule x {",
        "rule x { events:",
        "rule x { events: $ condition: # }",
        "rule x { events: $e.a = condition: $e",
        'rule x { events: $e.a = $x $x = $x $x = $y $y = $x $y = "1" condition: $e }',
        "rule x { match: over over 5m condition: any of [ }",
        "rule x { events: " + "(" * 400 + '$e.a = "x"' + ")" * 400 + " condition: $e }",
        "rule x { events: " + "not " * 3000 + '$e.a = "x" condition: $e }',
        "rule x { events: $e.a = " + "- " * 3000 + "1 condition: $e }",
        "rule x { events: $e.a = " + "1 + " * 3000 + "1 condition: $e }",
        "rule x { events: " + "\n".join("f(a" for _ in range(3000)) + " condition: $e }",
        "rule x { events: " + "\n".join(f"$a{number + 1} = $a{number}" for number in range(3000)) + " condition: $e }",
        "rule x { events: " + "\n".join("$e.a = $b" for _ in range(3000)) + '\n$b = "x" condition: $e }',
        "rule x { outcome: "
        + "\n".join(f"$a{n + 1} = $a{n} + $a{n}" for n in range(3000))
        + " condition: $a3000 > 5 }",
        "stage a { " * 3000,
        'rule x { events: $e.a = "' + "x" * 100_000,
        "/" * 10_000,
        "`" * 10_001,
        "rule a { " * 2000,
        "meta: " * 3000,
        "] ) } , : = " * 2000,
    ],
    ids=lambda text: text[:40],
)
def test_no_text_raises(text: str) -> None:
    analysis = analysed(text)
    assert analysis.predicate_count >= len(analysis.opaques)
    LANGUAGE.check(SourceText(text))
    LANGUAGE.highlight(SourceText(text))
    LANGUAGE.normalised(SourceText(text))
    LANGUAGE.split(text)


def test_a_long_chain_keeps_every_comparison() -> None:
    chain = " or ".join(f"$e.a = {number}" for number in range(3000))
    assert len(analysed(f"rule x {{ events: {chain} condition: $e }}").indicators) == 3000
