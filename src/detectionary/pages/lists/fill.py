"""The rules that have something in common, gathered by address, and what all pages about them show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from detectionary.catalog import Bits, Facet, FacetCount
from detectionary.catalog.browsing import SEVERITIES
from detectionary.pages.browse.words import value_title
from detectionary.pages.keys import list_path
from detectionary.pages.library import Library
from detectionary.pages.lists.context import Count, Measures, Neighbours, UsedValues
from detectionary.pages.lists.value_links import field_title, used_value, values_of

FIRST: Final = 40
"""Rules on the first page of a list, which has much besides."""
NEXT: Final = 120
"""Rules on each of its further pages."""
MOST_VALUES: Final = 24
MOST_EXCLUSIONS: Final = 12
MOST_NEIGHBOURS: Final = 16
MOST_NUMBERS: Final = 8
"""Of languages and platforms."""

BROWSE: Final = "browse/index.html"

_FOLDERS: Final = {
    Facet.TABLE: "table",
    Facet.SOURCE: "table",
    Facet.FIELD: "field",
    Facet.ACTION: "action",
    Facet.REPOSITORY: "repository",
    Facet.AUTHOR: "author",
    Facet.PLATFORM: "platform",
    Facet.LANGUAGE: "language",
    Facet.TECHNIQUE: "technique",
    Facet.TACTIC: "tactic",
}
"""The folders of the facets whose values have pages."""


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules of one index page. `names` of several lists that share the address: the one with most rules first."""

    path: str
    names: tuple[str, ...]
    keys: tuple[str, ...]
    """Keys of `facets`, in the order of `names`."""
    bits: Bits

    @property
    def name(self) -> str:
        return self.names[0]


def rule_lists(library: Library, facets: tuple[Facet, ...]) -> Mapping[str, RuleList]:
    """By the address of its first page, every list of the facets; names that would share an address share a list."""
    return library.once(("rule lists", facets), lambda: _gathered(library, facets))


def _gathered(library: Library, facets: tuple[Facet, ...]) -> Mapping[str, RuleList]:
    folder = _FOLDERS[facets[0]]
    merged: dict[str, dict[str, tuple[str, Bits]]] = {}
    for facet in facets:
        for key, value in library.index.values(facet).items():
            name, bits = merged.setdefault(list_path(folder, key), {}).get(key, (value.name, 0))
            merged[list_path(folder, key)][key] = (name, bits | value.bits)
    lists = {}
    for path in sorted(merged):
        ordered = sorted(merged[path].items(), key=lambda each: (-each[1][1].bit_count(), each[0]))
        bits = 0
        for _, (_, some) in ordered:
            bits |= some
        lists[path] = RuleList(path, tuple(name for _, (name, _) in ordered), tuple(key for key, _ in ordered), bits)
    return lists


