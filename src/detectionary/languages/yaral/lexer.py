r"""From text to tokens.

https://cloud.google.com/chronicle/docs/detection/yara-l-2-0-syntax describes strings ("…" with escapes, `…` without),
regular expressions (/…/), comments (// and /* */) and variables. A slash begins a regular expression wherever a
value may begin, and divides after one. Tokens are kept as parallel lists, since the parser walks over them by index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from detectionary.languages.yaral.tokens import (
    BAD,
    COUNT,
    DECIMAL,
    DURATION,
    END,
    ENDS_OF_VALUES,
    INTEGER,
    KEYWORDS,
    LIST,
    NAME,
    PUNCTUATION,
    RAW_STRING,
    REGEX,
    STRING,
    UNCLOSED_COMMENT,
    VARIABLE,
    Token,
)
from detectionary.text import Span

_COMMENT: Final = r"//[^\r\n]*+|/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/"
# Not `*+`: up to Python 3.11.4 (Debian 12 has 3.11.2) such a group forgets where a last round that fails began, as
# one does at a comment that is not closed. The same fault forbids looking around inside of one.
_TRIVIA: Final = rf"(?:\s++|\ufeff|{_COMMENT})*"

_OTHERS: Final = "|".join(
    (
        r"[A-Za-z_][A-Za-z0-9_]*+",
        r"[$#%][A-Za-z_][A-Za-z0-9_]*+",
        r'"(?:[^"\\\r\n]++|\\[^\r\n])*+"?',
        r"`[^`]*+`?",
        r"[0-9]++(?:\.[0-9]++(?:[eE][+-]?[0-9]++)?)?[A-Za-z]*+",
        r"/\*.*+",
        r"[!<>]=|[][{}().,:;=<>!+\-*/%]",
        r".",
        r"\Z",
    )
)
_AFTER_VALUE: Final = re.compile(rf"({_TRIVIA})({_OTHERS})", re.DOTALL)
_BEFORE_VALUE: Final = re.compile(rf"({_TRIVIA})(/(?![*/])(?:[^/\\\r\n]++|\\[^\r\n])*+/?|{_OTHERS})", re.DOTALL)

_FIXED: Final = {**{word: word for word in sorted(PUNCTUATION)}, "": END}
_COMMENTS: Final = re.compile(_COMMENT)
_SIGILS: Final = {"$": VARIABLE, "#": COUNT, "%": LIST}

_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "`": "`", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of a text, the last one of kind END. Lists are parallel; nobody changes them."""

    text: str
    kinds: list[str]
    texts: list[str]
    starts: list[int]
    ends: list[int]

    def __iter__(self) -> Iterator[Token]:
        for kind, text, start, end in zip(self.kinds, self.texts, self.starts, self.ends, strict=True):
            yield Token(kind, text, Span(start, end))

    def comments(self) -> Iterator[Span]:
        """The comments, which lie between tokens."""
        before = 0
        for start, end in zip(self.starts, self.ends, strict=True):
            if start > before:
                for found in _COMMENTS.finditer(self.text, before, start):
                    yield Span(*found.span())
            before = end


def tokenize(text: str) -> Tokens:
    """Cut `text` into tokens; every character is in a token or in the trivia before one."""
    kinds: list[str] = []
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    kind = ""
    while kind != END:
        found = (_AFTER_VALUE if kind in ENDS_OF_VALUES else _BEFORE_VALUE).match(text, at)
        if found is None:
            raise AssertionError("any character and the end of the text are alternatives")
        word = found[2]
        at = found.end()
        dotted = kind == "."
        kind = _FIXED.get(word) or _kind(word)
        if dotted and kind in KEYWORDS:
            kind = NAME
        kinds.append(kind)
        texts.append(word)
        starts.append(at - len(word))
        ends.append(at)
    return Tokens(text, kinds, texts, starts, ends)


def _kind(word: str) -> str:
    """The kind of a token that has no fixed spelling."""
    first = word[0]
    if first == "_" or (first.isascii() and first.isalpha()):
        lowered = word.lower()
        return lowered if lowered in KEYWORDS else NAME
    if first in _SIGILS and len(word) > 1:
        return _SIGILS[first]
    if first == '"':
        return STRING
    if first == "`":
        return RAW_STRING
    if "0" <= first <= "9":
        if word[-1].isalpha():
            return DURATION
        return INTEGER if word.isdigit() else DECIMAL
    if first == "/":
        return UNCLOSED_COMMENT if word[1] == "*" else REGEX
    return BAD


@dataclass(frozen=True, slots=True)
class StringValue:
    """What a string or regular expression stands for, and its faults: not closed, an escape that is none."""

    value: str
    closed: bool = True
    odd_escape: tuple[int, int] | None = None
    """Start and end of the first backslash within the token that escapes nothing; it stands for itself."""


def string_value(word: str) -> StringValue:
    r"""Read a token of kind STRING, RAW_STRING or REGEX.

    In a regular expression only `\/` is the language's; every other backslash is the expression's own.
    """
    quote = word[0]
    if quote == "`":
        closed = len(word) > 1 and word[-1] == "`"
        return StringValue(word[1:-1] if closed else word[1:], closed)
    found: list[str] = []
    odd: tuple[int, int] | None = None
    at = 1
    while True:
        backslash = word.find("\\", at)
        if backslash < 0:
            break
        found.append(word[at:backslash])
        following = word[backslash + 1 : backslash + 2]
        at = backslash + 2
        if quote == "/":
            found.append("/" if following == "/" else word[backslash:at])
            continue
        meant = _ESCAPES.get(following)
        if meant is None:
            odd = odd or (backslash, min(at, len(word)))
            meant = word[backslash:at]
        found.append(meant)
    closed = len(word) > at and word[-1] == quote
    found.append(word[at : len(word) - 1] if closed else word[at:])
    return StringValue("".join(found), closed, odd)
