"""From tokens to the tree; one method a production of Kibana's grammar.

After a fault the rest of an operand is skipped and kept as `Bad`, so that one fault gives one diagnostic and all other
operands are still read.

The language: https://www.elastic.co/docs/reference/query-languages/kql
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.languages.kuery.lexer import is_closed, quoted_value, tokenize, words_value
from detectionary.languages.kuery.syntax import Bad, Junction, Literal, LiteralKind, Match, Nested, Node, Not, Range
from detectionary.languages.kuery.tokens import CONNECTIVES, END, LITERALS, QUOTED, RANGES, Token
from detectionary.text import Diagnostic, Level, Span

MAX_DEPTH: Final = 64
"""How deep brackets may nest. No query of the corpora nests deeper than a handful of levels."""

MAX_DIAGNOSTICS: Final = 200
"""Further faults of one text are not reported."""

_CONSTANTS: Final = {
    "null": (LiteralKind.NULL, None),
    "true": (LiteralKind.BOOL, True),
    "false": (LiteralKind.BOOL, False),
}
_CLOSING: Final = {"(": ")", "{": "}"}
_ENDS: Final = frozenset({"and", "or", ")", "}", END})
"""What may follow an operand."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query's tree, None for a blank query, which finds everything; its tokens; and what is wrong with it."""

    tree: Node | None
    tokens: tuple[Token, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        return not self.diagnostics


def parse(text: str) -> Parsed:
    """Read a whole text as one query."""
    parser = _Parser(text)
    return Parsed(parser.query(), parser.tokens, tuple(parser.diagnostics))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.diagnostics: list[Diagnostic] = []
        self._at = 0
        self._depth = 0

    @property
    def _kind(self) -> str:
        return self.tokens[self._at].kind

    # Productions

    def query(self) -> Node | None:
        """query = [any]"""
        if self._kind == END:
            return None
        found = [self._any()]
        while self._kind != END:
            # Only a closing bracket without its opening one is left over here.
            closing = self._take()
            self._report("KUE003", f"unexpected `{closing.text}`", closing.span, "remove it, or open a bracket before")
            if self._kind not in (")", "}", END):
                self._accept("and" if self._kind == "and" else "or")
                found.append(self._any())
        return _junction("and", found)

    def _any(self, *, listed: bool = False) -> Node:
        """any = all ("or" all)*"""
        found = [self._all(listed)]
        while self._accept("or"):
            found.append(self._all(listed))
        return _junction("or", found)

    def _all(self, listed: bool) -> Node:
        """all = negatable ("and" negatable)*"""
        found = [self._negatable(listed)]
        while True:
            if self._kind not in _ENDS:
                self._report("KUE001", *_unexpected(self.tokens[self._at]))
                found.append(self._skipped())
            if not self._accept("and"):
                return _junction("and", found)
            found.append(self._negatable(listed))

    def _negatable(self, listed: bool) -> Node:
        """negatable = ["not"] (list | "(" any ")" | expression)"""
        start = self.tokens[self._at].span.start
        negations = 0
        while self._kind == "not":
            if negations == 1:
                advice = "leave both out, or put brackets round the inner one"
                self._report("KUE007", "`not` behind `not`", self.tokens[self._at].span, advice)
            self._at += 1
            negations += 1
        if listed:
            operand = self._list()
        elif self._kind == "(":
            operand = self._bracketed(listed=False)
        else:
            operand = self._expression()
        return Not(operand, Span(start, max(operand.span.end, self._end()))) if negations % 2 else operand

    def _expression(self) -> Node:
        """expression = field ":" "{" any "}" | field RANGE literal | field ":" list | literal"""
        if self._kind not in LITERALS:
            return self._missing("a field, a value or a bracket")
        first = self._literal()
        if self._kind in RANGES:
            operator = self._take().kind
            if self._kind not in LITERALS:
                missing = self._missing("a value")
                return Bad(Span(first.span.start, missing.span.end).of(self.text), first.span | missing.span)
            value = self._literal()
            return Range(first, operator, value, first.span | value.span)
        if not self._accept(":"):
            return Match(None, first, first.span)
        if self._kind == "{":
            query = self._bracketed(listed=False)
            return Nested(first, query, Span(first.span.start, self._end()))
        values = self._list()
        return Match(first, values, Span(first.span.start, max(self._end(), values.span.end)))

    def _list(self) -> Node:
        """list = "(" anyOfValues ")" | literal"""
        if self._kind == "(":
            return self._bracketed(listed=True)
        if self._kind not in LITERALS:
            return self._missing("a value")
        return self._literal()

    def _literal(self) -> Literal:
        """literal = QUOTED | WORDS"""
        token = self._take()
        if token.kind == QUOTED:
            if not is_closed(token.text):
                self._report("KUE005", "the quoted text is not closed", token.span)
            return Literal(LiteralKind.PHRASE, quoted_value(token.text), token.span)
        read = words_value(token.text)
        if read.bad_escape is not None:
            start, end = read.bad_escape
            bad = Span(token.span.start + start, token.span.start + end)
            advice = "double the backslash, or put the value in quotes"
            self._report("KUE006", f"`{bad.of(self.text)}` is no escape", bad, advice)
        if read.value in _CONSTANTS and not read.pattern:
            kind, value = _CONSTANTS[read.value]
            return Literal(kind, value, token.span)
        return Literal(LiteralKind.PATTERN if read.pattern else LiteralKind.WORDS, read.value, token.span)

    def _bracketed(self, *, listed: bool) -> Node:
        """What stands between the bracket at the cursor and its closing one."""
        opening = self.tokens[self._at]
        if self._depth >= MAX_DEPTH:
            self._report("KUE004", f"brackets nest deeper than {MAX_DEPTH} levels", opening.span)
            return self._skipped()
        self._at += 1
        self._depth += 1
        found = self._any(listed=listed)
        self._depth -= 1
        closing = _CLOSING[opening.kind]
        if not self._accept(closing):
            advice = f"close it with `{closing}`"
            self._report("KUE003", f"the bracket `{opening.kind}` is not closed", opening.span, advice)
            if self._kind in _CLOSING.values() and self._depth == 0:
                self._at += 1  # the wrong one was meant to close it
        return found

    # Taking and faults

    def _take(self) -> Token:
        token = self.tokens[self._at]
        self._at += 1
        return token

    def _accept(self, kind: str) -> bool:
        if self._kind != kind:
            return False
        self._at += 1
        return True

    def _end(self) -> int:
        """Where the last token taken ends."""
        return self.tokens[self._at - 1].span.end if self._at else 0

    def _missing(self, what: str) -> Bad:
        token = self.tokens[self._at]
        found = END if token.kind == END else f"`{token.text}`"
        advice = None
        if token.kind in CONNECTIVES:
            advice = f"write \\{token.text}, or quotes round it, where the word is searched for"
        self._report("KUE002", f"expected {what}, found {found}", token.span, advice)
        if token.kind in _ENDS:
            return Bad("", Span(self._end(), self._end()))
        return self._skipped()

    def _skipped(self) -> Bad:
        """Everything up to the next connective or closing bracket of this depth."""
        start = self.tokens[self._at].span.start
        nested = 0
        while (kind := self._kind) != END and (nested or kind not in _ENDS):
            nested += (kind in _CLOSING) - (kind in _CLOSING.values())
            self._at += 1
        span = Span(start, max(start, self._end()))
        return Bad(span.of(self.text), span)

    def _report(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        if len(self.diagnostics) < MAX_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(code, Level.ERROR, message, span, advice))


def _junction(operator: str, operands: list[Node]) -> Node:
    if len(operands) == 1:
        return operands[0]
    return Junction(operator, tuple(operands), operands[0].span | operands[-1].span)


def _unexpected(token: Token) -> tuple[str, Span, str]:
    """The message, span and advice for a token that follows a complete operand."""
    shown = f"`{token.text}`" if len(token.text) <= 40 else f"`{token.text[:39]}…`"
    advice = "part two conditions by `and` or `or` between blanks; put a value with special characters in quotes"
    if token.kind == "not":
        advice = "write `and not`; put a value that ends with this word in quotes"
    elif token.text.lower().startswith(("and", "or")):
        advice = "`and` and `or` need blanks on both sides"
    return f"unexpected {shown} behind a complete condition", token.span, advice
