"""The cursor over the tokens: looking, expecting, reporting a fault and going on after it.

A production that cannot go on raises `Fault`. It is caught where there is a place to go on from: behind the bracket
that closes the group, or at the next `|`. So one fault gives one diagnostic, and what stands behind that place is still
read. Nothing is raised while a query is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NoReturn

from detectionary.languages.cursor import Fault, TokenCursor
from detectionary.languages.esql.lexer import Tokens
from detectionary.languages.esql.syntax import Bad, Literal, Name, NamePattern, Parameter
from detectionary.languages.esql.tokens import (
    END,
    NAME,
    NAMES,
    PARAMETER,
    PATTERN,
    QUOTED_NAME,
    RESERVED,
    STRING,
)
from detectionary.model.wildcards import Wild
from detectionary.text import Level, Span

MAX_DEPTH: Final = 64
"""How deep expressions and queries may nest. No query of the corpora nests deeper than 12 levels."""

_COMMAND_ENDS: Final = frozenset({"|", ")", END})
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PIECE: Final = re.compile(r"`((?:[^`]|``)+)`|(\*)|([^`*]+)")
_HABITS: Final = {
    "'": 'strings stand in double quotes: "…"',
    "“": 'strings stand in straight double quotes: "…"',
    "”": 'strings stand in straight double quotes: "…"',
    "=": "write `==` to compare",
    "=~": "ES|QL has no `=~`: write `to_lower(x) == …`",
    "!": "write `not`, or `!=`",
    "&": "write `and`",
}


class Cursor(TokenCursor):
    """The tokens and the place among them; what every production builds on."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self._closers: list[int] | None = None
        if tokens.unclosed is not None:
            start = tokens.unclosed
            self.report("ESQ004", "a comment that nothing ends", Span(start, start + 2), "write `*/` behind it")

    # Looking and taking

    def word(self) -> str:
        """The next token's text in lower case."""
        return self.texts[self.at].lower()

    def accept_word(self, word: str) -> bool:
        """Step over a name that spells this word, which is no keyword elsewhere."""
        if self.kinds[self.at] in (NAME, word) and self.word() == word:
            self.at += 1
            return True
        return False

    def expect(self, kind: str) -> int:
        """Step over a token that must be of this kind; gives its index."""
        at = self.at
        if self.kinds[at] != kind:
            self.fail_expected(f"`{kind}`" if len(kind) < 10 and " " not in kind else kind)
        self.at = at + 1
        return at

    def span_from(self, first: int) -> Span:
        """From the start of token `first` to the end of the last token taken; behind the one before if none was."""
        if self.at > first:
            return Span(self.starts[first], self.ends[self.at - 1])
        place = self.ends[first - 1] if first else self.starts[first]
        return Span(place, place)

    # Names and strings

    def accept_name(self) -> Name | None:
        """qualified-name = part { "." part } | "[" [ part ] "]" "." "[" part { "." part } "]"

        part = name | name-in-backticks | parameter
        """
        kinds, first = self.kinds, self.at
        kind = kinds[first]
        if kind == NAME:
            if kinds[first + 1] != ".":
                self.at = first + 1
                text = self.texts[first]
                if _reserved_part(text):
                    self._report_reserved(first)
                return Name(text, span=Span(self.starts[first], self.ends[first]))
        elif kind == "[":
            return self._qualified_name()
        elif kind not in (QUOTED_NAME, PARAMETER):
            return None
        text, verbatim = self._dotted_name()
        return Name(text, verbatim=verbatim, span=self.span_from(first))

    def _dotted_name(self) -> tuple[str, bool]:
        parts: list[str] = []
        verbatim = False
        while True:
            kind, text = self.kinds[self.at], self.texts[self.at]
            if kind == QUOTED_NAME:
                text = text[1:-1].replace("``", "`")
            elif kind == PARAMETER:
                verbatim = True
            elif kind in RESERVED and parts:
                self._report_reserved(self.at)
            elif kind != NAME:
                self.fail_expected("a name")
            elif _reserved_part(text):
                self._report_reserved(self.at)
            parts.append(text)
            self.at += 1
            if not self.accept("."):
                return ".".join(parts), verbatim

    def _qualified_name(self) -> Name | None:
        first = self.at
        close = first + (1 if self.peek(1) == "]" else 2)
        if self.kinds[close : close + 3] != ["]", ".", "["] or (close == first + 2 and self.peek(1) not in NAMES):
            return None
        qualifier = self.texts[first + 1] if close == first + 2 else ""
        self.at = close + 3
        text, verbatim = self._dotted_name()
        self.expect("]")
        return Name(text, qualifier, verbatim, span=self.span_from(first))

    def _report_reserved(self, at: int) -> None:
        hint = "in backticks it is a name"
        self.report("ESQ014", f"`{self.texts[at]}` holds a word of the language", self.span_of(at), hint)

    def expect_name(self, what: str = "a column name") -> Name:
        name = self.accept_name()
        if name is None:
            self.fail_expected(what)
        return name

    def expect_pattern(self, what: str = "a column name") -> NamePattern:
        """name-pattern = { part | "*" } with dots, or the qualified form of a name"""
        first = self.at
        qualifier = None
        if self.kinds[first] == "[":
            self.at += 1
            qualifier = ""
            if self.kinds[self.at] == PATTERN:
                qualifier = self.texts[self.at]
                self.at += 1
            self.expect("]")
            self.expect(".")
            self.expect("[")
        pieces: list[str | Wild] = []
        verbatim = False
        while True:
            kind, text = self.kinds[self.at], self.texts[self.at]
            if kind == PATTERN:
                pieces.extend(_pieces(text))
            elif kind == PARAMETER:
                verbatim = True
                pieces.append(text)
            else:
                self.fail_expected(what)
            self.at += 1
            if not self.accept("."):
                break
            pieces.append(".")
        if qualifier is not None:
            self.expect("]")
        return NamePattern(_merged(pieces), qualifier, verbatim, span=self.span_from(first))

    def expect_string(self, what: str = "a string") -> Literal:
        """The string that must stand here."""
        at = self.at
        if self.kinds[at] != STRING:
            self.fail_expected(what)
        self.at = at + 1
        return self.string_at(at)

    def string_at(self, at: int) -> Literal:
        """The value of the string token `at`."""
        text = self.texts[at]
        if text.startswith('"""') and len(text) >= 6:
            value = text[3:-3]
        elif "\\" not in text and len(text) > 1 and text[-1] == '"':
            value = text[1:-1]
        else:
            value = self._escaped(at, text)
        return Literal(value, span=Span(self.starts[at], self.ends[at]))

    def _escaped(self, at: int, text: str) -> str:
        closed = len(text) > 1 and text[-1] == '"'
        body = text[1:-1] if closed else text[1:]
        if not closed:
            self.report("ESQ002", "a string that does not end on its line", self.span_of(at), 'write `"` behind it')

        def meaning(escape: re.Match[str]) -> str:
            known = _ESCAPES.get(escape[1])
            if known is None:
                start = self.starts[at] + 1 + escape.start()
                hint = 'a backslash is written `\\\\`, or alone in a string between `"""`'
                self.report("ESQ003", f"`{escape[0]}` is no escape", Span(start, start + 2), hint)
                return escape[0]
            return known

        return _ESCAPE.sub(meaning, body)

    def accept_parameter(self) -> Parameter | None:
        at = self.at
        if self.kinds[at] != PARAMETER:
            return None
        self.at = at + 1
        return Parameter(self.texts[at], span=self.span_of(at))

    # Faults

    def report(
        self, code: str, message: str, span: Span, advice: str | None = None, level: Level = Level.ERROR
    ) -> None:
        """Record a fault after which the production can go on; of two at one place, the first."""
        if span.start != self._last_fault:
            self._last_fault = span.start
            super().report(code, message, span, advice, level)

    def fail_expected(self, what: str, code: str = "ESQ010", hint: str | None = None) -> NoReturn:
        """Something else stands where `what` must stand."""
        at = self.at
        after = f" after `{_short(self.texts[at - 1])}`" if at else ""
        self.report(
            code, f"expected {what}{after}, found {self.found()}", self._fault_span(), hint or self.hint_for(at)
        )
        raise Fault

    def found(self) -> str:
        """The next token in words."""
        kind = self.kinds[self.at]
        return kind if kind == END else f"`{_short(self.texts[self.at])}`"

    def hint_for(self, at: int) -> str | None:
        kind, text = self.kinds[at], self.texts[at]
        if text in _HABITS:
            return _HABITS[text]
        if at and self.kinds[at - 1] == "," and kind in ("|", ")", "by", "]", END):
            return "take the last `,` out"
        if kind in RESERVED:
            return f"`{text}` is a word of the language; as a name it stands in backticks"
        return None

    def _fault_span(self) -> Span:
        """The next token; if it begins another line or there is none, the place behind the last one."""
        at = self.at
        if at and (self.kinds[at] == END or "\n" in self.text[self.ends[at - 1] : self.starts[at]]):
            return Span(self.ends[at - 1], self.ends[at - 1])
        return self.span_of(at)

    def enter(self) -> None:
        """One level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.report("ESQ018", f"the query nests more than {MAX_DEPTH} levels deep", self.span_of(self.at))
            raise Fault

    # Going on after a fault

    def closer(self, opener: int) -> int:
        """The index of the bracket that closes the one at `opener`, or -1."""
        if self._closers is None:
            self._closers = _match_brackets(self.kinds)
        return self._closers[opener]

    def skip_group(self, opener: int, depth: int) -> Bad:
        """After a fault inside the brackets opened at `opener`: go behind them, or let the fault go on outwards."""
        end = self.closer(opener)
        if end < 0:
            last = self.diagnostics[-1] if self.diagnostics else None
            if last is not None and last.code in ("ESQ010", "ESQ011") and self.kinds[self.at] in ("|", END):
                # the bracket is the fault, not what stands where it should end
                self.diagnostics.pop()
                self.report("ESQ017", f"this `{self.kinds[opener]}` is not closed", self.span_of(opener))
            raise Fault
        self.at = end + 1
        self.depth = depth
        span = Span(self.starts[opener], self.ends[end])
        return Bad(span.of(self.text), span=span)

    def skip_to_pipe(self) -> None:
        """Go to the next `|` or to the bracket that ends this query."""
        self.skip_to(_COMMAND_ENDS)

    def skip_to(self, ends: frozenset[str]) -> None:
        """Go to the next token of these; groups on the way are stepped over."""
        while (kind := self.kinds[self.at]) not in ends:
            closer = self.closer(self.at) if kind in _CLOSING else -1
            self.at = closer + 1 if closer >= 0 else self.at + 1


def _match_brackets(kinds: Sequence[str]) -> list[int]:
    """For every token the index of its closing bracket; one pass, made only when there is a fault."""
    closers = [-1] * len(kinds)
    waiting: list[int] = []
    for at, kind in enumerate(kinds):
        if kind in _CLOSING:
            waiting.append(at)
        elif kind in (")", "]", "}"):
            while waiting and _CLOSING[kinds[waiting[-1]]] != kind:
                waiting.pop()
            if waiting:
                closers[waiting.pop()] = at
    return closers


@lru_cache(maxsize=4096)
def _reserved_part(text: str) -> bool:
    """Is a part of this dotted name a word of the language?"""
    return "." in text and not RESERVED.isdisjoint(text.lower().split("."))


def _pieces(text: str) -> list[str | Wild]:
    found: list[str | Wild] = []
    for quoted, star, plain in _PIECE.findall(text):
        found.append(Wild.ANY if star else quoted.replace("``", "`") if quoted else plain)
    return found


def _merged(pieces: list[str | Wild]) -> tuple[str | Wild, ...]:
    """Neighbouring texts joined, neighbouring stars made one."""
    merged: list[str | Wild] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, str) and isinstance(last, str):
            merged[-1] = last + piece
        elif not (isinstance(piece, Wild) and last is piece):
            merged.append(piece)
    return tuple(merged)


def _short(text: str) -> str:
    line = text.partition("\n")[0]
    return text if len(text) <= 30 and line == text else f"{line[:27]}…"
