"""The cursor over the tokens: looking, expecting, reporting a fault and going on after it.

A production that cannot go on raises `Fault`. It is caught at the nearest operand of `and`/`or`, event query or pipe,
so that one fault gives one diagnostic and the rest of the query is still read. Nothing is raised while a query is
right.
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.cursor import TokenCursor
from detectionary.languages.eql.lexer import string_value
from detectionary.languages.eql.syntax import Literal, LiteralKind
from detectionary.languages.eql.tokens import (
    BAD,
    END,
    INTEGER,
    KEYWORDS,
    LITERALS,
    NAME,
    NUMBERS,
    OLD_STRING,
    QUOTED_NAME,
    STRINGS,
    UNCLOSED_COMMENT,
)
from detectionary.text import Span

MAX_DEPTH: Final = 64
"""How deep brackets, `not` and signs may nest. No query of the corpora nests deeper than a dozen levels."""

_STOPS: Final = frozenset({"and", "or", ")", "]", "|", ",", END})
"""Where reading goes on after an operand that cannot be read."""

_LARGEST: Final = 2**64
_HABITS: Final = {
    "&": "write `and`",
    "!": "write `not`",
    "~": "`~` stands right behind a function name, `in`, `like` or `regex`",
    "“": 'strings stand in straight quotes: "…"',
    "”": 'strings stand in straight quotes: "…"',
    "\\": "a backslash stands only inside strings",
    "#": "a comment begins with //",
    ";": "a query ends with its text",
    "$": "only Elastic Endpoint reads `$` variables",
}


class Cursor(TokenCursor):
    """The tokens and the place among them; what every production builds on."""

    def is_word(self, word: str) -> bool:
        """Whether the next token is the word, which is a keyword only here."""
        return self.kinds[self.at] == NAME and self.texts[self.at] == word

    def expect(self, kind: str, what: str | None = None) -> None:
        """Step over a token that must be of this kind."""
        if not self.accept(kind):
            self.fail("EQL010", f"expected {what or f'`{kind}`'}")

    # Faults

    def fault_of_token(self, kind: str, text: str) -> tuple[str, str, str | None] | None:
        if kind == UNCLOSED_COMMENT:
            return "EQL004", "the comment is not closed", "close it with */"
        if kind == BAD:
            return "EQL005", f"`{text}` has no meaning in EQL", _HABITS.get(text)
        return None

    def skip_operand(self) -> None:
        """Go to the next place behind an operand at this depth of brackets."""
        nested = 0
        while (kind := self.kinds[self.at]) not in _STOPS or nested:
            if kind in ("(", "[", "!["):
                nested += 1
            elif kind in (")", "]"):
                nested -= 1
            elif kind == END:
                return
            self.at += 1

    def close(self, kind: str) -> None:
        """Step over the bracket that ends a group; where it is missing, over what stands before it."""
        if self.accept(kind):
            return
        self.fault_here("EQL010", f"expected `{kind}`")
        nested = 0
        at = self.at
        ends = ("|", END) if kind == "]" else ("|", "]", END)
        while nested or self.kinds[at] != kind:
            if self.kinds[at] in ends and not nested:
                break
            if self.kinds[at] == END:
                break
            nested += (self.kinds[at] in ("(", "[", "![")) - (self.kinds[at] in (")", "]"))
            nested = max(nested, 0)
            at += 1
        self.at = at
        self.accept(kind)

    # Words and constants

    def name(self, what: str) -> str:
        """identifier = NAME | "`" … "`"."""
        kind, text = self.kinds[self.at], self.texts[self.at]
        if kind == NAME:
            self.at += 1
            return text
        if kind == QUOTED_NAME:
            closed = len(text) > 1 and text[-1] == "`"
            if not closed:
                self.fault_here("EQL001", "the name in backticks is not closed")
            self.at += 1
            return (text[1:-1] if closed else text[1:]).replace("``", "`")
        if kind in KEYWORDS and kind[-1] != "~":
            self.fault_here(
                "EQL013", f"`{text}` is a keyword", f"write `{text}` in backticks where a field is named so"
            )
            self.at += 1
            return text
        return self.fail("EQL010", f"expected {what}")

    def constant(self) -> Literal:
        """constant = STRING | NUMBER | "true" | "false" | "null"."""
        kind, text = self.kinds[self.at], self.texts[self.at]
        if kind not in LITERALS:
            self.fail("EQL011", "expected a constant")
        span = self.span_of(self.at)
        if kind in STRINGS:
            return Literal(LiteralKind.STRING, self.string(), span)
        self.at += 1
        if kind in NUMBERS:
            return Literal(LiteralKind.NUMBER, self._number(kind, text, span), span)
        if kind == "null":
            return Literal(LiteralKind.NULL, None, span)
        return Literal(LiteralKind.BOOL, kind == "true", span)

    def _number(self, kind: str, text: str, span: Span) -> int | float | str:
        if kind == INTEGER:
            number = int(text) if len(text) < 400 else _LARGEST
            if number < _LARGEST:
                return number
        elif (decimal := float(text)) != float("inf"):
            return decimal
        self.report("EQL006", "the number is too large", span)
        return text

    def string(self) -> str:
        """What the string at the cursor stands for."""
        kind, text = self.kinds[self.at], self.texts[self.at]
        start, end = self.starts[self.at], self.ends[self.at]
        self.at += 1
        read = string_value(text)
        if not read.closed:
            self.report("EQL001", "the string is not closed on its line", Span(start, end))
        elif kind == OLD_STRING:
            advice = 'write """…""" for a raw string' if text[0] == "?" else 'write "…"'
            self.report("EQL003", "Elasticsearch no longer reads strings in this form", Span(start, end), advice)
        if read.bad_escape is not None:
            first, last = read.bad_escape
            self.report(
                "EQL002",
                f"`{text[first:last]}` is no escape",
                Span(start + first, start + last),
                'double the backslash, or write a raw string: """…"""',
            )
        return read.value
