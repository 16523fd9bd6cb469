"""The cursor over the tokens: looking, expecting, reporting a fault and going on after it.

A production that cannot go on raises `Fault`. It is caught at the nearest operand of `and`/`or` or item of a section,
so that one fault gives one diagnostic and the rest of the rule is still read. Nothing is raised while a rule is right.
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.cursor import TokenCursor
from detectionary.languages.yaral.lexer import string_value
from detectionary.languages.yaral.syntax import Literal, LiteralKind
from detectionary.languages.yaral.tokens import (
    BAD,
    COUNT,
    DURATION,
    END,
    KEYWORDS,
    LITERALS,
    NAME,
    NUMBERS,
    RAW_STRING,
    REGEX,
    STRINGS,
    UNCLOSED_COMMENT,
    VARIABLE,
)
from detectionary.text import Level, Span

MAX_DEPTH: Final = 50
"""How deep brackets and negations may nest. No rule of the corpora nests deeper than seventeen levels."""

SECTIONS: Final = {
    "meta": "settings",
    "events": "conditions",
    "match": "match",
    "outcome": "assignments",
    "condition": "conditions",
    "options": "settings",
    "order": "keys",
    "limit": "keys",
    "dedup": "keys",
    "select": "keys",
    "unselect": "keys",
    "export": "conditions",
}
"""The sections of rules, and those of searches and dashboards from `order` on; how the items of each are read."""

_FARTHEST: Final = 200
"""How many tokens may stand between an operand and the bracket that should follow it."""

_OPENING: Final = frozenset("([")
_CLOSING: Final = frozenset(")]")
_STOPS: Final = frozenset({"and", "or", ")", "]", ",", "{", "}", END})
"""Where reading goes on after an operand that cannot be read."""
_STARTS: Final = frozenset({VARIABLE, NAME, COUNT, "(", "not", "!"})
"""What a new item begins with, on a line of its own."""

_HABITS: Final = {
    "&": "write `and`",
    "|": "write `or`",
    "'": 'strings stand in double quotes or backquotes: "…", `…`',
    "“": 'strings stand in straight quotes: "…"',
    "”": 'strings stand in straight quotes: "…"',
    "\\": "a backslash stands only inside strings and regular expressions",
    "$": "a variable has a name: $event",
    "#": "a count has the name of a variable: #event",
    "~": "write re.regex(…) or a regular expression: /…/",
}


class Cursor(TokenCursor):
    """The tokens and the place among them; what every production builds on."""

    def word(self, ahead: int = 0) -> str:
        """The next token in small letters if it is a name that may be a word of the grammar here, else nothing."""
        at = min(self.at + ahead, len(self.kinds) - 1)
        return self.texts[at].lower() if self.kinds[at] == NAME else ""

    def expect(self, kind: str, what: str | None = None) -> None:
        """Step over a token that must be of this kind."""
        if not self.accept(kind):
            self.fail("YAR010", f"expected {what or f'`{kind}`'}")

    def name(self, what: str) -> str:
        """A name; after a dot or as a key a keyword is one too."""
        text = self.texts[self.at]
        if self.kinds[self.at] == NAME or self.kinds[self.at] in KEYWORDS:
            self.at += 1
            return text
        return self.fail("YAR010", f"expected {what}")

    def begins_line(self, at: int) -> bool:
        """Whether a line ends between the token before and this one."""
        return at == 0 or "\n" in self.text[self.ends[at - 1] : self.starts[at]]

    def at_header(self, at: int | None = None) -> bool:
        """Whether a section begins here."""
        at = self.at if at is None else at
        return (
            self.kinds[at] == NAME
            and self.kinds[at + 1] == ":"
            and (self.texts[at].lower() in SECTIONS or self.begins_line(at))
        )

    def at_rule(self, at: int | None = None) -> bool:
        """Whether a rule or stage begins here: its word, its name, a brace."""
        at = self.at if at is None else at
        return (
            self.kinds[at] == NAME
            and self.texts[at].lower() in ("rule", "stage")
            and self.kinds[at + 1] == NAME
            and self.kinds[min(at + 2, len(self.kinds) - 1)] == "{"
        )

    def at_section_end(self) -> bool:
        """Whether no item of the section can follow."""
        return self.kinds[self.at] in ("}", END) or self.at_header() or self.at_rule()

    # Faults

    def fault_of_token(self, kind: str, text: str) -> tuple[str, str, str | None] | None:
        if kind == UNCLOSED_COMMENT:
            return "YAR004", "the comment is not closed", "close it with */"
        if kind == BAD:
            return "YAR005", f"`{text}` has no meaning in YARA-L", _HABITS.get(text)
        return None

    def skip_operand(self) -> None:
        """Go to the next place behind an operand at this depth of brackets, or to the next item or section."""
        nested = 0
        first = self.at
        while True:
            kind = self.kinds[self.at]
            if kind in ("{", "}", END) or self.at_rule() or self.at_header():
                return
            if not nested and (kind in _STOPS or (self.at > first and self._begins_item(kind))):
                return
            nested += (kind in _OPENING) - (kind in _CLOSING)
            self.at += 1

    def _begins_item(self, kind: str) -> bool:
        return not self.depth and kind in _STARTS and self.begins_line(self.at)

    def close(self, kind: str) -> None:
        """Step over the bracket that ends a group; where it is missing, over what stands before it."""
        if self.accept(kind):
            return
        self.fault_here("YAR010", f"expected `{kind}`")
        nested = 0
        at = self.at
        while nested or self.kinds[at] != kind:
            found = self.kinds[at]
            if (
                at - self.at > _FARTHEST
                or found in ("{", "}", END)
                or self.at_header(at)
                or (not nested and found in _CLOSING)
            ):
                return
            nested += (found in _OPENING) - (found in _CLOSING)
            at += 1
        self.at = at + 1

    # Constants

    def literal(self) -> Literal:
        """literal = STRING | RAW-STRING | REGEX | INTEGER | DECIMAL | DURATION | "true" | "false"."""
        kind, text = self.kinds[self.at], self.texts[self.at]
        if kind not in LITERALS:
            self.fail("YAR011", "expected a constant")
        span = self.span_of(self.at)
        self.at += 1
        if kind in STRINGS or kind == REGEX:
            meant = LiteralKind.REGEX if kind == REGEX else LiteralKind.STRING
            return Literal(meant, self._string(kind, text, span), span)
        if kind in NUMBERS:
            return Literal(LiteralKind.NUMBER, self._number(text, span), span)
        if kind == DURATION:
            return Literal(LiteralKind.DURATION, text, span)
        return Literal(LiteralKind.BOOL, kind == "true", span)

    def _number(self, text: str, span: Span) -> int | float:
        if text.isdigit() and len(text) <= 19:
            return int(text)
        number = float(text)
        if number == float("inf") or text.isdigit():
            self.report("YAR006", "the number is too large", span)
            return 0
        return number

    def _string(self, kind: str, text: str, span: Span) -> str:
        read = string_value(text)
        if not read.closed:
            what = "regular expression" if kind == REGEX else "string"
            where = "" if kind == RAW_STRING else " on its line"
            self.report("YAR003" if kind == REGEX else "YAR001", f"the {what} is not closed{where}", span)
        if read.odd_escape is not None:
            first, last = read.odd_escape
            self.report(
                "YAR002",
                f"`{text[first:last]}` is no escape; the backslash is read as one",
                Span(span.start + first, span.start + last),
                "double the backslash, or write a raw string: `…`",
                Level.WARNING,
            )
        return read.value
