"""The KQL queries of the reference corpus: rules, indicator queries of threat-match rules, and hunts."""

from __future__ import annotations

import tomllib
from functools import cache

from tests.conftest import shared

_HUNTS = frozenset({"KQL", "Kuery", "kuery"})


@cache
def corpus_queries() -> tuple[tuple[str, str], ...]:
    """(path and part, query) of every KQL query of Elastic's rules and hunts, in the order of paths."""
    root = shared("corpora", "elastic-detection-rules")
    found: list[tuple[str, str]] = []
    for path in sorted(root.rglob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        name = path.relative_to(root).as_posix()
        rule, hunt = document.get("rule", {}), document.get("hunt", {})
        if rule.get("language") == "kuery" and "query" in rule:
            found.append((name, rule["query"]))
        if rule.get("threat_language", "kuery") == "kuery" and "threat_query" in rule:
            found.append((f"{name}:threat_query", rule["threat_query"]))
        if _HUNTS.intersection(hunt.get("language", ())):
            found.extend((f"{name}:{number}", query) for number, query in enumerate(hunt["query"], start=1))
    return tuple(found)
