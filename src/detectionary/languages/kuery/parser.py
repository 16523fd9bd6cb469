"""A parser of Kibana KQL, one method a production; what follows a fault is read on.

After Kibana's grammar.peg (see `tokens.py`). One freedom: a keyword needs no blank before a bracket (`not(a: b)`), as
Kibana has it too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from detectionary.languages.kuery.syntax import Connected, Is, Literal, Missing, Negated, Nested, Query, Range
from detectionary.languages.kuery.tokens import Kind, Token, tokenize
from detectionary.model.wildcards import Part, Wild
from detectionary.text import Diagnostic, Level, Span

MAX_DEPTH: Final = 100
_MOST_FAULTS: Final = 50

_RANGES: Final = frozenset({Kind.LESS, Kind.LESS_EQUAL, Kind.GREATER, Kind.GREATER_EQUAL})
_VALUE: Final = frozenset({Kind.WORD, Kind.STRING})
_SPACES: Final = {"t": "\t", "n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree (None: the query is empty), and what is wrong."""

    tree: Query | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        """Whether Kibana would take the query."""
        return not self.diagnostics


def parse(text: str) -> Parsed:
    """The query in `text`. Never raises on bad text."""
    parser = _Parser(text)
    tree = parser.query()
    return Parsed(tree, tuple(parser.diagnostics))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [token for token in tokenize(text) if token.kind is not Kind.BLANK]
        self._at = 0
        self._depth = 0
        self.diagnostics: list[Diagnostic] = []

    def query(self) -> Query | None:
        """Query = or?"""
        if not self._tokens:
            return None
        parts: list[Query] = [self._or(self._primary)]
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind in (Kind.CLOSE, Kind.CLOSE_NESTED):
                self._fault("KUE003", f"a {token.text} closes nothing", token, "remove it, or open a bracket before")
                self._at += 1
                if self._at < len(self._tokens) and self._kind() in (Kind.AND, Kind.OR):
                    self._at += 1
            else:
                self._fault("KUE001", "expected and or or", token, "join the parts by and, or")
            if self._at < len(self._tokens):
                before = self._at
                parts.append(self._or(self._primary))
                if self._at == before:
                    self._at += 1
        if len(parts) == 1:
            return parts[0]
        return Connected(tuple(parts), True, Span(0, len(self._text)))

    def _or(self, part: Callable[[], Query]) -> Query:
        """Or = and ("or" and)*"""
        return self._connected(Kind.OR, lambda: self._and(part))

    def _and(self, part: Callable[[], Query]) -> Query:
        """And = not ("and" not)*"""
        return self._connected(Kind.AND, lambda: self._not(part))

    def _connected(self, word: Kind, part: Callable[[], Query]) -> Query:
        start = self._here()
        operands = [part()]
        while self._kind() is word:
            self._at += 1
            operands.append(part())
        return operands[0] if len(operands) == 1 else Connected(tuple(operands), word is Kind.AND, self._since(start))

    def _not(self, part: Callable[[], Query]) -> Query:
        """Not = "not"* primary"""
        starts = []
        while self._kind() is Kind.NOT:
            starts.append(self._here())
            self._at += 1
        found = part()
        for start in reversed(starts):
            found = Negated(found, self._since(start))
        return found

    def _primary(self) -> Query:
        """Primary = "(" or ")" | field ":" "{" or "}" | field ":" values | field RANGE literal | literal"""
        start = self._here()
        if self._kind() is Kind.OPEN:
            return self._bracketed(lambda: self._or(self._primary), Kind.CLOSE)
        if self._kind() not in _VALUE:
            return self._missing("KUE002", "a field or a value is missing", "write field: value")
        name = self._literal()
        if self._kind() in _RANGES:
            operator = self._tokens[self._at].text
            self._at += 1
            if self._kind() not in _VALUE:
                return self._missing("KUE002", f"a value is missing behind {operator}", "compare with a value")
            return Range(name, operator, self._literal(), self._since(start))
        if self._kind() is not Kind.COLON:
            return Is(None, name, name.span)
        self._at += 1
        if self._kind() is Kind.OPEN_NESTED:
            inner = self._bracketed(lambda: self._or(self._primary), Kind.CLOSE_NESTED)
            return Nested(name, inner, self._since(start))
        if self._kind() is Kind.OPEN:
            return Is(name, self._bracketed(lambda: self._or(self._value), Kind.CLOSE), self._since(start))
        return Is(name, self._value(), self._since(start))

    def _value(self) -> Query:
        """Value = "(" or-of-values ")" | literal"""
        if self._kind() is Kind.OPEN:
            return self._bracketed(lambda: self._or(self._value), Kind.CLOSE)
        if self._kind() not in _VALUE:
            return self._missing("KUE002", "a value is missing", "write a value, or * for any")
        return self._literal()

    def _bracketed(self, inner: Callable[[], Query], closing: Kind) -> Query:
        opening = self._tokens[self._at]
        self._at += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fault("KUE004", f"nested deeper than {MAX_DEPTH} levels", opening, "take the query apart")
            self._at = len(self._tokens)
            self._depth -= 1
            return Missing(Span(opening.start, len(self._text)))
        found = inner()
        self._depth -= 1
        if self._kind() is closing:
            self._at += 1
        else:
            self._fault(
                "KUE003", f"this {opening.text} is not closed", opening, f"put a {closing.value} behind its content"
            )
        return found

    def _literal(self) -> Literal:
        """Literal = STRING | WORD+"""
        first = self._tokens[self._at]
        self._at += 1
        if first.kind is Kind.STRING:
            closed = len(first.text) > 1 and first.text.endswith('"') and not _escaped_end(first.text)
            if not closed:
                self._fault("KUE005", "a text in quotes is not closed", first, 'put a " at its end')
            text = first.text[1:-1] if closed else first.text[1:]
            return Literal(_quoted(text), True, Span(first.start, first.end))
        end = first.end
        while self._kind() is Kind.WORD:
            end = self._tokens[self._at].end
            self._at += 1
        # Words with blanks between them are one value, in Kibana's grammar too.
        return Literal(_unquoted(self._text[first.start : end]), False, Span(first.start, end))

    # Tokens and faults

    def _kind(self) -> Kind | None:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else None

    def _here(self) -> int:
        return self._tokens[self._at].start if self._at < len(self._tokens) else len(self._text)

    def _since(self, start: int) -> Span:
        return Span(start, max(start, self._tokens[self._at - 1].end))

    def _missing(self, code: str, message: str, advice: str) -> Missing:
        at = self._here()
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        self._fault(code, message, token, advice)
        return Missing(Span(at, at))

    def _fault(self, code: str, message: str, token: Token | None, advice: str) -> None:
        end = len(self._text)
        span = Span(end, end) if token is None else Span(token.start, token.end)
        if len(self.diagnostics) < _MOST_FAULTS:
            self.diagnostics.append(Diagnostic(code, Level.ERROR, message, span, advice))


