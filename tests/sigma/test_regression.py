"""SigmaHQ's regression events: each rule is true of its own, and of those of other rules as its condition says.

What a condition says is worked out a second time from pySigma's tree, in the plainest way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Final

from detectionary.languages.sigma.analyze import rule_predicate
from detectionary.languages.sigma.parser import parse
from detectionary.model.matching import EventValue, holds
from detectionary.model.predicate import Predicate
from detectionary.model.rule import Rule
from detectionary.model.wildcards import Wild, parts
from tests.conftest import needs_shared
from tests.sigma.corpus import corpus_rules
from tests.sigma.events import regressions
from tests.sigma.test_oracle import their_tree
from tests.sigma.trees import Tree

_TESTED: Final = 167
_EVERY: Final = 12
"""Of the other rules of a log source, every twelfth."""


@cache
def _rules() -> dict[str, Rule]:
    return {rule.id: rule for path, rule in reversed(corpus_rules()) if path.startswith("sigma/")}


def _predicate(rule: Rule) -> Predicate:
    predicate = rule_predicate(rule.query)
    assert predicate is not None, rule.title
    return predicate


@needs_shared
def test_each_rule_is_true_of_its_events() -> None:
    missed = []
    tested = 0
    for regression in regressions():
        for rule in filter(None, map(_rules().get, regression.rules)):
            predicate = _predicate(rule)
            found = sum(holds(predicate, event) is True for event in regression.events)
            tested += 1
            # The count is of the log file; some of their JSON files hold more events.
            if found < (regression.matches or 1):
                missed.append((rule.title, found, regression.matches))
    assert missed == []
    assert tested >= _TESTED


def _meant(tree: Tree, event: Mapping[str, EventValue]) -> bool:
    """Whether pySigma's tree is true of an event."""
    match tree:
        case ("all", operands):
            return all(_meant(operand, event) for operand in operands)
        case ("any", operands):
            return any(_meant(operand, event) for operand in operands)
        case ("not", operand):
            return not _meant(operand, event)
        case (str(field), "field", str(reference)):
            left, right = event.get(field), event.get(reference.removeprefix("== "))
            return left is not None and right is not None and str(left).lower() == str(right).lower()
        case (None, test, value):
            return any(_leaf(test, value, held) for held in event.values())
        case (field, test, value):
            return _leaf(test, value, event.get(field))
        case _:
            raise AssertionError(tree)


def _leaf(test: str, value: object, held: EventValue) -> bool:
    match test, value:
        case "is_null", _:
            return held is None or held == ""
        case "is_not_null", _:
            return held is not None and held != ""
        case (("text" | "cased text"), str(pattern)):
            signs = {Wild.ANY: ".*", Wild.ONE: "."}
            written = "".join(signs[part] if isinstance(part, Wild) else re.escape(part) for part in parts(pattern))
            flags = re.DOTALL | (re.NOFLAG if test == "cased text" else re.IGNORECASE)
            return held is not None and re.fullmatch(written, str(held), flags) is not None
        case "regex", (str(pattern), frozenset() as flags):
            options = re.IGNORECASE if "i" in flags else re.NOFLAG
            return held is not None and re.search(pattern, str(held), options) is not None
        case "cidr", str(network):
            try:
                return ip_address(str(held)) in ip_network(network)
            except ValueError:
                return False
        case "number eq", _:
            return str(held) == str(value)
        case "bool eq", _:
            return str(held).lower() == str(value).lower()
        case "number gt" | "number ge" | "number lt" | "number le", (int() | float()) as limit:
            if held is None or not str(held).isdecimal():
                return False
            number = int(str(held))
            return {"gt": number > limit, "ge": number >= limit, "lt": number < limit, "le": number <= limit}[test[7:]]
        case _:
            raise AssertionError((test, value))


@needs_shared
def test_each_rule_says_of_the_events_of_others_what_its_condition_says() -> None:
    events: dict[str, list[Mapping[str, EventValue]]] = {}
    for regression in regressions():
        for rule in filter(None, map(_rules().get, regression.rules)):
            events.setdefault(_log_source(rule), []).extend(regression.events)
    own = {identifier for regression in regressions() for identifier in regression.rules}
    others = [rule for identifier, rule in sorted(_rules().items()) if identifier not in own][::_EVERY]
    wrong = []
    verdicts = {True: 0, False: 0}
    for rule in (*(rule for identifier, rule in _rules().items() if identifier in own), *others):
        seen = events.get(_log_source(rule), ())
        tree = their_tree(rule.query.text) if seen else None
        if tree is None:
            continue
        predicate = _predicate(rule)
        for event in seen:
            meant = _meant(tree, event)
            verdicts[meant] += 1
            found = holds(predicate, event)
            # Fields that an event does not have, or has in another case, are not compared with each other.
            if found is not meant and not (found is None and "'field'" in str(tree)):
                wrong.append((rule.title, found, meant))
    assert wrong == []
    assert verdicts[True] >= 200  # rules of one subject find each other's events
    assert verdicts[False] >= 15_000


def _log_source(rule: Rule) -> str:
    parsed = parse(rule.query.text).rule
    return (parsed.log_source if parsed is not None else None) or ""
