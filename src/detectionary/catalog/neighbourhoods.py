"""For all rules at once, a digest of what `relations` says of each: while it stays, a rule's page says the same.

To ask for the relations of every rule takes half a millisecond a rule, a digest of them a few microseconds. So the
digests are not of the answers but of everything that these rest on: for each value the counts by language, and where it
is rare the rules that have it; for each action, id and query the rules that share it. A digest may thus change where
the answer does not; never the other way round.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, TypeAlias

from detectionary.catalog.relations import RARE
from detectionary.catalog.rows import ENTRY_CODEC
from detectionary.catalog.wire import WireError
from detectionary.model.entry import value_keys

_Key: TypeAlias = tuple[str, str, str, int]
"""(field key, operator, value key, excluded)"""

_Counts: TypeAlias = tuple[tuple[str, int], ...]
"""How many rules of each language."""

_BITS: Final = (1 << 128) - 1
_NAMED: Final = ENTRY_CODEC.part("rule", "related")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule that others may name: it is present, or corpus counts count it (both, but after a broken ingest)."""

    rule_id: str
    same_id: str
    """The id as ids are compared."""
    slug: str
    language: str
    fingerprint: str
    counted: bool
    present: bool
    shown: int
    """A hash of what other rules' pages say of it, and of what decides whether and where they do."""
    content: int
    """A hash of everything that it is."""


def neighbourhoods(connection: sqlite3.Connection) -> Mapping[str, str]:
    """By the slug of each present rule a digest of what the catalog knows of its neighbours."""
    rules = _rules(connection)
    parts = (
        _by_values(connection, rules),
        _by_actions(connection, rules),
        _by_queries_and_ids(rules),
        _by_named_ids(connection, rules),
    )
    return {
        rule.slug: f"{_hash(*(part.get(number, 0) for part in parts)):032x}"
        for number, rule in rules.items()
        if rule.present
    }


def _hash(*parts: object) -> int:
    """A hash of texts, numbers and tuples of them. Hashes of the members of a set may be added up: see `_sum`."""
    data = repr(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=16).digest(), "little")


def _sum(hashes: Iterable[int]) -> int:
    """The hash of a set, whatever the order of its members."""
    return sum(hashes) & _BITS


def _rules(connection: sqlite3.Connection) -> dict[int, _Rule]:
    rows = connection.execute(
        "SELECT id, rule_id, lower(rule_id), slug, title, language, platform, fingerprint, counted, gone_run IS NULL, "
        "outcome, entry_digest FROM rules WHERE gone_run IS NULL OR counted = 1"
    )
    return {
        number: _Rule(
            rule_id,
            same_id,
            slug,
            language,
            fingerprint,
            bool(counted),
            bool(present),
            # The number is there because it decides between rules that are equally near.
            _hash(number, rule_id, slug, title, language, platform, fingerprint, counted, present, outcome),
            _hash(fingerprint, language, entry),
        )
        for (
            *(number, rule_id, same_id, slug, title, language, platform, fingerprint, counted, present),
            outcome,
            entry,
        ) in rows
    }


def _by_values(connection: sqlite3.Connection, rules: Mapping[int, _Rule]) -> Mapping[int, int]:
    """By rule, of its values that others have too: the counts, and of rare ones the rules themselves."""
    counts: dict[_Key, _Counts] = defaultdict(tuple)
    for field, operator, value, excluded, language, number in connection.execute(
        "SELECT field_key, operator, value_key, excluded, language, rules FROM value_counts"
    ):
        counts[field, operator, value, excluded] += ((language, number),)
    found: dict[int, int] = defaultdict(int)
    digests: dict[_Key, int] = {}
    for field, operator, value, excluded, having in connection.execute(
        "SELECT field_key, operator, value_key, excluded, group_concat(rule) FROM comparison_values "
        "WHERE value_key IS NOT NULL GROUP BY field_key, operator, value_key, excluded"
    ):
        key = (field, operator, value, excluded)
        by_language = counts.get(key, ())
        members = [number for number in {int(text) for text in having.split(",")} if number in rules]
        if _alone(members, by_language, rules):
            continue
        named = 0
        spread = sum(number for _, number in by_language)
        if spread < 2:
            # Whether the value has a page of its own rests on the older versions that have it.
            named = _sum(rules[number].shown for number in members)
        elif not excluded and spread <= RARE:
            named = _sum(rules[number].shown for number in members if rules[number].counted)
        digests[key] = digest = _hash(key, by_language, named)
        for number in members:
            found[number] += digest
    for number, key in _uncounted_keys(connection, rules):
        found[number] += _hash("not counted", key, counts.get(key, ()), digests.get(key))
    return found


