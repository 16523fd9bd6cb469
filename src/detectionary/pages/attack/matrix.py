"""The ATT&CK matrix: how many rules name each technique, tactic by tactic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from detectionary.attack.facts import CURRENT, TacticFacts, TechniqueFacts, matrix
from detectionary.catalog import Facet
from detectionary.catalog.coverage import Coverage, chosen, coverage, outside_enterprise, without_forwarded
from detectionary.pages.browse.search import BrowseRequest
from detectionary.pages.keys import list_path
from detectionary.pages.library import Library
from detectionary.pages.part import Part

PATH: Final = "attack/index.html"

STEPS: Final = 6
"""Of the scale of colours, above 0."""


class HeatStep(Part, frozen=True):
    """A step of the scale: `techniques` have `least` to `most` rules. Level 0 is for those without any."""

    level: int
    least: int
    most: int
    techniques: int


class MatrixSubTechnique(Part, frozen=True):
    """A sub-technique. `page` is the address of its page below the site's root, `rules` name it."""

    id: str
    name: str
    page: str
    rules: int
    level: int


class MatrixTechnique(Part, frozen=True):
    """A technique. `rules` name it or one of its sub-techniques, `own` of them name it itself."""

    id: str
    name: str
    page: str
    rules: int
    own: int
    level: int
    sub_techniques: tuple[MatrixSubTechnique, ...]


class MatrixTactic(Part, frozen=True):
    """A column. `rules` name the tactic; `covered` of its techniques, without sub-techniques, are named by some rule.

    A technique stands under every tactic that ATT&CK puts it under, with all of its rules.
    """

    id: str
    name: str
    page: str
    rules: int
    covered: int
    techniques: tuple[MatrixTechnique, ...]


class OtherDomain(Part, frozen=True):
    """Rules that name techniques or tactics of another domain of ATT&CK, and which ones, with how many rules each."""

    domain: str
    rules: int
    names: tuple[tuple[str, str, int], ...]


class MatrixPage(Part, frozen=True):
    """The matrix of ATT&CK Enterprise. `rules` are counted in it; `forwarding` ones only forward a vendor's alert and
    are left out; `without_technique` of those counted name no technique.

    `techniques` and `sub_techniques` are how many there are of each, the `covered` ones are named by some rule.
    """

    version: str
    rules: int
    forwarding: int
    without_technique: int
    techniques: int
    covered_techniques: int
    sub_techniques: int
    covered_sub_techniques: int
    steps: tuple[HeatStep, ...]
    tactics: tuple[MatrixTactic, ...]
    other_domains: tuple[OtherDomain, ...]


class CoverageAnswer(Part, frozen=True):
    """What the rules that a request finds cover: for each technique that any of them names, how many name it itself,
    and how many name it or one of its sub-techniques; for each tactic, how many name it.
    """

    total: int
    techniques: dict[str, tuple[int, int]]
    tactics: dict[str, int]


def coverage_answer(library: Library, request: BrowseRequest) -> CoverageAnswer:
    """The answer of `api/coverage`; the script of the static site answers the same."""
    rules = chosen(library.catalog, library.index, request.text, request.filters)
    found = coverage(library.index, rules)
    return CoverageAnswer(
        rules.bit_count(),
        {identifier: (count.own, count.all) for identifier, count in found.techniques.items()},
        dict(sorted(found.tactics.items())),
    )


def technique_page_path(identifier: str) -> str:
    """Where the page of a technique lies."""
    return list_path("technique", identifier)


def tactic_page_path(name: str) -> str:
    """Where the page of a tactic lies."""
    return list_path("tactic", name)


def whole_coverage(library: Library) -> Coverage:
    """What all rules of the catalog cover that do not only forward a vendor's alert."""
    index = library.index
    return library.once("coverage of all", lambda: coverage(index, without_forwarded(index, index.everything)))


