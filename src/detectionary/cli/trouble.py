"""Why a command could not do its work; `main` turns it into a message and an exit status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from detectionary.cli import output
from detectionary.cli.output import ExitCode

T = TypeVar("T")


class Trouble(Exception):  # noqa: N818  # the message is for people, the word too
    """Input that cannot be read, or a setting that cannot be used."""

    def __init__(self, message: str, help_text: str | None = None, exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.help = help_text
        self.exit_code = exit_code


class Troubles:
    """What of a batch could not be done: said at once, remembered for the exit status, and no reason to stop."""

    def __init__(self) -> None:
        self.any = False

    def sort_out(self, outcomes: Iterable[T | Trouble]) -> Iterator[T]:
        """The outcomes that are no trouble."""
        for outcome in outcomes:
            if isinstance(outcome, Trouble):
                output.fail(str(outcome), outcome.help)
                self.any = True
            else:
                yield outcome
