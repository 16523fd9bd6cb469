"""The index, the lists of rules that have something in common, permalinks, and what all pages share."""

from __future__ import annotations

from pathlib import Path

import msgspec

from detectionary.catalog import Listing
from detectionary.pages.environment import asset_files
from detectionary.pages.keys import digest, permalink_path, rule_path
from detectionary.pages.listing import Facet, ListedRule, facet_lists, facet_page, index_pages, list_pages
from detectionary.pages.listing_html import filter_data, render_facet, render_list, render_permalink
from detectionary.pages.part import whole_characters


def listed_rule(listing: Listing) -> ListedRule:
    """A rule of the catalog's list, as pages list it."""
    reference = listing.reference
    return ListedRule(
        id=reference.id,
        slug=reference.slug,
        title=reference.title,
        language=reference.language,
        platform=reference.platform,
        severity=listing.severity,
        status=listing.status,
        kind=listing.kind,
        repository=listing.repository,
        path=listing.path,
        tactics=listing.tactics,
        techniques=listing.techniques,
        tables=listing.tables,
        third_party_feed=listing.third_party_feed,
        accepted=listing.accepted,
    )


def write_lists(staging: Path, rules: tuple[ListedRule, ...]) -> int:
    """Everything but the pages of rules and values; how many pages."""
    for path, content in asset_files().values():
        write_file(staging, path, content)
    data = filter_data(rules)
    data_path = f"assets/rules.{digest(data.decode())}.js"
    write_file(staging, data_path, data)
    write_file(staging, "rules.json", msgspec.json.encode(whole_characters([_summary(rule) for rule in rules])) + b"\n")
    pages = 0
    overviews = []
    for facet in Facet:
        lists = facet_lists(facet, rules)
        overview = facet_page(facet, lists)
        overviews.append(overview)
        write_file(staging, overview.path, render_facet(overview).encode())
        pages += 1
        for name, members in lists.items():
            for page in list_pages(facet, name, members):
                write_file(staging, page.path, render_list(page).encode())
                pages += 1
    for page in index_pages(rules, tuple(each for each in overviews if each.counts)):
        write_file(staging, page.path, render_list(page, data_path if page.number == 1 else None).encode())
        pages += 1
    by_id: dict[str, list[ListedRule]] = {}
    for rule in rules:
        by_id.setdefault(permalink_path(rule.id), []).append(rule)
    for path, same in by_id.items():
        write_file(staging, path, render_permalink(same[0].id, path, same).encode())
        pages += 1
    return pages


def _summary(rule: ListedRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "slug": rule.slug,
        "title": rule.title,
        "language": rule.language,
        "platform": rule.platform,
        "severity": rule.severity,
        "status": rule.status,
        "kind": rule.kind,
        "repository": rule.repository,
        "path": rule.path,
        "tactics": rule.tactics,
        "techniques": rule.techniques,
        "tables": rule.tables,
        "actions": rule.actions,
        "third_party_feed": rule.third_party_feed,
        "page": rule_path(rule.language, rule.slug),
    }


def write_file(staging: Path, name: str, content: bytes) -> None:
    """Write one file of the site, and its folder when it is not there."""
    path = staging / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
