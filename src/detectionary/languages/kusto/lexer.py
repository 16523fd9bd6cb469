"""From text to tokens, as Microsoft's `TokenParser` (Kusto.Language 12.4.1) cuts it.

One compiled expression finds every token with the trivia (blanks and comments) before it; a lookup gives its kind.
Tokens are kept as parallel lists, since the parser walks over them by index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final

from detectionary.languages.kusto.tokens import (
    BAD,
    BOOL,
    DATETIME,
    DECIMAL,
    DIRECTIVE,
    END,
    GUID,
    INT,
    KEYWORDS,
    LONG,
    NAME,
    PUNCTUATION,
    RAW_GUID,
    REAL,
    STRING,
    TIMESPAN,
    Token,
)
from detectionary.text import Span

_BLANKS: Final = r"\t \r\n\f\u00a0\u1680\u180e\u2000-\u200b\u202f\u205f\u3000\ufeff"
_LINE_ENDS: Final = r"\r\n\u2028\u2029"
_TRIVIA: Final = rf"(?:[{_BLANKS}]++|//[^{_LINE_ENDS}]*+)*+"

_LITERAL_TYPES: Final = {
    "long": LONG,
    "int64": LONG,
    "int": INT,
    "int32": INT,
    "real": REAL,
    "double": REAL,
    "decimal": DECIMAL,
    "bool": BOOL,
    "datetime": DATETIME,
    "date": DATETIME,
    "time": TIMESPAN,
    "timespan": TIMESPAN,
    "guid": GUID,
}
"""Types whose name and parentheses are one token, up to the first `)` of the line: `datetime(2024-01-31)`."""

TIMESPAN_UNITS: Final = (
    *("m", "min", "minute", "minutes", "s", "sec", "second", "seconds", "d", "day", "days"),
    *("h", "hr", "hrs", "hour", "hours", "ms", "milli", "millis", "millisec", "millisecond", "milliseconds"),
    *("micro", "micros", "microsec", "microsecond", "microseconds"),
    *("nano", "nanos", "nanosec", "nanosecond", "nanoseconds", "tick", "ticks"),
)

_COMPOUND_WORDS: Final = sorted((word for word in KEYWORDS if re.search(r"[^\w]", word)), key=len, reverse=True)
"""Keywords that are more than letters: `mv-expand`, `!has`, `hint.strategy`, `in~`."""

_ESCAPE: Final = r"\\(?:[\\'\"abfnrtv]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[0-7]{1,2})"


def _quoted(quote: str) -> str:
    """A string with escapes; one that is not closed runs to the end of its line, a bad escape is looked at later."""
    return rf"{quote}(?:[^{quote}\\\r\n]++|\\[^\r\n])*+{quote}?"


def _verbatim(quote: str) -> str:
    return rf"@{quote}(?:[^{quote}\r\n]++|{quote}{quote})*+{quote}?"


_STRING: Final = "|".join(
    (
        _quoted('"'),
        _quoted("'"),
        _verbatim('"'),
        _verbatim("'"),
        r"@?(?s:```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z))",
    )
)
_HEX4: Final = r"[0-9A-Fa-f]{4}"
_NUMBER: Final = "|".join(
    (
        r"3Dchart(?!\w)",
        r"\d+\.(?!\.(?!\.))\d*+(?:[eE][+-]?\d+)?(?!\w)",
        r"\d+[eE][+-]?\d+(?!\w)",
        rf"\d+(?:\.\d+)?(?:{'|'.join(TIMESPAN_UNITS)})(?!\w)",
        r"0[xX][0-9A-Fa-f]+(?!\w)",
        r"\d+(?!\w)",
        r"\d+[A-Za-z_]\w*",
    )
)

_TOKEN: Final = re.compile(
    rf"({_TRIVIA})("
    + "|".join(
        (
            r"matches regex(?!\w)",
            # Most words end this branch: what follows cannot make them part of a longer token.
            r"[A-Za-z_$]\w*+(?![-.(~'\"@`])",
            r"[()|,=.](?![.=>~])",
            rf"(?:{'|'.join(re.escape(word) for word in _COMPOUND_WORDS if word[0] != '!')})(?!\w)",
            rf"(?:{'|'.join(_LITERAL_TYPES)})\([^){_LINE_ENDS}]*+\)?",
            rf"[0-9A-Fa-f]{{8}}-(?:{_HEX4}-){{3}}{_HEX4}{_HEX4}{_HEX4}",
            rf"[hH](?:{_STRING})",
            r"[A-Za-z_$]\w*+",
            _STRING,
            _NUMBER,
            rf"!(?:{'|'.join(re.escape(word[1:]) for word in _COMPOUND_WORDS if word[0] == '!')})(?!\w)",
            r"\.\.|<=|<\||<>|>=|==|=>|=~|!=|!~|[][(){}|.+\-*/%<>=:;,@?!]",
            rf"\#[^{_LINE_ENDS}]*+",
            r".",
            r"\Z",
        )
    )
    + ")",
    re.ASCII | re.DOTALL,
)

_FIXED: Final[dict[str, str]] = {
    **{word: word for word in sorted(KEYWORDS | PUNCTUATION)},
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), BOOL),
    "": END,
}
_OVERLONG: Final = re.compile(
    rf"(?:{'|'.join(re.escape(word) for word in _COMPOUND_WORDS if '-' in word)})\w", re.ASCII
)
_FIRST_WORDS: Final = frozenset(word.partition("-")[0] for word in _COMPOUND_WORDS if "-" in word) & KEYWORDS
_COMPLETE_STRING: Final = re.compile(
    rf"""[hH]?(?:"(?:[^"\\]|{_ESCAPE})*+"|'(?:[^'\\]|{_ESCAPE})*+'"""
    r"""|@"(?:[^"]|"")*+"|@'(?:[^']|'')*+'|@?```.*```|@?~~~.*~~~)""",
    re.DOTALL,
)
_ESCAPE_AT: Final = re.compile(_ESCAPE)


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
            at = self.text.find("//", before, start)
            while at >= 0:
                stop = _LINE_END.search(self.text, at, start)
                finish = start if stop is None else stop.start()
                yield Span(at, finish)
                at = self.text.find("//", finish, start)
            before = end


