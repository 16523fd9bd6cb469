r"""From text to tokens, as Kibana's grammar cuts it, and from literals to what they stand for.

KQL's words may have blanks between them, so what ends them matters: a special character, `and` or `or` between
blanks, and `not` before a blank, even at the end of a longer word. `and` and `or` join only with blanks on both
sides that nothing else has taken: those after an opening bracket, a colon or a connective belong to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from detectionary.languages.kuery.tokens import END, QUOTED, WORDS, Token
from detectionary.model import wildcards
from detectionary.text import Span

BLANKS: Final = " \t\r\n\u00a0"
_BLANK: Final = "[ \\t\\r\\n\u00a0]"
_SPECIAL: Final = r'\\():<>"*{}'
_ESCAPE: Final = rf"\\(?:[trn]|[{_SPECIAL}]|u[0-9a-fA-F]{{4}}|(?i:or|and|not))"
_WORDS: Final = "|".join(
    (
        rf"[^nN{_SPECIAL}{_BLANK[1:-1]}]++",
        rf"(?!(?i:not){_BLANK})[nN]",
        rf"{_BLANK}++(?!(?i:or|and){_BLANK})",
        r"\*",
        _ESCAPE,
        r"\\",  # no escape: a fault, and the words go on
    )
)
_TOKEN: Final = re.compile(
    "|".join(
        (
            rf"\A{_BLANK}++",
            rf"{_BLANK}++(?P<joint>(?i:or|and)){_BLANK}++",
            rf"(?P<not>(?i:not)){_BLANK}++",
            rf"{_BLANK}++",
            rf"(?P<open>[(:{{]|[<>]=?){_BLANK}*+",
            r"(?P<close>[)}])",
            r'(?P<quoted>"(?:[^"\\]++|\\["\\]|\\)*+"?)',
            rf"(?P<words>(?:{_WORDS})+)",
        )
    )
)
_WORDS_PARTS: Final = re.compile(rf"[^\\*]++|\*|{_ESCAPE}|\\")
_QUOTED_PARTS: Final = re.compile(r'[^\\]++|\\(?:[trn"\\]|u[0-9a-fA-F]{4})|\\')

_CONTROLS: Final = {"t": "\t", "r": "\r", "n": "\n"}
_TRIMMED: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript cuts off at both ends of words, after escapes are resolved."""


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut `text` into tokens, the last one of kind END; every character is in a token, or a blank between two."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        group = match.lastgroup
        if group is None:
            continue
        start, end = match.span(group)
        spelling = match[group]
        match group:
            case "words":
                spelling = spelling.rstrip(BLANKS)
                end = start + len(spelling)
                kind = WORDS
            case "quoted":
                kind = QUOTED
            case _:
                kind = spelling.lower()
        found.append(Token(kind, spelling, Span(start, end)))
    found.append(Token(END, "", Span(len(text), len(text))))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Spelled:
    """What words stand for; with a wildcard in them, the model's spelling of the pattern."""

    value: str
    pattern: bool
    bad_escape: tuple[int, int] | None
    """Where the first backslash stands that is no escape, with the character behind it."""


def words_value(spelling: str) -> Spelled:
    """What words outside of quotes stand for: escapes resolved, blanks at both ends cut."""
    parts: list[wildcards.Part] = [""]
    bad: tuple[int, int] | None = None
    literal: list[str] = []
    for match in _WORDS_PARTS.finditer(spelling):
        part = match[0]
        if part == "*":
            parts += ("".join(literal), wildcards.Wild.ANY)
            literal.clear()
        elif part == "\\":
            bad = bad or (match.start(), min(match.end() + 1, len(spelling)))
            literal.append(part)
        else:
            literal.append(_part_value(part))
    parts.append("".join(literal))
    if len(parts) == 2:
        return Spelled(_whole_characters(str(parts[1]).strip(_TRIMMED)), False, bad)
    first, last = parts[1], parts[-1]
    parts[1] = first.lstrip(_TRIMMED) if isinstance(first, str) else first
    parts[-1] = last.rstrip(_TRIMMED) if isinstance(last, str) else last
    texts = tuple(_whole_characters(part) if isinstance(part, str) else part for part in parts if part != "")
    return Spelled(wildcards.spelled(wildcards.parts(wildcards.spelled(texts))), True, bad)


def quoted_value(spelling: str) -> str:
    r"""What a quoted text stands for; a backslash that is no escape stands for itself, `*` is a plain character."""
    closed = is_closed(spelling)
    inner = spelling[1:-1] if closed else spelling[1:]
    return _whole_characters("".join(_part_value(match[0]) for match in _QUOTED_PARTS.finditer(inner)))


def is_closed(spelling: str) -> bool:
    """Whether a quoted text has its closing quote."""
    if len(spelling) < 2 or spelling[-1] != '"':
        return False
    backslashes = len(spelling) - 1 - len(spelling[:-1].rstrip("\\"))
    return backslashes % 2 == 0


def _part_value(part: str) -> str:
    if part[0] != "\\" or len(part) == 1:
        return part
    escape = part[1:]
    if escape[0] == "u":
        return chr(int(escape[1:], 16))
    return _CONTROLS.get(escape, escape)


def _whole_characters(text: str) -> str:
    """Pairs of escapes that make one character joined, as JavaScript's texts do by themselves."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
