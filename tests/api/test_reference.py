"""The page that explains the API says what the OpenAPI document says."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from detectionary.api.problems import PROBLEMS
from tests.api.conftest import Asking

MOST_BYTES = 60_000


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [found["href"] or ""] if tag == "a" and "href" in found else []
        self.anchors |= {found["id"] or ""} if "id" in found else set()


@pytest.fixture(scope="module")
def document(ask: Asking) -> Any:
    return ask("/api/openapi.json").json()


def test_every_operation_and_parameter_is_explained(ask: Asking, document: Any) -> None:
    text = ask("/api/").text
    anchors = Links(text).anchors
    for path, operations in document["paths"].items():
        assert f"<code>{path}</code>" in text
        for operation in operations.values():
            assert operation["operationId"] in anchors
            for parameter in operation.get("parameters", ()):
                assert f"<code>{parameter['name']}</code>" in text


def test_every_shape_is_there_and_every_link_to_one_arrives(ask: Asking, document: Any) -> None:
    page, shapes = Links(ask("/api/").text), Links(ask("/api/shapes.html").text)
    assert set(document["components"]["schemas"]) <= shapes.anchors
    for link in (*page.links, *shapes.links):
        target, _, anchor = link.partition("#")
        if anchor:
            assert anchor in {"": page.anchors | shapes.anchors, "shapes.html": shapes.anchors}[target]


def test_every_problem_leads_to_its_explanation(ask: Asking) -> None:
    anchors = Links(ask("/api/index.html").text).anchors
    assert {kind.name for kind in PROBLEMS} <= anchors
    path, _, anchor = ask("/api/nothing").json()["type"].partition("#")
    assert ask(path).status_code == 200
    assert anchor in anchors


def test_the_examples_are_answered(ask: Asking) -> None:
    text = ask("/api/").text
    examples = [link for link in Links(text).links if link.startswith("../api/")]
    assert len(examples) >= 8
    for link in examples:
        assert ask(link.removeprefix("..")).status_code == 200, link
    # Names of rules and numbers of ingests are each catalog's own: shown, but no link that leads to nothing.
    for shown in ("/api/compare?rules=", "/api/changes/1"):
        assert f"<code>{shown}" in text
        assert not any(link.startswith(f"..{shown}") for link in examples)


@pytest.mark.parametrize("address", ["/api/", "/api/shapes.html"])
def test_the_pages_are_small_and_run_nothing(ask: Asking, address: str) -> None:
    text = ask(address, headers={"Accept-Encoding": "identity"}).text
    assert len(text.encode()) <= MOST_BYTES
    assert "<script>" not in text
    assert "style=" not in text
