"""A text that somebody pasted: which format of rules it is in, and in which language a lone query is written.

A file is known by its name; a pasted text has none, so its content decides. Rule files come first (their formats cannot
be mistaken), then lone queries: the first language that accepts the whole text has it, and a text that none accepts,
since its author has not finished it yet, is in the one whose queries begin like it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detectionary.languages import language_named, split
from detectionary.model.rule import FileContent
from detectionary.repositories import Repository, read_bytes
from detectionary.repositories.kusto_shape import looks_like_kusto
from detectionary.text import SourceText
from detectionary.text.yamldoc import MappingNode, parse_yaml

NAME: Final = "pasted text"
"""What the repository of a pasted text is called."""

_ENDINGS: Final = {
    "kusto": ".kql",
    "sigma": ".yml",
    "esql": ".esql",
    "eql": ".eql",
    "yaral": ".yaral",
    "kuery": ".kuery",
    "lucene": ".lucene",
}
"""Languages that a text can be said to be in, with the ending that files of a lone query or rule have."""

LANGUAGES: Final = tuple(_ENDINGS)

_STRICT: Final = ("kusto", "esql", "eql", "yaral")
"""Lone queries that are told by being accepted, in this order. Kibana's KQL and Lucene accept nearly any words."""

_FIRST_WORDS: Final = {
    **dict.fromkeys(("from", "row", "show", "ts"), "esql"),
    **dict.fromkeys(("sequence", "sample", "any", "process", "file", "network", "registry"), "eql"),
}
"""How unfinished queries begin."""

_RULE_KEYS: Final = frozenset(
    (
        *("query", "detection", "logsource", "correlation", "queryCondition", "FunctionName", "FunctionQuery"),
        *("id", "name", "title", "displayName", "description", "severity", "kind", "tactics", "relevantTechniques"),
        *("queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold", "entityMappings"),
    )
)
"""Keys of which a YAML text has at least one when it is meant as a rule."""

_REPOSITORY: Final = Repository(Path("/"), NAME)


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a pasted text holds. `path` is the name that it was read by, made up where none was given.

    `guessed`: the language of a lone query was told by its content alone.
    """

    content: FileContent
    path: str
    guessed: bool = False


def read_pasted(text: str, name: str = "", language: str | None = None) -> Pasted:
    """The rules of a text, by its name or its content; `language` is one of `LANGUAGES`, for those who know it.

    Nothing raises on bad text. A name that says nothing, or leads to no rule, is not believed.
    """
    # Halves of characters can be in a JSON string and in no file; each is replaced by one character.
    text = text.encode("utf-8", "replace").decode()
    stem = _stem(name)
    if language is not None:
        return _as_language(text, stem, language)
    named = name.rpartition("/")[2]
    if "." in named and (content := _read(named, text)).rules:
        return Pasted(content, named)
    for ending in _file_endings(text):
        content = _read(f"{stem}{ending}", text)
        if content.rules or content.functions or content.diagnostics:
            return Pasted(content, f"{stem}{ending}")
    guess = language_of(text)
    path = f"{stem}{_ENDINGS[guess]}"
    return Pasted(_read(path, text), path, guessed=True)


def language_of(text: str) -> str:
    """The language of a lone query: the one that accepts it, else the one that it begins like."""
    for name in _STRICT:
        if language_named(name).check(SourceText(text)).accepted:
            return name
    if looks_like_kusto(text):
        return "kusto"
    first = text.split(None, 1)[0].lower() if text.strip() else ""
    if first in _FIRST_WORDS:
        return _FIRST_WORDS[first]
    # Kibana's KQL accepts prose as words to look for; a query names a field.
    return "kuery" if ":" in text and language_named("kuery").check(SourceText(text)).accepted else "kusto"


def _as_language(text: str, stem: str, language: str) -> Pasted:
    """The text as the language that its author says, in a rule file or alone."""
    for ending in _file_endings(text):
        content = _read(f"{stem}{ending}", text)
        if any(rule.language == language for rule in content.rules):
            return Pasted(content, f"{stem}{ending}")
    path = f"{stem}{_ENDINGS[language]}"
    return Pasted(_read(path, text), path)


def _file_endings(text: str) -> Iterator[str]:
    """The endings of rule files that the text could be, the likeliest first."""
    start = text.lstrip()
    if start.startswith("{"):
        yield ".json"
        return
    if "\n[rule" in text or "\n[hunt" in text or start.startswith(("[rule", "[hunt", "[metadata")):
        yield ".toml"
    if _is_rule_yaml(text):
        yield ".yml"
    if "rule" in text and "{" in text and _names_rule(text):
        yield ".yaral"
    if "```" in text:
        yield ".md"


def _is_rule_yaml(text: str) -> bool:
    """Whether the text is a mapping with a key that rules have; a fault further down does not change that."""
    roots = (document.root for document in parse_yaml(text).documents)
    return any(isinstance(root, MappingNode) and any(key.text in _RULE_KEYS for key, _ in root.pairs) for root in roots)


def _names_rule(text: str) -> bool:
    """Whether YARA-L sees a rule with a name in it, and not a search."""
    return any(text[start:end].lstrip().startswith("rule") for start, end in split("yaral", text))


def _read(path: str, text: str) -> FileContent:
    return read_bytes(path, text.encode(), _REPOSITORY, split)


def _stem(name: str) -> str:
    """The name of a file without its folders and its ending."""
    return name.rpartition("/")[2].partition(".")[0].strip() or "Untitled"
