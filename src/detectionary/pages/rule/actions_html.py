"""The actions of a rule's page, and the rules that detect the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
        """In one list when they are few, else in one a language."""
        others = self._other_rules[: self._detail.others]
        if len(others) <= SEEN:
            return (OtherRules(None, len(others), others, ()),)
        by_language: dict[str, list[SameAction]] = {}
        for other in others:
            by_language.setdefault(other.language, []).append(other)
        counts = Counter(other.language for other in self._other_rules)
        seen = max(_FEWEST, SEEN // len(by_language))
        return tuple(
            OtherRules(language, counts[language], tuple(rules[:seen]), tuple(rules[seen:]))
            for language, rules in sorted(by_language.items(), key=lambda each: (-len(each[1]), each[0]))
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