def _escaped_end(text: str) -> bool:
    """Whether the last character is escaped: an odd number of backslashes before it."""
    before = text[:-1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _quoted(text: str) -> tuple[Part, ...]:
    r"""A text in quotes: `\"` and `\\\\` are escapes, white space and `\\uXXXX` too."""
    found = "".join(piece for piece, _ in _pieces(text, quoted=True))
    return (found,) if found else ()


def _unquoted(text: str) -> tuple[Part, ...]:
    """Words: every `*` that is not escaped is a wildcard."""
    found: list[Part] = []
    plain: list[str] = []
    for piece, escaped in _pieces(text, quoted=False):
        if piece == "*" and not escaped:
            if plain:
                found.append("".join(plain))
                plain.clear()
            if not found or found[-1] is not Wild.ANY:
                found.append(Wild.ANY)
        else:
            plain.append(piece)
    if plain:
        found.append("".join(plain))
    return tuple(found)


def _pieces(text: str, *, quoted: bool) -> list[tuple[str, bool]]:
    """Characters with escapes resolved, and whether each was escaped; a backslash before anything else stays."""
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text[at] != "\\" or at + 1 == len(text):
            found.append((text[at], False))
            at += 1
            continue
        following = text[at + 1]
        if following in _SPACES:
            found.append((_SPACES[following], True))
            at += 2
        elif following == "u" and _is_hex(text[at + 2 : at + 6]):
            found.append((chr(int(text[at + 2 : at + 6], 16)), True))
            at += 6
        elif following in ('\\"' if quoted else '\\():<>"*{}'):
            found.append((following, True))
            at += 2
        elif not quoted and (word := _keyword(text, at + 1)):
            found.append((word, True))
            at += 1 + len(word)
        else:
            found.append(("\\", False))
            at += 1
    return found


def _is_hex(text: str) -> bool:
    return len(text) == 4 and all(character in "0123456789abcdefABCDEF" for character in text)


def _keyword(text: str, at: int) -> str | None:
    """A keyword that a backslash keeps from being one."""
    for word in ("and", "or", "not"):
        if text[at : at + len(word)].lower() == word and not text[at + len(word) : at + len(word) + 1].isalnum():
            return text[at : at + len(word)]
    return None
