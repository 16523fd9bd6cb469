"""What the variables of one rule or stage stand for.

A variable with a path is an event (`$e.principal.ip`); one without is a placeholder, bound by an equation with a field
in `events`, or a variable of `outcome`.
https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax#variable_declarations
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

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
    Stage,
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
    by_node: dict[int, BindingOf] = field(default_factory=dict)
    outcomes: dict[str, Expression] = field(default_factory=dict)
    stages: dict[str, Scope] = field(default_factory=dict)
    """The stages before, whose match and outcome variables are read as fields (`$daily.total`)."""

    def binding_at(self, node: Compare) -> BindingOf | None:
        """The binding that this comparison is."""
        return self.by_node.get(id(node))

    def made_by_stage(self, node: Reference) -> Expression | None:
        """What an earlier stage made a field from."""
        stage = self.stages.get(node.root)
        if stage is None or len(node.steps) != 1:
            return None
        return stage.outcomes.get(f"${node.steps[0]}")


def scope_of(parts: tuple[Part, ...], before: Mapping[str, Scope] = MappingProxyType({})) -> Scope:
    """Collect the variables of the sections of one rule or stage; `before` are the stages that it may read."""
    scope = Scope(stages=dict(before))
    for part in parts:
        if isinstance(part, Stage):
            scope.stages[f"${part.name}"] = scope_of(part.parts, scope.stages)
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
        found = BindingOf(name, value, node, certain)
        scope.bindings.setdefault(name, []).append(found)
        scope.by_node[id(node)] = found


def _equations(node: Item, certain: bool) -> Iterator[tuple[Compare, bool]]:
    match node:
        case Compare(operator="="):
            yield node, certain
        case Logical(operator, operands):
            for operand in operands:
                yield from _equations(operand, certain and operator == "and")
