"""Writing down what a run changes: the rows of `changes`, in the transactions that make the changes."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from detectionary.catalog.rows import ENTRY_CODEC, RULE_COLUMNS, StoredRule
from detectionary.catalog.wire import WireError
from detectionary.model.change import Change, ChangeKind, QueryDifference, change
from detectionary.model.entry import Entry

Compare: TypeAlias = Callable[[Entry, Entry], Change]
"""How a later entry of a rule differs from an earlier one."""

_ENTRY: Final = RULE_COLUMNS.index("entry")
_ANALYSED_WITH: Final = RULE_COLUMNS.index("analysed_with")
_NOTHING: Final = Change((), ())


class Event(Enum):
    """What happened to a rule that was known. Rules that are new need no row."""

    CHANGED = "changed"
    REMOVED = "removed"
    RETURNED = "returned"
    MOVED = "moved"


def by_text(before: Entry, after: Entry) -> Change:
    """The change as the texts alone tell it, without the languages: another query is another logic."""
    same = before.rule.query.text == after.rule.query.text
    return change(before, after, QueryDifference.NONE if same else QueryDifference.LOGIC)


@dataclass(frozen=True, slots=True)
class Was:
    """A rule as it is before it is replaced."""

    version: int | None
    entry: bytes
    analysed_with: str


@dataclass(frozen=True, slots=True)
class _Placed:
    """A rule that came or went in this run."""

    number: int
    repository: int
    rule_id: str
    version: int
    digest: str


class Recorder:
    """Writes the changes of one run."""

    def __init__(self, connection: sqlite3.Connection, compare: Compare) -> None:
        self._connection = connection
        self._compare = compare
        self.run = 0

    def was(self, rule: int) -> Was:
        """The rule as it is stored now."""
        row = self._connection.execute(
            "SELECT v.id, r.entry, r.analysed_with FROM rules AS r "
            "LEFT JOIN rule_versions AS v ON v.rule = r.id AND v.current = 1 WHERE r.id = ?",
            (rule,),
        ).fetchone()
        return Was(row[0], bytes(row[1]), row[2])

    def replaced(self, rule: int, event: Event, was: Was, now: StoredRule) -> None:
        """The rule has been replaced by another text, or by the same one when it returned."""
        after = self.was(rule)
        found = _NOTHING if was.version == after.version else self._change(was.entry, bytes(_cell(now, _ENTRY)))
        comparable = was.analysed_with == now.columns[_ANALYSED_WITH] or not _rests_on_analysis(found)
        self._add(rule, event, found, comparable=comparable, before=was.version, after=after.version)

    def removed(self, rules: Iterable[int]) -> None:
        """These rules are gone."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO changes (run, rule, event, kinds, details, comparable, before) "
            "SELECT ?, r.id, 'removed', '', '[]', 1, v.id FROM rules AS r "
            "LEFT JOIN rule_versions AS v ON v.rule = r.id AND v.current = 1 WHERE r.id = ?",
            [(self.run, rule) for rule in rules],
        )

    def settle(self) -> int:
        """The run is complete: rules that went from one file and came in another have moved; how many."""
        gone = self._placed(
            "JOIN changes AS c ON c.rule = r.id AND c.run = ?1 AND c.event = 'removed' WHERE r.gone_run = ?1",
            (self.run,),
        )
        if not gone:
            return 0
        came = self._placed(
            "LEFT JOIN changes AS c ON c.rule = r.id AND c.run = ?1 AND c.event = 'returned' "
            "WHERE r.gone_run IS NULL AND (c.rule IS NOT NULL OR r.first_run > ("
            "SELECT COALESCE(MAX(number), 0) FROM runs WHERE finished IS NOT NULL AND number < ?1))",
            (self.run,),
        )
        pairs = _pairs(gone, came)
        for old, new in pairs:
            self._move(old, new)
        return len(pairs)

    def _placed(self, which: str, parameters: Sequence[int]) -> list[_Placed]:
        rows = self._connection.execute(
            "SELECT r.id, f.repository, lower(r.rule_id), v.id, v.digest FROM rules AS r "  # noqa: S608  # ours
            f"JOIN files AS f ON f.id = r.file JOIN rule_versions AS v ON v.rule = r.id AND v.current = 1 {which} "
            "ORDER BY f.path, r.rule_id, r.occurrence",
            parameters,
        )
        return [_Placed(*row) for row in rows]

    def _move(self, old: _Placed, new: _Placed) -> None:
        execute = self._connection.execute
        found, comparable = _NOTHING, True
        if old.digest != new.digest:
            was, now = self.was(old.number), self.was(new.number)
            found = self._change(was.entry, now.entry)
            comparable = was.analysed_with == now.analysed_with or not _rests_on_analysis(found)
        execute("DELETE FROM changes WHERE run = ? AND rule IN (?, ?)", (self.run, old.number, new.number))
        self._add(
            new.number,
            Event.MOVED,
            found,
            comparable=comparable,
            before=old.version,
            after=new.version,
            moved_from=old.number,
        )

    def _change(self, before: bytes, after: bytes) -> Change:
        """Texts that another version of Detectionary stored cannot be compared: all that is known is that they differ.

        `ChangeKind.LOGIC` then, since nothing less can be vouched for.
        """
        try:
            return self._compare(ENTRY_CODEC.decode(before), ENTRY_CODEC.decode(after))
        except WireError:
            return Change((ChangeKind.LOGIC,), ())

    def _add(
        self,
        rule: int,
        event: Event,
        found: Change,
        *,
        comparable: bool,
        before: int | None,
        after: int | None,
        moved_from: int | None = None,
    ) -> None:
        kinds = " ".join(kind.value for kind in found.kinds)
        details = [(each.kind.value, each.what, each.name, each.before, each.after) for each in found.details]
        self._connection.execute(
            "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.run,
                rule,
                event.value,
                kinds,
                msgspec.json.encode(details).decode(),
                int(comparable),
                before,
                after,
                moved_from,
            ),
        )


def _rests_on_analysis(found: Change) -> bool:
    """Whether the analysis had a part in it: metadata are as they are read."""
    return any(kind is not ChangeKind.METADATA for kind in found.kinds)


def _cell(rule: StoredRule, place: int) -> bytes:
    cell = rule.columns[place]
    if not isinstance(cell, bytes):
        raise TypeError("the entry of a stored rule is bytes")
    return cell


def _pairs(gone: Sequence[_Placed], came: Sequence[_Placed]) -> list[tuple[_Placed, _Placed]]:
    """Which rule went where: first those with the same text, then those whose id only one came and one went with."""
    found: list[tuple[_Placed, _Placed]] = []
    left_gone, left_came = list(gone), list(came)

    def pair(key: Callable[[_Placed], tuple[int, str]], *, only: bool) -> None:
        old, new = defaultdict(list), defaultdict(list)
        for each in left_gone:
            old[key(each)].append(each)
        for each in left_came:
            new[key(each)].append(each)
        for name, items in old.items():
            others = new.get(name, [])
            if only and (len(items) != 1 or len(others) != 1):
                continue
            found.extend(zip(items, others, strict=False))
        taken = {id(each) for match in found for each in match}
        left_gone[:] = [each for each in left_gone if id(each) not in taken]
        left_came[:] = [each for each in left_came if id(each) not in taken]

    pair(lambda each: (each.repository, each.digest), only=False)
    pair(lambda each: (each.repository, each.rule_id), only=True)
    return found
