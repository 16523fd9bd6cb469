"""What the variables of one rule or stage stand for.

A variable with a path is an event (`$e.principal.ip`); one without is a placeholder, bound by an equation with a field
in `events`, or a variable of `outcome`.
https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax#variable_declarations
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from detectionary.languages.yaral.constants import fold
from detectionary.languages.yaral.syntax import (
    Assignment,
    Compare,
    Expression,
    Item,
    Literal,
    LiteralKind,
    Logical,
    Part,
    Reference,
    Section,
    walk,
)


@dataclass(frozen=True, slots=True)
class BindingOf:
    """`$name = value`, in either order, and where it stands."""

    name: str
    value: Expression
    node: Compare
    certain: bool
    """It is no alternative of an `or`."""


@dataclass(slots=True)
class Scope:
    """The variables by their names with the sign; nobody changes a scope once it is collected."""

    events: set[str] = field(default_factory=set)
    bindings: dict[str, list[BindingOf]] = field(default_factory=dict)
    outcomes: dict[str, Expression] = field(default_factory=dict)

    def binding_at(self, node: Compare) -> BindingOf | None:
        """The binding that this comparison is."""
        for side in (node.left, node.right):
            if isinstance(side, Reference):
                for found in self.bindings.get(side.root, ()):
                    if found.node is node:
                        return found
        return None


def scope_of(parts: Iterable[Part]) -> Scope:
    """Collect the variables of the sections of one rule or stage."""
    scope = Scope()
    sections = [part for part in parts if isinstance(part, Section)]
    for section in sections:
        for node in walk(section):
            if isinstance(node, Reference) and node.is_variable and node.steps:
                scope.events.add(node.root)
        if section.kind == "outcome":
            for item in section.items:
                if isinstance(item, Assignment):
                    scope.outcomes.setdefault(item.name, item.value)
    for section in sections:
        if section.kind == "events":
            _collect(section.items, scope)
    return scope


def placeholder(node: Expression, scope: Scope) -> str | None:
    """The name of a variable that stands alone and is no event."""
    if isinstance(node, Reference) and node.is_variable and not node.steps and node.root not in scope.events:
        return node.root
    return None


def _collect(items: Iterable[Item], scope: Scope) -> None:
    between: list[tuple[Compare, bool]] = []
    for item in items:
        for node, certain in _equations(item, True):
            left, right = placeholder(node.left, scope), placeholder(node.right, scope)
            if left is not None and right is not None:
                between.append((node, certain))
            elif left is not None:
                _bind(scope, left, node.right, node, certain)
            elif right is not None:
                _bind(scope, right, node.left, node, certain)
    for node, certain in between:
        left, right = placeholder(node.left, scope), placeholder(node.right, scope)
        if left is not None and left not in scope.bindings:
            _bind(scope, left, node.right, node, certain)
        elif right is not None and right not in scope.bindings:
            _bind(scope, right, node.left, node, certain)


def _bind(scope: Scope, name: str, value: Expression, node: Compare, certain: bool) -> None:
    if isinstance(value, Literal) and value.kind is LiteralKind.REGEX:
        return
    if fold(value) is None and not (isinstance(value, Reference) and value.is_list):
        scope.bindings.setdefault(name, []).append(BindingOf(name, value, node, certain))


def _equations(node: Item, certain: bool) -> Iterator[tuple[Compare, bool]]:
    match node:
        case Compare(operator="="):
            yield node, certain
        case Logical(operator, operands):
            for operand in operands:
                yield from _equations(operand, certain and operator == "and")
