"""Metadata inside a query, and what a rule adds around its query."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectionary.ingest.merging import with_additions, with_metadata
from detectionary.model.analysis import Analysis, GroupKind, OutputField
from detectionary.model.predicate import (
    AllOf,
    Comparison,
    Not,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Quantifier,
    ThresholdTest,
    Value,
    ValueKind,
)
from detectionary.model.rule import AddedStage, Additions, Rule, Severity, Source
from detectionary.text import SourceText, Span
from tests.catalog.stored import looks_for

AT = Span(3, 3)


NOTHING = Additions()


def a_rule(additions: Additions = NOTHING) -> Rule:
    return Rule(
        id="path/of/rule.yaral",
        title="rule",
        language="yaral",
        source=Source("repository", "path/of/rule.yaral"),
        query=SourceText("q q"),
        body="q q",
        body_language="yaral",
        kind="Rule",
        additions=additions,
    )


def merged(*metadata: tuple[str, str], name: str | None = "a_rule") -> Rule:
    return with_metadata(a_rule(), Analysis(accepted=True, name=name, metadata=metadata))


def test_metadata_becomes_the_rules_own() -> None:
    rule = merged(
        ("author", "Ann"),
        ("description", "What it finds"),
        ("severity", "INFO"),
        ("reference", "https://a.example/1, https://a.example/2"),
        ("references", "https://a.example/2"),
        ("rule_id", "mr_1"),
        ("version", "2"),
        ("created", "2024/05/01"),
        ("falsepositives", "Backups, and tests"),
        ("tags", "user, host"),
        ("data_source", "AWS CloudTrail"),
        ("odd_key", "kept"),
    )
    assert (rule.id, rule.title, rule.author, rule.description) == ("mr_1", "A rule", "Ann", "What it finds")
    assert (rule.severity, rule.version, rule.date) == (Severity.INFORMATIONAL, "2", "2024-05-01")
    assert rule.references == ("https://a.example/1", "https://a.example/2")
    assert rule.false_positives == ("Backups, and tests",)
    assert rule.tags == ("user", "host")
    assert rule.facts == (("Data source", "AWS CloudTrail"), ("odd_key", "kept"))


@pytest.mark.parametrize(
    ("metadata", "tactics", "techniques"),
    [
        ([("tactic", "TA0003"), ("technique", "t1003.001")], ("TA0003",), ("T1003.001",)),
        ([("mitre", "credential_access, t1003, T1059")], ("credential_access",), ("T1003", "T1059")),
        ([("mitre_attack_tactic", "Impact, Persistence")], ("Impact", "Persistence"), ()),
        ([("mitre_attack_url", "https://attack.mitre.org/versions/v14/techniques/T1562/001/")], (), ("T1562.001",)),
        ([("mitre_attack_technique", "Valid Accounts: cloud accounts")], (), ("T1078.004",)),
        ([("mitre_attack_technique", "Phishing, Valid Accounts")], (), ("T1566", "T1078")),
        ([("mitre_attack_technique", "No Such Thing")], (), ("No Such Thing",)),
        (
            [
                ("mitre_attack_technique", "Valid Accounts"),
                ("mitre_attack_url", "https://attack.mitre.org/techniques/T1078/"),
            ],
            (),
            ("T1078",),
        ),
    ],
)
def test_tactics_and_techniques(
    metadata: list[tuple[str, str]], tactics: tuple[str, ...], techniques: tuple[str, ...]
) -> None:
    rule = merged(*metadata)
    assert (rule.tactics, rule.techniques) == (tactics, techniques)


def test_a_query_without_metadata_leaves_the_rule_alone() -> None:
    assert merged(name=None) == a_rule()


def test_merging_twice_is_merging_once() -> None:
    analysis = Analysis(
        accepted=True,
        name="a_rule",
        metadata=(("tags", "x"), ("mitre", "t1003"), ("priority", "Low"), ("false_positives", "none")),
    )
    once = with_metadata(a_rule(), analysis)
    assert with_metadata(once, analysis) == once
    assert once != a_rule()


def compares(field: str, value: str) -> Comparison:
    return Comparison(field, Operator.EQ, Quantifier.ANY, (Value(ValueKind.TEXT, value),), AT)


def test_additions_follow_what_the_query_says() -> None:
    threshold = ThresholdTest(Operand("count", OperandKind.NAME), None, Operator.GE, Value(ValueKind.NUMBER, 5), AT)
    predicate = AllOf((compares("a", "x"), Not(compares("b", "y")), Not(compares("c", "z")), Opaque("script", "s", AT)))
    added = Additions(
        tables=("logs-*",),
        group_by=("user.name",),
        stages=(AddedStage("filters", "f", predicate), AddedStage("threshold", "t", thresholds=(threshold,))),
        output_fields=("user.name", "known"),
    )
    first = Analysis(accepted=True, output_fields=(OutputField("known", "keep", 1, ""),), predicate_count=2)
    analysis = with_additions(a_rule(added), first)
    assert [(stage.number, stage.operator) for stage in analysis.stages] == [(1, "filters"), (2, "threshold")]
    assert [(row.field, row.stage, row.tables) for row in analysis.indicators] == [("a", 1, ("logs-*",))]
    assert [(row.field, row.group.kind if row.group else None) for row in analysis.exclusions] == [
        ("b", GroupKind.ANY),
        ("c", GroupKind.ANY),
    ]
    assert analysis.thresholds == (threshold,)
    assert [opaque.text for opaque in analysis.opaques] == ["s"]
    assert analysis.group_by == ("user.name",)
    assert [(field.name, field.source) for field in analysis.output_fields] == [
        ("known", "keep"),
        ("user.name", "rule"),
    ]
    assert analysis.predicate_count == 2 + 4 + 1


def test_groups_of_additions_are_numbered_on() -> None:
    added = Additions(stages=(AddedStage("filters", "f", AllOf((compares("a", "x"), compares("b", "y")))),))
    first = with_additions(a_rule(added), Analysis(accepted=True))
    second = with_additions(a_rule(added), first)
    assert [row.group.id if row.group else None for row in second.indicators] == [1, 1, 2, 2]


def test_the_event_category_stands_where_the_rule_says() -> None:
    implied = replace(looks_for("event.category", "process"), implied=True)
    written = looks_for("event.category", "network")
    before = Analysis(accepted=True, indicators=(implied, written))
    analysis = with_additions(a_rule(Additions(event_category="event.type")), before)
    assert [row.field for row in analysis.indicators] == ["event.type", "event.category"]


def test_groups_and_software_among_tactics_are_tags() -> None:
    rule = merged(("mitre", "execution, S0111, t1053"))
    assert (rule.tactics, rule.techniques, rule.tags) == (("execution",), ("T1053",), ("S0111",))


def test_a_rule_without_additions_is_left_alone() -> None:
    analysis = replace(Analysis(accepted=True), predicate_count=3)
    assert with_additions(a_rule(), analysis) is analysis
