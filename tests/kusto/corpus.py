"""Everything in the reference corpora that may be a query, for what holds of any text.

Not the texts of `official_syntax`: those are cut as they were when Microsoft's verdicts on them were recorded, and have
a place; here each text stands once, from one key more, and from fences only where they say Kusto or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.conftest import SHARED
from tests.kusto.official_syntax import decoded, yaml_texts

_QUERY_KEYS: Final = frozenset({"query", "functionquery", "parserquery", "querytext"})
_FENCE: Final = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_FENCE_LANGUAGES: Final = frozenset({"", "kql", "kusto", "kusto_query", "sql", "csl"})


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
            yield from yaml_texts(decoded(path), _QUERY_KEYS)
        case ".md":
            for fence in _FENCE.finditer(decoded(path)):
                if fence[1].lower() in _FENCE_LANGUAGES:
                    yield fence[2]
        case ".kql" | ".csl" | ".txt":
            yield decoded(path)
