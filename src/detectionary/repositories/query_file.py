"""Lone queries of Elastic's languages: `.eql`, `.esql`, `.kuery`, `.lucene`; comments at the top describe them."""

from __future__ import annotations

from typing import Final

from detectionary.model.rule import FileContent, Rule, RuleKind
from detectionary.repositories.comments import comments_of
from detectionary.repositories.kusto_file import ending
from detectionary.repositories.prose import title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.text import SourceText

_LANGUAGES: Final = {".eql": "eql", ".esql": "esql", ".kuery": "kuery", ".lucene": "lucene"}


def accepts(path: str, head: str) -> bool:  # noqa: ARG001  # the form of every reader
    """Files by their ending."""
    return ending(path) in _LANGUAGES


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:  # noqa: ARG001  # a query a file
    """The whole file as one query."""
    language = _LANGUAGES[ending(path)]
    said = comments_of(text)
    rule = Rule(
        id=repository.rule_id(path, 1),
        title=said.title or title_of_path(path),
        language=language,
        source=repository.source(path),
        query=SourceText(text, path),
        body=text,
        body_language=language,
        kind=RuleKind.QUERY.value,
        description=said.description,
        references=said.references,
        author=said.author,
        version=said.version,
        tactics=said.tactics,
        techniques=said.techniques,
    )
    return FileContent((rule,))
