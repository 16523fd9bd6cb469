"""What is compared or counted: a name, a function of one, a constant, or a calculation."""

from __future__ import annotations

from detectionary.languages.kusto.syntax import (
    Call,
    DynamicLiteral,
    Element,
    Expression,
    Literal,
    Name,
    NameReference,
    Parenthesized,
    Path,
    Star,
    ToScalar,
    Unary,
)
from detectionary.model.predicate import OperandKind, function_of


def kind_of(expression: Expression) -> OperandKind:
    """What an expression is; parentheses round it are nothing."""
    while True:
        match expression:
            case Parenthesized(inner):
                expression = inner
            case Path(target, Name()) | Element(target, Literal() | Unary(operand=Literal())) if _is_name(target):
                expression = target
            case NameReference() | Star():
                return OperandKind.NAME
            case Literal() | DynamicLiteral() | Unary(operand=Literal()):
                return OperandKind.CONSTANT
            case ToScalar(inner):
                return function_of((kind_of(inner),))
            case Call(arguments=arguments):
                return function_of(map(kind_of, arguments))
            case _:
                return OperandKind.CALCULATION


def _is_name(expression: Expression) -> bool:
    """Whether the expression is a name, or what is inside the values of one (`a.b["c"][0]`)."""
    while isinstance(expression, Path | Element):
        expression = expression.target
    return isinstance(expression, NameReference)
