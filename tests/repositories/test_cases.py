"""Runs the case files of this folder: a file as its author writes it, and what is read from it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectionary.model.rule import FileContent
from detectionary.text import SourceText, render
from tests.mdcases import Case, parameters
from tests.repositories.reading import at_blank_lines, misplaced, read, whole


def plain(content: FileContent) -> dict[str, Any]:  # JSON as the cases write it
    """The content as the cases write it: texts of queries instead of sources."""
    rules = [
        {
            **{each.name: getattr(rule, each.name) for each in fields(rule) if each.name not in ("query", "source")},
            "query": rule.query.text,
            "path": rule.source.path,
        }
        for rule in content.rules
    ]
    functions = [
        {
            "name": each.name,
            "parameters": each.parameters,
            "body": each.body.text if each.body else None,
            "origin": each.origin,
        }
        for each in content.functions
    ]
    content_as_json = msgspec.json.encode({"rules": rules, "functions": functions, "ignored": content.ignored})
    return msgspec.json.decode(content_as_json, type=dict[str, Any])


def subset(expected: Any, actual: Any) -> Any:  # JSON of any shape
    """`actual` reduced to the keys that `expected` names, so that a failure shows only what the case speaks of."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: subset(value, actual.get(key, "(missing)")) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [subset(one, other) for one, other in zip(expected, actual, strict=True)]
    return actual


def faults(content: FileContent, path: str, text: str) -> str:
    """All faults as they are shown: those of the file, then those of each rule."""
    shown = [render(fault, SourceText(text, path)) for fault in content.diagnostics]
    for rule in content.rules:
        shown.extend(render(fault, rule.body_source()) for fault in rule.diagnostics)
    return "\n".join(shown)


FILES = sorted((Path(__file__).parent / "cases").glob("*.md"))


@pytest.mark.parametrize("case", parameters(*FILES))
def test_a_file_is_read_as_its_case_says(case: Case) -> None:
    _, _, path = case.blocks[0].word.partition(" ")
    text = case.blocks[0].text + "\n"
    content = read(path, text, at_blank_lines if case.get("split") is not None else whole)
    expected = json.loads(next(block.text for block in case.blocks[1:] if block.word == "json"))
    assert subset(expected, plain(content)) == expected
    assert faults(content, path, text) == (case.get("faults") or "")
    if case.get("folded") is None:
        assert [misplaced(text, rule.query) for rule in content.rules] == [[] for _ in content.rules]