def heat_steps(counts: Iterable[int]) -> tuple[HeatStep, ...]:
    """A scale for these numbers of rules: each step holds about a sixth of the techniques that have any.

    Steps never share a number, so there are fewer of them when few numbers differ. `assets/attack.js` does the same.
    """
    every = sorted(counts)
    found = [count for count in every if count]
    bounds = sorted({found[-(-len(found) * step // STEPS) - 1] for step in range(1, STEPS + 1)}) if found else []
    steps = [HeatStep(0, 0, 0, len(every) - len(found))]
    held = Counter(found)
    for level, most in enumerate(bounds, start=1):
        inside = [count for count in held if steps[-1].most < count <= most]
        steps.append(HeatStep(level, min(inside), most, sum(held[count] for count in inside)))
    return tuple(steps)


def matrix_steps(library: Library) -> tuple[HeatStep, ...]:
    """The scale of the matrix of all rules, made from its techniques; sub-techniques, which are folded, follow it."""
    found = whole_coverage(library)
    return heat_steps(found.of(identifier).all for identifier in matrix().current if "." not in identifier)


def level_of(count: int, steps: Sequence[HeatStep]) -> int:
    """The level of the step that holds a number of rules."""
    return next(step.level for step in steps if count <= step.most)


def techniques_under(tactic: TacticFacts) -> list[TechniqueFacts]:
    """The current techniques, without sub-techniques, that ATT&CK puts under a tactic, by name."""
    held = [each for each in matrix().current.values() if "." not in each.id and tactic.short_name in each.tactics]
    return sorted(held, key=lambda each: (each.name, each.id))


def sub_techniques_under(technique: TechniqueFacts, tactic: TacticFacts | None = None) -> list[TechniqueFacts]:
    """The current sub-techniques of a technique, those under a tactic, in order of their ids."""
    return [
        each for each in matrix().children.get(technique.id, ()) if tactic is None or tactic.short_name in each.tactics
    ]


def matrix_page(library: Library) -> MatrixPage:
    """The matrix of all rules."""
    index, facts, found = library.index, matrix(), whole_coverage(library)
    steps = matrix_steps(library)
    named = 0
    for value in index.values(Facet.TECHNIQUE).values():
        named |= value.bits
    tops = [identifier for identifier in facts.current if "." not in identifier]
    covered = [identifier for identifier in facts.current if found.of(identifier).all]
    covered_tops = sum("." not in identifier for identifier in covered)
    return MatrixPage(
        CURRENT,
        found.rules.bit_count(),
        len(index.rules) - found.rules.bit_count(),
        (found.rules & ~named).bit_count(),
        len(tops),
        covered_tops,
        len(facts.current) - len(tops),
        len(covered) - covered_tops,
        steps,
        tuple(_tactic(tactic, found, steps) for tactic in facts.tactics.values()),
        _other_domains(library),
    )


def _tactic(tactic: TacticFacts, found: Coverage, steps: Sequence[HeatStep]) -> MatrixTactic:
    techniques = tuple(_technique(each, tactic, found, steps) for each in techniques_under(tactic))
    return MatrixTactic(
        tactic.id,
        tactic.name,
        tactic_page_path(tactic.name),
        found.tactics.get(tactic.name, 0),
        sum(each.rules > 0 for each in techniques),
        techniques,
    )


def _technique(
    technique: TechniqueFacts, tactic: TacticFacts, found: Coverage, steps: Sequence[HeatStep]
) -> MatrixTechnique:
    count = found.of(technique.id)
    return MatrixTechnique(
        technique.id,
        technique.name,
        technique_page_path(technique.id),
        count.all,
        count.own,
        level_of(count.all, steps),
        tuple(
            MatrixSubTechnique(
                each.id,
                each.name,
                technique_page_path(each.id),
                found.of(each.id).all,
                level_of(found.of(each.id).all, steps),
            )
            for each in sub_techniques_under(technique, tactic)
        ),
    )


def _other_domains(library: Library) -> tuple[OtherDomain, ...]:
    rules: dict[str, set[int]] = {}
    names: dict[str, dict[tuple[str, str], set[int]]] = {}
    for place, identifier, name, domain in outside_enterprise(library.catalog, library.index):
        rules.setdefault(domain, set()).add(place)
        names.setdefault(domain, {}).setdefault((identifier, name), set()).add(place)
    return tuple(
        OtherDomain(
            domain,
            len(places),
            tuple((identifier, name, len(held)) for (identifier, name), held in sorted(names[domain].items())),
        )
        for domain, places in sorted(rules.items())
    )
