"""Everything that is wrong with a rule, from every room, with the text that each finding points into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from detectionary.checks.alert_contract import alert_contract
from detectionary.model.entry import Entry
from detectionary.text import Diagnostic, Position, SourceText


class Section(Enum):
    """What a finding is about."""

    RULE = "rule"
    QUERY = "query"
    ATTACK = "attack"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic of a rule; its span, when it has one, counts in `source`, whose positions are those of the file."""

    section: Section
    diagnostic: Diagnostic
    source: SourceText

    @property
    def position(self) -> Position | None:
        """Where it stands in the rule's file."""
        span = self.diagnostic.span
        return None if span is None else self.source.position(span.start)


def findings(entry: Entry) -> Iterator[Finding]:
    """All findings of a rule: of its file, its query, its ATT&CK mapping and its alert, in this order."""
    rule = entry.rule
    body = rule.body_source()
    for diagnostic in rule.diagnostics:
        yield Finding(Section.RULE, diagnostic, body)
    for diagnostic in entry.analysis.diagnostics:
        yield Finding(Section.QUERY, diagnostic, rule.query)
    for diagnostic in entry.coverage.diagnostics:
        yield Finding(Section.ATTACK, diagnostic, body)
    for diagnostic in alert_contract(rule, entry.analysis):
        yield Finding(Section.ALERT, diagnostic, body)
