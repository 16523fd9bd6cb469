"""What belongs together: the window, the keys of a match, the events that must be there and those that must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from detectionary.languages.yaral.constants import fold
from detectionary.languages.yaral.origins import path
from detectionary.languages.yaral.printer import expression
from detectionary.languages.yaral.scope import Scope
from detectionary.languages.yaral.syntax import (
    Compare,
    Item,
    Key,
    Logical,
    Not,
    Part,
    Reference,
    Section,
    SomeOf,
    Window,
    walk,
)
from detectionary.model.predicate import Comparison, Predicate, leaves

_UNITS: Final = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y"}


def window(found: Window) -> str:
    """The width in short form: `day` is `1d`, `2hours` is `2h`."""
    digits = found.width.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
    unit = found.width[len(digits) :].lower()
    return (digits or "1") + _UNITS.get(unit.removesuffix("s"), unit)


def key_name(key: Key) -> str:
    """What a key is called in the results: a placeholder without its sign, a field by its path."""
    if isinstance(key.value, Reference):
        return path(key.value) or key.value.root.lstrip("$")
    return expression(key.value)


def group_by(parts: Iterable[Part]) -> tuple[str, ...]:
    """The keys of the match, by their names in the results."""
    return tuple(
        key_name(item)
        for part in parts
        if isinstance(part, Section) and part.kind == "match"
        for item in part.items
        if isinstance(item, Key)
    )


def references(section: Section, scope: Scope) -> tuple[str, ...]:
    """The placeholders that a section uses, in order of first use."""
    found = (node.root for node in walk(section) if isinstance(node, Reference) and not node.steps)
    return tuple(dict.fromkeys(name for name in found if name in scope.bindings))


def records(predicate: Predicate) -> set[str | None]:
    """The events that a filter is about."""
    return {leaf.record if isinstance(leaf, Comparison) else None for leaf in leaves(predicate)}


def absent(parts: Iterable[Part]) -> frozenset[str]:
    """The events that must not exist: `!$e`, `#e = 0`.

    https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax#bounded_and_unbounded_conditions
    """
    found: set[str] = set()
    for part in parts:
        if isinstance(part, Section) and part.kind == "condition":
            for item in part.items:
                found.update(_excluded(item))
    return frozenset(found)


def _excluded(node: Item) -> Iterator[str]:
    match node:
        case Logical("and", operands):
            for operand in operands:
                yield from _excluded(operand)
        case Not(Reference(root=root, steps=())) if root[0] in "$#":
            yield f"${root[1:]}"
        case Not(Compare(">", Reference() as counted, limit)) if counted.is_count and fold(limit) == 0:
            yield f"${counted.root[1:]}"
        case Not(Logical("or", operands)):
            for operand in operands:
                yield from _excluded(Not(operand, node.span))
        case Not(SomeOf("any", items)):
            for item in items:
                yield from _excluded(Not(item, node.span))
        case Compare(operator, Reference() as counted, limit) if counted.is_count:
            number = fold(limit)
            if (operator, number) in (("=", 0), ("<=", 0), ("<", 1)):
                yield f"${counted.root[1:]}"
