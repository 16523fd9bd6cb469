"""A rule as a row of a list, on every page that lists rules."""

from __future__ import annotations

from detectionary.catalog import Listing
from detectionary.pages.keys import rule_path
from detectionary.pages.part import Part


class RuleRow(Part, frozen=True):
    """A rule as lists show it. `page` is its address below the site's root."""

    id: str
    slug: str
    title: str
    language: str
    platform: str | None
    severity: str | None
    status: str | None
    kind: str
    repository: str
    path: str
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    tables: tuple[str, ...]
    actions: tuple[str, ...]
    authors: tuple[str, ...]
    third_party_feed: str | None
    accepted: bool
    page: str


def rule_row(rule: Listing) -> RuleRow:
    """A rule of the catalog as a row of a list."""
    reference = rule.reference
    return RuleRow(
        id=reference.id,
        slug=reference.slug,
        title=reference.title,
        language=reference.language,
        platform=reference.platform,
        severity=rule.severity,
        status=rule.status,
        kind=rule.kind,
        repository=rule.repository,
        path=rule.path,
        tactics=rule.tactics,
        techniques=rule.techniques,
        tables=rule.tables,
        actions=rule.actions,
        authors=rule.authors,
        third_party_feed=rule.third_party_feed,
        accepted=rule.accepted,
        page=rule_path(reference.language, reference.slug),
    )
