"""What a catalog says of a rule that is not in it: a text that somebody is writing, or one of its rules, changed.

The counts are those of `relations`: other rules are counted, and neither copies of this one nor rules with its id are.
"""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from detectionary.catalog.relations import IN_ORDER, MOST_VALUES, RARE, REFERENCE, sharing
from detectionary.catalog.rows import is_counted, read_outcome
from detectionary.model.analysis import Indicator
from detectionary.model.entry import CorpusCount, Entry, Reference, Relations, ValueKey, value_keys
from detectionary.model.outcome import distance

_MOST_KEYS: Final = 2_000
"""The values of longer lists are not counted: a text must be answered while it is written."""


def relations_of_stranger(connection: sqlite3.Connection, entry: Entry, fingerprint: str) -> Relations:
    """The relations of an entry that has no number; `fingerprint` is what its copies share."""
    identity = (fingerprint, entry.rule.id)
    corpus = _corpus(connection, entry.analysis.indicators, identity, excluded=False)
    own = {key for row in entry.analysis.indicators if is_counted(row) for key in value_keys(row)}
    spreads = sorted(
        (count.total, key)
        for key, count in corpus.items()
        if key in own and 1 <= count.total < RARE  # the rule itself would be one more
    )
    keys = [(*key, spread) for spread, key in spreads[:MOST_VALUES]]
    return Relations(
        corpus=corpus,
        excluded=_corpus(connection, entry.analysis.exclusions, identity, excluded=True),
        same_action=_same_action(connection, entry),
        copies=_references(connection, "r.fingerprint = ?", (fingerprint,)),
        versions=_references(
            connection, "r.rule_id = ? COLLATE NOCASE AND r.fingerprint <> ?", (entry.rule.id, fingerprint)
        ),
        shared_indicators=sharing(connection, keys, fingerprint),
    )


def _corpus(
    connection: sqlite3.Connection, comparisons: Iterable[Indicator], identity: tuple[str, str], *, excluded: bool
) -> Mapping[ValueKey, CorpusCount]:
    keys = list(dict.fromkeys(key for row in comparisons for key in value_keys(row) if key is not None))[:_MOST_KEYS]
    if not keys:
        return {}
    own: dict[ValueKey, dict[str, int]] = defaultdict(dict)
    for field, operator, value, language, rules in connection.execute(
        "SELECT v.field_key, v.operator, v.value_key, r.language, COUNT(DISTINCT r.fingerprint) FROM rules AS r "
        "JOIN comparison_values AS v ON v.rule = r.id AND v.excluded = ?1 AND v.value_key IS NOT NULL "
        "WHERE r.counted = 1 AND (r.fingerprint = ?2 OR r.fingerprint IN (SELECT twin.fingerprint FROM rules AS twin "
        "WHERE twin.counted = 1 AND twin.rule_id = ?3 COLLATE NOCASE)) "
        "GROUP BY v.field_key, v.operator, v.value_key, r.language",
        (int(excluded), *identity),
    ):
        own[field, operator, value][language] = rules
    counts: dict[ValueKey, CorpusCount] = {}
    for key in keys:
        found = connection.execute(
            "SELECT language, rules FROM value_counts "
            "WHERE field_key = ? AND operator = ? AND value_key = ? AND excluded = ?",
            (*key, int(excluded)),
        )
        others = [(language, rules - own[key].get(language, 0)) for language, rules in found]
        by_language = tuple((language, rules) for language, rules in others if rules > 0)
        counts[key] = CorpusCount(sum(rules for _, rules in by_language), by_language)
    return counts


def _same_action(connection: sqlite3.Connection, entry: Entry) -> tuple[tuple[str, Reference], ...]:
    """As `relations` orders them: the same result of the action first, then by language and title."""
    found: list[tuple[int, str, str, int, str, Reference]] = []
    for position, action in enumerate(entry.actions):
        rows = connection.execute(
            f"SELECT r.outcome, {REFERENCE} FROM actions AS a JOIN rules AS r ON r.id = a.rule "
            "WHERE a.action_key = ? AND r.gone_run IS NULL AND r.rule_id <> ? COLLATE NOCASE GROUP BY r.id " + IN_ORDER,
            (action.key.lower(), entry.rule.id),
        )
        for outcome, *reference in rows:
            other = Reference(*reference)
            away = distance(entry.outcome, read_outcome(outcome))
            found.append((away, other.language, other.title.lower(), position, action.key, other))
    found.sort(key=lambda each: each[:4])
    return tuple((action, other) for *_, action, other in found)


def _references(connection: sqlite3.Connection, where: str, parameters: tuple[str, ...]) -> tuple[Reference, ...]:
    rows = connection.execute(
        f"SELECT {REFERENCE} FROM rules AS r WHERE {where} AND r.gone_run IS NULL {IN_ORDER}", parameters
    )
    return tuple(Reference(*row) for row in rows)
