"""What the catalog keeps of changes: which rule went where, and that history is no content."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from detectionary.catalog import Catalog, FileRecord, Writer, content_digest, open_catalog, stored_rule, text_digest
from detectionary.catalog.changes import RuleChange
from detectionary.model.change import Change, ChangeKind, Detail
from detectionary.model.entry import Entry
from tests.catalog.stored import an_entry, moved, store


def last(path: Path) -> tuple[RuleChange, ...]:
    with open_catalog(path) as catalog:
        return catalog.changes(catalog.runs()[0].number)


def told(path: Path) -> list[tuple[str, str | None, str]]:
    return [(each.event, each.path_before, each.path) for each in last(path)]


def with_text(entry: Entry, body: str) -> Entry:
    return replace(entry, rule=replace(entry.rule, body=body))


def at(name: str, path: str, body: str, id: str) -> Entry:  # noqa: A002  # the rule's own word
    return moved(with_text(an_entry(name, query="q", id=id), body), path)


def test_of_several_rules_with_one_text_as_many_move_as_went_and_came(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    store(path, *(at(name, f"rules/{name}.yaml", "same", name) for name in "abc"))
    store(path, *(at(name, f"new/{name}.yaml", "same", name) for name in "de"), gone=["a", "b", "c"])
    assert told(path) == [
        ("moved", "rules/a.yaml", "new/d.yaml"),
        ("moved", "rules/b.yaml", "new/e.yaml"),
        ("removed", None, "rules/c.yaml"),
    ]


def test_an_id_made_from_the_path_does_not_keep_a_rule_from_moving(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    store(path, at("a", "rules/a.yaml", "text", "rules/a.yaml"))
    store(path, at("b", "rules/b.yaml", "text", "rules/b.yaml"), gone=["a"])
    assert told(path) == [("moved", "rules/a.yaml", "rules/b.yaml")]


def test_an_id_that_several_rules_have_tells_no_move_of_another_text(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    store(path, at("a", "rules/a.yaml", "one", "x"), at("b", "rules/b.yaml", "two", "x"))
    store(path, at("c", "rules/c.yaml", "three", "x"), gone=["a", "b"])
    assert sorted(event for event, _, _ in told(path)) == ["added", "removed", "removed"]


def test_the_comparison_is_the_callers_own(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    expected = Change((ChangeKind.THRESHOLDS,), (Detail(ChangeKind.THRESHOLDS, "threshold", "n gt", "1", None),))
    seen: list[tuple[str, str]] = []

    def compare(before: Entry, after: Entry) -> Change:
        seen.append((before.rule.query.text, after.rule.query.text))
        return expected

    store(path, an_entry("a"), an_entry("b"))
    with Writer(path, compare) as writer:
        writer.begin("2030-01-02T00:00:00Z")
        put(writer, [an_entry("a", query="other"), an_entry("b")])
        writer.finish("2030-01-02T00:01:00Z", [1], [], {}, changed=True)
    assert seen == [("a | take 1", "other")], "only what changed costs anything"
    assert [each.change for each in last(path)] == [expected]


def put(writer: Writer, entries: Sequence[Entry]) -> None:
    with writer.transaction():
        repository = writer.repository("repository", "MIT")
        for entry in entries:
            fingerprint = text_digest(entry.rule.language, entry.rule.query.text)
            kept = stored_rule(entry, occurrence=0, fingerprint=fingerprint, analysed_with="1", dependencies=())
            record = FileRecord(entry.rule.source.path, text_digest(entry.rule.body), 1, None, "1", None)
            writer.store_file(repository, "repository", record, [kept])


def test_a_change_is_stored_with_the_rule_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    store(path, an_entry("a"))

    class StoppedError(Exception):
        pass

    with Writer(path) as writer:
        writer.begin("2030-01-02T00:00:00Z")
        try:
            with writer.transaction():
                repository = writer.repository("repository", "MIT")
                kept = stored_rule(
                    an_entry("a", query="other"), occurrence=0, fingerprint="f", analysed_with="1", dependencies=()
                )
                writer.store_file(repository, "repository", FileRecord("rules/a.yaml", "d", 1, None, "1", None), [kept])
                raise StoppedError
        except StoppedError:
            pass
    assert last(path) == ()
    with open_catalog(path) as catalog:
        assert [entry.rule.query.text for entry in catalog.entries()] == ["a | take 1"]


def test_history_is_no_content(tmp_path: Path) -> None:
    once, twice = tmp_path / "once.db", tmp_path / "twice.db"
    store(once, an_entry("a"), an_entry("b"))
    store(twice, an_entry("a"))
    store(twice, an_entry("b"))
    store(twice, gone=["a"])
    store(twice, an_entry("a"))
    assert [each.event for each in last(twice)] == ["returned"]
    assert content_digest(once) == content_digest(twice)


def test_changes_are_read_with_the_names_that_rules_have_today(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    store(path, an_entry("a"))
    store(path, an_entry("a", query="second"))
    entry = an_entry("a", query="third")
    store(path, replace(entry, rule=replace(entry.rule, title="New title")))
    with open_catalog(path) as catalog:
        (earlier,) = catalog.changes(2)
        assert texts(catalog, earlier) == ("name: a\nquery: a | take 1", "name: a\nquery: second")
    assert earlier.rule.title == "New title"
    assert earlier.present


def texts(catalog: Catalog, change: RuleChange) -> tuple[str | None, str | None]:
    return catalog.change_texts(change)


def test_rows_of_changes_point_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    store(path, an_entry("a"), an_entry("b"), an_entry("c"))
    store(path, an_entry("a", query="x"), moved(an_entry("b"), "rules/z.yaml"), gone=["b", "c"])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT COUNT(*) FROM changes").fetchone() == (3,)
