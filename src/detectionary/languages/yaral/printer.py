"""A text from its tree: parsing what is printed gives the same tree."""

from __future__ import annotations

from typing import Final, assert_never

from detectionary.languages.yaral.functions import FUNCTIONS
from detectionary.languages.yaral.syntax import (
    Argument,
    Arithmetic,
    Array,
    Assignment,
    Bad,
    Call,
    Compare,
    Element,
    Expression,
    InList,
    Item,
    Join,
    Key,
    Literal,
    LiteralKind,
    Logical,
    NoCase,
    Not,
    Part,
    Quantified,
    Reference,
    Rule,
    Setting,
    Sign,
    SomeOf,
    Stage,
    Text,
    Window,
)

_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_INDENT: Final = "  "
_LISTED: Final = frozenset(("match", "order", "dedup", "select", "unselect", "limit"))
"""Sections whose items stand in one line."""

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _PRIMARY = range(8)
"""How strongly an expression binds, from weak to strong."""


def printed(tree: Text) -> str:
    """The text, an item a line."""
    return "\n\n".join(map(_rule, tree.rules))


def normalised(tree: Text) -> str:
    """What the rules do, without their names and metadata: copies share it."""
    return printed(
        Text(
            tuple(
                Rule(
                    None if rule.name is None else "_",
                    tuple(part for part in rule.parts if isinstance(part, Stage) or part.kind != "meta"),
                    rule.name_span,
                    rule.span,
                )
                for rule in tree.rules
            )
        )
    )


def _rule(rule: Rule) -> str:
    if rule.name is None:
        return "\n".join(_part(part, "") for part in rule.parts)
    return "\n".join((f"rule {rule.name} {{", *(_part(part, _INDENT) for part in rule.parts), "}"))


def _part(part: Part, indent: str) -> str:
    if isinstance(part, Stage):
        inner = (_part(each, indent + _INDENT) for each in part.parts)
        return "\n".join((f"{indent}stage {part.name} {{", *inner, f"{indent}}}"))
    if part.kind in _LISTED:
        keys = ", ".join(_item(item) for item in part.items if not isinstance(item, Window))
        windows = [_item(item) for item in part.items if isinstance(item, Window)]
        return " ".join((f"{indent}{part.kind}:", *([keys] if keys else ()), *windows))
    head = [] if part.implied else [f"{indent}{part.kind}:"]
    return "\n".join((*head, *(f"{indent}{_INDENT}{_item(item)}" for item in part.items)))


def _item(item: Item) -> str:
    match item:
        case Setting(key, value):
            return f"{key} = {_inside(value, _SUM)}"
        case Assignment(name, value):
            return f"{name} = {expression(value)}"
        case Key(value, direction):
            return f"{expression(value)} {direction}".rstrip()
        case Window(word, every, width, side, pivot):
            anchor = f" {side} {pivot}" if side else ""
            return f"{word} {'every ' if every else ''}{width}{anchor}"
        case _:
            text = expression(item)
            # On a line of its own a sign or a slash would go on with the line before.
            return f"({text})" if text.startswith(("-", "/")) else text


def expression(node: Expression) -> str:
    """An expression, with the parentheses that it needs."""
    return _written(node)[0]


def _written(node: Expression) -> tuple[str, int]:
    """The text, and how strongly it binds."""
    match node:
        case Literal():
            return _literal(node), _PRIMARY
        case Reference():
            return _reference(node), _PRIMARY
        case Call(name, arguments):
            return f"{name}({', '.join(map(_argument, arguments))})", _PRIMARY
        case Array(items):
            return f"[{', '.join(map(expression, items))}]", _PRIMARY
        case Quantified(quantifier, operand):
            text = expression(operand)
            plain = isinstance(operand, Reference | Call) and text[0] not in "%#"
            return f"{quantifier} {text if plain else f'({text})'}", _PRIMARY
        case SomeOf(count, items):
            return f"{count} of [{', '.join(map(expression, items))}]", _PRIMARY
        case Sign(operand):
            return f"-{_inside(operand, _SIGN)}", _SIGN
        case Arithmetic(first, rest):
            level = _SUM if rest[0][0] in "+-" else _PRODUCT
            text = _inside(first, level + 1)
            for operator, operand in rest:
                text += f" {operator} {_inside(operand, level + 1)}"
            return text, level
        case Compare(operator, left, right, nocase):
            return f"{_inside(left, _SUM)} {operator} {_inside(right, _SUM)}{' nocase' if nocase else ''}", _COMPARE
        case InList(operand, mode, values, nocase):
            words = f"in {mode}".rstrip()
            return f"{_inside(operand, _SUM)} {words} {_inside(values, _SUM)}{' nocase' if nocase else ''}", _COMPARE
        case NoCase(operand):
            return f"{_inside(operand, _SUM)} nocase", _COMPARE
        case Not(operand):
            return f"not {_inside(operand, _NOT)}", _NOT
        case Logical(operator, operands):
            level = _AND if operator == "and" else _OR
            return f" {operator} ".join(_inside(operand, level + 1) for operand in operands), level
        case Join(kind, operands):
            return f"{kind} join {', '.join(map(expression, operands))}", _OR
        case Bad(text):
            return text, _PRIMARY
        case _:
            assert_never(node)


def _inside(node: Expression, level: int) -> str:
    text, own = _written(node)
    return text if own >= level else f"({text})"


def _argument(argument: Argument) -> str:
    value = expression(argument.value)
    return value if argument.name is None else f"{argument.name}: {value}"


def _reference(node: Reference) -> str:
    text = node.root
    for step in node.steps:
        text += f"[{_inside(step.value, _SUM)}]" if isinstance(step, Element) else f".{step}"
    return f"({text})" if text in FUNCTIONS else text


def _literal(node: Literal) -> str:
    match node.kind:
        case LiteralKind.STRING:
            return f'"{str(node.value).translate(_ESCAPED)}"'
        case LiteralKind.REGEX:
            return "/" + str(node.value).replace("/", "\\/") + "/"
        case LiteralKind.BOOL:
            return "true" if node.value else "false"
        case LiteralKind.NUMBER:
            return _number(node.value)
        case LiteralKind.DURATION:
            return str(node.value)
        case _:
            assert_never(node.kind)


def _number(value: object) -> str:
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    return text if not exponent or "." in mantissa else f"{mantissa}.0e{power}"
