"""Relations between the rules of a catalog: corpus counts, same actions, copies, versions, shared indicators."""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from detectionary.catalog.rows import read_outcome
from detectionary.model.analysis import Indicator
from detectionary.model.entry import CorpusCount, Entry, Reference, Relations, ValueKey, value_keys
from detectionary.model.outcome import distance

REFERENCE: Final = "r.rule_id, r.slug, r.title, r.language, r.platform"
IN_ORDER: Final = "ORDER BY r.language, r.title COLLATE NOCASE, r.slug COLLATE BINARY"

_MOST_SHARED: Final = 10
"""How many rules with shared indicators are named."""
RARE: Final = 60
"""A value that more rules use says little about any two of them."""
MOST_VALUES: Final = 300
"""Rules with longer lists are compared by their rarest values."""


def relations(connection: sqlite3.Connection, number: int, entry: Entry) -> Relations:
    """What the rule with this number has to do with the others that are present."""
    return Relations(
        corpus=_corpus(connection, number, entry.analysis.indicators, excluded=False),
        excluded=_corpus(connection, number, entry.analysis.exclusions, excluded=True),
        same_action=_same_action(connection, number),
        copies=_copies(connection, number),
        versions=_versions(connection, number),
        shared_indicators=_shared(connection, number),
    )


def rules_behind(connection: sqlite3.Connection, key: ValueKey, *, excluded: bool) -> tuple[Reference, ...]:
    """The counted rules with this value, one of each group of copies, by language and title."""
    rows = connection.execute(
        f"SELECT {REFERENCE}, r.fingerprint FROM rules AS r WHERE r.counted = 1 AND r.id IN ("
        "SELECT rule FROM comparison_values WHERE field_key = ? AND operator = ? AND value_key = ? AND excluded = ?) "
        + IN_ORDER,
        (*key, int(excluded)),
    )
    by_group: dict[str, Reference] = {}
    for *reference, fingerprint in rows:
        by_group.setdefault(fingerprint, Reference(*reference))
    return tuple(by_group.values())


def _corpus(
    connection: sqlite3.Connection, number: int, comparisons: Iterable[Indicator], *, excluded: bool
) -> Mapping[ValueKey, CorpusCount]:
    """How many other rules use each value.

    The table `value_counts` counts the newest rule of each id, copies once. Not other rules are: the rule itself, its
    copies, and the rules of its id; what they add is taken off.
    """
    keys = {key: None for row in comparisons for key in value_keys(row) if key is not None}
    if not keys:
        return {}
    own: dict[ValueKey, dict[str, int]] = defaultdict(dict)
    for field, operator, value, language, rules in connection.execute(
        "SELECT v.field_key, v.operator, v.value_key, r.language, COUNT(DISTINCT r.fingerprint) "
        "FROM rules AS me JOIN rules AS r ON r.counted = 1 "
        "AND (r.fingerprint = me.fingerprint OR r.fingerprint IN (SELECT twin.fingerprint FROM rules AS twin "
        "WHERE twin.counted = 1 AND twin.rule_id = me.rule_id COLLATE NOCASE)) "
        "JOIN comparison_values AS v ON v.rule = r.id AND v.excluded = ? AND v.value_key IS NOT NULL "
        "WHERE me.id = ? GROUP BY v.field_key, v.operator, v.value_key, r.language",
        (int(excluded), number),
    ):
        own[field, operator, value][language] = rules
    counts: dict[ValueKey, CorpusCount] = {}
    for key in keys:
        by_language = []
        for language, rules in connection.execute(
            "SELECT language, rules FROM value_counts "
            "WHERE field_key = ? AND operator = ? AND value_key = ? AND excluded = ?",
            (*key, int(excluded)),
        ):
            others = rules - own[key].get(language, 0)
            if others > 0:
                by_language.append((language, others))
        counts[key] = CorpusCount(sum(others for _, others in by_language), tuple(by_language))
    return counts


