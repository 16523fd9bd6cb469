"""The cursor over the tokens: looking, expecting, reporting a fault and going on after it.

A production that cannot go on raises `Fault`. It is caught where there is a place to go on from: behind the bracket
that closes the group, at the next `|`, or behind the next `;`. So one fault gives one diagnostic, and what stands
behind that place is still read. Nothing is raised while a query is right.
"""

# docstrings of productions are productions

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final, NoReturn

from detectionary.languages.kusto.lexer import Tokens
from detectionary.languages.kusto.syntax import BadExpression, Name, NameReference, ScalarType, WildcardName
from detectionary.languages.kusto.tokens import (
    COMPARISONS,
    DECLARED_NAMES,
    END,
    KEYWORDS,
    LITERALS,
    LONG,
    NAME,
    NAMES,
    OPERAND_KEYWORDS,
    STRING,
    TYPE_KEYWORDS,
    WORDS,
)
from detectionary.text import Diagnostic, Level, Span

MAX_DEPTH: Final = 64
"""How deep brackets may nest.

Microsoft's parser has no limit (beyond 300 levels it goes on with a stack of its own); here one keeps the parser and
every later walk over the tree within Python's stack. No query of the corpora nests deeper than 17 levels."""

MAX_DIAGNOSTICS: Final = 200
"""Further faults of one text are not reported."""

_LOOK_BACK: Final = 500
"""So many tokens before a fault are looked at for a bracket that closes behind it; without a limit, faults in deeply
nested pipelines would cost a square."""

_LIST_ENDS: Final = frozenset({")", "]", "}", "|", ";", END})
_ENDS_VALUE: Final = LITERALS | {NAME, ")", "]"}
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_COLUMN_TYPES: Final = {
    **dict.fromkeys(("bool", "boolean"), ScalarType.BOOL),
    **dict.fromkeys(("int", "int8"), ScalarType.INT),
    **dict.fromkeys(("long", "int64"), ScalarType.LONG),
    **dict.fromkeys(("real", "double"), ScalarType.REAL),
    "decimal": ScalarType.DECIMAL,
    "string": ScalarType.STRING,
    **dict.fromkeys(("datetime", "date"), ScalarType.DATETIME),
    **dict.fromkeys(("timespan", "time"), ScalarType.TIMESPAN),
    **dict.fromkeys(("guid", "uniqueid"), ScalarType.GUID),
    "dynamic": ScalarType.DYNAMIC,
}
_RARE_TYPES: Final = {
    **dict.fromkeys(("int32", "uint", "uint32", "uint8", "int16", "uint16"), ScalarType.INT),
    **dict.fromkeys(("ulong", "uint64"), ScalarType.LONG),
    "float": ScalarType.REAL,
}
_HABITS: Final = {
    "&": "write `and`",
    "“": 'strings stand in straight quotes: "…"',
    "”": 'strings stand in straight quotes: "…"',
    "‘": "strings stand in straight quotes: '…'",
    "’": "strings stand in straight quotes: '…'",
    "!": "write `not(…)`",
    "–": "write a plain hyphen: -",
    "\\": "a backslash stands only inside strings",
    "materialize": "`materialize(…)` stands right behind `let name =` and nowhere else",
    "~": "write `=~` to compare without regard to case",
}


class Fault(Exception):  # noqa: N818  # the fault is in the query
    """Unwinds to the next place from which parsing can go on; its diagnostic is recorded before."""


