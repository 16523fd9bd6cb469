"""The tokens of YARA-L. The kind of a token with one spelling is that spelling; the others read well in a message."""

from __future__ import annotations

from typing import Final, NamedTuple

from detectionary.text import Span


def words(text: str) -> frozenset[str]:
    """The words of `text`, which blanks separate."""
    return frozenset(text.split())


NAME: Final = "a name"
VARIABLE: Final = "a variable"
"""`$login`."""
COUNT: Final = "a count"
"""`#login`."""
LIST: Final = "a list"
"""`%admins`."""
STRING: Final = "a string"
RAW_STRING: Final = "a raw string"
REGEX: Final = "a regular expression"
INTEGER: Final = "a whole number"
DECIMAL: Final = "a decimal number"
DURATION: Final = "a duration"
"""`10m`."""
BAD: Final = "an unknown character"
UNCLOSED_COMMENT: Final = "a comment that is not closed"
END: Final = "the end of the rule"

KEYWORDS: Final = words("and or not in nocase true false")
"""Words that are no names, in any case of their letters; all others are words only where the grammar asks for them."""

PUNCTUATION: Final = words("{ } ( ) [ ] . , : ; = != < <= > >= ! + - * / %")

STRINGS: Final = frozenset({STRING, RAW_STRING})
NUMBERS: Final = frozenset({INTEGER, DECIMAL})
LITERALS: Final = STRINGS | NUMBERS | frozenset({REGEX, DURATION, "true", "false"})

ENDS_OF_VALUES: Final = LITERALS | frozenset({NAME, VARIABLE, COUNT, LIST, ")", "]", "nocase"})
"""After these a slash divides; after anything else it begins a regular expression."""


class Token(NamedTuple):
    """A token by itself, for those who do not parse: the highlighter and the tests."""

    kind: str
    text: str
    span: Span
