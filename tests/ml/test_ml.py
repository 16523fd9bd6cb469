"""The language of rules without a query."""

from __future__ import annotations

import pytest

from detectionary.languages.language import Language
from detectionary.languages.ml import LANGUAGE
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Environment
from detectionary.text import SourceText


@pytest.mark.parametrize("text", ["", " ", "\n\t\n"])
def test_no_query_is_right_and_says_nothing(text: str) -> None:
    language: Language = LANGUAGE
    source = SourceText(text)
    report = language.check(source)
    assert (report.accepted, report.errors, report.stages) == (True, (), ())
    assert language.analyze(source, Environment()) == Analysis(accepted=True, open_fields=True)
    assert language.highlight(source) == ()
    assert language.normalised(source) == ""
    assert list(language.split(text)) == []


def test_a_query_is_a_fault() -> None:
    source = SourceText("process.name: x")
    analysis = LANGUAGE.analyze(source, Environment())
    assert not analysis.accepted
    assert [fault.code for fault in analysis.diagnostics] == ["MLR001"]
    assert LANGUAGE.check(source).errors == analysis.diagnostics
    assert (analysis.stages, analysis.indicators, analysis.predicate_count) == ((), (), 0)
