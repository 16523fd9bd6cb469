"""`detectionary parse`: syntax verdict, errors and stages of queries or rule files, without a catalog."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from detectionary.catalog import languages_called
from detectionary.cli import output
from detectionary.cli.files import Reading, read_rules
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.trouble import Trouble, Troubles
from detectionary.languages import LANGUAGES, Language, SyntaxReport
from detectionary.text import Diagnostic, SourceText


class BatchLine(msgspec.Struct, frozen=True):
    """A line of `--batch`: a query and what to call it."""

    id: str | int
    text: str


class ErrorLine(msgspec.Struct, frozen=True):
    """A syntax error; offsets count code points from 0, line and column from 1."""

    code: str
    message: str
    start: int
    length: int
    line: int
    column: int


class StageLine(msgspec.Struct, frozen=True):
    """A step of a top-level pipeline, from its keyword after the pipe to its end."""

    kind: str
    start: int
    end: int


class Verdict(msgspec.Struct, frozen=True):
    """What the parser says of one query."""

    id: str | int | None
    accepted: bool
    errors: tuple[ErrorLine, ...]
    stages: tuple[StageLine, ...]


class FileVerdict(Verdict, frozen=True):
    """A verdict with the file and the title of the rule that the query belongs to."""

    file: str
    title: str


def parse(
    files: Annotated[tuple[Path, ...], Parameter(negative=(), allow_leading_hyphen=False)] = (),
    *,
    language: str = "kusto",
    batch: Path | None = None,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Check the syntax of queries or rule files and list their stages.

    Example: `detectionary parse rules/*.yml query.eql`

    Exit status 1 when any query has a syntax error.

    Parameters
    ----------
    files
        Queries (.kql, .csl, .eql, .yaral, …) or rule files (YAML, TOML, Markdown).
    language
        The query language of `--batch`: `kusto`, `sigma`, `eql`, `esql`, `kuery` (Kibana's KQL), `lucene`, `yaral`.
    batch
        A file of {"id", "text"} lines ("-": standard input); the answer is one JSON line each.
    format
        What to write to standard output.
    """
    if batch is not None:
        if files:
            raise Trouble("--batch takes its queries from its file", "leave out FILE, or leave out --batch")
        return _batch(_language(language), batch)
    if not files:
        raise Trouble("nothing to parse", "detectionary parse FILE..., or --batch FILE.ndjson")
    troubles = Troubles()
    readings = list(troubles.sort_out(reading for file in files for reading in _readings(file)))
    reports = [(reading, _language(reading.rule.language).check(reading.rule.query)) for reading in readings]
    verdicts = [_file_verdict(reading, report) for reading, report in reports]
    if not readings:
        return ExitCode.USAGE
    match format:
        case Format.JSON:
            output.json(verdicts)
        case Format.NDJSON:
            output.ndjson(verdicts)
        case Format.TEXT:
            for reading, report in reports:
                _show(reading, report)
    if troubles.any:
        return ExitCode.USAGE
    return ExitCode.DONE if all(report.accepted for _, report in reports) else ExitCode.FINDINGS


def _readings(file: Path) -> Iterator[Reading | Trouble]:
    try:
        yield from read_rules(file)
    except Trouble as trouble:
        yield trouble


def _language(name: str) -> Language:
    names = languages_called(name)
    if len(names) > 1:
        raise Trouble(f"{name!r} is the name of {len(names)} languages", f"--language takes one: {', '.join(names)}")
    for language in LANGUAGES:
        if language.name == names[0].lower():
            return language
    known = ", ".join(language.name for language in LANGUAGES)
    raise Trouble(f"no language is called {name!r}", f"the languages so far: {known}")


def _batch(language: Language, path: Path) -> int:
    accepted = True
    for line in _batch_lines(path):
        try:
            request = msgspec.json.decode(line, type=BatchLine)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            accepted = False
            output.ndjson([{"id": None, "accepted": False, "errors": [_line_error(str(error))], "stages": []}])
            continue
        source = SourceText(request.text)
        report = language.check(source)
        accepted = accepted and report.accepted
        output.ndjson([_verdict(request.id, source, report)])
    return ExitCode.DONE if accepted else ExitCode.FINDINGS


def _batch_lines(path: Path) -> Iterator[bytes]:
    try:
        stream = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}", "--batch takes a file of JSON lines") from None
    with stream:
        yield from (line for line in stream if line.strip())


def _line_error(message: str) -> ErrorLine:
    return ErrorLine("BATCH", f'no {{"id", "text"}} object: {message}', 0, 0, 1, 1)


def _verdict(identity: str | int | None, source: SourceText, report: SyntaxReport) -> Verdict:
    return Verdict(identity, report.accepted, _errors(source, report.errors), _stages(report))


def _file_verdict(reading: Reading, report: SyntaxReport) -> FileVerdict:
    rule = reading.rule
    return FileVerdict(
        rule.id, report.accepted, _errors(rule.query, report.errors), _stages(report), str(reading.path), rule.title
    )


def _errors(source: SourceText, errors: tuple[Diagnostic, ...]) -> tuple[ErrorLine, ...]:
    lines = []
    for error in errors:
        start, end = error.span or (0, 0)
        position = source.position(start)
        lines.append(ErrorLine(error.code, error.message, start, end - start, position.line, position.column))
    return tuple(lines)


def _stages(report: SyntaxReport) -> tuple[StageLine, ...]:
    return tuple(StageLine(stage.kind, stage.span.start, stage.span.end) for stage in report.stages)


def _show(reading: Reading, report: SyntaxReport) -> None:
    rule = reading.rule
    mark = Text("ok     " if report.accepted else "error  ", "green" if report.accepted else "level.error")
    output.show(mark + Text(f"{reading.path}", "bold") + Text(f"  {rule.title}", "faint"))
    output.diagnostics(report.errors, rule.query)
    table = Table.grid(padding=(0, 2))
    for number, stage in enumerate(report.stages, start=1):
        first_line, *rest = stage.span.of(rule.query.text).split("\n")
        shown = Text(first_line.strip() + (" …" if rest else ""), no_wrap=True, overflow="ellipsis")
        table.add_row(Text(f"{number:>6}", "faint"), Text(stage.kind, "operator"), shown)
    output.show(table)
