"""The pages of actions: operations by the names that log sources give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.catalog import ActionParts, Facet
from detectionary.pages.library import Library
from detectionary.pages.lists.context import ActionFacts, Count, Neighbours
from detectionary.pages.lists.fill import MOST_NEIGHBOURS, RuleList, rule_lists
from detectionary.pages.lists.kind import (
    ACTIONS,
    AUTHORS,
    FIELDS,
    REPOSITORIES,
    TABLES_READ,
    TACTICS,
    TECHNIQUES,
    FacetPages,
    facet_kind,
)
from detectionary.pages.lists.overview import Grouping, group_page, groups_by


def _parts(library: Library) -> Mapping[str, ActionParts]:
    return library.once("parts of actions", library.catalog.action_parts)


def _provider(library: Library, found: RuleList) -> tuple[str, str]:
    provider = _parts(library)[found.keys[0]].provider
    return provider, provider


def _operation(library: Library, found: RuleList) -> str:
    return _parts(library)[found.keys[0]].operation


def _facts(library: Library, found: RuleList) -> ActionFacts:
    parts = _parts(library)[found.keys[0]]
    return ActionFacts(parts.provider, parts.operation, parts.inferred)


def _of_providers(library: Library) -> Mapping[str, list[RuleList]]:
    """By provider, its actions, those of the most rules first."""

    def gathered() -> Mapping[str, list[RuleList]]:
        found: dict[str, list[RuleList]] = {}
        for each in rule_lists(library, ACTIONS).values():
            found.setdefault(_provider(library, each)[0], []).append(each)
        for lists in found.values():
            lists.sort(key=lambda each: (-each.bits.bit_count(), each.path))
        return found

    return library.once("actions of providers", gathered)


def _others(library: Library, found: RuleList) -> tuple[Neighbours, ...]:
    provider, title = _provider(library, found)
    others = [each for each in _of_providers(library)[provider] if each.path != found.path]
    counts = tuple(
        Count(each.name, _operation(library, each), each.bits.bit_count(), each.path)
        for each in others[:MOST_NEIGHBOURS]
    )
    more = group_page(library, "action", ACTIONS, _GROUPING, provider)
    return (Neighbours(Facet.ACTION.value, f"Other actions of {title}", len(others), counts, more),)


_GROUPING: Final = Grouping(groups_by(_provider), lambda _library, _found: (), _operation)

ACTION_PAGES: Final = facet_kind(
    FacetPages(
        "action",
        ACTIONS,
        (
            (ACTIONS, "Watched by the same rules"),
            (TABLES_READ, "Log sources"),
            (FIELDS, "Fields filtered"),
            (TECHNIQUES, "Techniques"),
            (TACTICS, "Tactics"),
            (REPOSITORIES, "Repositories"),
            (AUTHORS, "Authors"),
        ),
        _GROUPING,
        _facts,
        _others,
    )
)
