"""What each stretch of a query is, from luqum's tokens."""

from __future__ import annotations

from typing import Final

from luqum.exceptions import IllegalCharacterError
from luqum.parser import lexer

from detectionary.languages.language import Highlight
from detectionary.text import SourceText, Span

_KINDS: Final = {
    **dict.fromkeys(("AND_OP", "OR_OP", "NOT", "TO"), "keyword"),
    **dict.fromkeys(("TERM", "PHRASE", "REGEX"), "string"),
    **dict.fromkeys(("APPROX", "BOOST"), "number"),
}


def highlight(source: SourceText) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks are left out. What luqum's lexer cannot read is shown as an error."""
    found: list[Highlight] = []
    reading = lexer.clone()
    reading.input(source.text)
    try:
        for token in reading:
            start = token.lexpos
            written = str(token.value)
            # The signs before a distance or boost are not part of its value.
            length = len(written) + (token.type in ("APPROX", "BOOST"))
            if token.type == "COLUMN" and found and found[-1].kind == "string":
                found[-1] = Highlight(found[-1].span, "column")
            found.append(Highlight(Span(start, start + length), _KINDS.get(token.type, "operator")))
    except IllegalCharacterError:
        at = found[-1].span.end if found else 0
        rest = source.text[at:]
        start = at + len(rest) - len(rest.lstrip())
        if rest.strip():
            found.append(Highlight(Span(start, at + len(rest.rstrip())), "error"))
    return tuple(found)
