"""Folders of rules, read: which files there are, and what rules and functions they hold. No query is parsed here."""

from dataclasses import replace
from pathlib import Path

from detectionary.model.rule import FileContent
from detectionary.repositories.decoding import decode
from detectionary.repositories.functions import precedence, preferred
from detectionary.repositories.reader import Reader, Split
from detectionary.repositories.registry import READERS
from detectionary.repositories.repository import (
    Found,
    FoundFile,
    Repository,
    RepositoryError,
    fetch,
    files,
    open_repository,
)
from detectionary.text import Diagnostic

__all__ = [
    "READERS",
    "Found",
    "FoundFile",
    "Reader",
    "Repository",
    "RepositoryError",
    "Split",
    "fetch",
    "files",
    "open_repository",
    "precedence",
    "preferred",
    "read_bytes",
    "read_file",
]


def read_file(path: Path, repository: Repository, split: Split) -> FileContent:
    """The rules and functions of a file of `repository`; a file that cannot be read raises `OSError`."""
    return read_bytes(repository.relative(path), path.read_bytes(), repository, split)


def read_bytes(path: str, data: bytes, repository: Repository, split: Split) -> FileContent:
    """The same for a file's content; `path` is relative to the repository's root.

    Every file gives rules, functions, or the reason why it is ignored.
    """
    decoded = decode(data)
    if decoded is None:
        return FileContent(ignored="no text")
    text, odd = decoded
    if not text.strip():
        return FileContent(ignored="an empty file")
    for reader in READERS:
        if reader.accepts(path, text):
            return _with(reader.read(path, text, repository, split), odd)
    return FileContent(ignored="no format of rules")


def _with(content: FileContent, odd: Diagnostic | None) -> FileContent:
    """What is odd about the file's encoding is said at each of its rules, or at the file when there are none."""
    if odd is None:
        return content
    if not content.rules:
        return replace(content, diagnostics=(odd, *content.diagnostics))
    rules = tuple(replace(rule, diagnostics=(odd, *rule.diagnostics)) for rule in content.rules)
    return replace(content, rules=rules)
