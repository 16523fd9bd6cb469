"""What is compared or counted: a name, a function of one, a constant, or a calculation."""

from __future__ import annotations

from detectionary.languages.esql.syntax import (
    Call,
    Expression,
    ListLiteral,
    Literal,
    Name,
    Parameter,
    Signed,
    Star,
    TimeSpan,
    bare,
)
from detectionary.model.predicate import OperandKind, function_of


def kind_of(expression: Expression) -> OperandKind:
    """What an expression is; parentheses round it are nothing."""
    match bare(expression):
        case Name() | Star():
            return OperandKind.NAME
        case Literal() | TimeSpan() | Parameter() | Signed(operand=Literal()):
            return OperandKind.CONSTANT
        case ListLiteral(items) if all(kind_of(item) is OperandKind.CONSTANT for item in items):
            return OperandKind.CONSTANT
        case Call(arguments=arguments):
            return function_of(map(kind_of, arguments))
        case _:
            return OperandKind.CALCULATION
