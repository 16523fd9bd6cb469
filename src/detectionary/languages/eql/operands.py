"""What is compared or counted: a name, a function of one, a constant, or a calculation."""

from __future__ import annotations

from detectionary.languages.eql.printer import expression
from detectionary.languages.eql.syntax import Call, Expression, Field, Literal, Pipe, Sign
from detectionary.model.predicate import Operand, OperandKind, function_of


def operand_of(node: Expression) -> Operand:
    """An expression as one side of a comparison; a field by its path in dots."""
    return Operand(node.name if isinstance(node, Field) else expression(node), _kind_of(node))


def counted(pipe: Pipe) -> Operand:
    """What a pipe counts, in its words: `count`, `unique_count host.name`."""
    text = f"{pipe.name} {', '.join(map(expression, pipe.arguments))}".rstrip()
    return Operand(text, function_of(map(_kind_of, pipe.arguments)))


def _kind_of(node: Expression) -> OperandKind:
    match node:
        case Field():
            return OperandKind.NAME
        case Literal() | Sign(operand=Literal()):
            return OperandKind.CONSTANT
        case Call(arguments=arguments):
            return function_of(map(_kind_of, arguments))
        case _:
            return OperandKind.CALCULATION
