"""What every reader offers: a format that rules come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from detectionary.model.rule import FileContent
from detectionary.repositories.repository import Repository

Split: TypeAlias = Callable[[str, str], Sequence[tuple[int, int]]]
"""A language's name and a text to the ranges of the text that hold a query each, in order: one range when the text is
one query, none when it holds none. `ingest` passes what the languages say; no reader knows a grammar."""


class Reader(Protocol):
    """A module that reads one format. The first reader of the registry that accepts a file reads it."""

    def accepts(self, path: str, head: str) -> bool:
        """Whether this is the reader's format, by the path in the repository and the file's text."""

    def read(self, path: str, text: str, repository: Repository, split: Split) -> FileContent:
        """The rules and functions of a file; what is wrong is a diagnostic, never an exception."""
