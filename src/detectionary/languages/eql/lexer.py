"""From text to tokens, as Elasticsearch's grammar of EQL cuts it.

One compiled expression finds every token with the trivia (blanks and comments) before it; a lookup gives its kind.
Tokens are kept as parallel lists, since the parser walks over them by index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Final

from detectionary.languages.eql.tokens import (
    BAD,
    DECIMAL,
    END,
    INTEGER,
    KEYWORDS,
    NAME,
    OLD_STRING,
    PUNCTUATION,
    QUOTED_NAME,
    STRING,
    TILDE_NAME,
    UNCLOSED_COMMENT,
    Token,
)
from detectionary.text import Span

_COMMENT: Final = r"//[^\r\n]*+|/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/"
# Not `*+`: up to Python 3.11.4 (Debian 12 has 3.11.2) such a group forgets where a last round that fails began, as
# one does at a comment that is not closed. The same fault forbids looking around inside of one.
_TRIVIA: Final = rf"(?:[ \t\r\n]++|{_COMMENT})*"

_TOKEN: Final = re.compile(
    rf"({_TRIVIA})("
    + "|".join(
        (
            r"[A-Za-z_@][A-Za-z0-9_]*+~?",
            # A raw string ends at the first three quotes, and may itself end with one or two more.
            r'"""[^\r\n]*?"""(?:"(?:")?)?|"""[^\r\n]*+',
            r'"(?:[^"\\\r\n]++|\\[^\r\n])*+"?',
            r"'(?:[^'\\\r\n]++|\\[^\r\n])*+'?",
            r"""\?"(?:\\"|[^"\r\n])*+"?|\?'(?:\\'|[^'\r\n])*+'?""",
            r"`(?:[^`\r\n]++|``)*+`?",
            r"(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?",
            r"/\*.*+",
            r"!\[|[!=<>]=|!:|[][(),.:=<>+\-*/%|?]",
            r".",
            r"\Z",
        )
    )
    + ")",
    re.DOTALL,
)

_FIXED: Final = {**{word: word for word in sorted(KEYWORDS | PUNCTUATION)}, "": END}
_COMMENTS: Final = re.compile(_COMMENT)

# The documentation does without \', but rules have it and Elasticsearch reads it.
_ESCAPES: Final = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    '"': '"',
    "'": "'",
    "\\": "\\",
}
_HEX: Final = re.compile(r"u\{([0-9A-Fa-f]{2,8})\}")


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
    pairs = _TOKEN.findall(text)
    if len(pairs) > 1 and not pairs[-2][1]:
        pairs.pop()  # after trivia at the end, the expression matches the empty end once more
    texts = [pair[1] for pair in pairs]
    fixed = _FIXED.get
    kinds = [fixed(word) or _kind(word) for word in texts]
    edges = list(accumulate(map(len, chain.from_iterable(pairs))))
    return Tokens(text, kinds, texts, edges[0::2], edges[1::2])


def _kind(word: str) -> str:
    """The kind of a token that has no fixed spelling."""
    first = word[0]
    if first == '"':
        return STRING
    if first == "'" or (first == "?" and len(word) > 1):
        return OLD_STRING
    if first == "`":
        return QUOTED_NAME
    if "0" <= first <= "9" or (first == "." and len(word) > 1):
        return INTEGER if word.isdigit() else DECIMAL
    if first.isascii() and (first.isalpha() or first in "_@"):
        return TILDE_NAME if word[-1] == "~" else NAME
    return UNCLOSED_COMMENT if word[:2] == "/*" else BAD


@dataclass(frozen=True, slots=True)
class StringValue:
    """What a string token stands for, and its first fault: whether it is not closed, where an escape is wrong."""

    value: str
    closed: bool = True
    bad_escape: tuple[int, int] | None = None
    """Start and end of the first escape that is none, within the token."""


def string_value(word: str) -> StringValue:
    """Read a token of kind STRING or OLD_STRING."""
    if word.startswith('"""'):
        closed = len(word) >= 6 and word.endswith('"""')
        return StringValue(word[3:-3] if closed else word[3:], closed)
    if word[0] == "?":
        quote = word[1]
        closed = len(word) > 2 and word[-1] == quote and not (word[-2] == "\\" and len(word) > 3)
        body = word[2:-1] if closed else word[2:]
        return StringValue(body.replace(f"\\{quote}", quote), closed)
    return _escaped_value(word)


def _escaped_value(word: str) -> StringValue:
    """A string with escapes: what ends with its quote is closed, unless a backslash stands before it."""
    quote = word[0]
    at = word.find("\\")
    if at < 0:
        closed = len(word) > 1 and word[-1] == quote
        return StringValue(word[1:-1] if closed else word[1:], closed)
    found: list[str] = [word[1:at]]
    bad: tuple[int, int] | None = None
    end = len(word)
    while at >= 0:
        following = word[at + 1 : at + 2]
        code = _HEX.match(word, at + 1)
        character = _code_point(code[1]) if code is not None else _ESCAPES.get(following)
        after = at + 2 if code is None else code.end()
        if character is None:
            bad = bad or (at, after)
            character = word[at:after]
        found.append(character)
        at = word.find("\\", after)
        found.append(word[after : at if at >= 0 else end])
        last_escape_end = after
    closed = end > last_escape_end and word[-1] == quote
    value = "".join(found)
    return StringValue(value[:-1] if closed else value, closed, bad)


def _code_point(digits: str) -> str | None:
    """The character, or None for what Unicode does not have."""
    number = int(digits, 16)
    return None if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)
