"""How much of ATT&CK the rules of each platform, language and repository cover, side by side."""

from __future__ import annotations

from collections import Counter
from typing import Final

from detectionary.attack.facts import CURRENT, matrix
from detectionary.catalog import Bits, Facet
from detectionary.catalog.coverage import Coverage, coverage, without_forwarded
from detectionary.pages.attack.layers import LAYERED, layer_path
from detectionary.pages.browse.words import FACET_TITLES, value_title
from detectionary.pages.library import Library
from detectionary.pages.lists.fill import browse_href, facet_page
from detectionary.pages.part import Part

PATH: Final = "attack/coverage.html"


class SetCoverage(Part, frozen=True):
    """The rules with one value of a facet, without those that only forward a vendor's alert. `naming` of them name a
    technique; `techniques` and `sub_techniques` are how many of each they cover.

    `alone`: ids of the techniques, without sub-techniques, that no rule with another value of the facet covers.
    """

    name: str
    title: str
    page: str | None
    rules: int
    naming: int
    techniques: int
    sub_techniques: int
    alone: tuple[str, ...]
    matrix: str
    """The address of the matrix of these rules."""
    layer: str
    """The address of their layer for the ATT&CK Navigator."""


class FacetCoverage(Part, frozen=True):
    """All values of a facet, those that cover the most first."""

    facet: str
    title: str
    sets: tuple[SetCoverage, ...]


class CoveragePage(Part, frozen=True):
    """How much of the `techniques` and `sub_techniques` of ATT&CK Enterprise each set of rules covers."""

    version: str
    techniques: int
    sub_techniques: int
    facets: tuple[FacetCoverage, ...]


def coverage_page(library: Library) -> CoveragePage:
    """The coverage of every platform, language and repository."""
    current = matrix().current
    tops = sum("." not in identifier for identifier in current)
    return CoveragePage(CURRENT, tops, len(current) - tops, tuple(_facet(library, facet) for facet in LAYERED))


def _facet(library: Library, facet: Facet) -> FacetCoverage:
    index = library.index
    counted = without_forwarded(index, index.everything)
    found = {value.name: coverage(index, value.bits & counted) for value in index.values(facet).values()}
    spread = Counter(identifier for each in found.values() for identifier in each.techniques)
    named = _naming(library)
    sets = [_set(facet, name, each, spread, named) for name, each in found.items()]
    return FacetCoverage(
        facet.value,
        FACET_TITLES[facet],
        tuple(sorted(sets, key=lambda each: (-each.techniques, -each.sub_techniques, each.name))),
    )


def _naming(library: Library) -> Bits:
    """The rules that name a technique."""
    named = 0
    for value in library.index.values(Facet.TECHNIQUE).values():
        named |= value.bits
    return named


def _set(facet: Facet, name: str, found: Coverage, spread: Counter[str], named: Bits) -> SetCoverage:
    tops = [identifier for identifier in found.techniques if "." not in identifier]
    return SetCoverage(
        name,
        value_title(facet, name),
        facet_page(facet, name),
        found.rules.bit_count(),
        (found.rules & named).bit_count(),
        len(tops),
        len(found.techniques) - len(tops),
        tuple(identifier for identifier in tops if spread[identifier] == 1),
        browse_href((facet, name)).replace("browse/", "attack/"),
        layer_path(facet, name),
    )
