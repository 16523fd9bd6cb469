r"""From text to tokens, as Lucene's classic query parser cuts it.

luqum has a lexer of its own, which takes `!`, `&&` and `||` for parts of words, knows no `\uXXXX` and keeps its state
in one place for all threads; its grammar is fed with these tokens instead. They are those of the documentation of
Lucene's `org.apache.lucene.queryparser.classic`: https://lucene.apache.org/core/9_12_0/queryparser/
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from detectionary.text import Span

BLANKS: Final = " \t\r\n\u3000"
_BLANK: Final = "[ \\t\\r\\n\u3000]"
_IN_WORD: Final = rf'(?:[^{_BLANK[1:-1]}!():^\[\]"{{}}~\\/]|\\.)'
_PHRASE: Final = r'"(?:[^"\\]++|\\.)*+"'

_TOKEN: Final = re.compile(
    "|".join(
        (
            rf"{_BLANK}++",
            rf"(?P<PHRASE>{_PHRASE})",
            r"(?P<REGEX>/(?:[^/\\]++|\\.)*+/)",
            r"(?P<APPROX>~(?:[0-9]++(?:\.[0-9]++)?)?)",
            r"(?P<BOOST>\^[0-9]++(?:\.[0-9]++)?)",
            # A sign before a blank is a word.
            rf"(?P<TERM>(?![+\-!]){_IN_WORD}{_IN_WORD}*+|[+\-!](?={_BLANK}))",
            r"(?P<SIGN>[+\-!():])",
            r"(?P<LBRACKET>[\[{])",
            r'(?P<BAD>"(?:[^"\\]++|\\.)*+|.)',  # a phrase that is not closed reaches to the end
        )
    ),
    re.DOTALL,
)
_IN_RANGE: Final = re.compile(
    rf"{_BLANK}++|(?P<PHRASE>{_PHRASE})|(?P<RBRACKET>[\]}}])|(?P<TERM>[^{_BLANK[1:-1]}\]}}]++)"
)
_SIGNS: Final = {"+": "PLUS", "-": "MINUS", "!": "NOT", "(": "LPAREN", ")": "RPAREN", ":": "COLUMN"}
_WORDS: Final = {"AND": "AND_OP", "&&": "AND_OP", "OR": "OR_OP", "||": "OR_OP", "NOT": "NOT"}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.)|$)", re.DOTALL)

MODIFIERS: Final = frozenset({"PLUS", "MINUS", "NOT"})


class Token(NamedTuple):
    """A token; `kind` is luqum's name for it, or BAD. Between two tokens stand only blanks."""

    kind: str
    text: str
    span: Span


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut `text` into tokens; every character is in a token, or a blank between two."""
    found: list[Token] = []
    at = 0
    pattern = _TOKEN
    while (match := pattern.match(text, at)) is not None:
        at = match.end()
        kind = match.lastgroup
        if kind is None:
            continue
        if kind == "SIGN":
            kind = _SIGNS[match[0]]
        elif kind == "LBRACKET":
            pattern = _IN_RANGE
        elif kind == "RBRACKET":
            pattern = _TOKEN
        elif kind == "TERM" and pattern is _IN_RANGE:
            kind = "TO" if match[0] == "TO" else kind
        elif kind == "TERM":
            kind = _WORDS.get(match[0], kind)
        found.append(Token(kind, match[0], Span(*match.span())))
    return tuple(found)


def unescaped(text: str) -> str:
    r"""The text with escapes resolved: `\uXXXX` is a character by its number, before others the backslash goes."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_character, text)
    if any("\ud800" <= character <= "\udfff" for character in plain):
        return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return plain


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[2] or ""
