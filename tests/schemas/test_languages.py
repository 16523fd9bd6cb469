"""Rules of every language in the one vocabulary: `cases/languages.md`."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages import sigma
from detectionary.languages.language import Language
from detectionary.model.analysis import Analysis
from detectionary.model.schema import FunctionDefinition
from detectionary.schemas import (
    actions,
    canonical_field,
    environment_base,
    event_coverage,
    outcome,
    platform_of_rule,
    third_party_feed,
    with_canonical_fields,
)
from detectionary.text import SourceText
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"
LANGUAGES = ("eql", "esql", "kuery", "kusto", "sigma", "yaral")


def _analysis(case: Case) -> tuple[Analysis, str]:
    name = next(block.word for block in case.blocks if block.word in LANGUAGES)
    language: Language = import_module(f"detectionary.languages.{name}").LANGUAGE
    found = language.analyze(SourceText(case.text(name)), environment_base())
    assert found.accepted
    tables = tuple((case.get("tables") or "").split())
    return with_canonical_fields(replace(found, tables=(*found.tables, *tables)), name), name


@pytest.mark.parametrize("case", parameters(CASES / "languages.md"))
def test_a_rule_says_in_the_vocabulary(case: Case) -> None:
    analysis, language = _analysis(case)
    found = {
        "actions": "\n".join(
            action.key + (" (inferred)" if action.inferred else "") for action in actions(analysis, language)
        ),
        "outcome": _outcome(analysis),
        "events": "\n".join(action.key for action in event_coverage(analysis.tables, language)),
        "feed": third_party_feed(analysis, language) or "",
        "platform": platform_of_rule(analysis, language, (), "") or "",
    }
    stated = {word: case.get(word) for word in found if case.get(word) is not None}
    assert {word: found[word] for word in stated} == stated
    if case.get("fields") is not None:
        rows = [(row.field or "", row.canonical_field or "") for row in analysis.indicators]
        assert rows == [(field, name) for field, name in case.rows("fields")]


@pytest.mark.parametrize("case", parameters(CASES / "meeting.md"))
def test_languages_meet(case: Case) -> None:
    for language, tables, field, expected in case.rows("fields"):
        assert (canonical_field(language, tuple(tables.split()), field) or "") == expected, (language, tables, field)


def _outcome(analysis: Analysis) -> str:
    found = outcome(analysis)
    if found is None:
        return ""
    words = {True: "success", False: "failure", None: "either"}[found.success]
    return f"{words}: {', '.join(found.codes)}" if found.codes else words


@settings(max_examples=200)
@given(
    st.sampled_from(("eql", "esql", "kuery", "lucene", "ml", "sigma", "yaral")),
    st.lists(st.sampled_from(("windows/security", "azure/auditlogs", "logs-*", "PROCESS_LAUNCH", "", "/", "a/b/c"))),
    st.text(alphabet="ab.{}*%\u00e9 E_0", max_size=12),
)
def test_any_text_may_be_a_field(language: str, tables: list[str], field: str) -> None:
    name = canonical_field(language, tuple(tables), field)
    assert name is None or name != ""


def test_tables_of_other_languages_are_not_mixed_up() -> None:
    assert canonical_field("sigma", ("AWSCloudTrail",), "EventName") is None
    assert canonical_field("kusto", ("aws/cloudtrail",), "userIdentity.arn") is None
    assert canonical_field("none", ("AWSCloudTrail",), "EventName") is None


def test_a_correlation_watches_the_actions_of_the_rules_that_it_counts() -> None:
    counted = """title: Failed logon
logsource: {product: windows, service: security}
detection:
  selection: {EventID: 4625}
  condition: selection
"""
    text = """title: Many failed logons
correlation: {type: event_count, rules: [failed], group-by: [IpAddress], timespan: 5m, condition: {gte: 5}}
"""
    base = environment_base()
    rule = FunctionDefinition("sigma:failed", "", SourceText(counted), "1")
    found = sigma.LANGUAGE.analyze(SourceText(text), replace(base, functions={**base.functions, rule.name: rule}))
    assert [action.key for action in actions(with_canonical_fields(found, "sigma"), "sigma")] == [
        "windows:Security/4625"
    ]
