"""What the facts say about real rules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from detectionary.languages import kusto
from detectionary.model.analysis import Analysis
from detectionary.schemas import actions, canonical_field, environment_base, platform, third_party_feed
from detectionary.text import SourceText
from tests.conftest import needs_shared, shared
from tools.vocabulary import analysed, barred, measure

AMAZON = ("corpora", "azure-sentinel", "Solutions", "Amazon Web Services")


def _analyses(*folder: str) -> Iterator[tuple[Path, Analysis]]:
    for path in sorted(shared(*folder).rglob("*.yaml")):
        for rule in yaml.load_all(path.read_text(encoding="utf-8-sig"), yaml.CSafeLoader):
            if isinstance(rule, dict) and isinstance(rule.get("query"), str):
                yield path, kusto.LANGUAGE.analyze(SourceText(rule["query"]), environment_base())


@cache
def _amazon() -> dict[str, Analysis]:
    """The Amazon Web Services rules by file name."""
    return {path.stem: analysis for path, analysis in _analyses(*AMAZON)}


def _keys(analysis: Analysis) -> set[str]:
    return {action.key for action in actions(analysis, "kusto")}


@needs_shared
def test_the_first_rule() -> None:
    first = _amazon()["AWS_UnauthorizedInstanceSetUpAttempt"]
    assert _keys(first) == {"aws:ec2.amazonaws.com/RunInstances"}
    assert platform(first.tables, (), "") == "AWS"
    assert third_party_feed(first) is None
    named = [(row.field, canonical_field("kusto", row.tables, row.field or "")) for row in first.indicators]
    assert named == [("EventName", "event.action"), ("ErrorCode", "aws.cloudtrail.error_code")]


@needs_shared
def test_the_rules_that_watch_run_instances() -> None:
    """Two more rules hold the text, in a policy that they look at, and do not watch the action."""
    watching = {name for name, analysis in _amazon().items() if "aws:ec2.amazonaws.com/RunInstances" in _keys(analysis)}
    assert watching == {
        "AWS_UnauthorizedInstanceSetUpAttempt",
        "AWS_EC2_WithoutKeyPair",
        "SuspiciousAWSEC2ComputeResourceDeployments",
    }


@needs_shared
def test_most_amazon_rules_name_an_action() -> None:
    cloudtrail = [analysis for analysis in _amazon().values() if "AWSCloudTrail" in analysis.tables]
    assert len(cloudtrail) > 90
    assert sum(bool(_keys(analysis)) for analysis in cloudtrail) >= 0.7 * len(cloudtrail)


@needs_shared
def test_guardduty_is_a_feed_and_its_switching_off_is_not() -> None:
    assert third_party_feed(_amazon()["AWS_GuardDuty_template"]) is not None
    assert third_party_feed(_amazon()["AWS_GuardDutyDisabled"]) is None


@needs_shared
def test_most_filtered_fields_have_a_canonical_name() -> None:
    uses = named = rules = on_platforms = 0
    for path, analysis in _analyses("corpora", "azure-sentinel", "Detections"):
        rules += 1
        on_platforms += platform((*analysis.tables, *analysis.functions), (), path.as_posix()) is not None
        for row in (*analysis.indicators, *analysis.exclusions):
            if row.field is not None:
                uses += 1
                named += canonical_field("kusto", row.tables or analysis.tables, row.field) is not None
    assert rules > 200
    assert uses > 1000
    assert named >= 0.85 * uses
    assert on_platforms >= 0.9 * rules


@needs_shared
def test_nine_of_ten_field_uses_of_cloud_and_windows_rules_have_a_canonical_name() -> None:
    """A part of each corpus; `docs/reference/vocabulary.md` has the figures of all."""
    parts = (
        ("azure-sentinel", "Solutions", "Amazon Web Services"),
        ("sigma", "rules", "cloud"),
        ("sigma", "rules", "windows", "builtin"),
        ("elastic-detection-rules", "rules", "integrations", "aws"),
        ("elastic-detection-rules", "rules", "integrations", "o365"),
        ("chronicle-detection-rules", "rules", "community"),
    )
    figures = measure(analysed(shared("corpora", *part) for part in parts))
    shares = barred(figures)
    assert shares.keys() == {"elastic", "kusto", "sigma", "yaral"}
    assert min(shares.values()) >= 0.9, shares
    for family, least in (("elastic", 0.75), ("kusto", 0.6), ("sigma", 0.8), ("yaral", 0.65)):
        amazon = figures[family, "AWS"]
        assert amazon.with_action >= least * amazon.rules, family
