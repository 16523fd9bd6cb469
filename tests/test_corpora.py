"""The main job on the real rules: one catalog of all corpora that are read, made once for this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detectionary.catalog import Catalog, open_catalog
from detectionary.ingest import Summary, ingest
from detectionary.languages import language_named
from detectionary.model.entry import value_keys
from detectionary.pages import RulePage, rule_page
from tests.conftest import needs_shared, shared
from tools.ratchet import measure, readable_corpora, recorded, worse

pytestmark = [needs_shared, pytest.mark.xdist_group("corpora")]

FOLDER = "azure-sentinel"
FIRST_RULE = "f7210a45-12a4-4d02-b59e-f23476827a4b"


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    path = tmp_path_factory.mktemp("corpora") / "corpora.db"
    return path, ingest(readable_corpora(shared("corpora")), path)


@pytest.fixture(scope="module")
def catalog(ingested: tuple[Path, Summary]) -> Iterator[Catalog]:
    with open_catalog(ingested[0]) as opened:
        yield opened


@pytest.fixture(scope="module")
def sentinel_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path = tmp_path_factory.mktemp("sentinel") / "sentinel.db"
    ingest([shared("corpora", "azure-sentinel")], path)
    with open_catalog(path) as opened:
        yield opened


def test_no_rule_of_the_corpora_meets_a_fault_of_ours(ingested: tuple[Path, Summary]) -> None:
    assert (ingested[1].faults, ingested[1].unreadable) == ((), ())


def test_no_figure_got_worse(catalog: Catalog) -> None:
    assert worse(recorded(), measure(catalog)) == []


def test_fewer_than_two_percent_of_all_predicates_are_opaque(ingested: tuple[Path, Summary]) -> None:
    summary = ingested[1]
    assert summary.predicates > 25_000
    assert summary.opaques / summary.predicates < 0.02


def _first_page(catalog: Catalog) -> RulePage:
    entry = catalog.entry(FIRST_RULE)
    assert entry is not None
    return rule_page(entry, catalog.relations(entry), language_named("kusto").highlight)


def test_the_first_rule_among_the_rules_of_sentinel(sentinel_alone: Catalog) -> None:
    page = _first_page(sentinel_alone)
    assert sorted(other.slug for other in page.same_action) == [
        "AWS_EC2_WithoutKeyPair",
        "SuspiciousAWSEC2ComputeResourceDeployments",
    ]
    counts = {
        (row.field, row.operator, value.value): value.corpus.total
        for row in page.indicators
        for value in row.values
        if value.corpus is not None
    }
    assert counts == {
        ("EventName", "eq", "RunInstances"): 2,
        ("ErrorCode", "eq", "Client.UnauthorizedOperation"): 0,
    }


def test_the_page_of_the_first_rule_in_every_field(sentinel_alone: Catalog) -> None:
    page = _first_page(sentinel_alone)
    assert (page.severity, page.status, page.time_window, page.platform) == ("medium", "available", "10m", "AWS")
    assert [(t.tactic, [(x.id, x.name) for x in t.techniques]) for t in page.attack] == [
        ("Resource Development", [("T1583", "Acquire Infrastructure")])
    ]
    assert [stage.operator for stage in page.stages] == ["source", "where", "where", "project", "extend", "extend"]
    assert [(row.field, row.operator, row.stage) for row in page.indicators] == [
        ("ErrorCode", "eq", 3),
        ("EventName", "eq", 2),
    ]
    assert {value.transforms for row in page.indicators for value in row.values} == {("cased",)}
    assert page.exclusions == ()
    projected = [field.name for field in page.output_fields if field.source == "project"]
    assert (len(projected), projected) == (14, sorted(projected))
    assert [(field.name, field.source, field.stage) for field in page.output_fields[14:]] == [
        ("UserName", "extend", 5),
        ("Name", "extend", 6),
        ("UpnSuffix", "extend", 6),
    ]
    assert [entity.type for entity in page.alert.entities] == ["Account", "IP"]
    assert list(page.alert.custom_details) == ["AWSRegion", "UserAgent", "ErrorMessage", "UserIdentityType"]
    assert page.diagnostics == ()
    assert (page.source.repository, page.source.licence) == ("github.com/Azure/Azure-Sentinel", "MIT")


RUN_INSTANCES = "aws:ec2.amazonaws.com/RunInstances"
BY_HAND = Path(__file__).parent / "schemas" / "run_instances.tsv"


def _by_hand() -> dict[str, bool]:
    """Path to whether its rule watches RunInstances: every file that mentions it, read by a person."""
    lines = BY_HAND.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {path: verdict == "yes" for path, verdict, _ in rows}


def test_every_rule_that_watches_run_instances_is_on_the_list_and_no_other(catalog: Catalog) -> None:
    watching = {
        f"{entry.rule.source.repository}/{entry.rule.source.path}".replace("github.com/Azure/Azure-Sentinel", FOLDER)
        for entry in catalog.entries()
        if any(action.key == RUN_INSTANCES for action in entry.actions)
    }
    assert watching == {path for path, watches in _by_hand().items() if watches}
    assert len(watching) >= 4


def test_the_first_rule_names_them_all_whatever_their_language(catalog: Catalog) -> None:
    page = _first_page(catalog)
    listed = {(other.language, other.slug) for other in page.same_action}
    expected = {path for path, watches in _by_hand().items() if watches}
    assert len(listed) == page.same_action_total == len(expected) - 1
    assert {language for language, _ in listed} == {"kusto", "esql"}
    assert (page.outcome is not None and page.outcome.codes) == ("Client.UnauthorizedOperation",)


def test_corpus_counts_are_split_by_language(catalog: Catalog) -> None:
    page = _first_page(catalog)
    counts = {
        value.value: value.corpus.by_language
        for row in page.indicators
        for value in row.values
        if value.corpus is not None
    }
    assert counts["RunInstances"]["esql"] >= 1
    assert counts["RunInstances"]["kusto"] == 2


def test_spellings_of_one_value_count_together(catalog: Catalog) -> None:
    """`startswith: /tmp/`, `: "/tmp/*"`, `like "/tmp/*"` and `/tmp/*` are one value of one field."""
    key = ("process.executable", "starts_with", "/tmp/")  # noqa: S108  # a value that rules look for
    entry = next(
        entry for entry in catalog.entries() if any(key in value_keys(row) for row in entry.analysis.indicators)
    )
    corpus = catalog.relations(entry).corpus or {}
    assert {"eql", "esql", "kuery", "sigma"} <= dict(corpus[key].by_language).keys()
