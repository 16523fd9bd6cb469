"""The page of a tactic: its techniques, those of most rules first, and the rules that name it without a technique."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.attack.facts import CURRENT, TacticFacts, matrix
from detectionary.catalog import Bits, Facet
from detectionary.catalog.coverage import naming, without_forwarded
from detectionary.catalog.search import YES
from detectionary.pages.attack.matrix import (
    level_of,
    matrix_steps,
    sub_techniques_under,
    tactic_page_path,
    techniques_under,
    whole_coverage,
)
from detectionary.pages.attack.technique import TechniqueLink, browse_of, numbers_of, technique_link
from detectionary.pages.browse.listing import RuleRow, rule_row
from detectionary.pages.library import Library
from detectionary.pages.lists.context import Neighbours
from detectionary.pages.lists.fill import browse_href, in_order
from detectionary.pages.part import Part

MOST_ROWS: Final = 40


class RankedTechnique(Part, frozen=True):
    """A technique of the tactic. `with_tactic` of its rules name the tactic too; `level` is its step in the matrix."""

    technique: TechniqueLink
    with_tactic: int
    level: int
    sub_techniques: int
    covered_sub_techniques: int


class FormerTactic(Part, frozen=True):
    """A tactic that ATT&CK had before, and the tactics of today among which its techniques were shared out."""

    name: str
    successors: tuple[str, ...]


class TacticPage(Part, frozen=True):
    """A tactic. `rules` name it; `forwarding` further ones only forward a vendor's alert and are counted nowhere else.

    `without_technique` of `rules` name none of its techniques; `rules_without` are the first of these.
    """

    id: str
    name: str
    version: str
    url: str
    path: str
    number: int
    """Of the tactic in the matrix, from 1."""
    tactics: int
    before: tuple[str, str] | None
    """Name and address of the tactic before it."""
    after: tuple[str, str] | None
    former: tuple[FormerTactic, ...]
    rules: int
    forwarding: int
    browse: str
    forwarding_browse: str | None
    covered: int
    techniques: tuple[RankedTechnique, ...]
    """The most rules first, then by name; those without a rule are the gaps."""
    numbers: tuple[Neighbours, ...]
    without_technique: int
    rules_without: tuple[RuleRow, ...]


def tactics_at(library: Library) -> Mapping[str, TacticFacts]:
    """By the address of its page, every tactic."""
    return library.once(
        "tactics", lambda: {tactic_page_path(tactic.name): tactic for tactic in matrix().tactics.values()}
    )


def naming_tactic(library: Library, tactic: TacticFacts) -> Bits:
    """The rules that name a tactic, forwarding ones too."""
    value = library.index.values(Facet.TACTIC).get(tactic.name.casefold())
    return 0 if value is None else value.bits


def tactic_page(library: Library, path: str) -> TacticPage | None:
    """The page of the tactic at an address."""
    tactic = tactics_at(library).get(path)
    if tactic is None:
        return None
    index, facts, found = library.index, matrix(), whole_coverage(library)
    order = list(facts.tactics.values())
    named = naming_tactic(library, tactic)
    bits = without_forwarded(index, named)
    forwarding = (named & ~bits).bit_count()
    steps = matrix_steps(library)
    ranked = []
    covered: Bits = 0
    for technique in techniques_under(tactic):
        children = sub_techniques_under(technique, tactic)
        rules = naming(index, technique.id)
        for child in children:
            rules |= naming(index, child.id)
        covered |= rules
        link = technique_link(library, technique)
        ranked.append(
            RankedTechnique(
                link,
                (rules & bits).bit_count(),
                level_of(link.rules, steps),
                len(children),
                sum(found.of(child.id).all > 0 for child in children),
            )
        )
    ranked.sort(key=lambda each: (-each.technique.rules, each.technique.name))
    without = bits & ~covered
    return TacticPage(
        tactic.id,
        tactic.name,
        CURRENT,
        f"https://attack.mitre.org/tactics/{tactic.id}/",
        path,
        tactic.order + 1,
        len(order),
        _beside(order, tactic.order - 1),
        _beside(order, tactic.order + 1),
        tuple(
            FormerTactic(name, tuple(facts.tactics[each].name for each in successors))
            for name, successors in facts.former_tactics.values()
            if tactic.short_name in successors
        ),
        bits.bit_count(),
        forwarding,
        browse_of(Facet.TACTIC, tactic.name),
        browse_href((Facet.TACTIC, tactic.name), (Facet.FEED, YES)) if forwarding else None,
        sum(each.technique.rules > 0 for each in ranked),
        tuple(ranked),
        numbers_of(library, bits, (Facet.TACTIC, tactic.name)) if bits else (),
        without.bit_count(),
        tuple(rule_row(index.rules[place]) for place in in_order(library, without)[:MOST_ROWS]),
    )


def _beside(order: list[TacticFacts], place: int) -> tuple[str, str] | None:
    return (order[place].name, tactic_page_path(order[place].name)) if 0 <= place < len(order) else None
