"""A Kibana KQL tree as text: parsing it gives the same tree."""

from __future__ import annotations

from typing import Final, assert_never

from detectionary.languages.kuery.syntax import Connected, Is, Literal, Missing, Negated, Nested, Query, Range

_ESCAPES: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_KEYWORDS: Final = frozenset({"and", "or", "not"})


def printed(tree: Query | None) -> str:
    """One line; brackets only where they are needed. An empty query is an empty text."""
    match tree:
        case None | Missing():
            return ""
        case Connected(operands, every):
            return (" and " if every else " or ").join(_operand(each, every) for each in operands)
        case Negated(operand):
            return f"not {_bracketed(operand) if isinstance(operand, Connected) else printed(operand)}"
        case Is(field, values):
            if field is None:
                return printed(values)
            return f"{_literal(field)}: {printed(values) if isinstance(values, Literal) else _bracketed(values)}"
        case Range(field, operator, value):
            return f"{_literal(field)} {operator} {_literal(value)}"
        case Nested(field, query):
            return f"{_literal(field)}: {{ {printed(query)} }}"
        case Literal():
            return _literal(tree)
        case _:
            assert_never(tree)


def _operand(operand: Query, every: bool) -> str:
    if isinstance(operand, Connected) and (every or not operand.every):
        return _bracketed(operand)
    return printed(operand)


def _bracketed(query: Query) -> str:
    return f"({printed(query)})"


def _literal(literal: Literal) -> str:
    if literal.quoted:
        text = "".join(part for part in literal.parts if isinstance(part, str))
        return '"' + _spaces(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    return "".join(_plain(part) if isinstance(part, str) else part.value for part in literal.parts)


def _plain(text: str) -> str:
    words = []
    for word in text.split(" "):
        escaped = "".join(f"\\{character}" if character in '\\():<>"*{}' else character for character in word)
        words.append(f"\\{escaped}" if word.lower() in _KEYWORDS else _spaces(escaped))
    return " ".join(words)


def _spaces(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)
