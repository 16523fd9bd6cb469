"""The command `detectionary`: its commands, and how their outcomes become exit statuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from cyclopts import App, CycloptsError

from detectionary.cli import output
from detectionary.cli.output import ExitCode
from detectionary.cli.trouble import Trouble

COMMANDS: Final = ("ingest", "parse", "show", "search", "related", "check", "site")
"""One file a command in this folder; the order is that of `--help`."""


def _application() -> App:
    app = App(
        name="detectionary",
        help="The dictionary of detections: reads detection rules, takes them apart, and shows what they do.",
        version=_version,
        result_action="return_value",
        help_format="markdown",
    )
    for order, name in enumerate(COMMANDS):
        app.command(f"detectionary.cli.{name}:{name}", name=name, sort_key=order)
    return app


def _version() -> str:
    from importlib.metadata import version

    return version("detectionary")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `arguments` default to the process's own."""
    app = _application()
    try:
        outcome = app(list(arguments) if arguments is not None else None, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        output.fail(str(error).strip(), "detectionary --help lists the commands; every command has --help too")
        return ExitCode.USAGE
    except Trouble as trouble:
        output.fail(str(trouble), trouble.help)
        return trouble.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): not an error, but stdout must not be flushed again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    return int(outcome) if isinstance(outcome, int) else ExitCode.DONE


def command_function(name: str) -> object:
    """The function of one command, for the generated reference."""
    return getattr(import_module(f"detectionary.cli.{name}"), name)
