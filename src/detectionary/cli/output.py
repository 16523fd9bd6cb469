"""The one module that prints: data to stdout, talk and progress to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum, IntEnum
from typing import Protocol

import msgspec
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.theme import Theme

from detectionary.text import Diagnostic, Level, SourceText, render


class ExitCode(IntEnum):
    """The exit statuses of every command."""

    DONE = 0
    FINDINGS = 1
    """Findings or failed tests."""
    USAGE = 2
    """Usage or unreadable input."""
    CONFIGURATION = 3


class Format(Enum):
    """What a command writes to stdout."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"


class CheckFormat(Enum):
    """As `Format`, and SARIF 2.1.0 for code-scanning services."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"
    SARIF = "sarif"


class ResultFormat(Enum):
    """What `query` writes: the rows of a result."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


THEME = Theme(
    {
        "heading": "bold",
        "faint": "dim",
        "field": "cyan",
        "operator": "magenta",
        "value": "green",
        "transform": "dim italic",
        "count": "yellow",
        "link": "blue",
        "level.error": "bold red",
        "level.warning": "yellow",
        "level.note": "cyan",
        "severity.high": "bold red",
        "severity.critical": "bold red",
        "severity.medium": "yellow",
        "severity.low": "cyan",
        "severity.informational": "dim",
        "code.keyword": "bold blue",
        "code.operator": "blue",
        "code.function": "magenta",
        "code.table": "bold cyan",
        "code.column": "cyan",
        "code.name": "default",
        "code.parameter": "default",
        "code.variable": "default",
        "code.string": "green",
        "code.number": "yellow",
        "code.comment": "dim italic",
        "code.error": "bold red",
    }
)

_LEVEL_STYLE = {Level.ERROR: "level.error", Level.WARNING: "level.warning", Level.NOTE: "level.note"}
_PLAIN_WIDTH = 120


def _console(stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    # A pipe gets no colours and a fixed width, so that its lines do not depend on somebody's window.
    width = None if terminal or "COLUMNS" in os.environ else _PLAIN_WIDTH
    return Console(file=stream, theme=THEME, highlight=False, soft_wrap=False, width=width, emoji=False, markup=False)


def show(*renderables: RenderableType) -> None:
    """Write text for people to stdout."""
    console = _console(stderr=False)
    if console.is_terminal:
        for renderable in renderables:
            console.print(renderable)
        return
    # Tables are padded to their width; in a file or a pipe that would be blanks at the end of every line.
    with console.capture() as capture:
        for renderable in renderables:
            console.print(renderable)
    text("\n".join(line.rstrip() for line in capture.get().removesuffix("\n").split("\n")))


def talk(message: str, style: str | None = None) -> None:
    """Say something on stderr."""
    _console(stderr=True).print(message, style=style, soft_wrap=True)


def fail(message: str, help_text: str | None = None) -> None:
    """Say on stderr why a command could not do its work, and what to do."""
    console = _console(stderr=True)
    console.print(f"detectionary: {message}", style="level.error", soft_wrap=True)
    if help_text:
        console.print(f"  help: {help_text}", soft_wrap=True)


def diagnostics(found: Iterable[Diagnostic], source: SourceText, *, stderr: bool = False) -> None:
    """Write diagnostics with their lines and markers: to stdout where they are the answer, else to stderr."""
    console = _console(stderr=stderr)
    for diagnostic in found:
        first, *rest = render(diagnostic, source).split("\n")
        console.print(first, style=_LEVEL_STYLE[diagnostic.level], soft_wrap=True)
        for line in rest:
            console.print(line, soft_wrap=True)


def json(value: object) -> None:
    """Write one JSON document to stdout, indented."""
    _write(msgspec.json.format(msgspec.json.encode(value), indent=2))


def ndjson(values: Iterable[object]) -> None:
    """Write one JSON document a line to stdout, each as soon as it is known."""
    for value in values:
        _write(msgspec.json.encode(value))


def text(content: str) -> None:
    """Write text as it is to stdout."""
    _write(content.encode("utf-8", "surrogatepass"))


def stream(parts: Iterable[str]) -> None:
    """Write long text piece by piece to stdout."""
    sys.stdout.flush()
    for part in parts:
        sys.stdout.buffer.write(part.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()


def _write(line: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


class Advance(Protocol):
    """Is told how far a phase has come."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...


@contextmanager
def phases() -> Iterator[Advance]:
    """Progress bars on stderr while a long job runs, one a phase; yields `advance(phase, done, total)`.

    Silent where stderr is no terminal.
    """
    console = _console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=None)
            bar.update(tasks[phase], completed=done, total=total)

        yield advance


@contextmanager
def progress(phase: str) -> Iterator[Callable[[int, int], None]]:
    """As `phases`, for a job of one phase; yields `advance(done, total)`."""
    with phases() as advance:
        yield lambda done, total: advance(phase, done, total)


def rule() -> None:
    """A line across stdout, between two rules."""
    _console(stderr=False).rule(style="faint")