def _same_action(connection: sqlite3.Connection, number: int) -> tuple[tuple[str, Reference], ...]:
    """Rules that watch the same result of the action come first, then by language and title."""
    rows = connection.execute(
        f"SELECT mine.action, r.outcome, me.outcome, {REFERENCE} FROM actions AS mine "
        "JOIN actions AS theirs ON theirs.action_key = mine.action_key AND theirs.rule <> mine.rule "
        "JOIN rules AS r ON r.id = theirs.rule AND r.gone_run IS NULL JOIN rules AS me ON me.id = mine.rule "
        "WHERE mine.rule = ? GROUP BY mine.action_key, r.id " + IN_ORDER + ", mine.position",
        (number,),
    )
    found = [
        (distance(read_outcome(mine), read_outcome(theirs)), action, Reference(*reference))
        for action, theirs, mine, *reference in rows
    ]
    return tuple((action, other) for _, action, other in sorted(found, key=lambda each: each[0]))


def _copies(connection: sqlite3.Connection, number: int) -> tuple[Reference, ...]:
    rows = connection.execute(
        f"SELECT {REFERENCE} FROM rules AS me JOIN rules AS r ON r.fingerprint = me.fingerprint AND r.id <> me.id "
        "WHERE me.id = ? AND r.gone_run IS NULL " + IN_ORDER,
        (number,),
    )
    return tuple(Reference(*reference) for reference in rows)


def _versions(connection: sqlite3.Connection, number: int) -> tuple[Reference, ...]:
    rows = connection.execute(
        f"SELECT {REFERENCE} FROM rules AS me JOIN rules AS r ON r.rule_id = me.rule_id COLLATE NOCASE "
        "AND r.fingerprint <> me.fingerprint WHERE me.id = ? AND r.gone_run IS NULL " + IN_ORDER,
        (number,),
    )
    return tuple(Reference(*reference) for reference in rows)


def _shared(connection: sqlite3.Connection, number: int) -> tuple[tuple[Reference, int], ...]:
    """Rules with most of this rule's values; among equals, those whose shared values are the rarest."""
    (fingerprint,) = connection.execute("SELECT fingerprint FROM rules WHERE id = ?", (number,)).fetchone()
    keys = connection.execute(
        "SELECT c.field_key, c.operator, c.value_key, SUM(c.rules) AS spread FROM value_counts AS c "
        "WHERE c.excluded = 0 AND (c.field_key, c.operator, c.value_key) IN ("
        "SELECT field_key, operator, value_key FROM comparison_values "
        "WHERE rule = ? AND excluded = 0 AND value_key IS NOT NULL) "
        "GROUP BY c.field_key, c.operator, c.value_key HAVING spread BETWEEN 2 AND ? "
        "ORDER BY spread, c.field_key, c.operator, c.value_key LIMIT ?",
        (number, RARE, MOST_VALUES),
    ).fetchall()
    return sharing(connection, keys, fingerprint)


def sharing(
    connection: sqlite3.Connection, keys: Iterable[tuple[str, str, str, int]], fingerprint: str
) -> tuple[tuple[Reference, int], ...]:
    """Rules with most of the values that `keys` name, each with how many rules use it; no copies of `fingerprint`."""
    shared: dict[int, int] = defaultdict(int)
    rarity: dict[int, float] = defaultdict(float)
    for *key, spread in keys:
        for (other,) in connection.execute(
            "SELECT DISTINCT rule FROM comparison_values "
            "WHERE field_key = ? AND operator = ? AND value_key = ? AND excluded = 0",
            key,
        ):
            shared[other] += 1
            rarity[other] += 1 / spread
    groups = {fingerprint}
    found: list[tuple[Reference, int]] = []
    candidates = sorted(shared, key=lambda other: (-shared[other], -rarity[other], other))
    for other in candidates:
        *reference, group, counted = connection.execute(
            f"SELECT {REFERENCE}, r.fingerprint, r.counted FROM rules AS r WHERE r.id = ?",
            (other,),
        ).fetchone()
        if not counted or group in groups:
            continue
        groups.add(group)
        found.append((Reference(*reference), shared[other]))
        if len(found) == _MOST_SHARED:
            break
    return tuple(found)
