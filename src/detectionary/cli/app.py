"""The command `detectionary`: its commands, and how their outcomes become exit statuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from cyclopts import App, CycloptsError

from detectionary.cli import output
from detectionary.cli.output import ExitCode
from detectionary.cli.trouble import Trouble

COMMANDS: Final = {
    "ingest": "Read rules into the catalog.",
    "parse": "Check the syntax of queries or rule files and list their stages.",
    "show": "Show rules as their pages.",
    "search": "Find rules by words and facets.",
    "related": "Show the rules around one: same action, copies, versions, shared indicators.",
    "check": "List findings, as SARIF too.",
    "query": "Run a Kusto query on log files.",
    "run": "Run rules on log files and show the alerts they raise.",
    "measure": "Find out which Kusto rules can be run here.",
    "site": "Write the catalog as a static web site.",
    "serve": "Serve the catalog as a live web site with an API.",
}
"""One file a command in this folder, loaded when it runs; the order is that of `--help`."""


def _application(listing: bool) -> App:
    app = App(
        name="detectionary",
        help="The dictionary of detections: reads detection rules, takes them apart, and shows what they do.",
        version=_version,
        result_action="return_value",
        help_format="markdown",
    )
    for order, (name, summary) in enumerate(COMMANDS.items()):
        # A summary given here would stand in for the command's own help; it is for the list of commands alone.
        shown = summary if listing else None
        app.command(f"detectionary.cli.{name}:{name}", name=name, help=shown, sort_key=order)
    return app


def _version() -> str:
    from importlib.metadata import version

    return version("detectionary")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; `arguments` default to the process's own."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    app = _application(listing=not given or given[0] not in COMMANDS)
    try:
        outcome = app(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        output.fail(str(error).strip(), "detectionary --help lists the commands; every command has --help too")
        return ExitCode.USAGE
    except Trouble as trouble:
        output.fail(str(trouble), trouble.help)
        return trouble.exit_code
    except KeyboardInterrupt:
        output.talk("interrupted")
        return 130  # as shells report SIGINT
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): not an error, but stdout must not be flushed again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    return int(outcome) if isinstance(outcome, int) else ExitCode.DONE


def command_function(name: str) -> Callable[..., int]:
    """The function of one command, for the generated reference."""
    function: Callable[..., int] = getattr(import_module(f"detectionary.cli.{name}"), name)
    return function
