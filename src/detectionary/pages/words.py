"""Codes of the model in words, for every rendering that people read. `languages.py` has those of each language."""

from __future__ import annotations

from typing import Final

from detectionary.model.predicate import Operator, Quantifier, ScalarValue
from detectionary.pages.rule.context import PageOutcome, PageTrigger

_KINDS: Final = {"CustomDetection": "Custom detection", "Query": "Community query", "Hunting": "Hunting query"}


def kind_words(kind: str) -> str:
    """What a platform does with a rule, in words."""
    return _KINDS.get(kind, kind)


_TRIGGERS: Final = {"gt": "more than", "lt": "fewer than", "eq": "exactly", "ne": "not"}


def trigger_words(trigger: PageTrigger) -> str:
    """When the alert is raised: "more than 0 results"."""
    results = "result" if trigger.threshold == 1 else "results"
    return f"{_TRIGGERS.get(trigger.operator, trigger.operator)} {trigger.threshold} {results}"


def outcome_words(outcome: PageOutcome) -> str:
    """Which result of its actions a rule watches: "failure: Client.UnauthorizedOperation"."""
    result = {True: "success", False: "failure", None: ""}[outcome.success]
    return ": ".join(filter(None, (result, ", ".join(outcome.codes))))


_RELATIONS: Final = {
    "derived": "derived from",
    "obsolete": "replaces",
    "merged": "merged from",
    "renamed": "had the id",
    "similar": "similar to",
}


def relation_words(relation: str) -> str:
    """What a rule says it is to another: Sigma's `obsolete` names a rule that this one replaces."""
    return _RELATIONS.get(relation, relation)


def operator_words(operator: str, quantifier: str, count: int) -> str:
    """An operator as tables show it: `eq` of any of several values is `in`; other lists say how many must hold."""
    if operator == Operator.EQ.value and quantifier == Quantifier.ANY.value and count > 1:
        return "in"
    if count > 1 or quantifier == Quantifier.ALL.value:
        return f"{operator} {quantifier}"
    return operator


def scalar_text(value: ScalarValue | tuple[ScalarValue, ...]) -> str:
    """A value as it is shown: texts as they are, `true`, `null`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(map(scalar_text, value))
        case _:
            return str(value)


def percent(part: int, whole: int) -> str:
    """A share that rounds neither to all nor to nothing: "99.3 %", "over 99.9 %", "under 0.1 %"."""
    if not whole or part == whole:
        return "100 %"
    if not part:
        return "0 %"
    tenths = 1000 * part // whole
    if tenths == 0:
        return "under 0.1 %"
    return "over 99.9 %" if tenths == 999 else f"{tenths / 10:.1f} %"
