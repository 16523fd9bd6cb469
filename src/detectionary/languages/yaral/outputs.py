"""What a detection holds beside its events: the keys of its match, the variables of `outcome`, what `select` names.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax#outcome_section_syntax
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from detectionary.languages.yaral.functions import FUNCTIONS, METRICS
from detectionary.languages.yaral.matching import key_name
from detectionary.languages.yaral.scope import BindingOf, Scope
from detectionary.languages.yaral.syntax import (
    Arithmetic,
    Array,
    Assignment,
    Call,
    Compare,
    Expression,
    InList,
    Key,
    Literal,
    LiteralKind,
    Logical,
    Not,
    Part,
    Reference,
    Section,
    Sign,
    Stage,
)
from detectionary.model.analysis import OutputField, Parameter

UNKNOWN: Final = "unknown"
"""The type of what only the data model knows."""

_MOST_FOLLOWED: Final = 8


def output_fields(parts: Iterable[Part], scope: Scope, first: int = 1) -> Iterator[OutputField]:
    """The fields of the results, in the order of the text; `first` is the number of the first stage."""
    number = first - 1
    found: dict[str, OutputField] = {}
    chosen: dict[str, OutputField] = {}
    for part in parts:
        if isinstance(part, Section) and part.kind == "meta":
            continue
        number += 1
        if isinstance(part, Stage):
            continue
        for item in part.items:
            match item:
                case Key() if part.kind == "match":
                    name = key_name(item)
                    found.setdefault(name, OutputField(name, "match", number, type_of(item.value, scope)))
                case Assignment(variable, value) if part.kind == "outcome":
                    name = variable[1:]
                    found[name] = OutputField(name, "outcome", number, type_of(value, scope))
                case Key() if part.kind == "select":
                    name = key_name(item)
                    chosen.setdefault(name, OutputField(name, "select", number, type_of(item.value, scope)))
                case Key() if part.kind == "unselect":
                    found.pop(key_name(item), None)
    yield from (chosen or found).values()


def type_of(node: Expression, scope: Scope, followed: int = 0) -> str:
    """The type of an expression as its functions give it."""
    if followed > _MOST_FOLLOWED:
        return UNKNOWN
    match node:
        case Literal(LiteralKind.BOOL):
            return "bool"
        case Literal(LiteralKind.NUMBER, value):
            return "int" if isinstance(value, int) else "float"
        case Literal(LiteralKind.STRING | LiteralKind.DURATION):
            return "string"
        case Compare() | InList() | Logical() | Not():
            return "bool"
        case Reference() if node.is_count:
            return "int"
        case Reference(root, ()) if root in scope.outcomes:
            return type_of(scope.outcomes[root], scope, followed + 1)
        case Reference(root, ()) if root in scope.bindings:
            kinds = {type_of(binding.value, scope, followed + 1) for binding in scope.bindings[root][:8]}
            return kinds.pop() if len(kinds) == 1 else UNKNOWN
        case Sign(operand):
            return type_of(operand, scope, followed + 1)
        case Arithmetic(first, rest):
            return _number({type_of(each, scope, followed + 1) for each in (first, *(each for _, each in rest))}, rest)
        case Array():
            return "array"
        case Call():
            return _returned(node, scope, followed)
        case _:
            return UNKNOWN


def _number(kinds: set[str], rest: tuple[tuple[str, Expression], ...]) -> str:
    if "float" in kinds or any(operator == "/" for operator, _ in rest):
        return "float"
    return "int" if kinds == {"int"} else "number"


def _returned(node: Call, scope: Scope, followed: int) -> str:
    arguments = [argument.value for argument in node.arguments]
    if node.name.startswith(METRICS):
        return "number"
    function = FUNCTIONS.get(node.name)
    if function is None:
        return UNKNOWN
    match function.returns:
        case "argument":
            return type_of(arguments[0], scope, followed + 1) if arguments else UNKNOWN
        case "array":
            kind = type_of(arguments[0], scope, followed + 1) if arguments else UNKNOWN
            return "array" if kind == UNKNOWN else f"array of {kind}"
        case "branches":
            kinds = {type_of(each, scope, followed + 1) for each in arguments[1:]} or {"bool"}
            return kinds.pop() if len(kinds) == 1 else "number" if kinds == {"int", "float"} else UNKNOWN
        case returns:
            return returns


def parameter(binding: BindingOf, text: str, scope: Scope) -> Parameter:
    """A placeholder as what it is bound to first."""
    kind = type_of(binding.value, scope)
    return Parameter(
        binding.name,
        binding.node.span.of(text),
        None,
        binding.node.span,
        None if kind == UNKNOWN else kind,
    )
