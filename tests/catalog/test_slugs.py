from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.catalog import open_catalog, slug_of
from tests.catalog.stored import an_entry, moved, store


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("Solutions/AWS/Rule_One.yaml", "Rule_One"),
        ("a/Suspicious login - many failures.kql", "Suspicious-login---many-failures"),
        ("a/KQL v1.2 notes", "KQL-v1.2-notes"),
        ("a/what? is: this|*.md", "what--is--this--"),
        ("a/Überwachung.yaml", "Überwachung"),
        ("a/..yaml", "-"),
        ("a/.hidden.yaml", "-hidden"),
        ("noending", "noending"),
    ],
)
def test_the_slug_is_the_stem_made_safe(path: str, slug: str) -> None:
    assert slug_of(path) == slug


def test_later_rules_of_a_file_are_numbered() -> None:
    assert slug_of("a/queries.md", 3) == "queries-3"


def test_a_very_long_stem_is_cut_and_stays_distinct() -> None:
    one, two = slug_of("x" * 200 + "a.md"), slug_of("x" * 200 + "b.md")
    assert one != two
    assert len(one) <= 120


def test_rules_of_one_stem_get_different_slugs_and_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "slugs.db"
    first, other, third = (moved(an_entry(name), f"{name}/Same.yaml") for name in ("one", "two", "three"))
    store(path, other)
    store(path, first, moved(third, "three/SAME.yaml"))
    with open_catalog(path) as catalog:
        slugs = {entry.rule.source.path: entry.slug for entry in catalog.entries()}
    assert slugs["two/Same.yaml"] == "Same"
    assert slugs["one/Same.yaml"].startswith("Same-")
    assert slugs["three/SAME.yaml"].startswith("SAME-"), "a file system that folds case must hold all of them"
    assert len({slug.lower() for slug in slugs.values()}) == 3