class Cursor:
    """The tokens and the place among them; what every production builds on."""

    def __init__(self, tokens: Tokens) -> None:
        self.text = tokens.text
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.at = 0
        self.depth = 0
        self.diagnostics: list[Diagnostic] = []
        self._closers: list[int] | None = None
        self._last_fault = -1

    # Looking and taking

    def peek(self, distance: int) -> str:
        """The kind of the token so far ahead; END beyond the last."""
        at = self.at + distance
        return self.kinds[at] if at < len(self.kinds) else END

    def touches_next(self, at: int) -> bool:
        """Is there nothing, not even a blank, between token `at` and the one after it?"""
        return at + 1 < len(self.starts) and self.starts[at + 1] == self.ends[at]

    def accept(self, kind: str) -> bool:
        """Step over the next token if it is of this kind."""
        if self.kinds[self.at] == kind:
            self.at += 1
            return True
        return False

    def expect(self, kind: str) -> int:
        """Step over a token that must be of this kind; gives its index."""
        at = self.at
        if self.kinds[at] != kind:
            self.fail_expected(f"`{kind}`")
        self.at = at + 1
        return at

    def accept_text(self, text: str) -> bool:
        """Step over the tokens that spell `text` without a gap (`-->`, `hint.pass_filters`)."""
        length = self.length_of(text)
        self.at += length
        return length > 0

    def length_of(self, text: str) -> int:
        """How many tokens from here spell `text` without a gap; 0 if they do not."""
        at = self.at
        if not text.startswith(self.texts[at]) or self.kinds[at] == END:
            return 0
        spelt = self.texts[at]
        while spelt != text:
            if not self.touches_next(at) or not text.startswith(spelt + self.texts[at + 1]):
                return 0
            at += 1
            if self.kinds[at] == END:
                return 0
            spelt += self.texts[at]
        return at - self.at + 1

    # Spans

    def span_from(self, first: int) -> Span:
        """From the start of token `first` to the end of the last token taken."""
        return Span(self.starts[first], self.ends[self.at - 1] if self.at > first else self.starts[first])

    def token_span(self, at: int) -> Span:
        return Span(self.starts[at], self.ends[at])

    # Names

    def name_length(self, at: int, words: frozenset[str] = NAMES) -> int:
        """How many tokens from `at` on are a name: 1, more for `['a b']` and `{parameter}`; 0 if there is none."""
        kind = self.kinds[at]
        if kind in words:
            return 1
        if kind == "[":
            end = at + 1
            while self.kinds[end] == STRING:
                end += 1
            return end + 1 - at if end > at + 1 and self.kinds[end] == "]" else 0
        if kind == "{":
            return self._braced_length(at)
        return 0

    def _braced_length(self, at: int) -> int:
        """braced-name = "{" word [ "[" [ "-" ] number "]" ] "}", all of it without a gap"""
        end = at + 1
        if self.kinds[end] not in WORDS:
            return 0
        end += 1
        if self.kinds[end] == "[":
            end += 2 if self.kinds[end + 1] == "-" else 1
            if end + 1 >= len(self.kinds) or self.kinds[end] != LONG or self.kinds[end + 1] != "]":
                return 0
            end += 2
        if self.kinds[end] != "}" or self.ends[end] - self.starts[at] != sum(map(len, self.texts[at : end + 1])):
            return 0
        return end + 1 - at

    def accept_name(self, words: frozenset[str] = NAMES) -> Name | None:
        """name = word | "[" string { string } "]" | braced-name"""
        at = self.at
        if self.kinds[at] in words:
            self.at = at + 1
            return Name(self.texts[at], span=Span(self.starts[at], self.ends[at]))
        length = self.name_length(at, words)
        if not length:
            return None
        self.at = at + length
        return Name(self._long_name(at, length), span=self.span_from(at))

    def _long_name(self, at: int, length: int) -> str:
        if self.kinds[at] == "{":
            return "".join(self.texts[at : at + length])
        return "".join(self.string_at(index) for index in range(at + 1, at + length - 1))

    def expect_name(self, what: str = "a name", words: frozenset[str] = NAMES) -> Name:
        name = self.accept_name(words)
        if name is None:
            self.fail_expected(what)
        return name

    def expect_name_reference(self, what: str = "a column name") -> NameReference:
        name = self.expect_name(what)
        return NameReference(name.text, span=name.span)

    def accept_wildcard(self) -> WildcardName | None:
        """wildcard = ( "*" | word "*" ) { word | number | "*" }, without a gap"""
        first = end = self.at
        if self.kinds[end] != "*":
            if self.kinds[end] not in DECLARED_NAMES or self.kinds[end + 1] != "*" or not self.touches_next(end):
                return None
            end += 1
        while self.touches_next(end) and (self.kinds[end + 1] in DECLARED_NAMES or self.kinds[end + 1] in ("*", LONG)):
            end += 1
        self.at = end + 1
        return WildcardName("".join(self.texts[first : self.at]), span=self.span_from(first))

    def string_at(self, at: int) -> str:
        """The value of the string token `at`; faults of its spelling are defined by the productions."""
        raise NotImplementedError

    def column_type(self, *, rare: bool = False) -> ScalarType:
        """type = "string" | "long" | …; with `rare` the sizes of integers too, which a few places allow."""
        at = self.at
        kind = self.kinds[at]
        found = _COLUMN_TYPES.get(kind) or (_RARE_TYPES.get(kind) if rare else None)
        if found is None:
            if kind in TYPE_KEYWORDS or kind in NAMES:
                near = _RARE_TYPES.get(kind)
                self.report(
                    "KQL017",
                    f"`{self.texts[at]}` is no type of a column",
                    self.token_span(at),
                    f"write `{near.value}`" if near else "types: " + ", ".join(t.value for t in _DECLARABLE),
                )
                self.at = at + 1
                return near or ScalarType.UNKNOWN
            self.fail_expected("a type")
        self.at = at + 1
        return found

    @staticmethod
    def is_column_type(kind: str) -> bool:
        """Is this the name of a type that `column_type(rare=True)` takes?"""
        return kind in _COLUMN_TYPES or kind in _RARE_TYPES

    # Faults

    def report(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        """Record a fault after which the production can go on; of two at one place, the first."""
        place = span.start
        if not self.is_full and place != self._last_fault:
            self._last_fault = place
            self.diagnostics.append(Diagnostic(code, Level.ERROR, message, span, hint))

    @property
    def is_full(self) -> bool:
        """Are there so many faults that no further one is reported?"""
        return len(self.diagnostics) >= MAX_DIAGNOSTICS

    def fail(self, code: str, message: str, span: Span, hint: str | None = None) -> NoReturn:
        """Record a fault after which the production cannot go on."""
        self.report(code, message, span, hint)
        raise Fault

    def fail_expected(self, what: str, code: str = "KQL010", hint: str | None = None) -> NoReturn:
        """Something else stands where `what` must stand; with the word before it, and help for common habits."""
        at = self.at
        after = f" after `{_short(self.texts[at - 1])}`" if at else ""
        hint = hint or self._hint_for(at)
        self.fail(code, f"expected {what}{after}, found {self.found()}", self._fault_span(), hint)

    def found(self) -> str:
        """The next token in words."""
        kind = self.kinds[self.at]
        return kind if kind == END else f"`{_short(self.texts[self.at])}`"

    def _fault_span(self) -> Span:
        """The next token; if it begins another line or there is none, the place behind the last one."""
        at = self.at
        if at and (self.kinds[at] == END or "\n" in self.text[self.ends[at - 1] : self.starts[at]]):
            return Span(self.ends[at - 1], self.ends[at - 1])
        return self.token_span(at)

    def _hint_for(self, at: int) -> str | None:
        kind, text = self.kinds[at], self.texts[at]
        if text in _HABITS:
            return _HABITS[text]
        if at and self.kinds[at - 1] == "," and kind in _LIST_ENDS:
            return "take the last `,` out"
        if kind == "|" and self.peek(1) == "|":
            return "write `or`"
        if kind in KEYWORDS and at and self.kinds[at - 1] not in (NAME, ")", "]"):
            return f"`{text}` is a word of the language; as a name it is written ['{text}']"
        return None

    def fail_group(self, opener: int, what: str, hint: str | None = None) -> NoReturn:
        """Something else stands where a group must go on or end; when the group never ends, its bracket is shown."""
        if self.closer(opener) >= 0:
            self.fail_expected(what, hint=hint)
        self.report_unclosed(opener, what)
        raise Fault

    def report_unclosed(self, opener: int, what: str) -> None:
        """The bracket at `opener` has no other half."""
        here = f"expected {what} after `{_short(self.texts[self.at - 1])}`, found {self.found()}"
        self.report("KQL019", f"this `{self.kinds[opener]}` is not closed", self.token_span(opener), here)

    def rest_fault(self, what: str) -> tuple[str, str | None]:
        """What is wrong with a token behind something complete (`what`), and what to do about it."""
        at = self.at
        kind, text, before = self.kinds[at], self.texts[at], self.texts[at - 1]
        if hint := self._hint_for(at):
            return f"{self.found()} stands behind the end of {what}", hint
        if kind == "=":
            return "`=` does not compare", "write `==`; a single `=` gives a name to what stands behind it"
        if before == "not":
            return f"`not` is a function, found {self.found()} behind it", "write `not(…)`"
        if text == "is":
            return "`is` is no operator", "write `isnull(x)`, `isnotempty(x)` or `x == …`"
        if kind in OPERAND_KEYWORDS or kind in COMPARISONS:
            return f"`{text}` cannot follow another comparison", "join comparisons with `and` or `or`"
        if (kind == NAME or kind in LITERALS) and self.kinds[at - 1] in _ENDS_VALUE:
            return f"an operator or `,` is missing before {self.found()}", "such as `==`, `has` or `and`"
        return f"{self.found()} stands behind the end of {what}", None

    def enter(self) -> None:
        """One bracket deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(
                "KQL018",
                f"brackets nest more than {MAX_DEPTH} levels deep",
                self.token_span(self.at),
                "give inner parts a name with `let`",
            )

    # Going on after a fault

    def closer(self, opener: int) -> int:
        """The index of the bracket that closes the one at `opener`, or -1."""
        if self._closers is None:
            self._closers = self._match_brackets()
        return self._closers[opener]

    def _match_brackets(self) -> list[int]:
        """For every token the index of its closing bracket; one pass, made only when there is a fault."""
        closers = [-1] * len(self.kinds)
        open_brackets: list[int] = []
        waiting = dict.fromkeys(_CLOSING.values(), 0)
        for at, kind in enumerate(self.kinds):
            if kind in _CLOSING:
                open_brackets.append(at)
                waiting[_CLOSING[kind]] += 1
            elif waiting.get(kind, 0):
                while True:
                    opener = open_brackets.pop()
                    waiting[_CLOSING[self.kinds[opener]]] -= 1
                    if _CLOSING[self.kinds[opener]] == kind:
                        closers[opener] = at
                        break
        return closers

    def skip_group(self, opener: int, depth: int) -> None:
        """After a fault inside the brackets opened at `opener`: go behind them, or let the fault go on outwards."""
        end = self.closer(opener)
        if end < 0:
            raise Fault
        self.at = end + 1
        self.depth = depth

    def bad_between(self, opener: int) -> BadExpression:
        """What stands for the content of a group that was given up."""
        return BadExpression(span=Span(self.ends[opener], max(self.ends[opener], self.starts[self.at - 1])))

    def skip_to(self, first: int, stops: frozenset[str]) -> None:
        """Go to the next token of `stops`, or to the bracket that ends the group, that stands behind token `first`."""
        at = max(first, self.at - _LOOK_BACK)
        closers = _CLOSING.values()
        while self.kinds[at] != END and (at < self.at or self.kinds[at] not in stops):
            kind = self.kinds[at]
            if kind in _CLOSING and self.closer(at) > 0:
                at = self.closer(at)
            elif kind in closers and at >= self.at:
                break
            at += 1
        self.at = at


_DECLARABLE: Final = (
    *(ScalarType.STRING, ScalarType.LONG, ScalarType.INT, ScalarType.REAL, ScalarType.DECIMAL, ScalarType.BOOL),
    *(ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.GUID, ScalarType.DYNAMIC),
)


def _short(text: str) -> str:
    line = text.partition("\n")[0]
    return text if len(text) <= 30 and line == text else f"{line[:27]}…"
