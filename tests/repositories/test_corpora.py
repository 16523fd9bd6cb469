"""The readers on the shared corpora: nothing is lost, queries are those of the reference, and counts only go up."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
import yaml

from detectionary.model.rule import FileContent, Rule
from detectionary.model.schema import FunctionDefinition
from detectionary.repositories import files, open_repository, preferred, read_file
from detectionary.repositories.decoding import decode
from tests.conftest import SHARED, needs_shared, shared
from tests.repositories.reading import misplaced, whole

pytestmark = needs_shared

COUNTS: Final[dict[str, dict[str, int]]] = json.loads((Path(__file__).parent / "corpora.json").read_text())
"""{corpus: {files, rules, functions}}: the ratchet. A lower figure fails; raise it when a reader finds more."""

OTHERS: Final = (
    "chronicle-detection-rules",
    "elastic-detection-rules",
    "hayabusa-rules",
    "sigma",
    "sigma-specification",
)
"""Corpora of other languages than Kusto; `test_other_corpora.py` holds them against their own formats."""

MISSING_FUNCTIONS: Final = {
    "ZoomLogs": "its parser's comment names another one's alias (TeamsData), and its file is called Zoom_parser",
    "CrowdStrikeFalconEventStream": "the parser is spelled CrowdstrikeFalconEventStream",
}
"""Functions that rules call and no file defines under that name."""


@cache
def contents(corpus: str) -> dict[str, FileContent]:
    """What is read from each file; files that are not to be read count as ignored."""
    opened = open_repository(shared("corpora", corpus))
    return {
        found.path: FileContent(ignored=found.ignored)
        if found.ignored
        else read_file(opened.root / found.path, opened, whole)
        for found in files(opened)
    }


def rules(corpus: str) -> Iterator[Rule]:
    for content in contents(corpus).values():
        yield from content.rules


def functions() -> list[FunctionDefinition]:
    return [function for content in contents("azure-sentinel").values() for function in content.functions]


@pytest.mark.parametrize("corpus", COUNTS)
def test_every_file_is_a_rule_a_function_or_ignored_with_a_reason(corpus: str) -> None:
    read = contents(corpus)
    unaccounted = [path for path, each in read.items() if not (each.rules or each.functions or each.ignored)]
    assert unaccounted == []
    found = {
        "files": len(read),
        "rules": sum(len(each.rules) for each in read.values()),
        "functions": sum(len(each.functions) for each in read.values()),
    }
    assert {name: count for name, count in found.items() if count < COUNTS[corpus][name]} == {}


def test_all_corpora_that_are_read_are_counted() -> None:
    assert SHARED is not None
    corpora = {path.name for path in (SHARED / "corpora").iterdir() if path.name.startswith("kql-")}
    assert set(COUNTS) == corpora | {"azure-sentinel", *OTHERS}


def test_queries_are_those_of_the_reference() -> None:
    reference = [json.loads(line) for line in shared("conformance", "official-binding.jsonl").read_text().splitlines()]
    expected = {each["path"]: each["query_sha1"] for each in reference}
    found = {rule.source.path: hashlib.sha1(rule.query.text.encode()).hexdigest() for rule in rules("azure-sentinel")}  # noqa: S324
    assert {path for path, digest in expected.items() if found.get(path) != digest} == set()
    assert len(expected) == 2120


def test_every_yaml_file_with_a_query_is_a_rule_with_that_query() -> None:
    root = shared("corpora", "azure-sentinel")
    read = contents("azure-sentinel")
    checked = 0
    for path, content in read.items():
        if not path.lower().strip().endswith(("yaml", "yml")):
            continue
        text = (root / path).read_text("utf-8-sig")
        try:
            value = yaml.load(text, Loader=yaml.CSafeLoader)  # a safe loader
        except yaml.YAMLError:
            continue
        if isinstance(value, dict) and isinstance(value.get("query"), str) and "functionAlias" not in value:
            assert [rule.query.text for rule in content.rules] == [value["query"]], path
            checked += 1
    assert checked >= 2124


@pytest.mark.parametrize("corpus", COUNTS)
def test_queries_point_at_their_characters_in_the_file(corpus: str) -> None:
    """But for queries that YAML folds out of several lines into one: eight, in quotes or plain."""
    root = shared("corpora", corpus)
    folded = []
    for rule in rules(corpus):
        decoded = decode((root / rule.source.path).read_bytes())
        assert decoded is not None
        if misplaced(decoded[0], rule.query):
            folded.append(rule.source.path)
    assert len(folded) <= {"azure-sentinel": 3, "kql-sentinel-as-code": 5}.get(corpus, 0)


def test_bodies_are_the_text_of_the_file() -> None:
    root = shared("corpora", "azure-sentinel")
    for rule in rules("azure-sentinel"):
        decoded = decode((root / rule.source.path).read_bytes())
        assert decoded is not None
        assert rule.body == decoded[0], rule.source.path


@pytest.mark.parametrize("corpus", COUNTS)
def test_ids_tell_rules_apart(corpus: str) -> None:
    """But for the ids that upstream gave to several files (Elastic: to two hunts each)."""
    counts = Counter(rule.id for rule in rules(corpus))
    repeated = [identifier for identifier, count in counts.items() if count > 1]
    assert len(repeated) <= {"azure-sentinel": 23, "elastic-detection-rules": 2, "kql-sentinel-as-code": 8}.get(
        corpus, 0
    )


def test_almost_all_rules_are_read_without_a_fault() -> None:
    faulty = [rule.source.path for rule in rules("azure-sentinel") if rule.diagnostics]
    assert len(faulty) <= 17, faulty


def test_functions_that_rules_call_are_found() -> None:
    reference = [json.loads(line) for line in shared("conformance", "official-binding.jsonl").read_text().splitlines()]
    sources = json.loads(shared("schemas", "kusto-tables.sources.json").read_text())
    tables = {
        name
        for name, found in sources.items()
        if any("validation" not in source for source in found) or name.endswith("_CL")
    }
    called = {name for each in reference for name in each["tables"]} - tables
    missing = called - preferred(functions()).keys()
    assert missing == MISSING_FUNCTIONS.keys()


def test_asim_parsers_have_their_built_in_names_and_parameters() -> None:
    found = preferred(functions())
    dns = found["_Im_Dns"]
    assert dns.parameters.startswith(
        "starttime:datetime=datetime(null), endtime:datetime=datetime(null), srcipaddr:string='*'"
    )
    assert dns.body == found["imDns"].body
    assert dns.body is not None
    assert dns.origin == "Parsers/ASimDns/Parsers/imDns.yaml"
    assert misplaced(shared("corpora", "azure-sentinel", dns.origin).read_text("utf-8-sig"), dns.body) == []


def test_a_defender_detection_is_read_whole() -> None:
    detections = [rule for rule in rules("kql-sentinel-as-code") if rule.kind == "CustomDetection"]
    assert len(detections) == 29
    for rule in detections:
        assert rule.diagnostics == ()
        assert rule.schedule is not None
        assert rule.schedule.lookback == "4h"
        assert rule.alert.impacted_assets
        assert rule.techniques
