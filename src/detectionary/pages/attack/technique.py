"""The page of a technique: what the rules that name it look for, over all languages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from detectionary.attack.facts import CURRENT, TechniqueFacts, matrix
from detectionary.catalog import Bits, Facet
from detectionary.catalog.browsing import SEVERITIES
from detectionary.catalog.coverage import naming, without_forwarded
from detectionary.catalog.search import NO, YES
from detectionary.pages.attack.matrix import (
    sub_techniques_under,
    tactic_page_path,
    technique_page_path,
    techniques_under,
    whole_coverage,
)
from detectionary.pages.browse.listing import RuleRow, rule_row
from detectionary.pages.browse.words import value_title
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.lists.basis import most_used_token, rules_token
from detectionary.pages.lists.context import Count, Neighbours, UsedValues
from detectionary.pages.lists.fill import browse_href, facet_page, in_order, neighbours, used_values
from detectionary.pages.lists.value_links import values_of
from detectionary.pages.part import Part

MOST_ROWS: Final = 48
"""Rules on a page, over all languages."""
MOST_VALUES: Final = 30
MOST_EXCLUSIONS: Final = 16
MOST_COUNTS: Final = 10
MOST_BESIDE: Final = 6


class TechniqueLink(Part, frozen=True):
    """Another technique. `rules` name it or one of its sub-techniques, `own` of them name it itself."""

    id: str
    name: str
    page: str
    rules: int
    own: int


class TacticLink(Part, frozen=True):
    """A tactic that ATT&CK puts a technique under; `rules` of the technique's rules name the tactic too.

    `covered` of the tactic's `techniques` are named by some rule. For a gap, `most` are those with the most rules, and
    `gaps` the other techniques of the tactic that no rule names.
    """

    id: str
    name: str
    page: str
    rules: int
    techniques: int
    covered: int
    most: tuple[TechniqueLink, ...]
    gaps: tuple[TechniqueLink, ...]


class FormerId(Part, frozen=True):
    """An id that was revoked in favour of this technique: rules that still give it are counted here."""

    id: str
    name: str


class RulesInLanguage(Part, frozen=True):
    """The rules of one language, `own` of which name the technique itself. `rules` are the first `shown` of them:
    those that name it itself, then the most severe, then by title; `browse` has them all.
    """

    language: str
    title: str
    total: int
    own: int
    rules: tuple[RuleRow, ...]
    browse: str


class TechniquePage(Part, frozen=True):
    """A technique of ATT&CK Enterprise. `rules` name it or one of its sub-techniques, `own` of them name it itself;
    `forwarding` further ones only forward a vendor's alert and are counted nowhere else on the page.

    A technique that no rule names is a gap: it has neither numbers nor values, only its place in ATT&CK.
    """

    id: str
    name: str
    full_name: str
    version: str
    url: str
    """Its page at MITRE."""
    path: str
    tactics: tuple[TacticLink, ...]
    parent: TechniqueLink | None
    sub_techniques: tuple[TechniqueLink, ...]
    siblings: tuple[TechniqueLink, ...]
    """Of a sub-technique: the others of its parent."""
    former_ids: tuple[FormerId, ...]
    rules: int
    own: int
    forwarding: int
    browse: str
    """The address at which the rules can be searched and filtered."""
    forwarding_browse: str | None
    numbers: tuple[Neighbours, ...]
    """By language, severity, platform, repository."""
    fields: Neighbours | None
    values: UsedValues | None
    exclusions: UsedValues | None
    actions: Neighbours | None
    tables: Neighbours | None
    techniques: Neighbours | None
    """That the same rules name, without this one, its parent and its sub-techniques."""
    languages: tuple[RulesInLanguage, ...]


def technique_ids(library: Library) -> Mapping[str, str]:
    """By the address of its page, the id of every current technique."""
    return library.once("techniques", lambda: {technique_page_path(name): name for name in matrix().current})


def rules_of(library: Library, identifier: str) -> tuple[Bits, Bits]:
    """The rules that name a technique itself, and those that name it or a sub-technique, forwarding ones too."""
    own = every = naming(library.index, identifier)
    for child in matrix().children.get(identifier, ()):
        every |= naming(library.index, child.id)
    return own, every


def technique_page(library: Library, path: str) -> TechniquePage | None:
    """The page of the technique at an address."""
    identifier = technique_ids(library).get(path)
    if identifier is None:
        return None
    facts = matrix()
    technique = facts.current[identifier]
    named_itself, named = rules_of(library, identifier)
    bits = without_forwarded(library.index, named)
    own = named_itself & bits
    forwarding = (named & ~bits).bit_count()
    parent = facts.current.get(identifier.partition(".")[0]) if "." in identifier else None
    children = sub_techniques_under(technique)
    family = {technique.id, *(each.id for each in children)} | ({parent.id} if parent else set())
    some = bits != 0
    return TechniquePage(
        id=identifier,
        name=technique.name,
        full_name=facts.full_name(technique),
        version=CURRENT,
        url=f"https://attack.mitre.org/techniques/{identifier.replace('.', '/')}/",
        path=path,
        tactics=tuple(_tactics(library, technique, bits)),
        parent=technique_link(library, parent) if parent else None,
        sub_techniques=tuple(technique_link(library, each) for each in children),
        siblings=tuple(
            technique_link(library, each)
            for each in (sub_techniques_under(parent) if parent else ())
            if each is not technique
        ),
        former_ids=tuple(FormerId(each.id, facts.full_name(each)) for each in facts.former_ids.get(identifier, ())),
        rules=bits.bit_count(),
        own=own.bit_count(),
        forwarding=forwarding,
        browse=browse_of(Facet.TECHNIQUE, identifier),
        forwarding_browse=browse_href((Facet.TECHNIQUE, identifier), (Facet.FEED, YES)) if forwarding else None,
        numbers=numbers_of(library, bits, (Facet.TECHNIQUE, identifier)) if some else (),
        fields=_named(library, (Facet.FIELD,), "Fields", bits),
        values=used_values(library, bits, MOST_VALUES, excluded=False) if some else None,
        exclusions=used_values(library, bits, MOST_EXCLUSIONS, excluded=True) if some else None,
        actions=_named(library, (Facet.ACTION,), "Actions", bits),
        tables=_named(library, (Facet.TABLE, Facet.SOURCE), "Log sources", bits),
        techniques=_named(
            library, (Facet.TECHNIQUE,), "Techniques", bits, besides=[each.casefold() for each in family]
        ),
        languages=tuple(_languages(library, identifier, own, bits)),
    )


def technique_parts(library: Library, path: str) -> Iterator[object]:
    """What the page of a technique is made of, beside the facts of ATT&CK; cheaper than the page."""
    identifier = technique_ids(library)[path]
    technique = matrix().current[identifier]
    _, named = rules_of(library, identifier)
    bits = without_forwarded(library.index, named)
    values = values_of(library)
    yield rules_token(library, named)
    yield most_used_token(library, values.most_used(bits, MOST_VALUES))
    yield most_used_token(library, values.most_used(bits, MOST_EXCLUSIONS, excluded=True))
    coverage = whole_coverage(library)
    parent = matrix().current.get(identifier.partition(".")[0])
    for each in (parent, *(sub_techniques_under(parent) if parent else ())):
        if each is not None:
            count = coverage.of(each.id)
            yield count.all, count.own
    for short_name in technique.tactics:
        others = [coverage.of(each.id) for each in techniques_under(matrix().tactics[short_name])]
        # A page with rules says only how many of the others have some.
        yield sum(other.all > 0 for other in others) if bits else [(other.all, other.own) for other in others]


def technique_link(library: Library, technique: TechniqueFacts) -> TechniqueLink:
    """A technique as other pages name it."""
    count = whole_coverage(library).of(technique.id)
    return TechniqueLink(technique.id, technique.name, technique_page_path(technique.id), count.all, count.own)


def browse_of(facet: Facet, name: str, *further: tuple[Facet, str]) -> str:
    """The address of the rules that are counted for a technique or tactic, which forward no vendor's alert."""
    return browse_href((facet, name), *further, (Facet.FEED, NO))


