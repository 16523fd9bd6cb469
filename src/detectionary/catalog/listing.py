"""A rule as lists, facets and counts know it: what is asked of many rules at once, without reading their entries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from detectionary.model.entry import Reference


@dataclass(frozen=True, slots=True)
class Listing:
    """A present rule as lists show it. Tactics, techniques (ids), tables, actions and fields each once, in order."""

    reference: Reference
    repository: str
    path: str
    kind: str
    severity: str | None
    status: str | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    tables: tuple[str, ...]
    third_party_feed: str | None
    accepted: bool
    diagnostics: int
    """Errors and warnings."""
    authors: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    """Keys, as their log source spells them."""
    fields: tuple[str, ...] = ()
    """`field_key`s of its indicators and exclusions: canonical names, else own ones, in lower case."""
    licence: str | None = None
    exclusions: int = 0
    thresholds: int = 0
    predicates: int = 0
    opaques: int = 0
    counted: bool = True
    """Corpus counts count it: the newest of its id."""
    fingerprint: str = ""
    """Rules with the same normalised query share it."""
    digest: str = ""
    """Of everything that the catalog knows of the rule itself, its entry."""
    number: int = 0
    """Within this catalog file; another file has other numbers."""
    commit: str | None = None
    """The commit that its file was seen at last, where one is known."""


@lru_cache(maxsize=20_000)
def authors_of(text: str | None) -> tuple[str, ...]:
    """The people whom a rule's author names: parted at commas and semicolons outside of parentheses, each once."""
    names: dict[str, None] = {}
    depth = start = 0
    for position, character in enumerate(f"{text or ''},"):
        depth += (character == "(") - (character == ")" and depth > 0)
        if character in ",;" and (depth == 0 or position == len(text or "")):
            name = " ".join((text or "")[start:position].split())
            if name:
                names[name] = None
            start = position + 1
    return tuple(names)


def named_in(name: str, text: str | None) -> bool:
    """Whether `name` is one of the authors in `text`, without regard to case."""
    folded = name.casefold()
    return any(author.casefold() == folded for author in authors_of(text))


_ORDER: Final = "ORDER BY r.language, r.title COLLATE NOCASE, r.slug COLLATE BINARY"


def listings(connection: sqlite3.Connection) -> Iterator[Listing]:
    """All present rules, by language and title."""
    tactics = _lists(connection, "SELECT rule, tactic FROM techniques ORDER BY rule, position")
    techniques = _lists(
        connection,
        "SELECT rule, technique_id FROM techniques WHERE technique_id IS NOT NULL ORDER BY rule, position",
    )
    tables = _lists(connection, "SELECT rule, name FROM rule_tables ORDER BY rule, position")
    actions = _lists(connection, "SELECT rule, action FROM actions ORDER BY rule, position")
    fields = _lists(connection, "SELECT DISTINCT rule, field_key FROM comparisons ORDER BY rule, position")
    exclusions = dict(connection.execute("SELECT rule, COUNT(*) FROM comparisons WHERE excluded = 1 GROUP BY rule"))
    thresholds = dict(connection.execute("SELECT rule, COUNT(*) FROM thresholds GROUP BY rule"))
    findings = dict(connection.execute("SELECT rule, COUNT(*) FROM diagnostics WHERE level <> 'note' GROUP BY rule"))
    # The order is a constant; nothing of it comes from outside.
    rows = connection.execute(
        "SELECT r.id, r.rule_id, r.slug, r.title, r.language, r.platform, s.name, s.licence, f.path, r.kind, "  # noqa: S608
        "r.severity, r.status, r.author, r.third_party_feed, r.accepted, r.predicates, r.opaques, r.counted, "
        'r.fingerprint, r.entry_digest, f."commit" FROM rules AS r JOIN files AS f ON f.id = r.file '
        f"JOIN repositories AS s ON s.id = f.repository WHERE r.gone_run IS NULL {_ORDER}"
    )
    for (
        number,
        rule_id,
        slug,
        title,
        language,
        platform,
        repository,
        licence,
        path,
        kind,
        severity,
        status,
        author,
        feed,
        accepted,
        predicates,
        opaques,
        counted,
        fingerprint,
        digest,
        commit,
    ) in rows:
        yield Listing(
            Reference(rule_id, slug, title, language, platform),
            repository,
            path,
            kind,
            severity,
            status,
            tactics.get(number, ()),
            techniques.get(number, ()),
            tables.get(number, ()),
            feed,
            bool(accepted),
            findings.get(number, 0),
            authors_of(author),
            actions.get(number, ()),
            fields.get(number, ()),
            licence,
            exclusions.get(number, 0),
            thresholds.get(number, 0),
            predicates,
            opaques,
            bool(counted),
            fingerprint,
            f"{digest} {commit or ''}",
            number,
            commit,
        )


def _lists(connection: sqlite3.Connection, query: str) -> dict[int, tuple[str, ...]]:
    """Names by rule, each once."""
    found: dict[int, dict[str, None]] = {}
    for rule, name in connection.execute(query):
        found.setdefault(rule, {})[name] = None
    return {rule: tuple(names) for rule, names in found.items()}
