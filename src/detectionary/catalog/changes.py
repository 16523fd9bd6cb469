"""Reading what runs changed: numbers of each run, its changes one by one, and the texts before and after."""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from detectionary.model.change import Change, ChangeKind, Detail
from detectionary.model.entry import Reference

ADDED: Final = "added"
CHANGED: Final = "changed"
REMOVED: Final = "removed"
RETURNED: Final = "returned"
MOVED: Final = "moved"


@dataclass(frozen=True, slots=True)
class Run:
    """A call of ingest, in numbers of rules. Times are ISO, UTC; `finished` is None when it was interrupted.

    `rules` is how many there were when it was complete; None when it was not, or is older than the count.
    `first_reading` are rules that came with the first complete reading of their repository, as (repository, rules) by
    name: they are no news. `changed` counts rules by the strongest kind of their change. What moved or returned may
    have changed as well; it is counted as moved or returned only.
    """

    number: int
    started: str
    finished: str | None
    first_reading: tuple[tuple[str, int], ...]
    added: int
    changed: tuple[tuple[ChangeKind, int], ...]
    removed: int
    returned: int
    moved: int
    rules: int | None

    @property
    def complete(self) -> bool:
        """Whether it was not interrupted."""
        return self.finished is not None

    @property
    def total(self) -> int:
        """All changes, without first readings."""
        return self.added + sum(rules for _, rules in self.changed) + self.removed + self.returned + self.moved


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What a run did to a rule: `event` is one of the constants above.

    `path_before` is where it was when it moved. `before` and `after` name the texts for `texts`; None: there is none.
    `comparable` is False when another version of Detectionary analysed the text before.
    """

    run: int
    event: str
    rule: Reference
    repository: str
    licence: str | None
    path: str
    present: bool
    """Whether the rule is there today."""
    change: Change
    comparable: bool = True
    path_before: str | None = None
    before: int | None = None
    after: int | None = None


_JOINS: Final = "JOIN files AS f ON f.id = r.file JOIN repositories AS s ON s.id = f.repository"
_READ_FIRST: Final = "(s.first_run IS NULL OR r.first_run <= s.first_run)"
"""Whether a rule came with the first complete reading of its repository, or before it."""
_NOT_MOVED: Final = "NOT EXISTS (SELECT 1 FROM changes AS c WHERE c.run = r.first_run AND c.rule = r.id)"


def runs(connection: sqlite3.Connection) -> tuple[Run, ...]:
    """All runs, the newest first."""
    execute = connection.execute
    read: dict[int, list[tuple[str, int]]] = {}
    added: dict[int, int] = {}
    for number, name, first, rules in execute(
        f"SELECT r.first_run, s.name, {_READ_FIRST}, COUNT(*) FROM rules AS r {_JOINS} "
        f"WHERE {_NOT_MOVED} GROUP BY 1, 2, 3 ORDER BY 2"
    ):
        if first:
            read.setdefault(number, []).append((name, rules))
        else:
            added[number] = added.get(number, 0) + rules
    happened: dict[tuple[int, str], int] = {}
    kinds: dict[int, dict[ChangeKind, int]] = {}
    for number, event, found, rules in execute("SELECT run, event, kinds, COUNT(*) FROM changes GROUP BY 1, 2, 3"):
        happened[number, event] = happened.get((number, event), 0) + rules
        if event == CHANGED:
            counts = kinds.setdefault(number, {})
            strongest = _kinds(found)[0] if found else ChangeKind.METADATA
            counts[strongest] = counts.get(strongest, 0) + rules
    return tuple(
        Run(
            number,
            started,
            finished,
            tuple(read.get(number, ())),
            added.get(number, 0),
            tuple((kind, kinds[number][kind]) for kind in ChangeKind if kind in kinds.get(number, {})),
            happened.get((number, REMOVED), 0),
            happened.get((number, RETURNED), 0),
            happened.get((number, MOVED), 0),
            rules,
        )
        for number, started, finished, rules in execute(
            "SELECT number, started, finished, rules FROM runs ORDER BY number DESC"
        )
    )


_ORDER: Final = {CHANGED: 0, ADDED: 1, RETURNED: 2, MOVED: 3, REMOVED: 4}
_KIND_ORDER: Final = {kind: place for place, kind in enumerate(ChangeKind)}


def changes(connection: sqlite3.Connection, run: int) -> tuple[RuleChange, ...]:
    """What a run changed: changed rules, the strongest kind first, then added, returned, moved, removed ones.

    Rules of one group by language and title. First readings are left out.
    """
    found = [*_recorded(connection, run), *_added(connection, run)]
    found.sort(key=_sort_key)
    return tuple(found)


def _sort_key(change: RuleChange) -> tuple[int, int, str, str, str]:
    kinds = change.change.kinds
    strongest = _KIND_ORDER[kinds[0]] if change.event == CHANGED and kinds else len(_KIND_ORDER)
    rule = change.rule
    return _ORDER[change.event], strongest, rule.language, rule.title.casefold(), rule.slug


_RULE: Final = "r.rule_id, r.slug, r.title, r.language, r.platform, s.name, s.licence, f.path, r.gone_run IS NULL"
_RULE_COLUMNS: Final = 9


def _recorded(connection: sqlite3.Connection, run: int) -> Iterator[RuleChange]:
    rows = connection.execute(
        f"SELECT {_RULE}, c.event, c.kinds, c.details, c.comparable, c.before, c.after, old.path FROM changes AS c "
        f"JOIN rules AS r ON r.id = c.rule {_JOINS} LEFT JOIN rules AS o ON o.id = c.moved_from "
        "LEFT JOIN files AS old ON old.id = o.file WHERE c.run = ?",
        (run,),
    )
    for row in rows:
        event, kinds, details, comparable, before, after, path = row[_RULE_COLUMNS:]
        found = Change(_kinds(kinds), tuple(map(_detail, msgspec.json.decode(details))))
        yield replace(
            _of_row(run, event, row, found),
            comparable=bool(comparable),
            path_before=path,
            before=before,
            after=after,
        )


def _added(connection: sqlite3.Connection, run: int) -> Iterator[RuleChange]:
    rows = connection.execute(
        f"SELECT {_RULE} FROM rules AS r {_JOINS} WHERE r.first_run = ? AND NOT {_READ_FIRST} AND {_NOT_MOVED}",
        (run,),
    )
    for row in rows:
        yield _of_row(run, ADDED, row, Change((), ()))


def _of_row(run: int, event: str, row: Sequence[Any], found: Change) -> RuleChange:
    """A change from the columns of `_RULE`; `Any`, since a database has no types to check."""
    rule_id, slug, title, language, platform, repository, licence, path, present = row[:_RULE_COLUMNS]
    rule = Reference(rule_id, slug, title, language, platform)
    return RuleChange(run, event, rule, repository, licence, path, bool(present), found)


def _kinds(text: str) -> tuple[ChangeKind, ...]:
    return tuple(map(ChangeKind, text.split()))


def _detail(item: list[str | None]) -> Detail:
    kind, what, name, before, after = item
    return Detail(ChangeKind(kind), what or "", name, before, after)


def texts(connection: sqlite3.Connection, change: RuleChange) -> tuple[str | None, str | None]:
    """The rule's text before and after, verbatim."""
    return _body(connection, change.before), _body(connection, change.after)


def _body(connection: sqlite3.Connection, version: int | None) -> str | None:
    if version is None:
        return None
    row = connection.execute("SELECT body FROM version_texts WHERE version = ?", (version,)).fetchone()
    return None if row is None else str(row[0])
