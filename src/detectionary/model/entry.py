"""A rule with everything that was worked out about it: what the catalog stores and a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from detectionary.model import wildcards
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.attack import Coverage
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import Operator, Value, ValueKind
from detectionary.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Action:
    """An operation that a log source records by name.

    `key` is the id that rules of all languages share ("aws:ec2.amazonaws.com/RunInstances"); it is compared without
    regard to case. `provider` is everything before the last part ("aws:ec2.amazonaws.com"), `operation` the last
    part. `inferred`: the rule names no event source, and exactly one provider has the operation.
    """

    key: str
    provider: str
    operation: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of the catalog. `analysis.indicators` carry their canonical fields.

    `platform` is the telemetry platform ("AWS", "Windows", "Entra ID", …), None when it is not known.
    `third_party_feed` is the reason why the rule only forwards a vendor's alert, or None.
    """

    rule: Rule
    slug: str
    analysis: Analysis
    coverage: Coverage
    actions: tuple[Action, ...]
    platform: str | None
    third_party_feed: str | None
    time_window: str | None
    """The schedule's lookback, else the time within which the query's records belong together, or None."""
    outcome: Outcome | None = None
    """Which result of its actions the rule watches; None when it filters on none."""
    events: tuple[Action, ...] = ()
    """Events that the rule's log source stands for (Sysmon 1 for process creation): shown, they link no rules."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Another rule of the catalog, as a page links to it."""

    id: str
    slug: str
    title: str
    language: str
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class CorpusCount:
    """How many other rules use the same (canonical field, operator, value), copies counted once."""

    total: int
    by_language: tuple[tuple[str, int], ...]


ValueKey = tuple[str, str, str]
"""(canonical or own field in lower case, operator, value as `value_key` spells it)."""

ANY_FIELD: Final = "*"
"""The field of a `ValueKey` that searches all fields."""

_LONGEST_VALUE_KEY: Final = 200


def field_key(indicator: Indicator) -> str:
    """The name under which corpus counts know the field of `indicator`."""
    return (indicator.canonical_field or indicator.field or ANY_FIELD).lower()


def value_key(value: Value) -> str | None:
    """How corpus counts spell `value`; None when it stands for nothing that rules could share.

    Text folds its case, and a number is spelled like the text of its digits, since languages differ in which of the two
    they write. What is no literal (`ago(7d)`, a watchlist, a placeholder) is kept apart from texts. A very long
    value is cut and ends in a digest of the whole.
    """
    match value.kind:
        case ValueKind.TEXT | ValueKind.GUID:
            key = str(value.value).casefold()
        case ValueKind.NUMBER | ValueKind.BOOL | ValueKind.DATETIME | ValueKind.TIMESPAN:
            key = _spelled(value.value)
        case ValueKind.RANGE:
            low, high = value.value if isinstance(value.value, tuple) else (value.value, value.value)
            key = f"{_spelled(low)}..{_spelled(high)}"
        case ValueKind.SYMBOLIC | ValueKind.PLACEHOLDER | ValueKind.WATCHLIST | ValueKind.JSON:
            key = f"{value.kind.value}:{_spelled(value.value)}"
        case ValueKind.NULL | ValueKind.EMPTY_LIST:
            return None
    if len(key) > _LONGEST_VALUE_KEY:
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        key = f"{key[: _LONGEST_VALUE_KEY - 20]}…{digest}"
    return key


def _spelled(value: object) -> str:
    """A scalar as one text: `true`, `5` for 5 and 5.0, texts as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def value_keys(indicator: Indicator) -> tuple[ValueKey | None, ...]:
    r"""One key for each value of `indicator`, in order.

    A pattern that needs no wildcard counts as what it says: `*\cmd.exe` as `ends_with` `\cmd.exe`.
    """
    field = field_key(indicator)
    return tuple(_compared(field, indicator.operator, value) for value in indicator.values)


def _compared(field: str, operator: Operator, value: Value) -> ValueKey | None:
    if operator is Operator.WILDCARD and isinstance(value.value, str):
        meant = wildcards.plain(value.value)
        if meant is not None:
            operator, value = meant[0], replace(value, value=meant[1])
    key = value_key(value)
    return None if key is None else (field, operator.value, key)


@dataclass(frozen=True)
class Relations:
    """What the catalog knows of a rule's neighbours. Outside a catalog there are none: `NO_RELATIONS`."""

    corpus: Mapping[ValueKey, CorpusCount] | None = None
    """For each value of the rule's indicators, how many other rules look for it."""
    excluded: Mapping[ValueKey, CorpusCount] | None = None
    """For each value of the rule's exclusions, how many other rules exclude it."""
    same_action: tuple[tuple[str, Reference], ...] = ()
    """(action key, rule), sorted by language and title."""
    copies: tuple[Reference, ...] = ()
    versions: tuple[Reference, ...] = ()
    """Rules of other paths with the same id and another query."""
    shared_indicators: tuple[tuple[Reference, int], ...] = ()
    """Rules that share most indicators, with how many; the rarest values first."""


NO_RELATIONS = Relations()
