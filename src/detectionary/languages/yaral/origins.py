"""Where a compared value comes from: the field, and the functions between it and the comparison.

`analysis.md` decision 1: a chain of functions over one field is that field with the functions as transforms, outermost
first; a function of one argument is its name, anything with further arguments keeps its text. A placeholder is what it
is bound to. What mixes several fields, chooses between them, or takes a text apart keeps its own name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from detectionary.languages.yaral.constants import fold
from detectionary.languages.yaral.functions import NOW
from detectionary.languages.yaral.printer import expression
from detectionary.languages.yaral.scope import Scope
from detectionary.languages.yaral.syntax import (
    Arithmetic,
    Array,
    Call,
    Expression,
    Literal,
    LiteralKind,
    Quantified,
    Reference,
    Sign,
    walk,
)

_PARTS: Final = frozenset(("re.capture", "re.capture_all", "strings.split", "strings.substr"))
"""Functions that take a text apart: a placeholder for what they give is a column of its own."""

_CHOICES: Final = frozenset(("if", "group", "strings.coalesce", "strings.concat"))

_MOST_PLACEHOLDERS: Final = 8
"""How many placeholders are followed from one to the next."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A field, the transforms round it, outermost first, and the event it belongs to.

    `mixed`: the name is that of a placeholder or the text of an expression, and no field's.
    """

    field: str
    transforms: tuple[str, ...] = ()
    record: str | None = None
    mixed: bool = False


def path(node: Reference) -> str:
    """A field in dots, without indexes; the key of a map is a name like others (`analysis.md` decision 2), an
    empty one `""`.
    """
    names = [] if node.is_variable else [node.root]
    steps = node.steps
    if node.is_variable and len(steps) > 1 and steps[0] == "udm":
        steps = steps[1:]  # `$e.udm.principal.ip` is `$e.principal.ip`
    for step in steps:
        if isinstance(step, str):
            names.append(step)
        elif not (isinstance(step.value, Literal) and step.value.kind is LiteralKind.NUMBER):
            key = step.value.value if isinstance(step.value, Literal) else expression(step.value)
            names.append(key if isinstance(key, str) and key else expression(step.value))
    return ".".join(names)


def fields(node: Expression) -> tuple[str, ...]:
    """The fields and variables that an expression reads, as the rule writes them, each once."""
    return tuple(dict.fromkeys(expression(found) for found in walk(node) if isinstance(found, Reference)))


def is_now(node: Expression) -> bool:
    """Whether an expression is made of the present moment and constants only."""
    calls = [found.name for found in walk(node) if isinstance(found, Call)]
    return any(name in NOW for name in calls) and not fields(node)


class Origins:
    """Traces expressions of one scope; each placeholder is worked out once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._known: dict[str, Origin] = {}
        self._followed = 0

    def of(self, node: Expression) -> Origin | None:
        """What the value of an expression comes from; None for what reads no field."""
        match node:
            case Reference():
                return self._reference(node)
            case Quantified(quantifier, operand):
                inner = self.of(operand)
                return inner and replace(inner, transforms=(quantifier, *inner.transforms))
            case Call(name, arguments) if name in _CHOICES or any(argument.name for argument in arguments):
                return Origin(expression(node), mixed=True) if fields(node) else None
            case Call(name, (only,)):
                inner = self.of(only.value)
                if inner is None:
                    return None
                if inner.mixed and inner.field[0] != "$":
                    return Origin(expression(node), mixed=True)
                return replace(inner, transforms=(name, *inner.transforms))
            case Call(arguments=arguments):
                return self._of_several(node, tuple(argument.value for argument in arguments))
            case Sign(operand):
                return self._of_several(node, (operand,))
            case Arithmetic(first, rest):
                return self._of_several(node, (first, *(operand for _, operand in rest)))
            case Literal():
                return None
            case _:
                return Origin(expression(node), mixed=True) if fields(node) else None

    def _reference(self, node: Reference) -> Origin:
        if node.is_field:
            return Origin(path(node), record=node.root if node.is_variable else None)
        name = node.root
        if node.is_list:
            return Origin(expression(node), mixed=True)
        if name not in self._known:
            self._known[name] = Origin(name, mixed=True)  # for a placeholder that is bound to itself
            self._known[name] = self._placeholder(name)
        return self._known[name]

    def _placeholder(self, name: str) -> Origin:
        bindings = self.scope.bindings.get(name, ())
        own = Origin(name, mixed=True)
        if not bindings or self._followed >= _MOST_PLACEHOLDERS:
            return own
        if any(_takes_apart(binding.value) for binding in bindings):
            return own
        self._followed += 1
        found = [self.of(binding.value) for binding in bindings]
        self._followed -= 1
        known = [each for each in found if each is not None and not each.mixed]
        if len(known) < len(found) or len({(each.field, each.transforms) for each in known}) > 1:
            return own
        # One field of two events is that field, of neither of them alone.
        records = {each.record for each in known}
        return replace(known[0], record=known[0].record if len(records) == 1 else None)

    def _of_several(self, node: Expression, operands: tuple[Expression, ...]) -> Origin | None:
        read = [each for each in operands if fold(each) is None and not _is_constant(each)]
        found = [self.of(each) for each in read]
        known = [each for each in found if each is not None]
        if not known:
            return None
        first = known[0]
        if len(found) > len(known) or any((each.field, each.record) != (first.field, first.record) for each in known):
            return Origin(expression(node), mixed=True)
        if first.mixed and first.field[0] != "$":
            return Origin(expression(node), mixed=True)
        return replace(first, transforms=(expression(node), *first.transforms))


def _takes_apart(node: Expression) -> bool:
    return any(isinstance(found, Call) and found.name in _PARTS for found in walk(node))


def _is_constant(node: Expression) -> bool:
    """A regular expression, an array of constants, or the present moment."""
    return isinstance(node, Literal | Array) or is_now(node)
