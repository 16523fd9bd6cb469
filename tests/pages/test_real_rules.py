"""Pages of real rules: the largest of the corpora, and one of every folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.ingest import assemble
from detectionary.languages import language_named, split
from detectionary.model.entry import CorpusCount, Entry, Reference, Relations, value_keys
from detectionary.pages import RulePage, encode, rule_page
from detectionary.pages.rule.html import render_rule
from detectionary.repositories import files, open_repository, read_file
from detectionary.schemas import environment_base
from tests.conftest import SHARED, needs_shared, shared
from tests.pages.markup import faults, read
from tests.pages.test_json_contract import broken

pytestmark = needs_shared

OTHER_LANGUAGES = ("sigma", "hayabusa-rules", "elastic-detection-rules", "chronicle-detection-rules")
CORPORA = (
    [*sorted(path.name for path in shared("corpora").glob("kql-*")), "azure-sentinel", *OTHER_LANGUAGES]
    if SHARED
    else []
)
LARGEST = 4
"""Files of each corpus, by size; and as many from its middle."""


def entries(corpus: str) -> Iterator[Entry]:
    root = shared("corpora", corpus)
    repository = open_repository(root)
    paths = [root / found.path for found in files(repository) if found.ignored is None]
    by_size = sorted(paths, key=lambda path: (-path.stat().st_size, path))
    middle = len(by_size) // 2
    environment = environment_base()
    for path in dict.fromkeys([*by_size[:LARGEST], *by_size[middle : middle + LARGEST]]):
        for rule in read_file(path, repository, split).rules[:20]:
            yield assemble(rule, language_named(rule.language), environment)


def crowded(entry: Entry) -> Relations:
    """Relations as heavy as they get: every value is shared, and many rules detect the same."""
    languages = ("kusto", "sigma", "splunk", "eql", "yaral", "panther")
    counts = {
        key: CorpusCount(6000, tuple((language, 1000) for language in languages))
        for row in (*entry.analysis.indicators, *entry.analysis.exclusions)
        for key in value_keys(row)
        if key is not None
    }
    others = tuple(
        Reference(
            f"id-{number}", f"a-rule-of-the-same-kind-{number}", f"A rule of the same kind {number}", "sigma", "AWS"
        )
        for number in range(60)
    )
    same = tuple((action.key, other) for action in entry.actions for other in others)
    return Relations(counts, counts, same, others, others[:5], tuple((other, 3) for other in others[:10]))


def pages(corpus: str) -> Iterator[RulePage]:
    for entry in entries(corpus):
        yield rule_page(entry, crowded(entry), language_named(entry.rule.language).highlight)


@pytest.mark.parametrize("corpus", CORPORA)
def test_pages_stay_light_whole_and_true_to_the_contract(corpus: str) -> None:
    seen = 0
    for page in pages(corpus):
        html = render_rule(page)
        assert (page.slug, len(html.encode()) < 60_000) == (page.slug, True)
        assert (page.slug, faults(html)) == (page.slug, [])
        assert (page.slug, broken(json.loads(encode(page)))) == (page.slug, [])
        seen += 1
    assert seen >= 4


def first_rule() -> Path:
    return shared(
        "corpora",
        "azure-sentinel",
        "Solutions",
        "Amazon Web Services",
        "Analytic Rules",
        "AWS_UnauthorizedInstanceSetUpAttempt.yaml",
    )


def test_the_page_of_the_first_rule() -> None:
    repository = open_repository(shared("corpora", "azure-sentinel"))
    (rule,) = read_file(first_rule(), repository, split).rules
    entry = assemble(rule, language_named("kusto"), environment_base())
    page = rule_page(entry, Relations(), language_named("kusto").highlight)
    assert (page.severity, page.status, page.time_window) == ("medium", "available", "10m")
    assert [(row.tactic, [(each.id, each.name) for each in row.techniques]) for row in page.attack] == [
        ("Resource Development", [("T1583", "Acquire Infrastructure")])
    ]
    assert [stage.operator for stage in page.stages] == ["source", "where", "where", "project", "extend", "extend"]
    assert [
        (row.field, row.operator, [(each.value, each.transforms) for each in row.values]) for row in page.indicators
    ] == [
        ("ErrorCode", "eq", [("Client.UnauthorizedOperation", ("cased",))]),
        ("EventName", "eq", [("RunInstances", ("cased",))]),
    ]
    names = [field.name for field in page.output_fields]
    assert len(names) == 17
    assert names[:14] == sorted(names[:14])
    assert names[14:] == ["UserName", "Name", "UpnSuffix"]
    assert [found for found in page.diagnostics if found.section == "alert"] == []
    document = read(render_rule(page))
    (text,) = [element.text for element in document.all("ol") if element.attributes.get("id") == "text"]
    assert text == rule.body


def test_a_column_of_another_case_is_found_in_the_first_rule() -> None:
    repository = open_repository(shared("corpora", "azure-sentinel"))
    (rule,) = read_file(first_rule(), repository, split).rules
    wrong = replace(rule, alert=replace(rule.alert, custom_details=(("Region", "awsRegion"),)))
    page = rule_page(
        assemble(wrong, language_named("kusto"), environment_base()), Relations(), language_named("kusto").highlight
    )
    assert [(found.code, found.help) for found in page.diagnostics if found.section == "alert"] == [
        ("ALERT102", 'write "AWSRegion"')
    ]
