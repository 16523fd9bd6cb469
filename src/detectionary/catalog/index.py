"""All present rules in memory, with the rules behind each value of each facet: what counts, matrices, lists count on.

A set of rules is an integer with a bit for each rule, in the order of the list: to narrow and to count is one operation
of the machine, so that every facet of a whole catalog is counted in a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeAlias

from detectionary.catalog.listing import Listing
from detectionary.catalog.search import (
    NO,
    YES,
    Facet,
    Filters,
    languages_called,
    tactics_called,
    technique_called,
)

Bits: TypeAlias = int
"""A set of rules: bit n stands for the rule at place n of the list."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet as people read it, and the rules that have it."""

    name: str
    bits: Bits


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of some rules have a value of a facet. `key` is what a filter names, `name` what people read."""

    key: str
    name: str
    rules: int


HAS: Final = ("exclusions", "thresholds", "diagnostics", "opaque")
"""The values of `Facet.HAS`."""

COUNTED: Final = (
    Facet.PLATFORM, Facet.LANGUAGE, Facet.REPOSITORY, Facet.SEVERITY, Facet.STATUS, Facet.KIND, Facet.SOURCE,
    Facet.TABLE, Facet.TACTIC, Facet.TECHNIQUE, Facet.ACTION, Facet.FIELD, Facet.AUTHOR, Facet.HAS, Facet.FEED,
    Facet.PARSED,
)  # fmt: skip
"""The facets that have lists of values, in the order in which they are offered."""


def _yes_or_no(holds: bool) -> tuple[str]:
    return (YES if holds else NO,)


def _has(rule: Listing) -> Iterator[str]:
    for name, number in zip(HAS, (rule.exclusions, rule.thresholds, rule.diagnostics, rule.opaques), strict=True):
        if number:
            yield name


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


_NAMES: Final[Mapping[Facet, Callable[[Listing], Iterable[str]]]] = MappingProxyType(
    {
        Facet.PLATFORM: lambda rule: _one(rule.reference.platform),
        Facet.LANGUAGE: lambda rule: (rule.reference.language,),
        Facet.REPOSITORY: lambda rule: (rule.repository,),
        Facet.SEVERITY: lambda rule: _one(rule.severity),
        Facet.STATUS: lambda rule: _one(rule.status),
        Facet.KIND: lambda rule: (rule.kind,),
        Facet.SOURCE: lambda rule: () if rule.reference.language == "kusto" else rule.tables,
        Facet.TABLE: lambda rule: rule.tables if rule.reference.language == "kusto" else (),
        Facet.TACTIC: lambda rule: rule.tactics,
        Facet.TECHNIQUE: lambda rule: rule.techniques,
        Facet.ACTION: lambda rule: rule.actions,
        Facet.FIELD: lambda rule: rule.fields,
        Facet.AUTHOR: lambda rule: rule.authors,
        Facet.HAS: _has,
        Facet.FEED: lambda rule: _yes_or_no(rule.third_party_feed is not None),
        Facet.PARSED: lambda rule: _yes_or_no(rule.accepted),
    }
)
"""The values of each facet that a rule has."""


_FEW: Final = 150
"""Of so few rules each is asked for its values; of more, each value for its rules."""


def facet_names(facet: Facet, rule: Listing) -> Iterable[str]:
    """The values of a facet of `COUNTED` that a rule has, as it spells them."""
    return _NAMES[facet](rule)


_SPARSE: Final = 60
"""So few rules are found faster by the lowest bit than byte by byte."""


def facet_key(name: str) -> str:
    """How values of a facet are compared: without regard to case."""
    return name.casefold()


class Index:
    """The present rules of a catalog, in the order of `Catalog.references`, and its facets."""

    def __init__(self, rules: Sequence[Listing], spellings: Mapping[str, Iterable[tuple[str, int]]]) -> None:
        """`spellings`: for each own name of a field, (its `field_key`, a rule's number) where it is spelled so."""
        self.rules: Final = tuple(rules)
        self.everything: Final[Bits] = (1 << len(self.rules)) - 1
        self._place = {rule.reference.slug: place for place, rule in enumerate(self.rules)}
        self._by_number = {rule.number: place for place, rule in enumerate(self.rules)}
        self._spellings = spellings
        self._values: dict[Facet, Mapping[str, FacetValue]] = {}

    def place(self, slug: str) -> int | None:
        """Where the rule with this slug stands in `rules`."""
        return self._place.get(slug)

    def listing(self, slug: str) -> Listing | None:
        """The rule with this slug."""
        place = self._place.get(slug)
        return None if place is None else self.rules[place]

    def bits_of(self, places: Iterable[int]) -> Bits:
        """The set of the rules at these places."""
        held = bytearray(len(self.rules) // 8 + 1)
        for place in places:
            held[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(held, "little")

    def bits_of_numbers(self, numbers: Iterable[int]) -> Bits:
        """The set of the rules with these numbers in the catalog file; those that are not present are left out."""
        by_number = self._by_number
        return self.bits_of(by_number[number] for number in numbers if number in by_number)

    def place_of_number(self, number: int) -> int | None:
        """Where the rule with this number in the catalog file stands."""
        return self._by_number.get(number)

    def members(self, bits: Bits) -> Iterator[Listing]:
        """The rules of a set, in order."""
        for place in self.places(bits):
            yield self.rules[place]

    def places(self, bits: Bits) -> Iterator[int]:
        """The places of the rules of a set, in order."""
        bits &= self.everything
        if bits.bit_count() <= _SPARSE:
            while bits:
                lowest = bits & -bits
                yield lowest.bit_length() - 1
                bits ^= lowest
            return
        data = bits.to_bytes(len(self.rules) // 8 + 1, "little")
        for number, byte in enumerate(data):
            while byte:
                lowest = byte & -byte
                yield number * 8 + lowest.bit_length() - 1
                byte ^= lowest

    # Facets

    def values(self, facet: Facet) -> Mapping[str, FacetValue]:
        """By key, every value of a facet that some rule has, in order of the keys."""
        found = self._values.get(facet)
        if found is None:
            found = self._values[facet] = self._gathered(facet)
        return found

    def _gathered(self, facet: Facet) -> Mapping[str, FacetValue]:
        names = _NAMES[facet]
        places: dict[str, list[int]] = {}
        spelled: dict[str, dict[str, int]] = {}
        for place, rule in enumerate(self.rules):
            for name in names(rule):
                key = facet_key(name)
                places.setdefault(key, []).append(place)
                counts = spelled.setdefault(key, {})
                counts[name] = counts.get(name, 0) + 1
        return {
            key: FacetValue(min(spelled[key], key=lambda name: (-spelled[key][name], name)), self.bits_of(places[key]))
            for key in sorted(places)
        }

    @cached_property
    def fields_spelled(self) -> Mapping[str, Bits]:
        """By own name of a field in lower case, as rules spell it, the rules that do."""
        return {
            name: self.bits_of_numbers(number for _, number in pairs) for name, pairs in sorted(self._spellings.items())
        }

    @cached_property
    def canonical_fields(self) -> Mapping[str, tuple[str, ...]]:
        """By own name of a field in lower case, the `field_key`s that it stands for."""
        return {name: tuple(sorted({key for key, _ in pairs})) for name, pairs in sorted(self._spellings.items())}

    def counts(self, facet: Facet, bits: Bits) -> list[FacetCount]:
        """How many rules of a set have each value, those that have any; the most first, then by name."""
        values = self.values(facet)
        if bits.bit_count() <= _FEW:
            names = _NAMES[facet]
            counted: dict[str, int] = {}
            for rule in self.members(bits):
                for key in {facet_key(name) for name in names(rule)}:
                    counted[key] = counted.get(key, 0) + 1
            found = [FacetCount(key, values[key].name, rules) for key, rules in counted.items()]
        else:
            found = [
                FacetCount(key, value.name, rules)
                for key, value in values.items()
                if (rules := (value.bits & bits).bit_count())
            ]
        found.sort(key=lambda count: (-count.rules, count.key))
        return found

    # Filters

    def select(self, filters: Filters, leaving: Facet | None = None) -> Bits:
        """The rules that pass, `leaving` out one facet. `Facet.VALUE` and `Facet.ID` are the catalog's to answer."""
        chosen = self.everything
        for facet, names in filters.by_facet:
            if names and facet is not leaving and facet not in (Facet.VALUE, Facet.ID):
                accepted = 0
                for name in names:
                    accepted |= self.having(facet, name)
                chosen &= accepted
        return chosen

    def having(self, facet: Facet, name: str) -> Bits:
        """The rules with this value of a facet, said in any of the ways that a filter may say it."""
        key = facet_key(name.strip())
        match facet:
            case Facet.LANGUAGE:
                return self._any(facet, languages_called(key))
            case Facet.TABLE | Facet.SOURCE:
                return self._any(Facet.TABLE, (key,)) | self._any(Facet.SOURCE, (key,))
            case Facet.FIELD:
                return self._any(facet, (key,)) | self.fields_spelled.get(key, 0)
            case Facet.TECHNIQUE:
                current = facet_key(technique_called(key))
                inside = (each for each in self.values(facet) if each.startswith(f"{current}."))
                return self._any(facet, (current, *inside))
            case Facet.TACTIC:
                called = {facet_key(name).replace(" ", "") for name in tactics_called(key)}
                return self._any(facet, (each for each in self.values(facet) if each.replace(" ", "") in called))
            case Facet.ACTION:
                same = (each for each in self.values(facet) if each == key or each.partition("/")[2] == key)
                return self._any(facet, same)
            case Facet.REPOSITORY:
                same = (each for each in self.values(facet) if each == key or each.endswith(f"/{key}"))
                return self._any(facet, same)
            case _:
                return self._any(facet, (key,))

    def _any(self, facet: Facet, keys: Iterable[str]) -> Bits:
        values = self.values(facet)
        found = 0
        for key in keys:
            value = values.get(key)
            if value is not None:
                found |= value.bits
        return found
