"""The pages that list rules: the index of all, and those of one platform, tactic, table, language, action or value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from detectionary.catalog import Listing
from detectionary.pages.keys import index_path, list_path, rule_path
from detectionary.pages.part import Part

RULES_A_PAGE: Final = 200


class RuleRow(Part, frozen=True):
    """A rule as lists show it, on every page that lists rules. `page` is its address below the site's root."""

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


class Facet(Enum):
    """What the rules of a list have in common; the value names the folder of the lists."""

    LANGUAGE = "language"
    PLATFORM = "platform"
    TACTIC = "tactic"
    TABLE = "table"
    ACTION = "action"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule as lists show it."""

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
    actions: tuple[str, ...] = ()
    third_party_feed: str | None = None
    accepted: bool = True

    def names(self, facet: Facet) -> tuple[str, ...]:
        """The lists of this facet that the rule is in."""
        match facet:
            case Facet.LANGUAGE:
                return (self.language,)
            case Facet.PLATFORM:
                return () if self.platform is None else (self.platform,)
            case Facet.TACTIC:
                return self.tactics
            case Facet.TABLE:
                return self.tables
            case Facet.ACTION:
                return self.actions
            case Facet.REPOSITORY:
                return (self.repository,)


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One list of a facet, and how many rules it has."""

    name: str
    path: str
    rules: int


@dataclass(frozen=True, slots=True)
class FacetPage:
    """All lists of one facet, the longest first."""

    facet: Facet
    counts: tuple[FacetCount, ...]

    @property
    def path(self) -> str:
        return f"{self.facet.value}/index.html"


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list of rules. `number` counts from 1; `paths` are those of all its pages."""

    facet: Facet | None
    """None for the index of all rules."""
    name: str
    rules: tuple[ListedRule, ...]
    total: int
    number: int
    paths: tuple[str, ...]
    facets: tuple[FacetPage, ...] = ()
    """Ways into the catalog; on the first page of the index."""

    @property
    def path(self) -> str:
        return self.paths[self.number - 1]


@dataclass(frozen=True, slots=True)
class ValueKeyName:
    """A field, an operator and a value that several rules have: as rules write them, and the name of their page."""

    key: str
    field: str
    operator: str
    value: str
    excluded: bool

    @property
    def path(self) -> str:
        return list_path("exclusion" if self.excluded else "indicator", self.key)


@dataclass(frozen=True, slots=True)
class ValuePage:
    """The rules behind a corpus count: all that look for a value, or exclude it, copies once."""

    value: ValueKeyName
    rules: tuple[ListedRule, ...]
    by_language: tuple[tuple[str, int], ...]
    total: int
    """Of `rules`, which are cut on pages of very common values."""


def index_pages(rules: Sequence[ListedRule], facets: tuple[FacetPage, ...]) -> tuple[ListPage, ...]:
    """The index of all rules, in the order given."""
    numbers = range(1, max(1, -(-len(rules) // RULES_A_PAGE)) + 1)
    paths = tuple(index_path(number) for number in numbers)
    return tuple(
        ListPage(None, "", tuple(chunk), len(rules), number, paths, facets if number == 1 else ())
        for number, chunk in zip(numbers, _chunks(rules, len(paths)), strict=True)
    )


def facet_lists(facet: Facet, rules: Iterable[ListedRule]) -> Mapping[str, list[ListedRule]]:
    """The rules of each list of a facet. Names that differ in case alone, or would share a folder, share a list."""
    lists: dict[str, list[ListedRule]] = defaultdict(list)
    spelled: dict[str, str] = {}
    for rule in rules:
        for name in dict.fromkeys(rule.names(facet)):
            spelling = spelled.setdefault(list_path(facet.value, name), name)
            if not lists[spelling] or lists[spelling][-1] is not rule:
                lists[spelling].append(rule)
    return lists


def facet_page(facet: Facet, lists: Mapping[str, Sequence[ListedRule]]) -> FacetPage:
    """The overview of a facet."""
    counts = (FacetCount(name, list_path(facet.value, name), len(rules)) for name, rules in lists.items())
    return FacetPage(facet, tuple(sorted(counts, key=lambda count: (-count.rules, count.name))))


def list_pages(facet: Facet, name: str, rules: Sequence[ListedRule]) -> tuple[ListPage, ...]:
    """All pages of one list of a facet."""
    numbers = range(1, max(1, -(-len(rules) // RULES_A_PAGE)) + 1)
    paths = tuple(list_path(facet.value, name, number) for number in numbers)
    return tuple(
        ListPage(facet, name, tuple(chunk), len(rules), number, paths)
        for number, chunk in zip(numbers, _chunks(rules, len(paths)), strict=True)
    )


def _chunks(rules: Sequence[ListedRule], count: int) -> Iterable[Sequence[ListedRule]]:
    return (rules[start * RULES_A_PAGE : (start + 1) * RULES_A_PAGE] for start in range(count))
