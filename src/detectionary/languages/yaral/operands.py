"""What is compared or counted: a name, a function of one, a constant, or a calculation."""

from __future__ import annotations

from detectionary.languages.yaral.printer import expression
from detectionary.languages.yaral.syntax import Array, Call, Expression, Literal, NoCase, Quantified, Reference, Sign
from detectionary.model.predicate import Operand, OperandKind, function_of


def operand_of(node: Expression) -> Operand:
    """An expression as one side of a comparison, or as what is counted."""
    return Operand(expression(node), kind_of(node))


def kind_of(node: Expression) -> OperandKind:
    match node:
        case Reference(steps=steps):
            keys = [step.value for step in steps if not isinstance(step, str)]
            plain = all(kind_of(key) in (OperandKind.CONSTANT, OperandKind.NAME) for key in keys)
            return OperandKind.NAME if plain else OperandKind.CALCULATION
        case Literal() | Sign(operand=Literal()):
            return OperandKind.CONSTANT
        case Array(items) if all(kind_of(item) is OperandKind.CONSTANT for item in items):
            return OperandKind.CONSTANT
        case NoCase(operand=inner) | Quantified(operand=inner):
            return kind_of(inner)
        case Call(arguments=arguments):
            return function_of(kind_of(argument.value) for argument in arguments)
        case _:
            return OperandKind.CALCULATION