def _tactics(library: Library, technique: TechniqueFacts, bits: Bits) -> Iterable[TacticLink]:
    values = library.index.values(Facet.TACTIC)
    for short_name in technique.tactics:
        tactic = matrix().tactics[short_name]
        value = values.get(tactic.name.casefold())
        links = [technique_link(library, each) for each in techniques_under(tactic)]
        ranked = sorted((each for each in links if each.rules), key=lambda each: (-each.rules, each.name))
        yield TacticLink(
            tactic.id,
            tactic.name,
            tactic_page_path(tactic.name),
            0 if value is None else (value.bits & bits).bit_count(),
            len(links),
            len(ranked),
            () if bits else tuple(ranked[:MOST_BESIDE]),
            () if bits else tuple(each for each in links if not each.rules and each.id != technique.id),
        )


def _named(
    library: Library, facets: tuple[Facet, ...], title: str, bits: Bits, *, besides: Iterable[str] = ()
) -> Neighbours | None:
    found = (
        neighbours(library, facets, title, bits, besides=besides, most=MOST_COUNTS, page=facet_page) if bits else None
    )
    return found if found and found.counts else None


_NUMBERS: Final = (
    (Facet.LANGUAGE, "Language"),
    (Facet.SEVERITY, "Severity"),
    (Facet.PLATFORM, "Platform"),
    (Facet.REPOSITORY, "Repository"),
)
_MOST_NUMBERS: Final = 8


