"""The texts of the reference corpora, extracted simply: YAML query keys, fences of Markdown, and whole `.kql` files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from tests.conftest import SHARED

_QUERY_KEYS: Final = frozenset({"query", "functionquery", "parserquery", "querytext"})
_FENCE: Final = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_FENCE_LANGUAGES: Final = frozenset({"", "kql", "kusto", "kusto_query", "sql", "csl"})
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def corpus_queries() -> tuple[str, ...]:
    """Every distinct text of azure-sentinel and the `kql-*` folders that may be a query, in the order of paths."""
    assert SHARED is not None
    texts: dict[str, None] = {}
    for folder in sorted((SHARED / "corpora").iterdir()):
        if folder.name == "azure-sentinel" or folder.name.startswith("kql-"):
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    texts |= dict.fromkeys(_texts(path))
    return tuple(texts)


def _texts(path: Path) -> Iterator[str]:
    match path.suffix.lower():
        case ".yaml" | ".yml":
            yield from _yaml_texts(_decoded(path))
        case ".md":
            for fence in _FENCE.finditer(_decoded(path)):
                if fence[1].lower() in _FENCE_LANGUAGES:
                    yield fence[2]
        case ".kql" | ".csl" | ".txt":
            yield _decoded(path)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="replace")


def _yaml_texts(text: str) -> Iterator[str]:
    try:
        pending: list[object] = list(yaml.load_all(text, Loader=_LOADER))
    except (yaml.YAMLError, ValueError):
        return
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, str) and str(key).lower() in _QUERY_KEYS:
                    yield value
                else:
                    pending.append(value)
        elif isinstance(node, list):
            pending.extend(node)
