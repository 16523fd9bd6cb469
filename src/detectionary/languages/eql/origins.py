"""Where a compared value comes from: the field, and the functions between it and the comparison.

`analysis.md` decision 1: a chain of functions over one field is that field with the functions as transforms, outermost
first; a function of one argument is its name, anything with further arguments keeps its text. What mixes several
fields keeps its own text as its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectionary.languages.eql.constants import fold
from detectionary.languages.eql.printer import expression
from detectionary.languages.eql.syntax import Arithmetic, Call, Expression, Field, Sign, walk


@dataclass(frozen=True, slots=True)
class Origin:
    """A field, and the transforms round it, outermost first. `mixed`: the name is the text of an expression."""

    field: str
    transforms: tuple[str, ...] = ()
    mixed: bool = False


def fields(node: Expression) -> tuple[str, ...]:
    """The fields that an expression reads, each once."""
    return tuple(dict.fromkeys(found.name for found in walk(node) if isinstance(found, Field)))


def origin(node: Expression) -> Origin | None:
    """What the value of an expression comes from; None for what reads no field."""
    match node:
        case Field():
            return Origin(node.name)
        case Call(name, fold_case, (only,)):
            inner = origin(only)
            if inner is None or inner.mixed:
                return inner and Origin(expression(node), mixed=True)
            if name == "safe":
                return inner
            return Origin(inner.field, (f"{name}~" if fold_case else name, *inner.transforms))
        case Call(arguments=operands):
            return _of_several(node, operands)
        case Sign(operand=operand):
            return _of_several(node, (operand,))
        case Arithmetic(first, rest):
            return _of_several(node, (first, *(operand for _, operand in rest)))
        case _:
            found = fields(node)
            return Origin(expression(node), mixed=True) if found else None


def _of_several(node: Expression, operands: tuple[Expression, ...]) -> Origin | None:
    traced = [origin(operand) for operand in operands if fold(operand) is None]
    known = [each for each in traced if each is not None]
    if not known:
        return None
    first = known[0]
    if len(traced) > len(known) or any(each.mixed or each.field != first.field for each in known):
        return Origin(expression(node), mixed=True)
    return Origin(first.field, (expression(node), *first.transforms))