def _alone(members: list[int], counts: _Counts, rules: Mapping[int, _Rule]) -> bool:
    """Whether a value is of one rule only, and counts say so: what is most common, and says nothing of neighbours."""
    if len(members) != 1:
        return False
    rule = rules[members[0]]
    return counts == (((rule.language, 1),) if rule.counted else ())


def _uncounted_keys(connection: sqlite3.Connection, rules: Mapping[int, _Rule]) -> Iterator[tuple[int, _Key]]:
    """The values of rules that hold some which are never counted for them, such as those of the other side of an
    anti-join: their pages say how many others look for these, and the table of values does not have their keys.
    """
    numbers = connection.execute(
        "SELECT DISTINCT rule FROM comparison_values WHERE value_key IS NULL AND kind NOT IN ('null', 'empty_list') "
        "ORDER BY rule"
    ).fetchall()
    for (number,) in numbers:
        if number not in rules or not rules[number].present:
            continue
        (data,) = connection.execute("SELECT entry FROM rules WHERE id = ?", (number,)).fetchone()
        try:
            analysis = ENTRY_CODEC.decode(data).analysis
        except WireError:
            continue  # whoever makes the page is told
        keys: set[_Key] = set()
        for excluded, rows in enumerate((analysis.indicators, analysis.exclusions)):
            keys.update((*key, excluded) for row in rows for key in value_keys(row) if key is not None)
        for key in keys:
            yield number, key


def _by_actions(connection: sqlite3.Connection, rules: Mapping[int, _Rule]) -> Mapping[int, int]:
    """By rule, the present rules that watch its actions."""
    watching: dict[str, set[int]] = defaultdict(set)
    for action, number in connection.execute("SELECT action_key, rule FROM actions"):
        if number in rules and rules[number].present:
            watching[action].add(number)
    found: dict[int, int] = defaultdict(int)
    for action, members in watching.items():
        digest = _hash(action, _sum(rules[number].shown for number in members))
        for number in members:
            found[number] += digest
    return found


def _by_queries_and_ids(rules: Mapping[int, _Rule]) -> Mapping[int, int]:
    """By rule, its copies, the rules of its id, and what the two of them add to its counts."""
    copies: dict[str, int] = defaultdict(int)
    versions: dict[str, int] = defaultdict(int)
    counted: dict[str, int] = defaultdict(int)
    counted_queries: dict[str, set[str]] = defaultdict(set)
    for rule in rules.values():
        if rule.present:
            copies[rule.fingerprint] += rule.shown
            versions[rule.same_id] += rule.shown
        if rule.counted:
            counted[rule.fingerprint] += rule.content
            counted_queries[rule.same_id].add(rule.fingerprint)
    return {
        number: _hash(
            copies[rule.fingerprint] & _BITS,
            versions[rule.same_id] & _BITS,
            _sum(counted[query] for query in {rule.fingerprint, *counted_queries[rule.same_id]} if query in counted),
        )
        for number, rule in rules.items()
        if rule.present
    }


def _by_named_ids(connection: sqlite3.Connection, rules: Mapping[int, _Rule]) -> Mapping[int, int]:
    """By rule, which of the ids that it names are ids of present rules."""
    ids = {rule.rule_id for rule in rules.values() if rule.present}
    found: dict[int, int] = {}
    for number, data in connection.execute("SELECT id, entry FROM rules WHERE gone_run IS NULL"):
        try:
            named = {name for _, name in _NAMED(data)}
        except WireError:
            continue  # whoever makes the page is told
        if not named.isdisjoint(ids):
            found[number] = _sum(_hash(name) for name in named & ids)
    return found
