"""What each stretch of a query is, from its tokens."""

from __future__ import annotations

from typing import Final

from detectionary.languages.language import Highlight
from detectionary.languages.lucene.lexer import tokenize
from detectionary.text import SourceText

_KINDS: Final = {
    **dict.fromkeys(("AND_OP", "OR_OP", "NOT", "PLUS", "MINUS", "COLUMN"), "operator"),
    **dict.fromkeys(("TERM", "PHRASE", "REGEX"), "string"),
    **dict.fromkeys(("APPROX", "BOOST"), "number"),
    "TO": "keyword",
    "BAD": "error",
}


def highlight(source: SourceText) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks and brackets are left out."""
    found: list[Highlight] = []
    for kind, _, span in tokenize(source.text):
        if kind == "COLUMN" and found and found[-1].kind == "string":
            found[-1] = Highlight(found[-1].span, "column")
        if kind in _KINDS:
            found.append(Highlight(span, _KINDS[kind]))
    return tuple(found)
