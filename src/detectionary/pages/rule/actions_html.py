"""The actions of a rule's page, and the rules that detect the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from detectionary.pages.rule.context import SameAction
from detectionary.pages.rule.texts_html import TextMarkup

SEEN: Final = 24
"""Of long lists of other rules and findings this many are shown, and how many more there are."""

_FEWEST: Final = 4
"""Of each language this many are seen at once."""


@dataclass(frozen=True, slots=True)
class ShownAction:
    """`others`: how many other rules detect it."""

    action: str
    provider: str
    operation: str
    inferred: bool
    others: int


@dataclass(frozen=True, slots=True)
class OtherRules:
    """Rules of the same action in one language, or (None) in all: how many there are, those seen, those folded away."""

    language: str | None
    count: int
    shown: tuple[SameAction, ...]
    folded: tuple[SameAction, ...]


def shares(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """How many of each when `most` of all are listed: all of those that are few, and large ones share the rest."""
    found: dict[str, int] = {}
    for left, (name, count) in zip(
        range(len(counts), 0, -1), sorted(counts.items(), key=lambda each: (each[1], each[0])), strict=True
    ):
        found[name] = min(count, most // left)
        most -= found[name]
    return found


class ActionMarkup(TextMarkup):
    """What the templates ask about actions."""

    @cached_property
    def _other_rules(self) -> tuple[SameAction, ...]:
        """The other rules of the actions, each once, where it comes first."""
        found: dict[tuple[str, str], SameAction] = {}
        for other in self.page.same_action:
            found.setdefault((other.language, other.slug), other)
        return tuple(found.values())

    @cached_property
    def same_action(self) -> tuple[OtherRules, ...]:
        """In one list when they are few, else in one a language: of each language those that come first."""
        others = self._other_rules
        if len(others) <= min(SEEN, self._detail.others):
            return (OtherRules(None, len(others), others, ()),)
        by_language: dict[str, list[SameAction]] = {}
        for other in others:
            by_language.setdefault(other.language, []).append(other)
        listed = shares({language: len(rules) for language, rules in by_language.items()}, self._detail.others)
        seen = max(_FEWEST, SEEN // len(by_language))
        return tuple(
            OtherRules(language, len(rules), tuple(rules[: min(seen, most)]), tuple(rules[seen:most]))
            for language, rules in sorted(by_language.items(), key=lambda each: (-len(each[1]), each[0]))
            if (most := listed[language])
        )

    @property
    def same_action_left(self) -> int:
        return max(0, len(self._other_rules) - self._detail.others)

    @cached_property
    def actions(self) -> tuple[ShownAction, ...]:
        """The operations that the rule itself names."""
        return tuple(self._coverage(linked=True))

    @cached_property
    def events(self) -> tuple[ShownAction, ...]:
        """The events that its log source stands for."""
        return tuple(self._coverage(linked=False))

    def _coverage(self, *, linked: bool) -> Iterator[ShownAction]:
        others = Counter(other.action for other in self.page.same_action)
        for row in self.page.event_coverage:
            if row.linked is linked:
                yield ShownAction(row.action, row.provider, row.operation, row.inferred, others[row.action])
