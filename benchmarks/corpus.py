"""Where the benchmarks find their rules: the folder `shared` beside the checkout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

PROJECT: Final = Path(__file__).resolve().parent.parent
SHARED: Final = PROJECT.parent / "shared"
SENTINEL: Final = SHARED / "corpora" / "azure-sentinel"
ORACLE: Final = SHARED / "tools" / "kusto-oracle"
TABLES: Final = SHARED / "schemas" / "kusto-tables.json"

_ANALYTIC: Final = re.compile(r"^(triggerOperator|kind:\s*NRT)", re.MULTILINE | re.IGNORECASE)


def analytic_queries() -> list[str]:
    """The distinct queries of Sentinel's analytics rules, in the order of their paths."""
    return list(dict.fromkeys(_queries()))


def _queries() -> Iterator[str]:
    for path in sorted(SENTINEL.rglob("*.y*ml")):
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
        if not _ANALYTIC.search(text):
            continue
        try:
            documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        except yaml.YAMLError:
            continue
        for document in documents:
            if isinstance(document, dict) and isinstance(document.get("query"), str):
                yield document["query"]
