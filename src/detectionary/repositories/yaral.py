"""YARA-L 2.0: rules of Google Security Operations as text, and the reference lists that they name.

A rule says everything about itself in its own `meta` section, which the language reads; the file adds its name and its
folder. A reference list is a file without an ending (or `.txt`) in a folder `reference_lists`, an entry a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.model.rule import FileContent, Rule, RuleKind
from detectionary.repositories.functions import definition
from detectionary.repositories.kusto_file import ending, source_of_part
from detectionary.repositories.positions import line_of
from detectionary.repositories.prose import title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.text import SourceText

_RULES: Final = (".yaral", ".yara-l")
_LISTS: Final = "reference_lists"
_DEPRECATED: Final = frozenset(("_deprecated", "deprecated"))


def accepts(path: str, head: str) -> bool:  # noqa: ARG001  # the form of every reader
    """Rules by the file's ending, reference lists by their folder."""
    return ending(path) in _RULES or (_folder(path) == _LISTS and ending(path) in ("", ".txt"))


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:
    """The rules of a file, or the list that it holds."""
    if ending(path) in _RULES:
        rules = tuple(_rules(path, text, repository, split))
        return FileContent(rules, ignored=None if rules else "YARA-L without a rule")
    name = path.rpartition("/")[2].removesuffix(".txt")
    return FileContent(functions=(definition(f"%{name}", "", SourceText(text, path), path),))


def _folder(path: str) -> str:
    return path.rpartition("/")[0].rpartition("/")[2].lower()


def _rules(path: str, text: str, repository: Repository, split: Split) -> Iterator[Rule]:
    """A rule alone in its file is the whole of it, licence and all; of several each is its own part."""
    parts = split("yaral", text)
    if len(parts) == 1:
        parts = [(0, len(text))]
    deprecated = not _DEPRECATED.isdisjoint(path.lower().split("/")[:-1])
    title = title_of_path(path)
    for number, (start, end) in enumerate(parts, start=1):
        yield Rule(
            id=repository.rule_id(path, number),
            title=title if number == 1 else f"{title} ({number})",
            language="yaral",
            source=repository.source(path),
            query=source_of_part(text, start, end, path),
            body=text[start:end],
            body_language="yaral",
            kind=RuleKind.RULE.value,
            status="deprecated" if deprecated else None,
            body_start=line_of(start, text),
        )
