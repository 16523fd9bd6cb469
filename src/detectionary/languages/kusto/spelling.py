"""The canonical spelling of names and literals: the shortest form that reads back as the same value."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Final

from detectionary.languages.kusto.lexer import tokenize
from detectionary.languages.kusto.syntax import Literal, ScalarType
from detectionary.languages.kusto.tokens import END, KEYWORDS, NAME, NAME_KEYWORDS, OPERATOR_KEYWORDS

_WORD: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_]*\Z")
_PLACEHOLDER: Final = re.compile(r"\{[A-Za-z_$][A-Za-z0-9_]*(?:\[-?[0-9]+\])?\}\Z")

_NO_FUNCTIONS: Final = frozenset(
    {
        *("bool", "guid", "typeof"),  # with what stands in their parentheses they are literals
        *("default", "from", "id", "let", "limit", "on", "step", "view", "with"),  # clauses with parentheses begin so
    }
)
_OPTION_WORDS: Final = NAME_KEYWORDS | {"simple", "relaxed"}
_CLAUSES: Final = frozenset(
    {"bin", "default", "from", "id", "let", "null", "nulls", "on", "pack", "step", "typeof", "view", "with"}
)
_RESERVED: Final = (
    (KEYWORDS - NAME_KEYWORDS) | OPERATOR_KEYWORDS | _CLAUSES | {"true", "True", "TRUE", "false", "False", "FALSE"}
)
"""Words that need brackets as a name: the keywords that are no names to Microsoft's parser, and those that begin an
operator or a clause, where brackets keep a reader from taking the one for the other."""

_LONG_MINIMUM: Final = -(2**63)
"""Without `long(…)` its digits are too large a number, before the sign is read."""

_TICKS_A_DAY: Final = 864_000_000_000
_UNITS: Final = (
    (_TICKS_A_DAY, "d"),
    (36_000_000_000, "h"),
    (600_000_000, "m"),
    (10_000_000, "s"),
    (10_000, "ms"),
    (1, "tick"),
)
_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def name(text: str) -> str:
    """A name as it can stand anywhere: bare, or in brackets when it is reserved or holds odd characters.

    `{name}` is a placeholder that a client fills in; its braces are part of the name.
    """
    bare = (_WORD.match(text) and text not in _RESERVED) or _PLACEHOLDER.match(text)
    return text if bare else f"[{_quoted(text)}]"


def function_name(text: str) -> str:
    """A name before an opening parenthesis: there words such as `count` and `range` are functions."""
    if text in _NO_FUNCTIONS:
        return f"[{_quoted(text)}]"
    return text if text in NAME_KEYWORDS else name(text)


def word(text: str) -> str:
    """The value of an option: there no clause can begin, so words such as `default` and `relaxed` need no brackets."""
    return text if text in _OPTION_WORDS or tokenize(text).kinds == [NAME, END] else name(text)


def string(value: str, obfuscated: bool = False) -> str:
    """A string literal: verbatim where a backslash would have to be escaped, else with escapes."""
    prefix = "h" if obfuscated else ""
    if "\\" in value and '"' not in value and value.isprintable():
        return f'{prefix}@"{value}"'
    return prefix + _quoted(value, '"' if '"' not in value or "'" in value else "'")


def json_string(value: str, obfuscated: bool = False) -> str:
    """A string inside `dynamic(…)`, with JSON's quotes."""
    return ("h" if obfuscated else "") + _quoted(value, '"')


def _quoted(value: str, quote: str = "'") -> str:
    if value.isprintable() and "\\" not in value and quote not in value:
        return f"{quote}{value}{quote}"
    return quote + "".join(_escaped(character, quote) for character in value) + quote


def _escaped(character: str, quote: str) -> str:
    if character == quote:
        return "\\" + character
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def literal(node: Literal, *, signed: bool = False, in_json: bool = False) -> str:
    """A literal by its value; `text` decides only what has no value (see `Literal`).

    `signed`: only literals can stand here, so `-1` is one; in an expression it is an operator and its operand.
    """
    value = node.value
    if value is None:
        return _without_value(node, in_json)
    match node.type:
        case ScalarType.BOOL:
            return "true" if value else "false"
        case ScalarType.STRING:
            spell = json_string if in_json else string
            return spell(str(value), node.obfuscated)
        case ScalarType.LONG:
            number = int(value)
            return str(number) if number >= 0 or (signed and number > _LONG_MINIMUM) else f"long({number})"
        case ScalarType.REAL:
            return _real(float(value), signed)
        case ScalarType.DATETIME:
            return f"datetime({_datetime(int(value))})"
        case ScalarType.TIMESPAN:
            return _timespan(int(value))
        case ScalarType.TYPE:
            return f"typeof{value}" if str(value).startswith("(") else f"typeof({value})"
        case ScalarType.UNKNOWN:
            return str(value)  # a placeholder inside JSON
        case _:
            return f"{node.type.value}({value})"


def _without_value(node: Literal, in_json: bool) -> str:
    """The null of a type, or the content that only the engine would refuse, as it was written."""
    before, bracket, rest = node.text.partition("(")
    content = rest.removesuffix(")").strip()
    if node.type is ScalarType.DYNAMIC and in_json:
        return "null"
    if node.type is ScalarType.UNKNOWN or (before and not bracket):
        return node.text
    return f"{node.type.value}({content if content and content.lower() != 'null' else 'null'})"


def _real(value: float, signed: bool) -> str:
    if math.isnan(value):
        return "real(nan)"
    if math.isinf(value):
        return "real(+inf)" if value > 0 else "real(-inf)"
    text = repr(value)
    return text if signed or not text.startswith("-") else f"real({text})"


def _datetime(ticks: int) -> str:
    days, rest = divmod(ticks, _TICKS_A_DAY)
    day = date.fromordinal(days + 1).isoformat()
    return day if rest == 0 else f"{day}T{_clock(rest)}Z"


def _timespan(ticks: int) -> str:
    if ticks == 0:
        return "0s"
    if ticks < 0:
        days, rest = divmod(-ticks, _TICKS_A_DAY)
        return f"timespan(-{days}.{_clock(rest)})"
    size, unit = next((size, unit) for size, unit in _UNITS if ticks % size == 0)
    return f"{ticks // size}{unit}"


def _clock(ticks: int) -> str:
    seconds, fraction = divmod(ticks, 10_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{hour:02}:{minute:02}:{second:02}"
    return text if fraction == 0 else f"{text}.{fraction:07}".rstrip("0")
