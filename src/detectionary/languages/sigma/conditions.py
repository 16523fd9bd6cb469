"""Conditions: a lexer that keeps every character, and a parser of one method a production.

    condition   = or ["|" (aggregation | near)]
    or          = and ("or" and)*
    and         = not ("and" not)*
    not         = "not" not | "(" or ")" | several | identifier
    several     = ("all" | "any" | NUMBER) "of" ("them" | pattern)
    aggregation = function "(" [field] ")" ["by" field ("," field)*] operator NUMBER
    near        = "near" or

Words compare without regard to case, as pySigma reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.languages.sigma.syntax import (
    Aggregation,
    Condition,
    Connected,
    Expression,
    Named,
    Near,
    Negated,
    Several,
)
from detectionary.text import Diagnostic, Level, Span

MAX_DEPTH: Final = 60

FUNCTIONS: Final = ("count", "min", "max", "avg", "sum", "median")
_OPERATORS: Final = ("<=", ">=", "==", "!=", "<", ">", "=")
_WORD: Final = frozenset("_-*?./:@$#%&+~\\'\"{}[];!^")
"""Characters of words beside letters and digits: identifiers may hold nearly anything, patterns `*`."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is "word", "(", ")", ",", "|", "operator", or "blank"."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def tokenize(text: str) -> list[Token]:
    """All tokens; their texts, blanks included, are the text."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        start = at
        character = text[at]
        if character.isspace():
            while at < len(text) and text[at].isspace():
                at += 1
            kind = "blank"
        elif character in "(),|":
            at += 1
            kind = character
        elif character in "<>=!" and (sign := next((each for each in _OPERATORS if text.startswith(each, at)), None)):
            at += len(sign)
            kind = "operator"
        else:
            at += 1
            while at < len(text) and (text[at].isalnum() or text[at] in _WORD):
                at += 1
            kind = "word"
        found.append(Token(kind, text[start:at], start))
    return found


class _FaultError(Exception):
    """The condition cannot be read past this point."""


class Place:
    """Where the characters of a condition stand in the document."""

    def __init__(self, whole: Span, first: int | None) -> None:
        self._whole = whole
        self._first = first

    def span(self, start: int, end: int) -> Span:
        """The span of a part; that of the whole value where YAML has folded or escaped it."""
        return self._whole if self._first is None else Span(self._first + start, self._first + end)


def parse_condition(text: str, whole: Span, first: int | None) -> tuple[Condition, tuple[Diagnostic, ...]]:
    """A condition whose text stands at `first` in the document; None: the value is written otherwise than it reads."""
    parser = _Parser(text, Place(whole, first))
    return parser.condition(whole), tuple(parser.diagnostics)


class _Parser:
    def __init__(self, text: str, place: Place) -> None:
        self._text = text
        self._tokens = [token for token in tokenize(text) if token.kind != "blank"]
        self._at = 0
        self._depth = 0
        self._place = place
        self.diagnostics: list[Diagnostic] = []

    def condition(self, whole: Span) -> Condition:
        """Condition = or ["|" (aggregation | near)]"""
        expression: Expression | None = None
        rest: Aggregation | Near | None = None
        try:
            expression = self._or()
            if self._kind() == "|":
                self._at += 1
                rest = self._near() if self._word() == "near" else self._aggregation()
            if self._at < len(self._tokens):
                self._fail("SIG003", f"“{self._tokens[self._at].text}” is not expected here", "join parts by and, or")
        except _FaultError:
            pass
        return Condition(self._text, expression, rest, whole)

    def _or(self) -> Expression:
        """Or = and ("or" and)*"""
        return self._connected("or", self._and)

    def _and(self) -> Expression:
        """And = not ("and" not)*"""
        return self._connected("and", self._not)

    def _connected(self, word: str, part: object) -> Expression:
        assert callable(part)  # noqa: S101  # one of the two methods above
        start = self._here()
        operands: list[Expression] = [part()]
        while self._word() == word:
            self._at += 1
            operands.append(part())
        if len(operands) == 1:
            return operands[0]
        return Connected(tuple(operands), word == "and", self._since(start))

    def _not(self) -> Expression:
        """Not = "not" not | "(" or ")" | several | identifier"""
        start = self._here()
        if self._depth >= MAX_DEPTH:
            self._fail("SIG004", f"nested deeper than {MAX_DEPTH} levels", "take it apart")
        self._depth += 1
        found: Expression
        if self._word() == "not":
            self._at += 1
            found = Negated(self._not(), self._since(start))
        elif self._kind() == "(":
            self._at += 1
            found = self._or()
            if self._kind() != ")":
                self._fail("SIG005", "a bracket is not closed", "put a ) behind the last part")
            self._at += 1
        else:
            found = self._several() if self._word(1) == "of" else self._identifier()
        self._depth -= 1
        return found

    def _several(self) -> Expression:
        """Several = ("all" | "any" | NUMBER) "of" ("them" | pattern)"""
        start = self._here()
        word = self._word() or ""
        if word not in ("all", "any") and not (word.isdecimal() and int(word[:9]) > 0):
            self._fail("SIG006", f"“{word}” is no number of search identifiers", "write 1 of, all of")
        self._at += 2
        if self._kind() != "word":
            self._fail("SIG006", "a pattern of search identifiers is missing", "write them, or a pattern such as sel*")
        pattern = self._tokens[self._at].text
        self._at += 1
        count = {"all": None, "any": 1}[word] if word in ("all", "any") else int(word[:9])
        return Several(count, "them" if pattern.lower() == "them" else pattern, self._since(start))

    def _identifier(self) -> Expression:
        """Identifier = WORD"""
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind != "word" or token.text.lower() in ("and", "or"):
            self._fail("SIG003", "a search identifier is missing", "name one that stands under detection")
        assert token is not None  # noqa: S101  # as just checked
        self._at += 1
        return Named(token.text, self._place.span(token.start, token.end))

    def _aggregation(self) -> Aggregation:
        """Aggregation = function "(" [field] ")" ["by" field ("," field)*] operator NUMBER"""
        start = self._here()
        function = self._word()
        if function not in FUNCTIONS:
            self._fail("SIG007", "a function is expected behind the bar", "write " + ", ".join(FUNCTIONS))
        self._at += 1
        self._expect("(")
        field = self._tokens[self._at].text if self._kind() == "word" else None
        self._at += field is not None
        self._expect(")")
        by: list[str] = []
        if self._word() == "by":
            self._at += 1
            by.append(self._expect("word"))
            while self._kind() in (",", "word"):
                self._at += self._kind() == ","
                by.append(self._expect("word"))
        operator = self._expect("operator")
        number = self._expect("word")
        try:
            value = float(number) if "." in number else int(number)
        except ValueError:
            self._at -= 1
            self._fail("SIG007", f"“{number}” is no number", "compare with a number")
        return Aggregation(function or "", field, tuple(by), operator, value, self._since(start))

    def _near(self) -> Near:
        """Near = "near" or"""
        start = self._here()
        self._at += 1
        return Near(self._or(), self._since(start))

    # Tokens

    def _kind(self) -> str | None:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else None

    def _word(self, ahead: int = 0) -> str | None:
        at = self._at + ahead
        if at < len(self._tokens) and self._tokens[at].kind == "word":
            return self._tokens[at].text.lower()
        return None

    def _expect(self, kind: str) -> str:
        if self._kind() != kind:
            self._fail("SIG007", f"a {kind} is missing", "write as in count(field) by key > 5")
        self._at += 1
        return self._tokens[self._at - 1].text

    def _here(self) -> int:
        return self._tokens[self._at].start if self._at < len(self._tokens) else len(self._text)

    def _since(self, start: int) -> Span:
        return self._place.span(start, self._tokens[self._at - 1].end)

    def _fail(self, code: str, message: str, advice: str) -> None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        end = len(self._text)
        span = self._place.span(end, end) if token is None else self._place.span(token.start, token.end)
        self.diagnostics.append(Diagnostic(code, Level.ERROR, message, span, advice))
        raise _FaultError
