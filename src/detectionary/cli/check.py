"""`detectionary check`: what is wrong with rules, for people, programs and code-scanning services."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.text import Text

from detectionary.checks import Finding, findings
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, entries_of_file, entry_of, is_file, reading
from detectionary.cli.output import CheckFormat, ExitCode
from detectionary.cli.sarif import log
from detectionary.cli.trouble import Trouble, Troubles
from detectionary.model.entry import Entry
from detectionary.text import Level, SourceText


class FindingLine(msgspec.Struct, frozen=True):
    """A finding as JSON; `line` and `column` count in the rule's file, from 1."""

    rule_id: str
    rule_title: str
    path: str
    code: str
    level: str
    message: str
    help: str | None
    place: str | None
    line: int | None
    column: int | None


def check(
    rules: Annotated[tuple[str, ...], Parameter(name="RULE", negative=())],
    *,
    db: Database = DEFAULT,
    fail_level: Level = Level.ERROR,
    format: CheckFormat = CheckFormat.TEXT,  # noqa: A002  # the option's name
) -> int:
    """List findings: file and syntax errors, unknown names, ATT&CK ids, and what the alert promises but cannot keep.

    Example: `detectionary check rules/*.yaml --format sarif`

    Exit status 1 when a finding is at least as grave as --fail-level.

    Parameters
    ----------
    rules
        Ids, slugs, rule files, or folders of rule files.
    db
        The catalog file, for ids and slugs.
    fail_level
        The least grave finding that makes the command fail.
    format
        What to write to standard output.
    """
    if not rules:
        raise Trouble("no rule is named", "detectionary check RULE..., by id, slug, file or folder")
    troubles = Troubles()
    entries = troubles.sort_out(_entries(rules, db))
    found = [(entry, path, finding) for entry, path in entries for finding in findings(entry)]
    match format:
        case CheckFormat.TEXT:
            _show(found)
        case CheckFormat.JSON:
            output.json([_line(*each) for each in found])
        case CheckFormat.NDJSON:
            output.ndjson(_line(*each) for each in found)
        case CheckFormat.SARIF:
            output.json(log(found, version("detectionary")))
    if troubles.any:
        return ExitCode.USAGE
    order = (Level.NOTE, Level.WARNING, Level.ERROR)
    grave = any(order.index(finding.diagnostic.level) >= order.index(fail_level) for _, _, finding in found)
    return ExitCode.FINDINGS if grave else ExitCode.DONE


def _entries(names: tuple[str, ...], db: Path) -> Iterator[tuple[Entry, str] | Trouble]:
    """Each rule with the path that messages call it by: the file asked for, or where its repository has it."""
    if all(is_file(name) for name in names):
        for name in names:
            yield from _file_entries(Path(name))
        return
    with reading(db) as catalog:
        for name in names:
            if is_file(name):
                yield from _file_entries(Path(name))
                continue
            try:
                entry = entry_of(catalog, name)
            except Trouble as trouble:
                yield trouble
            else:
                yield entry, entry.rule.source.path


def _file_entries(path: Path) -> Iterator[tuple[Entry, str] | Trouble]:
    for file in _rule_files(path) if path.is_dir() else (path,):
        try:
            for entry in entries_of_file(file):
                yield entry, file.as_posix()
        except Trouble as trouble:
            yield trouble


def _rule_files(folder: Path) -> list[Path]:
    """The files of a folder that hold rules."""
    from detectionary.cli.files import read_content
    from detectionary.repositories import files, open_repository

    repository = open_repository(folder)
    candidates = [repository.root / found.path for found in files(repository) if found.ignored is None]
    return [path for path in candidates if read_content(path).rules]


def _show(found: list[tuple[Entry, str, Finding]]) -> None:
    for _, path, finding in found:
        source = SourceText(finding.source.text, path, finding.source.lines)
        output.diagnostics((finding.diagnostic,), source)
    rules = len({id(entry) for entry, _, _ in found})
    levels = [finding.diagnostic.level for _, _, finding in found]
    counts = ", ".join(_counted(levels.count(level), level.value) for level in Level if level in levels)
    output.show(Text(f"{counts} in {_counted(rules, 'rule')}" if found else "no findings", "bold"))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _line(entry: Entry, path: str, finding: Finding) -> FindingLine:
    diagnostic, position = finding.diagnostic, finding.position
    return FindingLine(
        entry.rule.id,
        entry.rule.title,
        path,
        diagnostic.code,
        diagnostic.level.value,
        diagnostic.message,
        diagnostic.help,
        diagnostic.place,
        position.line if position else None,
        position.column if position else None,
    )
