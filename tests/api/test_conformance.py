"""Every operation holds what the OpenAPI document says: requests made from the document, answers held against it.

Schemathesis runs as it does on the command line, in this process: examples, the borders of every parameter, random
requests that are right and wrong, and chains of requests, with all of its checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from tests.api.conftest import Asking

EXAMPLES = 6
"""Requests of each kind for each operation."""


@pytest.fixture(scope="module")
def document(ask: Asking) -> Any:
    return ask("/api/openapi.json").json()


def test_operations_answer_as_they_are_documented(app: FastAPI, ask: Asking) -> None:
    slug = ask("/api/rules?limit=1").json()["rules"][0]["slug"]
    config = schemathesis.Config.from_dict(
        {
            "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
            "continue-on-failure": True,
            # JSON Schema takes 1.0 for an integer, msgspec does not: it is refused with its place.
            "operations": [
                {"include-path": "/api/playground/run", "checks": {"positive_data_acceptance": {"enabled": False}}}
            ],
            "parameters": {"path.name": [slug, "no-such-rule"]},
        }
    )
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, config=config)
    asked = 0
    troubles: list[str] = []
    for event in from_schema(schema).execute():
        match event:
            case ScenarioFinished():
                asked += len(event.recorder.interactions)
                troubles += _troubles(event)
            case NonFatalError():
                troubles.append(f"{event.label}: {event.info.format()}")
            case FatalError():
                raise event.exception
            case _:
                pass
    assert troubles == []
    assert asked > EXAMPLES * len(list(schema.get_all_operations()))


def _troubles(event: ScenarioFinished) -> Iterator[str]:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                yield f"{event.label}: {check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"


def test_examples_lead_to_answers_that_are_as_they_are_documented(ask: Asking, document: Any) -> None:
    """All examples of all operations, one at a time: what a reader of the document tries first."""
    components = {"components": document["components"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for address, body in _examples(path, operation):
                if "/changes/" in path:
                    continue  # a first ingest changes nothing
                headers = {"Content-Type": "application/json"}
                response = ask(address, method.upper(), headers=headers, json=body) if body else ask(address)
                assert response.status_code == 200, address
                schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
                assert list(Draft202012Validator({**components, **schema}).iter_errors(response.json())) == [], address


def _examples(path: str, operation: Any) -> Iterator[tuple[str, Any]]:
    required: list[tuple[str, str]] = []
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            examples = parameter["schema"].get("examples") or ["1"]
            path = path.replace(f"{{{parameter['name']}}}", quote(str(examples[0])))
        elif parameter["required"]:
            required.append((parameter["name"], parameter["schema"]["examples"][0]))
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for example in content["examples"].values():
            yield path, example["value"]
        return
    yield f"{path}?{urlencode(required)}", None
    for parameter in operation.get("parameters", ()):
        for example in parameter["schema"].get("examples", ()) if parameter["in"] == "query" else ():
            if not parameter["required"]:
                yield f"{path}?{urlencode([*required, (parameter['name'], example)], doseq=True)}", None


def test_every_reference_of_the_document_leads_somewhere(document: Any) -> None:
    named = {reference.rpartition("/")[2] for reference in _references(document)}
    assert named <= set(document["components"]["schemas"])
    assert "Problem" in named


def _references(part: Any) -> Iterator[str]:
    match part:
        case dict():
            for name, value in part.items():
                if name == "$ref":
                    yield value
                yield from _references(value)
        case list():
            for each in part:
                yield from _references(each)


def test_every_operation_is_described(document: Any) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            assert {"200", "422", "500", "503"} <= set(operation["responses"]), path
            assert all(parameter.get("description") for parameter in operation.get("parameters", ())), path


def test_pages_of_pasted_rules_are_made_as_those_of_the_catalog(ask: Asking, document: Any) -> None:
    pasted = ask("/api/playground/parse", "POST", json={"text": "print a = 1"}).json()["rules"][0]["page"]
    slug = ask("/api/rules?limit=1").json()["rules"][0]["slug"]
    described = set(document["components"]["schemas"]["RulePage"]["properties"])
    assert set(pasted) == set(ask(f"/api/rules/{slug}").json()) == described
