"""Folders of small rules, languages that fail on purpose, and one call of ingest."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detectionary.ingest import Progress, Summary, ingest
from detectionary.languages import LANGUAGES, Highlight, Language, SyntaxReport
from detectionary.model.analysis import Analysis
from detectionary.model.schema import Column, Environment, TableSchema
from detectionary.text import SourceText

KUSTO = LANGUAGES[0]
PARSER = "Parsers/Logins.yaml"


def write(folder: Path, path: str, text: str) -> Path:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return place


def rule(name: str, query: str, version: str = "1.0.0") -> str:
    """A Sentinel analytics rule."""
    lines = "\n".join(f"  {line}" for line in query.splitlines())
    return f"""id: id-{name}
name: Rule {name}
description: What {name} finds.
severity: Medium
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics:
  - Execution
relevantTechniques:
  - T1059
query: |
{lines}
version: {version}
kind: Scheduled
"""


def function(name: str, query: str) -> str:
    """A vendor parser, which other queries call by `name`."""
    lines = "\n".join(f"  {line}" for line in query.splitlines())
    return f"""id: id-{name}
Function:
  Title: Parser {name}
  Version: '1.0.0'
Category: Microsoft Sentinel Parser
FunctionName: {name}
FunctionAlias: {name}
FunctionQuery: |
{lines}
"""


def small_repository(folder: Path) -> Path:
    """Rules that read a table, a parser, a parser over that parser, and a name that nothing defines."""
    root = folder / "rules"
    write(root, "LICENSE", "Permission is hereby granted, free of charge, to any person. The above copyright notice.")
    write(root, PARSER, function("Logins", "SigninLogs | extend Who = UserPrincipalName"))
    write(root, "Parsers/BadLogins.yaml", function("BadLogins", "Logins | where ResultType != 0"))
    write(root, "Detections/Table.yaml", rule("table", 'SecurityEvent | where EventID == 4625 and Account has "x"'))
    write(root, "Detections/Direct.yaml", rule("direct", 'Logins | where Who == "admin"'))
    write(root, "Detections/Through.yaml", rule("through", "BadLogins | summarize count() by Who"))
    write(root, "Detections/Missing.yaml", rule("missing", "NotYetDefined | where A == 1"))
    write(root, "Hunting/notes.md", "# Notes\n\nNothing to hunt here.\n")
    return root


def run(
    catalog: Path,
    *paths: Path | str,
    processes: int = 1,
    languages: Sequence[Language] = LANGUAGES,
    day: int = 1,
    progress: Progress | None = None,
) -> Summary:
    return ingest(
        paths,
        catalog,
        processes=processes,
        languages=languages,
        now=lambda: datetime(2030, 1, day, tzinfo=UTC),
        base=environment,
        progress=progress,
    )


def environment() -> Environment:
    """A small platform, so that tests do not hang on the real one."""

    def table(name: str, *columns: str) -> TableSchema:
        return TableSchema(name, tuple(Column(*column.split(":")) for column in columns))

    tables = (
        table("SigninLogs", "TimeGenerated:datetime", "UserPrincipalName:string", "ResultType:long"),
        table("SecurityEvent", "TimeGenerated:datetime", "EventID:int", "Account:string"),
    )
    return Environment({each.name: each for each in tables})


def old(folder: Path) -> None:
    """Make all files look as if nobody had touched them for a day: the times of fresh files prove nothing."""
    for place in folder.rglob("*"):
        if place.is_file():
            os.utime(place, ns=(10**18, 10**18))


@dataclass(frozen=True, slots=True)
class Failing:
    """Kusto, but queries with "explode" raise, and those with "die" end the process."""

    name: str = "kusto"
    analyzer_version: str = "failing"

    def check(self, source: SourceText) -> SyntaxReport:
        return KUSTO.check(source)

    def analyze(self, source: SourceText, environment: Environment) -> Analysis:
        if "explode" in source.text:
            raise ZeroDivisionError("a fault of ours")
        if "die" in source.text:
            os._exit(9)
        return KUSTO.analyze(source, environment)

    def highlight(self, source: SourceText) -> tuple[Highlight, ...]:
        return KUSTO.highlight(source)

    def normalised(self, source: SourceText) -> str:
        return KUSTO.normalised(source)

    def split(self, text: str) -> Sequence[tuple[int, int]]:
        return KUSTO.split(text)


@dataclass(frozen=True, slots=True)
class Newer(Failing):
    """The same language, analysed by a later version."""

    analyzer_version: str = "newer"
