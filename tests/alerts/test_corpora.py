"""Every public rule, evaluated on rows that have the columns of its contract: nothing raises, nothing goes unsaid."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from detectionary.alerts import to_json
from detectionary.alerts.entity_types import entity_type
from detectionary.checks.alert_contract import feeds
from detectionary.model.rule import Rule
from detectionary.repositories import files, open_repository, read_file
from tests.alerts.evaluating import evaluated, table
from tests.conftest import needs_shared, shared
from tests.repositories.reading import whole

pytestmark = needs_shared

COUNTS: Final[dict[str, dict[str, int]]] = json.loads((Path(__file__).parent / "corpora.json").read_text())
"""{corpus: {rules, with an alert, entity fields, entity fields that are raised, code: findings}}: the ratchet.

Findings of a code may only get fewer, the rest only more; a change for the better is written down here.
"""


@cache
def rules(corpus: str) -> tuple[Rule, ...]:
    opened = open_repository(shared("corpora", corpus))
    found = (read_file(opened.root / each.path, opened, whole) for each in files(opened) if not each.ignored)
    return tuple(rule for content in found for rule in content.rules if rule.language == "kusto")


def columns(rule: Rule) -> str:
    """All columns that the contract names, and the time; names that no table can have are left out."""
    named = [name for name in feeds(rule.alert) if name and not set(name) & set(" :\t\n")]
    return " ".join(("TimeGenerated:datetime", *named))


@pytest.mark.parametrize("corpus", COUNTS)
def test_rules_raise_what_they_promise(corpus: str) -> None:
    counts = Counter({"rules": len(rules(corpus))})
    for rule in rules(corpus):
        head = columns(rule)
        wide = len(head.split()) - 1
        rows = [(f"2024-05-01T11:0{number}:00.0000000Z", *(f"value{number}",) * wide) for number in range(2)]
        evaluation = evaluated(rule, table(head, *rows))
        json.dumps([to_json(alert) for alert in evaluation.alerts])
        counts["with an alert"] += bool(evaluation.alerts)
        counts.update({finding.code for finding in evaluation.diagnostics})
        said = {finding.place for finding in evaluation.diagnostics}
        raised = {
            (entity.type, identifier)
            for alert in evaluation.alerts
            for entity in alert.entities
            for identifier, _ in entity.fields
        }
        for number, mapping in enumerate(rule.alert.entities if evaluation.alerts else ()):
            known = entity_type(mapping.type)
            for index, field in enumerate(mapping.fields):
                counts["entity fields"] += 1
                identifier = known.identifier(field.identifier) if known else None
                if known and (known.name, identifier) in raised:
                    counts["entity fields that are raised"] += 1
                else:
                    place = f"entityMappings[{number}]"
                    assert {place, f"{place}.fieldMappings[{index}]"} & said, (rule.source.path, mapping)
    assert dict(counts) == COUNTS[corpus]
