"""Why a command could not do its work; `main` turns it into a message and an exit status."""

from __future__ import annotations

from detectionary.cli.output import ExitCode


class Trouble(Exception):  # noqa: N818  # the message is for people, the word too
    """Input that cannot be read, or a setting that cannot be used."""

    def __init__(self, message: str, help_text: str | None = None, exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.help = help_text
        self.exit_code = exit_code
