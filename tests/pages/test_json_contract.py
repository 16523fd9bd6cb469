"""`show --format json`, key by key as the design states it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from detectionary.model.entry import NO_RELATIONS, Entry, Relations
from detectionary.model.predicate import Operator
from detectionary.pages import encode, rule_page, to_json
from tests.pages.entries import FIRST, FIRST_RELATIONS, long_entry, paint

Schema = Mapping[str, Any]  # a JSON schema is nested without end

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}


def record(keys: Mapping[str, Schema]) -> Schema:
    """An object that has all these keys; more may be added."""
    return {"type": "object", "properties": dict(keys), "required": list(keys)}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


STAGE: Schema = record(
    {
        "number": {"type": "integer", "minimum": 1},
        "operator": TEXT,
        "text": TEXT,
        "stages": many({"$ref": "#/$defs/stage"}),
    }
)
OPERATORS = [operator.value for operator in Operator]
COMPARISON: Schema = record(
    {
        "field": TEXT_OR_NULL,
        "canonical_field": TEXT_OR_NULL,
        "operator": one_of(*OPERATORS),
        "quantifier": one_of("any", "all"),
        "group": or_null(record({"id": COUNT, "kind": one_of("all", "any")})),
        "context": TEXT_OR_NULL,
        "stage": COUNT,
        "from": TEXT_OR_NULL,
        "values": many(
            record(
                {
                    "value": {"anyOf": [SCALAR, {"type": "array", "items": SCALAR, "minItems": 2, "maxItems": 2}]},
                    "transforms": many(TEXT),
                    "corpus": or_null(
                        record({"total": COUNT, "by_language": {"type": "object", "additionalProperties": COUNT}})
                    ),
                }
            )
        ),
    }
)
PAGE: Mapping[str, Schema] = {
    "id": TEXT,
    "slug": TEXT,
    "title": TEXT,
    "description": TEXT,
    "references": many(TEXT),
    "author": TEXT_OR_NULL,
    "version": TEXT_OR_NULL,
    "language": TEXT,
    "platform": TEXT_OR_NULL,
    "severity": one_of("informational", "low", "medium", "high", "critical", None),  # type: ignore[arg-type]
    "status": TEXT_OR_NULL,
    "kind": TEXT,
    "third_party_feed": TEXT_OR_NULL,
    "connectors": many(record({"id": TEXT, "tables": many(TEXT)})),
    "tables": many(TEXT),
    "schedule": or_null(record({"frequency": TEXT_OR_NULL, "lookback": TEXT_OR_NULL})),
    "trigger": or_null(record({"operator": one_of("gt", "lt", "eq", "ne"), "threshold": {"type": "integer"}})),
    "time_window": TEXT_OR_NULL,
    "group_by": many(TEXT),
    "time_filters": many(record({"text": TEXT})),
    "thresholds": many(record({"name": TEXT, "aggregate": TEXT_OR_NULL, "operator": TEXT, "value": {}})),
    "source": record({"repository": TEXT, "path": TEXT, "commit": TEXT_OR_NULL, "licence": TEXT_OR_NULL}),
    "attack": many(record({"tactic": TEXT, "tactic_id": TEXT, "techniques": many(record({"id": TEXT, "name": TEXT}))})),
    "actions": many(TEXT),
    "same_action": many(record({"action": TEXT, "id": TEXT, "title": TEXT, "language": TEXT})),
    "parameters": many(record({"name": TEXT, "text": TEXT, "value": {}})),
    "bindings": many(record({"name": TEXT, "text": TEXT, "stages": many({"$ref": "#/$defs/stage"})})),
    "stages": many({"$ref": "#/$defs/stage"}),
    "indicators": many(COMPARISON),
    "exclusions": many(COMPARISON),
    "output_fields": many(record({"name": TEXT, "source": TEXT, "stage": COUNT, "type": TEXT, "feeds": many(TEXT)})),
    "alert": record(
        {
            "entities": many(record({"type": TEXT, "fields": {"type": "object", "additionalProperties": TEXT}})),
            "custom_details": {"type": "object", "additionalProperties": TEXT},
            "title": TEXT_OR_NULL,
            "description": TEXT_OR_NULL,
        }
    ),
    "diagnostics": many(record({"code": TEXT, "level": one_of("error", "warning", "note"), "message": TEXT})),
}
ADDED: Mapping[str, Schema] = {
    "event_coverage": many(
        record(
            {
                "action": TEXT,
                "provider": TEXT,
                "operation": TEXT,
                "inferred": {"type": "boolean"},
                "linked": {"type": "boolean"},
            }
        )
    ),
    "outcome": or_null(record({"success": {"type": ["boolean", "null"]}, "codes": many(TEXT)})),
    "same_action_total": COUNT,
    "false_positives": many(TEXT),
    "date": TEXT_OR_NULL,
    "modified": TEXT_OR_NULL,
    "related": many(record({"relation": TEXT, "id": TEXT})),
    "facts": many(record({"name": TEXT, "text": TEXT})),
    "indicators": many(record({"record": TEXT_OR_NULL})),
    "exclusions": many(record({"record": TEXT_OR_NULL})),
}
"""Keys that we promise besides those of the design."""
SCHEMA: Schema = {"allOf": [record(PAGE), record(ADDED)], "$defs": {"stage": STAGE}}


def broken(page: object) -> list[str]:
    """What a page has against the contract."""
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(page)]


def plain(entry: Entry, relations: Relations) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(encode(rule_page(entry, relations, paint)))
    return value


@pytest.mark.parametrize("relations", [FIRST_RELATIONS, NO_RELATIONS], ids=["in a catalog", "outside"])
@pytest.mark.parametrize("entry", [FIRST, long_entry()], ids=["first", "long"])
def test_every_key_of_the_contract_is_there(entry: Entry, relations: Relations) -> None:
    assert broken(plain(entry, relations)) == []


def test_the_keys_of_the_contract_come_first_and_in_its_order() -> None:
    keys = list(plain(FIRST, NO_RELATIONS))
    assert keys[: len(PAGE)] == list(PAGE)


@pytest.mark.parametrize("key", dict.fromkeys((*PAGE, *ADDED)))
def test_the_schema_would_notice_a_missing_key(key: str) -> None:
    page = plain(FIRST, FIRST_RELATIONS)
    del page[key]
    assert set(broken(page)) == {f"$: {key!r} is a required property"}


def test_outside_a_catalog_corpus_is_null_and_same_action_is_empty() -> None:
    page = plain(FIRST, NO_RELATIONS)
    assert page["same_action"] == []
    assert {value["corpus"] for row in page["indicators"] for value in row["values"]} == {None}


def test_the_first_rule_as_json() -> None:
    page = plain(FIRST, FIRST_RELATIONS)
    row = page["indicators"][1]
    assert {key: row[key] for key in ("field", "operator", "quantifier", "group", "context", "stage", "from")} == {
        "field": "Operation",
        "operator": "eq",
        "quantifier": "any",
        "group": None,
        "context": None,
        "stage": 2,
        "from": None,
    }
    assert row["values"][0]["corpus"] == {"total": 12, "by_language": {"kusto": 5, "sigma": 7}}
    assert page["alert"]["entities"] == [
        {"type": "Account", "fields": {"Name": "Name", "UPNSuffix": "Suffix"}},
        {"type": "IP", "fields": {"Address": "Address"}},
    ]
    assert page["attack"][0]["techniques"][0]["name"] == "Acquire Infrastructure"


def test_stages_keep_their_texts_and_their_nested_stages() -> None:
    page = plain(long_entry(), NO_RELATIONS)
    stage = page["stages"][3]
    assert stage["text"].startswith("| join kind=inner (\n")
    assert [inner["text"] for inner in stage["stages"]] == ["Recent", "| where Count > limit", "| project User, Count"]
    assert {inner["pipeline"] for inner in stage["stages"]} == {"right side"}


def test_the_predicate_of_a_stage_keeps_its_tree() -> None:
    page = plain(long_entry(), NO_RELATIONS)
    tree = page["stages"][2]["predicate"]
    assert outline(tree) == ["all", ["any", "Tool match", "Path starts_with"], ["not", ["all", "User eq", "Host eq"]]]


def outline(node: dict[str, Any]) -> object:
    for word in ("all", "any"):
        if word in node:
            return [word, *map(outline, node[word])]
    if "not" in node:
        return ["not", outline(node["not"])]
    return f"{node['field']} {node['operator']}"


def test_the_same_page_has_the_same_bytes() -> None:
    pages = [encode(rule_page(long_entry(), FIRST_RELATIONS, paint)) for _ in range(2)]
    assert pages[0] == pages[1]


def test_half_a_character_does_not_stop_a_page() -> None:
    entry = replace(FIRST, rule=replace(FIRST.rule, title="half \ud83d"))
    assert json.loads(encode(rule_page(entry, NO_RELATIONS, paint)))["title"] == "half �"


def test_plain_values_alone() -> None:
    def kinds(value: object) -> Iterable[type]:
        yield type(value)
        if isinstance(value, dict):
            for each in value.values():
                yield from kinds(each)
        elif isinstance(value, list | tuple):
            for each in value:
                yield from kinds(each)

    found = set(kinds(to_json(rule_page(long_entry(), FIRST_RELATIONS, paint))))
    assert found <= {dict, list, tuple, str, int, float, bool, type(None)}
