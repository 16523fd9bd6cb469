"""SigmaHQ's regression data: for a rule the events that it must find, as fields by the names that rules use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from detectionary.model.matching import EventValue
from tests.conftest import shared


@dataclass(frozen=True)
class Regression:
    """The ids of the rules, the events recorded for them, and how many of these they find (None: at least one)."""

    rules: tuple[str, ...]
    events: tuple[dict[str, EventValue], ...]
    matches: int | None


@cache
def regressions() -> tuple[Regression, ...]:
    """All tests that have their events as JSON."""
    root = shared("corpora", "sigma", "regression_data")
    found = []
    for info in sorted(root.rglob("info.yml")):
        described = yaml.safe_load(info.read_text(encoding="utf-8"))
        rules = tuple(each["id"] for each in described["rule_metadata"])
        events = tuple(
            event for path in sorted(info.parent.glob("*.json")) for event in _events(path.read_text(encoding="utf-8"))
        )
        counts = {test.get("match_count") for test in described["regression_tests_info"]}
        if events:
            found.append(Regression(rules, events, counts.pop() if len(counts) == 1 else None))
    return tuple(found)


def _events(text: str) -> Iterator[dict[str, EventValue]]:
    """A file holds objects one behind the other."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text.rstrip()):
        while text[at].isspace():
            at += 1
        record, at = decoder.raw_decode(text, at)
        yield dict(_fields(record["Event"]))


def _fields(node: dict[str, Any]) -> Iterator[tuple[str, EventValue]]:
    """Elements of an event in XML by their names, attributes with that of their element; blanks in names left out."""
    for name, value in node.items():
        if not isinstance(value, dict):
            if name != "xmlns":
                yield name.replace(" ", ""), value
        elif name == "#attributes":
            continue
        else:
            for attribute, held in value.get("#attributes", {}).items():
                yield f"{name}_{attribute}", held
            if "#text" in value:
                yield name, value["#text"]
            yield from _fields({key: each for key, each in value.items() if not key.startswith("#")})
