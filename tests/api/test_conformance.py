"""Every operation holds what the OpenAPI document says: requests made from the document, answers held against it.

Schemathesis runs as it does on the command line, in this process: examples, the borders of every parameter, random
requests that are right and wrong, and chains of requests, with all of its checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
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
