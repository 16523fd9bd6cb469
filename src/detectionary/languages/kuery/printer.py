"""From the tree to text: one spelling for all queries of one tree, which is read as the same tree again."""

from __future__ import annotations

import re
from typing import Final, assert_never

from detectionary.languages.kuery.syntax import Bad, Junction, Literal, LiteralKind, Match, Nested, Node, Not, Range
from detectionary.model import wildcards

_OR, _AND, _NOT, _ONE = range(4)

_SPECIAL: Final = frozenset('\\():<>"*{}')
_CONTROLS: Final = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}
_KEYWORD: Final = re.compile("(?i:(?<![^ \u00a0])(?:or|and)(?![^ \u00a0])|not(?![^ \u00a0]))")
_QUOTED_CONTROLS: Final = str.maketrans({"\\": "\\\\", '"': '\\"', **_CONTROLS})


def printed(tree: Node | None) -> str:
    """The query as text; a blank query is the empty text."""
    return "" if tree is None else _written(tree)[0]


def _written(node: Node) -> tuple[str, int]:
    """The text, and how strongly it binds."""
    match node:
        case Junction(operator, operands):
            level = _AND if operator == "and" else _OR
            return f" {operator} ".join(_inside(operand, level + 1) for operand in operands), level
        case Not(operand):
            return f"not {_inside(operand, _ONE)}", _NOT
        case Match(name, values):
            field = "" if name is None else f"{_literal(name)}: "
            return field + _inside(values, _ONE), _ONE
        case Range(name, operator, value):
            return f"{_literal(name)} {operator} {_literal(value)}", _ONE
        case Nested(name, query):
            return f"{_literal(name)}: {{ {_written(query)[0]} }}", _ONE
        case Literal():
            return _literal(node), _ONE
        case Bad(text):
            return text, _ONE
        case _:
            assert_never(node)


def _inside(node: Node, level: int) -> str:
    text, own = _written(node)
    return text if own >= level else f"({text})"


def _literal(node: Literal) -> str:
    match node.kind:
        case LiteralKind.PHRASE:
            return f'"{str(node.value).translate(_QUOTED_CONTROLS)}"'
        case LiteralKind.BOOL:
            return "true" if node.value else "false"
        case LiteralKind.NULL:
            return "null"
        case LiteralKind.WORDS:
            # Words of nothing come from blanks that only JavaScript trims; an escaped tab is read as nothing too.
            return _words((str(node.value),)) or "\\t"
        case LiteralKind.PATTERN:
            return _words(wildcards.parts(str(node.value)))
        case _:
            assert_never(node.kind)


def _words(parts: tuple[wildcards.Part, ...]) -> str:
    """Words and wildcards outside of quotes, with what would end them escaped."""
    text = "".join("*" if isinstance(part, wildcards.Wild) else part for part in parts)
    keywords = {match.start() for match in _KEYWORD.finditer(text)}
    found: list[str] = []
    at = 0
    for part in parts:
        if isinstance(part, wildcards.Wild):
            found.append("*")
            at += 1
            continue
        for character in part:
            if at in keywords:
                found.append(f"\\u{ord(character):04x}")
            elif character in _SPECIAL:
                found.append("\\" + character)
            else:
                found.append(_CONTROLS.get(character, character))
            at += 1
    return "".join(found)
