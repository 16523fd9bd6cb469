"""luqum's grammar behind our own door: our tokens in, its tree out, its faults as diagnostics, its limits as limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from luqum.exceptions import ParseSyntaxError
from luqum.head_tail import TokenValue
from luqum.parser import parser
from luqum.tree import Item, Phrase, Regex, Word

from detectionary.languages.lucene.lexer import MODIFIERS, Token, tokenize
from detectionary.text import Diagnostic, Level, Span

MAX_DEPTH: Final = 64
"""How deep brackets may nest."""

MAX_TOKENS: Final = 20_000
"""luqum copies the list of operands with each one that it reads; a query of thousands takes it a tenth of a second."""

_ITEMS: Final = {"TERM": Word, "TO": TokenValue, "PHRASE": Phrase, "REGEX": Regex}
_FAULTS: Final = {
    '"': ("the phrase is not closed", 'put a `"` at its end, or escape it as `\\"`'),
    "/": ("the regular expression is not closed", "escape a slash in a word as `\\/`, or put the word in quotes"),
    "^": ("a boost without a number", "write `^2`, or escape the sign as `\\^`"),
    "\\": ("the backslash escapes nothing", "double it"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a row of clauses that was read by itself, or could not be (`tree` is None)."""

    after_and: bool
    tree: Item | None
    span: Span


@dataclass(frozen=True, slots=True)
class Parsed:
    """What luqum makes of a query: one piece where it is right, none where it is blank; the tokens; and the fault.

    luqum stops at its first fault. The clauses between the outermost connectives are then read each for itself.
    """

    pieces: tuple[Piece, ...]
    tokens: tuple[Token, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.diagnostics

    @property
    def span(self) -> Span:
        """From the first token to the last."""
        return _span(self.tokens)


def parse(text: str) -> Parsed:
    """The query in `text`. Never raises on bad text."""
    tokens = tokenize(text)
    if not tokens:
        return Parsed((), tokens)
    fault = _limit(tokens)
    if fault is not None:
        return Parsed((Piece(False, None, _span(tokens)),), tokens, (fault,))
    found = _read(text, tokens)
    if isinstance(found, Diagnostic):
        return Parsed(tuple(_pieces(text, tokens)), tokens, (found,))
    return Parsed((Piece(False, found, _span(tokens)),), tokens)


def _read(text: str, tokens: tuple[Token, ...]) -> Item | Diagnostic:
    """The tree of some tokens, or what is wrong with them."""
    fault = _bad_token(tokens) or _misplaced(tokens)
    if fault is not None:
        return fault
    feed = _Feed(text, tokens)
    try:
        return parser.parse(None, lexer=feed)
    except ParseSyntaxError:
        return feed.fault()


def _pieces(text: str, tokens: tuple[Token, ...]) -> Iterator[Piece]:
    """A faulty query cut at the connectives outside of brackets."""
    depth = start = 0
    after_and = False
    for at, token in enumerate((*tokens, Token("OR_OP", "", Span(0, 0)))):
        depth = max(0, depth + (token.kind == "LPAREN") - (token.kind == "RPAREN"))
        if at < len(tokens) and (depth or token.kind not in ("AND_OP", "OR_OP")):
            continue
        if piece := tokens[start:at]:
            found = _read(text, piece)
            yield Piece(after_and, None if isinstance(found, Diagnostic) else found, _span(piece))
        start = at + 1
        after_and = token.kind == "AND_OP"


def _span(tokens: tuple[Token, ...]) -> Span:
    return Span(tokens[0].span.start, tokens[-1].span.end) if tokens else Span(0, 0)


@dataclass(slots=True)
class _Fed:
    """A token in the form that luqum's grammar takes."""

    type: str
    value: Item | TokenValue
    lexpos: int
    lineno: int = 1
    lexer: object = None


class _Feed:
    """Our tokens as the lexer that luqum's grammar asks; one a query, so that threads do not meet."""

    def __init__(self, text: str, tokens: tuple[Token, ...]) -> None:
        self._end = tokens[-1].span.end
        self._coming = self._fed(text, tokens)
        self._last: Token | None = None

    def token(self) -> _Fed | None:
        """The next token; None at the end."""
        return next(self._coming, None)

    def _fed(self, text: str, tokens: tuple[Token, ...]) -> Iterator[_Fed]:
        ends = [*(token.span.start for token in tokens[1:]), self._end]
        for token, end in zip(tokens, ends, strict=True):
            self._last = token
            kind, spelling, span = token
            number = (spelling[1:] or None) if kind in ("APPROX", "BOOST") else spelling
            value = _ITEMS.get(kind, TokenValue)(number)
            # luqum works the places of larger parts out from these.
            value.pos, value.size = span.start, span.end - span.start
            value.tail = text[span.end : end]
            yield _Fed(kind, value, span.start)
        self._last = None

    def fault(self) -> Diagnostic:
        """What to say when luqum refuses the token that it asked for last."""
        if self._last is None:
            message = "the query ends where a clause or a closing bracket is expected"
            return _fault(message, Span(self._end, self._end), "complete the last clause, close all brackets")
        return _unexpected(self._last)


def _limit(tokens: tuple[Token, ...]) -> Diagnostic | None:
    depth = 0
    for token in tokens:
        depth += (token.kind == "LPAREN") - (token.kind == "RPAREN")
        if depth > MAX_DEPTH:
            message = f"brackets nest deeper than {MAX_DEPTH} levels"
            return Diagnostic("LUC002", Level.ERROR, message, token.span, "take the query apart")
    if len(tokens) > MAX_TOKENS:
        message = f"the query has more than {MAX_TOKENS} words and signs"
        return Diagnostic("LUC002", Level.ERROR, message, tokens[MAX_TOKENS].span, "take the query apart")
    return None


def _bad_token(tokens: tuple[Token, ...]) -> Diagnostic | None:
    for token in tokens:
        if token.kind == "BAD":
            message, advice = _FAULTS.get(token.text[0], (None, None))
            return _unexpected(token) if message is None else _fault(message, token.span, advice)
    return None


def _misplaced(tokens: tuple[Token, ...]) -> Diagnostic | None:
    """What luqum reads and Lucene does not: two signs in a row, and a sign or a second field behind a colon."""
    for before, token in pairwise(tokens):
        if token.kind in MODIFIERS and before.kind in (*MODIFIERS, "COLUMN"):
            return _unexpected(token)
    for at in range(len(tokens) - 2):
        if tokens[at].kind == tokens[at + 2].kind == "COLUMN":
            return _unexpected(tokens[at + 2])
    return None


def _unexpected(token: Token) -> Diagnostic:
    shown = token.text if len(token.text) <= 40 else f"{token.text[:39]}…"
    advice = "escape special characters with a backslash, or put the text in quotes"
    return _fault(f"unexpected `{shown}`", token.span, advice)


def _fault(message: str, span: Span, advice: str | None) -> Diagnostic:
    return Diagnostic("LUC001", Level.ERROR, message, span, advice)
