"""Lucene on the reference corpus, which has little of it."""

from __future__ import annotations

import tomllib

from detectionary.languages.lucene import LANGUAGE
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.conftest import needs_shared, shared
from tests.lucene.literals import lost

pytestmark = needs_shared


def test_every_query_is_read_and_nothing_is_lost() -> None:
    found = []
    for path in sorted(shared("corpora", "elastic-detection-rules").rglob("*.toml")):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "lucene":
            found.append(rule["query"])
    assert len(found) >= 1
    for text in found:
        analysis = LANGUAGE.analyze(SourceText(text), Environment())
        assert analysis.accepted
        assert analysis.opaques == ()
        assert lost(text, analysis) == []
        assert analysis.predicate_count >= 6
