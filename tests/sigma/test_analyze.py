"""What rules are taken apart into, by cases that a detection engineer can review.

A case states a rule's document, or the part below `detection:`; rules that a correlation refers to stand in fences
`rule NAME`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import indent
from typing import Final

import pytest

from detectionary.languages.sigma import LANGUAGE
from detectionary.languages.sigma.predicates import MODIFIERS
from detectionary.model.analysis import Analysis
from detectionary.model.predicate import Not
from detectionary.model.schema import Environment, FunctionDefinition
from detectionary.text import Level, SourceText
from tests.analysis_lines import FILTERS, OTHERS, lines
from tests.mdcases import Case, parameters, read_cases

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))
_OWN: Final[Mapping[str, Callable[[Analysis], Iterable[str]]]] = {
    "faults": lambda found: (f"{each.code} {each.level.value} {each.message}" for each in found.diagnostics),
    "window": lambda found: (found.window or "none",),
    "dependencies": lambda found: sorted(found.dependencies),
}


def _document(case: Case) -> str:
    short = case.get("detection")
    if short is None:
        return case.text("sigma")
    condition = "" if "condition:" in short else "\n  condition: s"
    return "title: t\nlogsource:\n  product: windows\ndetection:\n" + indent(short, "  ") + condition + "\n"


def _environment(case: Case) -> Environment:
    rules = {f"sigma:{block.word[5:]}": block.text for block in case.blocks if block.word.startswith("rule ")}
    return Environment({}, {name: FunctionDefinition(name, "", SourceText(text), "1") for name, text in rules.items()})


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case) -> None:
    words = {block.word for block in case.blocks if not block.word.startswith("rule ")} - {"sigma", "detection"}
    show = {**FILTERS, **OTHERS, **_OWN}
    assert words, "the case expects nothing"
    assert words <= show.keys()
    if words & FILTERS.keys():
        words |= FILTERS.keys()
    if "faults" not in words:
        words |= {"faults"}
    analysis = LANGUAGE.analyze(SourceText(_document(case)), _environment(case))
    expected = {word: lines((case.get(word) or "").splitlines()) for word in sorted(words)}
    assert {word: lines(show[word](analysis)) for word in sorted(words)} == expected


def test_every_modifier_has_a_case() -> None:
    texts = [_document(case) for path in CASES for case in read_cases(path)]
    missing = [name for name in MODIFIERS if not any(f"|{name}:" in text or f"|{name}|" in text for text in texts)]
    assert missing == []


def _analysed(text: str) -> Analysis:
    return LANGUAGE.analyze(SourceText(text), Environment())


def test_searches_only_under_a_negation_are_marked() -> None:
    text = "detection:\n  a:\n    A: 1\n  b:\n    B: 2\n  c:\n    C: 3\n  condition: a and not (b or not c)\n"
    stages = _analysed(text).stages
    assert [isinstance(stage.predicate, Not) for stage in stages[1:]] == [False, True, False]


def test_faults_of_conditions_point_into_the_document() -> None:
    text = 'title: t\ndetection:\n  s:\n    A: 1\n  condition: "s and nowhere"\n'
    (fault,) = (each for each in _analysed(text).diagnostics if each.level is Level.ERROR)
    assert fault.span is not None
    assert fault.span.of(text) == "nowhere"


def test_correlations_that_refer_to_one_another_end() -> None:
    names = [f"c{number}" for number in range(30)]
    functions = {}
    for at, name in enumerate(names):
        others = ", ".join((names[(at + 1) % 30], names[(at + 2) % 30], names[(at + 3) % 30]))
        text = f"title: {name}\ncorrelation:\n  type: temporal\n  rules: [{others}]\n  timespan: 5m\n"
        functions[f"sigma:{name}"] = FunctionDefinition(f"sigma:{name}", "", SourceText(text), "1")
    body = functions["sigma:c0"].body
    assert body is not None
    assert LANGUAGE.analyze(body, Environment({}, functions)).accepted


def test_a_condition_that_names_much_over_and_over_is_bounded() -> None:
    searches = "".join(f"  s{number}:\n    A: {number}\n" for number in range(500))
    text = f"detection:\n{searches}  condition: {' or '.join(['1 of s*'] * 2000)}\n"
    analysis = _analysed(text)
    assert {each.reason for each in analysis.opaques} == {"many choices"}


def test_a_modifier_that_is_nearly_one_is_named() -> None:
    text = "title: t\nlogsource:\n  product: p\ndetection:\n  s:\n    A|contians: x\n  condition: s\n"
    (fault,) = LANGUAGE.analyze(SourceText(text), Environment()).diagnostics
    assert (fault.code, fault.help) == ("SIG010", "did you mean contains?")
