"""A rule with everything that was worked out about it: what the catalog stores and a page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from detectionary.model.analysis import Analysis
from detectionary.model.attack import Coverage
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
    """The schedule's lookback, or None."""


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


@dataclass(frozen=True)
class Relations:
    """What the catalog knows of a rule's neighbours. Outside a catalog there are none: `NO_RELATIONS`."""

    corpus: Mapping[ValueKey, CorpusCount] | None = None
    same_action: tuple[tuple[str, Reference], ...] = ()
    """(action key, rule), sorted by language and title."""
    copies: tuple[Reference, ...] = ()
    versions: tuple[Reference, ...] = ()
    """Rules of other paths with the same id and another query."""
    shared_indicators: tuple[tuple[Reference, int], ...] = ()
    """Rules that share most indicators, with how many; the rarest values first."""


NO_RELATIONS = Relations()
