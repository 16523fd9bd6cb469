"""What parsers of several languages build on: the tokens of a text, the place among them, the faults found so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn, Protocol

from detectionary.text import Diagnostic, Level, Span

MAX_DIAGNOSTICS: Final = 200
"""Further faults of one text are not reported."""


class TokenRows(Protocol):
    """Tokens as parallel rows, the last one an end that has no text: what the lexers give."""

    @property
    def text(self) -> str: ...
    @property
    def kinds(self) -> Sequence[str]: ...
    @property
    def texts(self) -> Sequence[str]: ...
    @property
    def starts(self) -> Sequence[int]: ...
    @property
    def ends(self) -> Sequence[int]: ...


class Fault(Exception):  # noqa: N818  # the fault is in the query
    """Unwinds to the next place from which parsing can go on; its diagnostic is recorded before."""


class TokenCursor:
    """The tokens and the place among them; what every production builds on."""

    def __init__(self, tokens: TokenRows) -> None:
        self.text = tokens.text
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.at = 0
        self.depth = 0
        self.diagnostics: list[Diagnostic] = []
        self._last_fault = -1

    def peek(self, ahead: int = 1) -> str:
        """The kind of a token after the next one; of the end beyond the last."""
        return self.kinds[min(self.at + ahead, len(self.kinds) - 1)]

    def accept(self, kind: str) -> bool:
        """Step over the next token if it is of this kind."""
        if self.kinds[self.at] == kind:
            self.at += 1
            return True
        return False

    def span_of(self, at: int) -> Span:
        """The place of a token."""
        return Span(self.starts[at], self.ends[at])

    def span_from(self, start: int) -> Span:
        """From this offset to the end of the last token taken."""
        return Span(start, max(start, self.ends[self.at - 1] if self.at else start))

    def report(
        self, code: str, message: str, span: Span, advice: str | None = None, level: Level = Level.ERROR
    ) -> None:
        """Record a fault, unless there are too many."""
        if len(self.diagnostics) < MAX_DIAGNOSTICS:
            self.diagnostics.append(Diagnostic(code, level, message, span, advice))

    def fail(self, code: str, message: str, advice: str | None = None) -> NoReturn:
        """Report a fault at the next token, once a token, and unwind."""
        self.fault_here(code, message, advice)
        raise Fault

    def fault_here(self, code: str, message: str, advice: str | None = None) -> None:
        """Report a fault at the next token, unless one was reported there before.

        Behind "expected …" it says what was found. A token that is a fault by itself is reported as that.
        """
        if self._last_fault == self.at:
            return
        self._last_fault = self.at
        kind, text = self.kinds[self.at], self.texts[self.at]
        own = self.fault_of_token(kind, text)
        if own is not None:
            code, message, advice = own
        elif message.startswith("expected"):
            at_end = self.at == len(self.kinds) - 1
            found = kind if at_end else f"`{text}`" if len(text) <= 40 else f"`{text[:39]}…`"
            message = f"{message}, found {found}"
        self.report(code, message, self.span_of(self.at), advice)

    def fault_of_token(self, kind: str, text: str) -> tuple[str, str, str | None] | None:  # noqa: ARG002  # a hook
        """Code, message and advice for a token that no production takes, such as a comment that is not closed."""
        return None
