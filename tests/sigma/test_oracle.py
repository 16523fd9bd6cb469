"""pySigma as oracle: of every rule that both read, the same condition tree over the same fields and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetections

from detectionary.languages.sigma.analyze import rule_predicate
from detectionary.text import SourceText
from tests.conftest import needs_shared
from tests.sigma.corpus import corpus_rules
from tests.sigma.strategies import rules
from tests.sigma.trees import Tree, ours, theirs

_READ_BY_BOTH: Final = 3360
"""Rules that both read; it only goes up."""


def their_tree(text: str) -> Tree | None:
    """The tree of a rule's detection; None where pySigma refuses it or reads it as something else."""
    document = yaml.load(text, yaml.CSafeLoader)
    detection = document.get("detection")
    if not isinstance(detection, dict):
        return None
    try:
        conditions = SigmaDetections.from_dict(detection).parsed_condition
        found = [theirs(condition.parsed) for condition in conditions]
    except SigmaError:
        return None
    return found[0] if len(found) == 1 else ("any", frozenset(found))


def _compared() -> Iterator[tuple[str, bool]]:
    for path, rule in corpus_rules():
        expected = their_tree(rule.query.text)
        predicate = rule_predicate(rule.query)
        if expected is not None and predicate is not None:
            yield path, ours(predicate) == expected


@needs_shared
def test_trees_are_those_of_pysigma() -> None:
    found = list(_compared())
    assert [path for path, same in found if not same] == []
    assert len(found) >= _READ_BY_BOTH


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules)
def test_trees_of_rules_with_every_modifier_are_those_of_pysigma(text: str) -> None:
    expected = their_tree(text)
    assume(expected is not None)
    predicate = rule_predicate(SourceText(text))
    assert predicate is not None
    assert ours(predicate) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A|contains: x", "A|startswith: x"),
        ("A|contains: x", "A|contains|cased: x"),
        ("A: x", "B: x"),
        ("A: [x, y]", "A|contains|all: [x, y]"),
        ("A|re: x", "A|re|i: x"),
        ("A: '1'", "A: 1"),
    ],
)
def test_a_difference_is_seen(one: str, other: str) -> None:
    texts = [
        f"title: t\nlogsource: {{product: p}}\ndetection:\n  s:\n    {item}\n  condition: s\n" for item in (one, other)
    ]
    predicate = rule_predicate(SourceText(texts[0]))
    assert predicate is not None
    assert ours(predicate) == their_tree(texts[0]) != their_tree(texts[1])
