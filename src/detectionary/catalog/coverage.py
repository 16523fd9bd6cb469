"""How many rules name each technique and tactic of ATT&CK: what a matrix shows of any set of rules.

Decisions
- Rules that only forward a vendor's alert cover nothing of their own and are left out, unless the filters name them.
- A technique has two numbers: the rules that name it itself, and those that name it or one of its sub-techniques. A
  rule that names several of these counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from detectionary.attack.facts import other_domains
from detectionary.catalog.index import Bits, Index
from detectionary.catalog.reading import Catalog
from detectionary.catalog.search import YES, Facet, Filters, question


class TechniqueCount(NamedTuple):
    """How many rules name a technique itself, and how many name it or one of its sub-techniques."""

    own: int
    all: int


NO_RULES: Final = TechniqueCount(0, 0)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a set of rules covers: techniques by id and tactics by name, those that any rule of the set names."""

    rules: Bits
    techniques: Mapping[str, TechniqueCount]
    tactics: Mapping[str, int]

    def of(self, identifier: str) -> TechniqueCount:
        """The numbers of a technique, which are 0 for one that no rule names."""
        return self.techniques.get(identifier, NO_RULES)


# The default is immutable, so that one for all calls will do.
def chosen(catalog: Catalog, index: Index, text: str = "", filters: Filters = Filters()) -> Bits:  # noqa: B008
    """The rules that a search text and filters find, without those that only forward a vendor's alert."""
    asked = question(text, filters)
    by_facet = dict(asked.filters.by_facet)
    found = index.select(asked.filters)
    if asked.match is not None:
        found &= index.bits_of_numbers(catalog.matching(asked.match))
    if by_facet.get(Facet.VALUE) or by_facet.get(Facet.ID):
        found &= index.bits_of_numbers(catalog.numbers(asked.filters, (Facet.VALUE, Facet.FIELD, Facet.ID)))
    return found if by_facet.get(Facet.FEED) else without_forwarded(index, found)


def without_forwarded(index: Index, rules: Bits) -> Bits:
    """The rules of a set that detect something themselves."""
    return rules & ~index.having(Facet.FEED, YES)


def naming(index: Index, identifier: str) -> Bits:
    """The rules that name a technique itself."""
    value = index.values(Facet.TECHNIQUE).get(identifier.casefold())
    return 0 if value is None else value.bits


def coverage(index: Index, rules: Bits) -> Coverage:
    """What a set of rules covers, in order of the ids."""
    own: dict[str, Bits] = {}
    whole: dict[str, Bits] = {}
    for value in index.values(Facet.TECHNIQUE).values():
        named = value.bits & rules
        if named:
            own[value.name] = named
            whole[value.name] = whole.get(value.name, 0) | named
            parent = value.name.partition(".")[0]
            if parent != value.name:
                whole[parent] = whole.get(parent, 0) | named
    return Coverage(
        rules,
        {
            identifier: TechniqueCount(own.get(identifier, 0).bit_count(), whole[identifier].bit_count())
            for identifier in sorted(whole)
        },
        {count.name: count.rules for count in index.counts(Facet.TACTIC, rules)},
    )


class Outside(NamedTuple):
    """An id or tactic of another domain of ATT&CK that a rule names; such coverage is of no Enterprise matrix."""

    place: int
    """Of the rule, in the index."""
    id: str
    name: str
    domain: str
    """"Mobile" or "ICS"."""


def outside_enterprise(catalog: Catalog, index: Index) -> Iterator[Outside]:
    """What rules name of other domains, in order of the rules and of what they name."""
    known = other_domains()
    for number, message in catalog.messages("ATT106"):
        place = index.place_of_number(number)
        identifier = next((word for word in message.split() if word in known), None)
        if place is not None and identifier is not None:
            yield Outside(place, identifier, *known[identifier])
