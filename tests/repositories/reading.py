"""Reads a text as a file of a repository, without a disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from detectionary.model.rule import FileContent, Rule
from detectionary.repositories import Repository, read_bytes
from detectionary.text import SourceText

REPOSITORY: Final = Repository(Path("/nowhere"), "example.org/team/rules", "c" * 40, "MIT")


def whole(language: str, text: str) -> Sequence[tuple[int, int]]:
    """The text as one query."""
    return [(0, len(text))]


def at_blank_lines(language: str, text: str) -> Sequence[tuple[int, int]]:
    """What stands between blank lines as queries; a language's own splitter looks closer."""
    parts, start = [], 0
    for piece in text.split("\n\n"):
        if piece.strip():
            parts.append((start, start + len(piece)))
        start += len(piece) + 2
    return parts


Splitter = Callable[[str, str], Sequence[tuple[int, int]]]


def read(path: str, text: str | bytes, split: Splitter = whole) -> FileContent:
    data = text if isinstance(text, bytes) else text.encode()
    return read_bytes(path, data, REPOSITORY, split)


def read_rule(path: str, text: str | bytes) -> Rule:
    (rule,) = read(path, text).rules
    return rule


def misplaced(file: str, query: SourceText) -> list[str]:
    """The characters of a query whose position is not where the file has them."""
    lines = file.split("\n")
    wrong = []
    for offset, character in enumerate(query.text):
        if character == "\n":
            continue
        line, column = query.position(offset)
        if line > len(lines) or lines[line - 1][column - 1 : column] != character:
            wrong.append(f"{character!r} at {offset} is said to be at {line}:{column}")
    return wrong
