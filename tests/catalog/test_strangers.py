"""A rule that is pasted has the neighbours that it has in the catalog, and a changed one does not count itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from detectionary.catalog import Catalog, open_catalog
from detectionary.ingest import assemble, ingest
from detectionary.ingest.work import fingerprint_of
from detectionary.languages import language_named
from detectionary.model.entry import Entry
from detectionary.schemas import environment_base
from detectionary.text import SourceText
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """The example rules; some watch the same action, some have values in common, one is there twice."""
    folder = tmp_path_factory.mktemp("strangers")
    rules = PROJECT / "examples" / "rules"
    first = rules / "sentinel" / "AWS_UnauthorizedInstanceSetUpAttempt.yaml"
    copy = folder / "copies" / "Copy.yaml"
    copy.parent.mkdir()
    copy.write_text(first.read_text(encoding="utf-8").replace("f7210a45-12a4", "00000000-12a4"), encoding="utf-8")
    ingest([rules, copy.parent], folder / "x.db", processes=1)
    with open_catalog(folder / "x.db") as opened:
        yield opened


def fingerprint(entry: Entry) -> str:
    return fingerprint_of(entry, language_named(entry.rule.language))


def test_a_rule_of_the_catalog_has_its_own_neighbours(catalog: Catalog) -> None:
    seen = 0
    for entry in catalog.entries():
        inside, outside = catalog.relations(entry), catalog.relations_of_stranger(entry, fingerprint(entry))
        assert outside.corpus == inside.corpus
        assert outside.excluded == inside.excluded
        assert outside.same_action == tuple(
            (action, other) for action, other in inside.same_action if other.id != entry.rule.id
        )
        assert outside.versions == inside.versions
        # The rule itself is one of the copies of a text that is the same.
        assert {other.slug for other in outside.copies} == {entry.slug, *(other.slug for other in inside.copies)}
        assert [other.slug for other, _ in outside.shared_indicators] == [
            other.slug for other, _ in inside.shared_indicators
        ]
        seen += (
            bool(inside.same_action)
            + bool(inside.copies)
            + any(count.total for count in (inside.corpus or {}).values())
        )
    assert seen > 10


def test_a_changed_rule_does_not_count_itself(catalog: Catalog) -> None:
    found = catalog.entry("f7210a45-12a4-4d02-b59e-f23476827a4b")
    assert found is not None
    rule = found.rule
    changed = replace(rule, query=SourceText(f"{rule.query.text}\n| where AWSRegion == 'eu-west-9'", "x"))
    entry = assemble(changed, language_named("kusto"), environment_base())
    before, after = catalog.relations(found), catalog.relations_of_stranger(entry, fingerprint(entry))
    assert before.corpus is not None
    assert after.corpus is not None
    for key, count in before.corpus.items():
        assert after.corpus[key] == count
    ((new, count),) = ((key, count) for key, count in after.corpus.items() if key not in before.corpus)
    assert new[2] == "eu-west-9"
    assert count.total == 0
    assert not after.copies
    assert found.slug in {other.slug for other in after.versions}
    assert found.slug not in {other.slug for _, other in after.same_action}
