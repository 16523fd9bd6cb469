"""Sigma, Elastic and YARA-L: what is read is what independent readers of the same files find there."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from detectionary.model.rule import FileContent, Rule
from detectionary.repositories import open_repository
from tests.conftest import needs_shared, shared
from tests.repositories.test_corpora import contents

pytestmark = needs_shared

RULE_FOLDERS = ("rules", "deprecated", "unsupported", "other", "hayabusa")


class Texts(yaml.CSafeLoader):
    """YAML whose scalars stay text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # as the base class declares it


def read_text(corpus: str, path: str) -> str:
    return shared("corpora", corpus, path).read_text("utf-8-sig")


@cache
def sigma_documents() -> tuple[tuple[str, str, list[dict[str, Any]]], ...]:
    """Corpus, path and documents of every YAML file that rules stand in."""
    return tuple(
        (corpus, path, list(yaml.load_all(read_text(corpus, path), Texts)))
        for corpus in ("sigma", "hayabusa-rules")
        for path in contents(corpus)
        if path.endswith(".yml") and path.startswith(RULE_FOLDERS)
    )


def rules(corpus: str) -> Iterator[tuple[str, FileContent, Rule]]:
    for path, content in contents(corpus).items():
        for rule in content.rules:
            yield path, content, rule


def test_every_sigma_document_is_a_rule_with_its_metadata() -> None:
    checked = 0
    for corpus, path, documents in sigma_documents():
        if any("action" in document for document in documents):
            continue
        found = contents(corpus)[path].rules
        assert len(found) == len(documents), path
        for rule, document in zip(found, documents, strict=True):
            checked += 1
            assert rule.id == document["id"], path
            assert rule.title == document["title"].strip(), path
            assert rule.severity is not None, path
            assert rule.severity.value == document["level"], path
            assert rule.status == document["status"], path
            assert rule.author == document["author"].strip(), path
            assert rule.date == document["date"].replace("/", "-"), path
            assert rule.modified == (document["modified"].replace("/", "-") if "modified" in document else None), path
            assert rule.tags == tuple(tag.strip() for tag in document.get("tags", ())), path
            assert rule.related == tuple((each["type"], each["id"]) for each in document.get("related", ())), path
            assert len(rule.false_positives) == len(document.get("falsepositives") or ()), path
            assert rule.additions.output_fields == tuple(document.get("fields", ())), path
            source = document.get("logsource", {})
            stated = {name.lower(): text for name, text in rule.facts if name in ("Product", "Category", "Service")}
            assert stated == {key: value for key, value in source.items() if key in ("product", "category", "service")}
    assert checked >= 3414


def test_the_text_of_a_sigma_rule_is_its_document() -> None:
    for corpus, path, documents in sigma_documents():
        found = contents(corpus)[path].rules
        if any("action" in document for document in documents):
            continue
        for rule, document in zip(found, documents, strict=True):
            assert yaml.load(rule.query.text, Texts) == document, path  # noqa: S506  # a safe loader


def test_the_older_collections_are_merged() -> None:
    """Four files; every rule has the keys of the global document, and lines that stand in the file."""
    merged = 0
    for corpus, path, documents in sigma_documents():
        if not any("action" in document for document in documents):
            continue
        shared_keys = documents[0]
        for rule, document in zip(
            contents(corpus)[path].rules, documents[-len(contents(corpus)[path].rules) :], strict=True
        ):
            merged += 1
            expected = united({key: value for key, value in shared_keys.items() if key != "action"}, document)
            assert yaml.load(rule.query.text, Texts) == expected, path  # noqa: S506  # a safe loader
            assert rule.title == shared_keys["title"]
    assert merged == 8


