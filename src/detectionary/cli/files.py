"""Rule files named on the command line, read without a catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detectionary.cli.trouble import Trouble
from detectionary.languages import split
from detectionary.model.rule import FileContent, Rule
from detectionary.repositories import open_repository, read_file


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule and the path it was asked for by."""

    rule: Rule
    path: Path


def read_content(path: Path) -> FileContent:
    """Everything in one file; `Trouble` when it cannot be read or holds nothing that a reader knows."""
    if not path.is_file():
        raise Trouble(f"no file {path}" if not path.exists() else f"{path} is no file", "name a rule file or a query")
    try:
        return read_file(path, open_repository(path.parent), split)
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}") from None


def read_rules(path: Path) -> list[Reading]:
    """The rules of one file, at least one."""
    return rules_of(read_content(path), path)


def rules_of(content: FileContent, path: Path) -> list[Reading]:
    """The rules of a file that is read; `Trouble` when it has none."""
    if not content.rules:
        found = "; ".join(diagnostic.message for diagnostic in content.diagnostics)
        reason = found or content.ignored or "it defines functions only"
        raise Trouble(f"no rule in {path}: {reason}", "detectionary ingest reads whole folders and says what it skips")
    return [Reading(rule, path) for rule in content.rules]
