"""The actions that a rule watches: operations that its log sources record by name.

Decisions (`analysis.md` 18 and 19)
- Only values that a field must equal, any one of them, in rows that are no exclusion and stand in no anti-join.
- Operations and providers compare without regard to case and are shown as the log source spells them.
- The provider is the one that the rule filters on next to the operation (`EventSource`, a Windows channel, a workload):
  beside it in one and-group when there is such a row, else anywhere in the rule. Where it names none, it is filled in
  when exactly one provider has the operation, and the action is marked `inferred`. Otherwise there is no action.
- Fields belong to the tables whose rows reach the filter; where it is not known which of several different log sources
  a row is about, it gives no action.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.model.analysis import Analysis, GroupKind, Indicator
from detectionary.model.entry import Action
from detectionary.model.predicate import Operator, Quantifier, ValueKind
from detectionary.schemas.log_sources import LOG_SOURCES, LogSource

_TABLES: Final = frozenset[str]().union(*(source.tables for source in LOG_SOURCES))
_BY_TABLE: Final = {table: [source for source in LOG_SOURCES if table in source.tables] for table in _TABLES}


def actions(analysis: Analysis, language: str) -> tuple[Action, ...]:
    """The actions of one rule, in the order of its filters, each once. Languages other than Kusto have none yet."""
    if language != "kusto":
        return ()
    rows = [row for row in analysis.indicators if _counts(row)]
    found: dict[str, Action] = {}
    for row in rows:
        for table, source in _sources(row, analysis):
            for operation in _texts(row):
                for action in _of(operation, row, rows, table, source):
                    found.setdefault(action.key.lower(), action)
    return tuple(found.values())


def _counts(row: Indicator) -> bool:
    """Whether a row can name an action: a binding's can, when the query uses the binding."""
    equal = row.operator is Operator.EQ and row.quantifier is Quantifier.ANY
    used = row.context is None or (row.context.startswith("binding") and row.stage > 0)
    return equal and row.field is not None and used


def _name(row: Indicator) -> str:
    return (row.field or "").lower()


def _texts(row: Indicator) -> Iterator[str]:
    for value in row.values:
        if value.kind in (ValueKind.TEXT, ValueKind.NUMBER):
            yield str(value.value)


def _sources(row: Indicator, analysis: Analysis) -> list[tuple[str, LogSource]]:
    """The log sources whose operation this row names, by the tables that it is about."""
    name = _name(row)
    reading = row.tables or (*analysis.tables, *analysis.functions)
    found = [(table, source) for table in reading for source in _BY_TABLE.get(table, ()) if name in source.operations]
    if not row.tables and len({_family(source) for _, source in found}) > 1:
        return []
    return found


def _family(source: LogSource) -> str:
    """What two log sources share that name the same actions: the three tables of Windows events are one family."""
    return "windows" if "eventid" in source.operations else min(source.tables)


def _of(operation: str, row: Indicator, rows: list[Indicator], table: str, source: LogSource) -> Iterator[Action]:
    spelled = source.spell(operation)
    if spelled is None:
        return
    owned = source.owners(spelled)
    named = _named_providers(row, rows, source)
    if named:
        matching = [provider for provider in named if provider in owned]
        chosen = matching or (named if len(named) == 1 else [])
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
        if reading is None or (row.tables and other.tables and not set(row.tables) & set(other.tables)):
            continue
        providers = [provider for value in _texts(other) for provider in reading(value)]
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
