"""The actions that a rule watches: operations that its log sources record by name.

Decisions (`analysis.md` 18 and 19)
- Only values that a field must equal, any one of them, in rows that are no exclusion and stand in no anti-join.
- Operations and providers compare without regard to case and are shown as the log source spells them.
- The provider is the one that the rule filters on next to the operation (`EventSource`, a Windows channel, a workload):
  beside it in one and-group when there is such a row, else anywhere in the rule. Where it names none, it is filled in
  when exactly one provider has the operation, and the action is marked `inferred`. Otherwise there is no action.
- Fields belong to the tables whose rows reach the filter; where it is not known which of several different log sources
  a row is about, it gives no action.
- Kusto's rows are read by table and column; those of the other languages by the kind of record and the canonical field,
  and only rows about one record (an event of a sequence, an event variable) belong together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from detectionary.model.analysis import Analysis, GroupKind, Indicator
from detectionary.model.entry import Action
from detectionary.schemas.fields import canonical_field
from detectionary.schemas.log_sources import LOG_SOURCES, LogSource
from detectionary.schemas.record_sources import RECORD_SOURCES
from detectionary.schemas.records import ELASTIC, is_equality, is_used, kinds, reading, record_of, texts

_Sources = Mapping[str, tuple[LogSource, ...]]


def _by_table(sources: tuple[LogSource, ...]) -> _Sources:
    names = frozenset[str]().union(*(source.tables for source in sources))
    return {name: tuple(source for source in sources if name in source.tables) for name in names}


_BY_TABLE: Final = _by_table(LOG_SOURCES)
_BY_KIND: Final = _by_table(RECORD_SOURCES)
_BY_RECORD: Final = ELASTIC | {"sigma", "yaral"}

_SPELLINGS: Final = frozenset(
    {"cased", "strings.to_lower", "strings.to_upper", "strings.trim", "to_lower", "to_string", "to_upper", "trim"}
)
"""Transforms that leave a value the operation's name. (`length(event.action) == 5` names none.)"""


def actions(analysis: Analysis, language: str) -> tuple[Action, ...]:
    """The actions of one rule, in the order of its filters, each once."""
    if language == "kusto":
        everywhere = (*analysis.tables, *analysis.functions)
        rows = [(row, row.tables or everywhere) for row in analysis.indicators if _counts(row)]
        return _found(rows, _BY_TABLE)
    if language in _BY_RECORD:
        return _found(list(_recorded(analysis, language)), _BY_KIND)
    return ()


def _found(rows: list[tuple[Indicator, tuple[str, ...]]], by_name: _Sources) -> tuple[Action, ...]:
    found: dict[str, Action] = {}
    counting = [row for row, _ in rows]
    for row, names in rows:
        for name, source in _sources(row, names, by_name):
            for operation in texts(row):
                for action in _of(operation, row, counting, name, source):
                    found.setdefault(action.key.lower(), action)
    return tuple(found.values())


def _recorded(analysis: Analysis, language: str) -> Iterator[tuple[Indicator, tuple[str, ...]]]:
    """The rows that count, their fields by canonical name, with the kinds of record that each may be about."""
    read = reading(analysis, language)
    kinds_of = kinds(analysis, language)
    for row in analysis.indicators:
        if (
            _counts(row)
            and row.field is not None
            and all(_SPELLINGS.issuperset(each.transforms) for each in row.values)
        ):
            name = row.canonical_field or canonical_field(language, read(row), row.field)
            about = tuple(kind.name for kind in kinds_of(row) if kind.name is not None)
            yield replace(row, field=name or row.field, record=record_of(row, analysis), tables=()), about


def _counts(row: Indicator) -> bool:
    """Whether a row can name an action."""
    return is_equality(row) and is_used(row)


def _name(row: Indicator) -> str:
    return (row.field or "").lower()


def _sources(row: Indicator, names: tuple[str, ...], by_name: _Sources) -> list[tuple[str, LogSource]]:
    """The log sources whose operation this row names, by what it is about."""
    field = _name(row)
    found = [(name, source) for name in names for source in by_name.get(name, ()) if field in source.operations]
    if not row.tables and len({_family(source) for _, source in found}) > 1:
        return []
    return found


def _family(source: LogSource) -> str:
    """What two log sources share that name the same actions: the tables of Windows events are one family."""
    return "windows" if source.operations & {"eventid", "event.code"} else min(source.tables)


def _of(operation: str, row: Indicator, rows: list[Indicator], table: str, source: LogSource) -> Iterator[Action]:
    spelled = source.spell(operation)
    if spelled is None:
        return
    owned = source.owners(spelled)
    named = _named_providers(row, rows, source)
    if named:
        matching = [provider for provider in named if provider in owned]
        chosen = matching or (named if len(named) == 1 or source.crossed else [])
        inferred = False
    elif source.default is not None:  # a union of several tables watches an operation in the table that records it
        own = source.default(table, spelled)
        elsewhere = any(source.default(other, spelled) in owned for other in row.tables)
        chosen = [own] if own in owned or not elsewhere else []
        inferred = False
    else:
        chosen = list(owned) if len(owned) == 1 or source.shared else []
        inferred = True
    for provider in chosen:
        yield Action(f"{provider}/{owned.get(provider, spelled)}", provider, owned.get(provider, spelled), inferred)


def _named_providers(row: Indicator, rows: list[Indicator], source: LogSource) -> list[str]:
    """The providers that the rule filters on for this row, in its order."""
    near: list[str] = []
    anywhere: list[str] = []
    for other in rows:
        reading = source.qualifiers.get(_name(other))
        if (
            reading is None
            or other.record != row.record
            or (row.tables and other.tables and not set(row.tables) & set(other.tables))
        ):
            continue
        providers = [provider for value in texts(other) for provider in reading(value)]
        if row.group is not None and other.group == row.group:
            if row.group.kind is GroupKind.ALL:
                near += providers
        elif not _belongs_to_another(other, rows, source):
            anywhere += providers
    return list(dict.fromkeys(near or anywhere))


def _belongs_to_another(other: Indicator, rows: list[Indicator], source: LogSource) -> bool:
    """Whether a provider's row stands in an and-group with an operation of its own."""
    group = other.group
    return (
        group is not None
        and group.kind is GroupKind.ALL
        and any(row.group == group and _name(row) in source.operations for row in rows)
    )
