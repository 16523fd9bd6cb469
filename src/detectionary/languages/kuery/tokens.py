r"""Tokens of Kibana KQL: a lexer that keeps every character.

After Kibana's grammar (packages/kbn-es-query/src/kuery/grammar/grammar.peg): the characters `\ ( ) : < > " * { }` are
special. A backslash takes the meaning from one of them, writes white space (`\t`, `\n`, `\r`) or a character by its
number (`\uXXXX`), or keeps a word from being a keyword (`\and`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from detectionary.text import Span

WORDS: Final = "a value"
"""Words outside of quotes, the blanks between them included."""

QUOTED: Final = "a quoted text"
END: Final = "the end of the query"

RANGES: Final = frozenset({"<", "<=", ">", ">="})
CONNECTIVES: Final = frozenset({"and", "or", "not"})
LITERALS: Final = frozenset({WORDS, QUOTED})


class Token(NamedTuple):
    """A token; between two of them stand only blanks."""

    kind: str
    text: str
    span: Span
