"""Which result of an action a rule watches: that it succeeded, that it failed, or that it failed in a certain way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """`success` is None when the rule only names codes that do not say which it is.

    `codes` are error codes as the rule spells them. A rule that filters on no result at all has no outcome.
    """

    success: bool | None = None
    codes: tuple[str, ...] = ()


def distance(one: Outcome | None, other: Outcome | None) -> int:
    """How unlike two outcomes are: 0 the same, 1 the same result by other codes, 2 one of them not said, 3 otherwise.

    Codes compare without regard to case; one in common is enough. Two rules that filter on no result are alike (0).
    """
    if one is None or other is None:
        return 0 if one is other else 2
    if {code.casefold() for code in one.codes} & {code.casefold() for code in other.codes}:
        return 0
    if one.success is None or one.success is not other.success:
        return 3
    return 1 if one.codes or other.codes else 0
