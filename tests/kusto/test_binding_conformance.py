"""The binder against Microsoft's own: result columns of rules, of documentation samples, and of the engine's answers.

`data/binding-differences.json` lists what differs, each with its reason; a listed difference that is gone fails too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.bound import Bound, TableType
from detectionary.languages.kusto.parser import parse
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema
from detectionary.text import Level
from tests.conftest import needs_shared, shared
from tests.kusto.official_syntax import corpus_texts, sha1

pytestmark = needs_shared

DIFFERENCES: Final = Path(__file__).parent / "data" / "binding-differences.json"
OFFICIAL_COLUMNS: Final = Path(__file__).parent / "data" / "official-columns.tsv"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

NAMES_BAR: Final = 0.97
TYPES_BAR: Final = 0.95

Columns = list[tuple[str, str]]


@cache
def differences() -> Mapping[str, Any]:
    """The list of differences; JSON, so its shape is checked by its use."""
    return dict(json.loads(DIFFERENCES.read_text(encoding="utf-8")))


@cache
def environment() -> Environment:
    """The schemas and open functions that the recording was made with."""
    schemas = json.loads(shared("schemas", "kusto-tables.json").read_text(encoding="utf-8"))
    tables = {
        name: TableSchema(name, tuple(Column(*item) for item in columns.items())) for name, columns in schemas.items()
    }
    functions: dict[str, FunctionDefinition] = {}
    declared = json.loads(shared("tools", "kusto-oracle", "functions.json").read_text(encoding="utf-8"))
    for function in declared["functions"]:
        name = function["name"]
        if name not in tables:
            returns = TableSchema(name, tuple(_columns_of(function.get("returns", ""))), open=True)
            functions[name] = FunctionDefinition(name, function.get("params", ""), None, "", returns, "built in")
    return Environment(tables, functions)


def _columns_of(text: str) -> Iterator[Column]:
    for item in filter(None, map(str.strip, text.split(","))):
        name, _, kind = item.partition(":")
        yield Column(name.strip(), kind.strip())


@dataclass(frozen=True)
class Rule:
    """A recorded rule whose text is in the corpus."""

    key: str
    recorded: Mapping[str, Any]
    bound: Bound

    @property
    def clean(self) -> bool:
        return not self.recorded["syntax"] and not self.recorded["semantic"]

    @property
    def columns(self) -> Columns:
        return [(name, kind) for name, kind in self.recorded["columns"] or ()]


@cache
def rules() -> tuple[Rule, ...]:
    texts = dict(_queries())
    result = []
    for line in shared("conformance", "official-binding.jsonl").read_text(encoding="utf-8").splitlines():
        recorded = json.loads(line)
        key = recorded["query_sha1"]
        result.append(Rule(key, recorded, bind(parse(texts[key]).tree, environment())))
    return tuple(result)


def _queries() -> Iterator[tuple[str, str]]:
    for path in sorted(shared("corpora", "azure-sentinel").rglob("*.y*ml")):
        try:
            documents = list(yaml.load_all(path.read_text(encoding="utf-8-sig"), Loader=_LOADER))
        except (yaml.YAMLError, ValueError):
            continue
        for document in documents:
            query = document.get("query") if isinstance(document, dict) else None
            if isinstance(query, str):
                yield sha1(query), query


def given(bound: Bound) -> Columns:
    if not isinstance(bound.result, TableType):
        return []
    return [(column.name, column.type.value) for column in bound.result.columns]


def names(columns: Columns) -> list[str]:
    return [name for name, _ in columns]


def has_findings(bound: Bound) -> bool:
    return any(finding.level is not Level.NOTE for finding in bound.diagnostics)


def test_result_columns_of_rules_are_those_of_the_official_binder() -> None:
    clean = [rule for rule in rules() if rule.clean]
    assert len(clean) > 1900
    other_names = {rule.key for rule in clean if names(given(rule.bound)) != names(rule.columns)}
    other_types = {rule.key for rule in clean if given(rule.bound) != rule.columns} - other_names
    assert 1 - len(other_names) / len(clean) >= NAMES_BAR
    assert 1 - len(other_names | other_types) / len(clean) >= TYPES_BAR
    assert other_names == set(differences()["rules: names"])
    assert other_types == set(differences()["rules: types"])


def test_rules_that_bind_cleanly_there_bind_cleanly_here() -> None:
    assert [rule.key for rule in rules() if rule.clean and has_findings(rule.bound)] == []


def test_rules_with_faults_there_have_findings_here() -> None:
    silent = {rule.key for rule in rules() if rule.recorded["semantic"] and not has_findings(rule.bound)}
    assert silent == set(differences()["rules: faults that are none here"])


def test_functions_that_rules_call_are_those_of_the_official_binder() -> None:
    assert [
        rule.key for rule in rules() if rule.clean and sorted(rule.bound.functions) != rule.recorded["functions"]
    ] == []


def test_tables_that_rules_read_are_those_of_the_official_binder() -> None:
    """Ours has those too that a rule names through a parameter, `table(name)`."""
    for rule in rules():
        if rule.clean:
            ours, recorded = set(rule.bound.tables), set(rule.recorded["tables"])
            assert recorded <= ours
            assert ours == recorded or "table" in rule.bound.functions


def test_columns_of_the_documentation_samples_are_those_of_the_official_binder() -> None:
    document = json.loads(shared("conformance", "kql-docs-cases.json").read_text(encoding="utf-8"))
    storm = next(case["official_columns"] for case in document["cases"] if case["id"] == "learn-common-operators#1")
    columns = tuple(Column(column["name"], column["type"]) for column in storm)
    samples = Environment({"StormEvents": TableSchema("StormEvents", columns)})
    other = set()
    for case in document["cases"]:
        if case["official_columns"] is not None:
            recorded = [(column["name"], column["type"]) for column in case["official_columns"]]
            if given(bind(parse(case["query"]).tree, samples)) != recorded:
                other.add(case["id"])
    assert other == set(differences()["documentation"])


def test_columns_of_all_other_texts_are_those_of_the_official_binder() -> None:
    """Parsers, hunting queries and community queries that bind cleanly there.

    `data/official-columns.tsv` has a text's key and a digest of its `name:type` lines.
    """
    lines = OFFICIAL_COLUMNS.read_text(encoding="utf-8").splitlines()
    recorded = dict(line.split("\t") for line in lines)
    other, found = set(), set()
    for text in corpus_texts(shared("corpora")):
        key = sha1(text.text)[:16]
        if key in recorded and key not in found:
            found.add(key)
            bound = bind(parse(text.text).tree, environment())
            assert not has_findings(bound), text.place
            if _digest(given(bound)) != recorded[key]:
                other.add(key)
    assert found == set(recorded)
    assert other == set(differences()["other texts"])


def _digest(columns: Columns) -> str:
    lines = "\n".join(f"{name}:{kind}" for name, kind in columns)
    return sha1(lines)[:12]


CLASSES: Final = {"Int": ("int", "long")}
"""What the recording of the engine's answers leaves open."""


def test_columns_of_the_engine_are_those_of_the_binder() -> None:
    document = json.loads(shared("conformance", "kql-emulator-cases.json").read_text(encoding="utf-8"))
    other = set()
    for case in document["cases"]:
        if "expected_columns" not in case:
            continue
        bound = bind(parse(case["query"]).tree, Environment())
        assert not has_findings(bound), case["id"]
        ours, recorded = given(bound), case["expected_columns"]
        if names(ours) != [column["name"] for column in recorded] or not all(
            kind == column["type"] if "type" in column else kind in _class(column["type_class"])
            for (_, kind), column in zip(ours, recorded, strict=True)
        ):
            other.add(case["id"])
    assert other == set(differences()["engine"])


def _class(name: str) -> tuple[str, ...]:
    return CLASSES.get(name, (name.lower(),))


def test_every_difference_has_a_reason() -> None:
    reasons = differences()["reasons"]
    used = {reason for part, listed in differences().items() if part != "reasons" for reason in listed.values()}
    assert used == set(reasons)
