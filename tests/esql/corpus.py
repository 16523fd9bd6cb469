"""The ES|QL queries of Elastic's rules and hunts, as their files state them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from detectionary.languages.esql.lexer import tokenize
from detectionary.languages.esql.tokens import SOURCE_COMMANDS
from tests.conftest import shared

_REPOSITORY: Final = "elastic-detection-rules"


def _queries() -> Iterator[tuple[str, str]]:
    root = shared("corpora", _REPOSITORY)
    for path in sorted(root.rglob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        rule, hunt = document.get("rule", {}), document.get("hunt", {})
        name = path.relative_to(root).as_posix()
        if rule.get("language") == "esql":
            yield name, rule["query"]
        for query in hunt.get("query", ()):
            # hunts mix languages: osquery's SQL, EQL
            if "ES|QL" in hunt["language"] and tokenize(query).kinds[0] in SOURCE_COMMANDS:
                yield name, query


@lru_cache(maxsize=1)
def corpus_queries() -> tuple[tuple[str, str], ...]:
    """(path, query) of every rule and hunt."""
    return tuple(_queries())