def page_paths(first: str, total: int) -> tuple[str, ...]:
    """The addresses of all pages of a list with so many rules."""
    further = -(-max(0, total - FIRST) // NEXT)
    stem = first.removesuffix(".html")
    return (first, *(f"{stem}.page-{number}.html" for number in range(2, further + 2)))


def page_range(number: int) -> slice:
    """Which of a list's rules stand on its page `number`."""
    return slice(0, FIRST) if number == 1 else slice(FIRST + (number - 2) * NEXT, FIRST + (number - 1) * NEXT)


def in_order(library: Library, bits: Bits) -> list[int]:
    """The places of a set of rules, the most severe first, then by title."""
    return sorted(library.index.places(bits), key=library.once("ranks of rules", lambda: _ranks(library)).__getitem__)


def _ranks(library: Library) -> Sequence[int]:
    rules = library.index.rules
    levels = {name: number for number, name in enumerate(SEVERITIES)}

    def key(place: int) -> tuple[int, str, int]:
        rule = rules[place]
        return levels.get(rule.severity or "", len(levels)), rule.reference.title.casefold(), place

    ranks = [0] * len(rules)
    for rank, place in enumerate(sorted(range(len(rules)), key=key)):
        ranks[place] = rank
    return ranks


def browse_href(*filters: tuple[Facet, str]) -> str:
    """The address of the browse page with filters set."""
    return f"{BROWSE}?{urlencode([(facet.value, name) for facet, name in filters], errors='replace')}"


def facet_page(facet: Facet, name: str) -> str | None:
    """The address of a facet's value; None where values have no pages."""
    folder = _FOLDERS.get(facet)
    return None if folder is None else list_path(folder, name)


def neighbours(
    library: Library,
    facets: Sequence[Facet],
    title: str,
    bits: Bits,
    *,
    besides: Iterable[str] = (),
    most: int = MOST_NEIGHBOURS,
    page: Callable[[Facet, str], str | None] = facet_page,
) -> Neighbours:
    """What a set of rules has of some facets that mean the same, without the values with the keys `besides`."""
    left_out = frozenset(besides)
    counts = library.index.counts(facets[0], bits)
    for facet in facets[1:]:
        counts = _together(counts, library.index.counts(facet, bits))
    counts = [count for count in counts if count.key not in left_out]
    return Neighbours(
        facets[0].value,
        title,
        len(counts),
        tuple(
            Count(count.name, title_of(library, facets[0], count.name), count.rules, page(facets[0], count.name))
            for count in counts[:most]
        ),
    )


def _together(some: Sequence[FacetCount], more: Sequence[FacetCount]) -> list[FacetCount]:
    """The values of two facets that mean the same and share no rule."""
    merged = {count.key: count for count in some}
    for count in more:
        held = merged.get(count.key)
        merged[count.key] = count if held is None else FacetCount(held.key, held.name, held.rules + count.rules)
    return sorted(merged.values(), key=lambda count: (-count.rules, count.key))


def title_of(library: Library, facet: Facet, name: str) -> str:
    """A value of a facet as people read it."""
    return field_title(library, name) if facet is Facet.FIELD else value_title(facet, name)


def numbers(library: Library, bits: Bits, own: tuple[Facet, str]) -> tuple[Neighbours, ...]:
    """How many rules of a set there are of each severity, language and platform; those without one are told too."""
    found = []
    total = bits.bit_count()
    for facet, title in ((Facet.SEVERITY, "Severity"), (Facet.LANGUAGE, "Language"), (Facet.PLATFORM, "Platform")):
        counts = library.index.counts(facet, bits)
        if facet is Facet.SEVERITY:
            counts.sort(key=lambda count: SEVERITIES.index(count.key) if count.key in SEVERITIES else len(SEVERITIES))
        shown = [
            Count(count.name, value_title(facet, count.name), count.rules, browse_href(own, (facet, count.name)))
            for count in counts[:MOST_NUMBERS]
        ]
        without = total - sum(count.rules for count in counts)
        if without:
            shown.append(Count("", f"no {title.lower()}", without, None))
        found.append(Neighbours(facet.value, title, len(counts) + bool(without), tuple(shown)))
    return tuple(found)


def measures(library: Library, bits: Bits) -> Measures:
    """What a set of rules has."""
    accepted = diagnosed = exclusions = thresholds = feeds = predicates = opaques = 0
    for rule in library.index.members(bits):
        accepted += rule.accepted
        diagnosed += rule.diagnostics > 0
        exclusions += rule.exclusions > 0
        thresholds += rule.thresholds > 0
        feeds += rule.third_party_feed is not None
        predicates += rule.predicates
        opaques += rule.opaques
    return Measures(accepted, diagnosed, exclusions, thresholds, feeds, predicates, opaques)


def used_values(library: Library, bits: Bits, most: int, *, excluded: bool) -> UsedValues:
    """What a set of rules looks for most, or excludes most."""
    most_used = values_of(library).most_used(bits, most, excluded=excluded)
    return UsedValues(most_used.total, tuple(used_value(library, each.use, each.rules) for each in most_used.counts))
