"""What the pages of fields, values, actions and the like are made from, read once for all of them.

The values of all present rules with the rules behind each, how languages spell fields, and the parts of actions. Counts
of values follow the corpus counts: the newest rule of each id counts, and of copies one.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Final, TypeAlias

from detectionary.catalog.index import Bits, Index, facet_key
from detectionary.model.entry import ValueKey


@dataclass(frozen=True, slots=True)
class ValueUse:
    """A value that present rules look for, or exclude, in a field with an operator. Rules are places in the index."""

    key: ValueKey
    excluded: bool
    value: str
    """As most of the rules spell it."""
    kind: str
    """`text`, `number`, … as the model names kinds of values."""
    rules: tuple[int, ...]
    """All present rules with it."""
    behind: tuple[int, ...]
    """Those that a corpus count counts, as `Catalog.rules_behind` lists them; () when only older versions have it."""
    shared: bool
    """Whether the page of some rule counts another one: then the value has a page of its own."""


@dataclass(frozen=True, slots=True)
class UseCount:
    """A value, and how many rules of a set have it, counted as corpus counts do."""

    use: ValueUse
    rules: int


@dataclass(frozen=True, slots=True)
class MostUsed:
    """The values that a set of rules uses most; `total` says how many it uses in all."""

    total: int
    counts: tuple[UseCount, ...]


class Values:
    """The values of all present rules."""

    def __init__(self, index: Index, uses: Sequence[ValueUse]) -> None:
        self.uses: Final = tuple(uses)
        """Indicators, then exclusions; by field, operator, value."""
        self._index = index
        self._by_key = {(use.excluded, use.key): use for use in self.uses}
        by_field: dict[str, list[ValueUse]] = {}
        for use in self.uses:
            by_field.setdefault(use.key[0], []).append(use)
        self._by_field: Mapping[str, Sequence[ValueUse]] = MappingProxyType(by_field)
        # Numbers of values rise with the rules behind them, so that the order of numbers has the rare ones first.
        self._rare = sorted(self.uses, key=lambda use: len(use.behind))
        sought: list[list[int]] = [[] for _ in index.rules]
        excluded: list[list[int]] = [[] for _ in index.rules]
        for number, use in enumerate(self._rare):
            for place in use.rules:
                (excluded if use.excluded else sought)[place].append(number)
        self._sought, self._excluded = tuple(map(tuple, sought)), tuple(map(tuple, excluded))

    def use(self, key: ValueKey, *, excluded: bool) -> ValueUse | None:
        """The value with this key, when a present rule has it."""
        return self._by_key.get((excluded, key))

    def of_field(self, field: str) -> Sequence[ValueUse]:
        """The values that rules compare a field with, by its `field_key`."""
        return self._by_field.get(field, ())

    def of_rule(self, place: int) -> Iterator[ValueUse]:
        """The values of the rule at a place of the index: those that it looks for, then those that it excludes."""
        for number in (*self._sought[place], *self._excluded[place]):
            yield self._rare[number]

    def most_used(self, bits: Bits, most: int, *, excluded: bool = False) -> MostUsed:
        """What a set of rules looks for most, or excludes; of values as frequent, first those rare in the catalog."""
        counts: Counter[int] = Counter()
        groups: set[str] = set()
        of_rule = self._excluded if excluded else self._sought
        for place in self._index.places(bits):
            rule = self._index.rules[place]
            if rule.counted and rule.fingerprint not in groups:
                groups.add(rule.fingerprint)
                counts.update(of_rule[place])
        numbers = sorted(counts)
        numbers.sort(key=counts.__getitem__, reverse=True)  # which keeps the order of equals
        return MostUsed(len(counts), tuple(UseCount(self._rare[number], counts[number]) for number in numbers[:most]))


def read_values(connection: sqlite3.Connection, index: Index) -> Values:
    """The values of the rules of `index`, which is one of the same catalog."""
    rows = connection.execute(
        "SELECT excluded, field_key, operator, value_key, kind, coalesce(value, ''), rule FROM comparison_values "
        "WHERE value_key IS NOT NULL"
    ).fetchall()
    rows.sort()
    twins = _twins(index)
    uses = (_use(index, twins, key, tuple(group)) for key, group in groupby(rows, itemgetter(0, 1, 2, 3)))
    return Values(index, [use for use in uses if use is not None])


_Row: TypeAlias = tuple[int, str, str, str, str, str, int]


def _use(
    index: Index, twins: Mapping[str, frozenset[str]], key: tuple[int, str, str, str], rows: Sequence[_Row]
) -> ValueUse | None:
    """What is known of a value; None when no present rule has it."""
    places = sorted({place for row in rows if (place := index.place_of_number(row[6])) is not None})
    if not places:
        return None
    behind: dict[str, int] = {}
    for place in places:
        rule = index.rules[place]
        if rule.counted:
            behind.setdefault(rule.fingerprint, place)
    shared = len(behind) > 1 or (
        len(behind) == 1 < len(places) and any(not behind.keys() <= _own(index, twins, place) for place in places)
    )
    excluded, field, operator, value_key = key
    value, kind = _spelling(rows)
    return ValueUse(
        (field, operator, value_key), bool(excluded), value, kind, tuple(places), tuple(behind.values()), shared
    )


def _spelling(rows: Sequence[_Row]) -> tuple[str, str]:
    """The value and its kind as most rows have them, of several the first."""
    if len(rows) == 1:
        return rows[0][5], rows[0][4]
    counts = Counter((row[5], row[4]) for row in rows)
    return min(counts, key=lambda each: (-counts[each], each))


def _twins(index: Index) -> Mapping[str, frozenset[str]]:
    """By id, the queries of the counted rules that have it."""
    found: dict[str, set[str]] = {}
    for rule in index.rules:
        if rule.counted:
            found.setdefault(rule.reference.id.lower(), set()).add(rule.fingerprint)
    return {name: frozenset(prints) for name, prints in found.items()}


def _own(index: Index, twins: Mapping[str, frozenset[str]], place: int) -> frozenset[str]:
    """The queries that the page of a rule takes for its own, as `relations` does."""
    rule = index.rules[place]
    return twins.get(rule.reference.id.lower(), frozenset()) | {rule.fingerprint}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name that rules of a language write for a field, and how many do."""

    language: str
    name: str
    rules: int


