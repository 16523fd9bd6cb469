"""Why a query is not compiled: the compiler refuses what it cannot do exactly."""

from __future__ import annotations

from collections.abc import Sequence

from detectionary.text import Diagnostic, Level, Span


class Refused(Exception):  # noqa: N818 - the word of the design
    """A query that is not run; `diagnostics` say where and why, at least one of them an error."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = tuple(diagnostics)


class MissingTableError(Refused):
    """A table that the environment does not have; `union isfuzzy=true` goes on without it."""

    def __init__(self, name: str, span: Span) -> None:
        advice = "give its logs with --logs, or name them with --table"
        super().__init__((Diagnostic("KQL401", Level.ERROR, f"there is no table {name}", span, advice),))


class UnsupportedError(Exception):
    """Raised by an emitter for arguments that its engine cannot treat exactly; `emit` adds the span."""

    def __init__(self, reason: str, advice: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


def refuse(message: str, span: Span, advice: str | None = None, code: str = "KQL401") -> Refused:
    """A refusal with one finding: KQL401, this is not supported; KQL402, it cannot be known before the run; …"""
    return Refused((Diagnostic(code, Level.ERROR, message, span, advice),))