def numbers_of(library: Library, bits: Bits, of: tuple[Facet, str]) -> tuple[Neighbours, ...]:
    """How many rules of a set, which a filter finds, there are of each language, severity, platform and repository."""
    found = []
    for facet, title in _NUMBERS:
        counts = library.index.counts(facet, bits)
        if facet is Facet.SEVERITY:
            counts.sort(key=lambda count: SEVERITIES.index(count.key) if count.key in SEVERITIES else len(SEVERITIES))
        shown = [
            Count(count.name, value_title(facet, count.name), count.rules, browse_of(*of, (facet, count.name)))
            for count in counts[:_MOST_NUMBERS]
        ]
        without = bits.bit_count() - sum(count.rules for count in counts)
        if without > 0:
            shown.append(Count("", f"no {title.lower()}", without, None))
        found.append(Neighbours(facet.value, title, len(counts), tuple(shown)))
    return tuple(found)


def _languages(library: Library, identifier: str, own: Bits, bits: Bits) -> Iterable[RulesInLanguage]:
    index = library.index
    counts = index.counts(Facet.LANGUAGE, bits)
    values = index.values(Facet.LANGUAGE)
    for count, shown in zip(counts, shares([count.rules for count in counts], MOST_ROWS), strict=True):
        inside = values[count.key].bits & bits
        ordered = [*in_order(library, inside & own), *in_order(library, inside & ~own)]
        yield RulesInLanguage(
            count.name,
            language_title(count.name),
            count.rules,
            (inside & own).bit_count(),
            tuple(rule_row(index.rules[place]) for place in ordered[:shown]),
            browse_of(Facet.TECHNIQUE, identifier, (Facet.LANGUAGE, count.name)),
        )


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """`room` shared among lists that want so much: none gets more than it wants, what one leaves goes to the others."""
    given = [0] * len(wanted)
    smallest_first = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for position, place in enumerate(smallest_first):
        given[place] = min(wanted[place], room // (len(wanted) - position))
        room -= given[place]
    return given