@dataclass(frozen=True, slots=True)
class FieldNames:
    """What a field is called. `canonical`: its vendor-neutral name, None for one that is known by its own name only."""

    canonical: str | None
    spellings: tuple[Spelling, ...]
    """The most used first."""


def field_names(connection: sqlite3.Connection, index: Index) -> Mapping[str, FieldNames]:
    """By `field_key`, how the rules of `index` name each field."""
    canonical: dict[str, str] = {}
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for key, neutral, field, rule in connection.execute(
        "SELECT DISTINCT field_key, canonical_field, field, rule FROM comparisons"
    ):
        place = index.place_of_number(rule)
        if place is None:
            continue
        if neutral is not None:
            canonical[key] = min(neutral, canonical.get(key, neutral))
        found = counts.setdefault(key, Counter())
        if field is not None:
            found[index.rules[place].reference.language, field] += 1
    return {
        key: FieldNames(
            canonical.get(key),
            tuple(
                Spelling(language, name, rules)
                for (language, name), rules in sorted(found.items(), key=lambda each: (-each[1], each[0]))
            ),
        )
        for key, found in sorted(counts.items())
    }


@dataclass(frozen=True, slots=True)
class ActionParts:
    """An action in its parts, as most rules spell it. `inferred`: so many rules name no event source."""

    action: str
    provider: str
    operation: str
    inferred: int


def action_parts(connection: sqlite3.Connection) -> Mapping[str, ActionParts]:
    """By key of `Facet.ACTION`, the actions of present rules."""
    rows: dict[str, list[tuple[str, str, str, int, int]]] = {}
    for action, provider, operation, rules, inferred in connection.execute(
        "SELECT a.action, a.provider, a.operation, COUNT(*), SUM(a.inferred) FROM actions AS a "
        "JOIN rules AS r ON r.id = a.rule AND r.gone_run IS NULL GROUP BY a.action, a.provider, a.operation"
    ):
        rows.setdefault(facet_key(action), []).append((action, provider, operation, rules, inferred))
    return {key: _action(found) for key, found in sorted(rows.items())}


def _action(rows: Iterable[tuple[str, str, str, int, int]]) -> ActionParts:
    rows = sorted(rows, key=lambda row: (-row[3], row[0]))
    action, provider, operation, _, _ = rows[0]
    return ActionParts(action, provider, operation, sum(row[4] for row in rows))
