"""The Sigma rules of the reference corpora: SigmaHQ's and Hayabusa's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from detectionary.model.rule import Rule
from detectionary.repositories import sigma
from detectionary.repositories.repository import Repository
from tests.conftest import shared

CORPORA: Final = ("sigma", "hayabusa-rules")


@cache
def corpus_files() -> tuple[tuple[str, str], ...]:
    """(path with the corpus in front, text) of every file that holds rules, in the order of paths."""
    return tuple(_files())


def _files() -> Iterator[tuple[str, str]]:
    for corpus in CORPORA:
        root = shared("corpora", corpus)
        for path in sorted(root.rglob("*.yml")):
            name = path.relative_to(root)
            text = path.read_text(encoding="utf-8")
            if name.parts[0] not in ("regression_data", "tests") and sigma.accepts(name.as_posix(), text):
                yield f"{corpus}/{name.as_posix()}", text


@cache
def corpus_rules() -> tuple[tuple[str, Rule], ...]:
    """(path, rule) of every rule, as the reader finds it in its file."""
    repository = Repository(Path(), "corpus")
    return tuple(
        (path, rule)
        for path, text in corpus_files()
        for rule in sigma.read(path, text, repository, lambda _language, whole: [(0, len(whole))]).rules
    )