_LINE_END: Final = re.compile(rf"[{_LINE_ENDS}]")


def tokenize(text: str) -> Tokens:
    """Cut `text` into tokens; every character is in a token or in the trivia before one."""
    pairs = _TOKEN.findall(text)
    if len(pairs) > 1 and not pairs[-2][1]:
        pairs.pop()  # after trivia at the end, the expression matches the empty end once more
    texts = [pair[1] for pair in pairs]
    fixed = _FIXED.get
    kinds = [fixed(word) or (NAME if word.isidentifier() else _kind(word)) for word in texts]
    edges = list(accumulate(map(len, chain.from_iterable(pairs))))
    tokens = Tokens(text, kinds, texts, edges[0::2], edges[1::2])
    if "-" in kinds:
        _unmake_keywords(tokens)
    return tokens


def _unmake_keywords(tokens: Tokens) -> None:
    """`project-awayx` begins with the name `project`: with more letters, a compound keyword has no keyword in it."""
    for at, kind in enumerate(tokens.kinds):
        if kind == "-" and at and tokens.kinds[at - 1] in _FIRST_WORDS:
            start = tokens.starts[at - 1]
            if _OVERLONG.match(tokens.text, start):
                tokens.kinds[at - 1] = NAME


def _kind(word: str) -> str:
    """The kind of a token that has neither a fixed spelling nor the look of a plain name."""
    first = word[0]
    if first in "\"'" or (first in "@`~hH" and len(word) > 1 and word[1] in "\"'`~@"):
        return STRING
    if first.isascii() and first.isdigit():
        return _number_kind(word)
    if first.isascii() and (first.isalpha() or first == "_"):
        open_at = word.find("(")
        if open_at > 0:
            return _LITERAL_TYPES[word[:open_at]]
        return RAW_GUID if _is_guid(word) else NAME
    if first == "$":
        return NAME
    return DIRECTIVE if first == "#" else BAD


def _is_guid(word: str) -> bool:
    return len(word) == 36 and word[8] == word[13] == word[18] == word[23] == "-"


def _number_kind(word: str) -> str:
    last = word[-1]
    if _is_guid(word):
        return RAW_GUID
    if word.isdigit() or word[:2] in ("0x", "0X"):
        return LONG if word.isdigit() or _is_hex(word[2:]) else NAME
    if last.isdigit() or last == ".":
        return REAL if "." in word or _has_exponent(word) else NAME
    return TIMESPAN if word.lstrip("0123456789.") in TIMESPAN_UNITS else NAME


def _is_hex(digits: str) -> bool:
    return all(digit in "0123456789abcdefABCDEF" for digit in digits)


def _has_exponent(word: str) -> bool:
    mantissa, _, exponent = word.replace("E", "e").partition("e")
    return mantissa.isdigit() and exponent.lstrip("+-").isdigit()


def string_is_complete(word: str) -> bool:
    """Is this token of kind STRING closed, and are all of its escapes known?"""
    return _COMPLETE_STRING.fullmatch(word) is not None


def bad_escape(word: str) -> int | None:
    """Where in this string token the first unknown escape stands; None if the fault is another."""
    body = word.lstrip("hH")
    if body[:1] not in ('"', "'"):
        return None
    at = word.find("\\")
    while at >= 0:
        match = _ESCAPE_AT.match(word, at)
        if match is None:
            return at
        at = word.find("\\", match.end())
    return None
