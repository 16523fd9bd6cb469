"""The tokens of EQL. The kind of a token with one spelling is that spelling; the others read well in a message."""

from __future__ import annotations

from typing import Final, NamedTuple

from detectionary.text import Span


def words(text: str) -> frozenset[str]:
    """The words of `text`, which blanks separate."""
    return frozenset(text.split())


NAME: Final = "a name"
QUOTED_NAME: Final = "a name in backticks"
TILDE_NAME: Final = "a function name with ~"
STRING: Final = "a string"
OLD_STRING: Final = "an old string"
"""`'…'`, `?"…"` and `?'…'`, which Elasticsearch no longer reads."""
INTEGER: Final = "a whole number"
DECIMAL: Final = "a decimal number"
BAD: Final = "an unknown character"
UNCLOSED_COMMENT: Final = "a comment that is not closed"
END: Final = "the end of the query"

KEYWORDS: Final = words(
    """
    and any by false in in~ join like like~ maxspan not null of or regex regex~ sample sequence true until where with
    """
)
"""Words that are no names outside of backticks; they are written in lower case."""

PUNCTUATION: Final = words("( ) [ ] ![ | . , : = == != !: < <= > >= + - * / % ?")

STRINGS: Final = frozenset({STRING, OLD_STRING})
NUMBERS: Final = frozenset({INTEGER, DECIMAL})
LITERALS: Final = STRINGS | NUMBERS | words("true false null")


class Token(NamedTuple):
    """A token by itself, for those who do not parse: the highlighter and the tests."""

    kind: str
    text: str
    span: Span