def united(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The keys of both; `other` wins, and mappings are united in turn."""
    found = dict(one)
    for key, value in other.items():
        before = found.get(key)
        found[key] = united(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def test_correlations_and_the_rules_that_they_name_can_be_found() -> None:
    content = [each for each in contents("hayabusa-rules").values() if each.functions]
    assert len(content) == 3
    for each in content:
        assert Counter(rule.kind for rule in each.rules) == {"Correlation": 1, "Rule": 1}
        assert {function.name for function in each.functions} >= {f"sigma:{rule.id}" for rule in each.rules}


def test_almost_all_sigma_rules_are_read_without_a_fault() -> None:
    faulty = [path for corpus in ("sigma", "hayabusa-rules") for path, _, rule in rules(corpus) if rule.diagnostics]
    assert len(faulty) <= 6, faulty


@cache
def elastic_files() -> dict[str, dict[str, Any]]:
    return {
        path: tomllib.loads(read_text("elastic-detection-rules", path))
        for path in contents("elastic-detection-rules")
        if path.endswith(".toml")
    }


def test_every_elastic_rule_is_read_whole() -> None:
    checked = 0
    for path, file in elastic_files().items():
        if "rule" not in file:
            continue
        checked += 1
        (rule,) = contents("elastic-detection-rules")[path].rules
        wire, metadata = file["rule"], file["metadata"]
        assert rule.diagnostics == (), path
        assert (rule.id, rule.query.text) == (wire["rule_id"], wire.get("query", "")), path
        assert rule.title == wire["name"].replace("**", "").strip(), path
        assert rule.language == wire.get("language", "ml"), path
        assert rule.severity is not None
        assert (rule.severity.value, rule.status) == (wire["severity"], metadata["maturity"]), path
        assert rule.source.licence in ("Elastic-2.0", "Elastic License"), path
        assert dict(rule.facts)["Risk score"] == str(wire["risk_score"]), path
        assert rule.techniques == tuple(dict.fromkeys(techniques(wire))), path
        tables = () if wire["type"] == "esql" else tuple(wire.get("index", ()))
        assert rule.additions.tables == tables, path
        assert rule.additions.output_fields == tuple(wire.get("investigation_fields", {}).get("field_names", ())), path
        assert rule.schedule is not None
        assert rule.schedule.frequency is not None
        assert rule.schedule.lookback is not None
        assert [stage.operator for stage in rule.additions.stages] == list(added(wire)), path
        assert (rule.alert.suppression is not None) == ("duration" in wire.get("alert_suppression", {})), path
    assert checked >= 1739


def techniques(wire: dict[str, Any]) -> Iterator[str]:
    for threat in wire.get("threat", ()):
        for technique in threat.get("technique", ()) if threat["framework"] == "MITRE ATT&CK" else ():
            yield technique["id"]
            yield from (each["id"] for each in technique.get("subtechnique", ()))


def added(wire: dict[str, Any]) -> Iterator[str]:
    if "filters" in wire:
        yield "filters"
    if wire["type"] in ("threshold", "new_terms", "threat_match", "machine_learning"):
        yield wire["type"]


def test_no_filter_of_elastic_is_opaque() -> None:
    for path, file in elastic_files().items():
        for stage in (
            stage for rule in contents("elastic-detection-rules")[path].rules for stage in rule.additions.stages
        ):
            if stage.operator == "filters":
                assert "Opaque" not in repr(stage.predicate), path
                assert repr(stage.predicate).count("Comparison(") == len(file["rule"]["filters"]), path


def test_every_query_of_a_hunt_is_a_rule_or_sql() -> None:
    """SQL begins with `SELECT`; the word `sql` alone in a first line is left over from Markdown."""
    read = 0
    for path, file in elastic_files().items():
        if "hunt" not in file:
            continue
        texts = [query.removeprefix("sql\n") for query in file["hunt"]["query"]]
        content = contents("elastic-detection-rules")[path]
        assert [rule.query.text for rule in content.rules] == [text for text in texts if "SELECT" not in text], path
        assert {rule.language for rule in content.rules} <= {"esql", "eql"}, path
        read += len(content.rules)
    assert read == 143


def test_every_yaral_file_is_one_rule() -> None:
    for path, content in contents("chronicle-detection-rules").items():
        if path.endswith(".yaral"):
            (rule,) = content.rules
            assert rule.query.text == rule.body == read_text("chronicle-detection-rules", path), path
            assert rule.status == ("deprecated" if "/_deprecated/" in path else None), path


def test_reference_lists_have_the_name_that_rules_use() -> None:
    lists = [each for content in contents("chronicle-detection-rules").values() for each in content.functions]
    assert {each.name for each in lists} == {"%hacktool_regex", "%hacktool_contains", "%first_party_ms_cloud_apps"}


@pytest.mark.parametrize(
    ("corpus", "licence"),
    [
        ("sigma", "DRL-1.1"),
        ("hayabusa-rules", "DRL-1.1"),
        ("elastic-detection-rules", "Elastic-2.0"),
        ("chronicle-detection-rules", "Apache-2.0"),
    ],
)
def test_licences_are_recognised(corpus: str, licence: str) -> None:
    assert open_repository(shared("corpora", corpus)).licence == licence
