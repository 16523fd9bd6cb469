"""Small catalogs as files, and what lies in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from detectionary.catalog import FileRecord, Writer, stored_rule, text_digest
from detectionary.model.entry import Entry
from tests.pages.entries import FIRST, long_entry


def store(catalog: Path, entries: Sequence[Entry], *, gone: Sequence[Entry] = ()) -> Path:
    """One whole run of ingest: these entries, each in the file that its source names; those that are `gone` go."""
    with Writer(catalog) as writer:
        writer.begin("2030-01-01T00:00:00Z")
        repositories: dict[str, int] = {}
        with writer.transaction():
            for entry in (*entries, *gone):
                source = entry.rule.source
                repositories[source.repository] = writer.repository(source.repository, source.licence)
            for entry in entries:
                source = entry.rule.source
                rows = stored_rule(
                    entry,
                    occurrence=0,
                    fingerprint=text_digest(entry.rule.language, entry.rule.query.text),
                    analysed_with="1",
                    dependencies=(),
                )
                record = FileRecord(source.path, text_digest(entry.rule.body), 1, None, "1", source.commit)
                writer.store_file(repositories[source.repository], source.repository, record, [rows])
        left = [
            writer.known_files(repositories[entry.rule.source.repository])[entry.rule.source.path].id for entry in gone
        ]
        writer.finish("2030-01-01T00:01:00Z", list(repositories.values()), left, {"environment": "1"}, changed=True)
    return catalog


def placed(entry: Entry, path: str, *, title: str | None = None, licence: str | None = "MIT") -> Entry:
    """The same rule in another file; its slug is the file's name. Repositories differ with the licence."""
    repository = f"github.com/example/{licence or 'unknown'}"
    source = replace(entry.rule.source, path=path, repository=repository, licence=licence)
    return replace(entry, rule=replace(entry.rule, source=source, title=title or entry.rule.title))


def small_catalog(folder: Path) -> Path:
    """Three rules: two look for the same, one is of another kind; two have the same id."""
    return store(folder / "rules.db", small_entries())


def small_entries() -> tuple[Entry, ...]:
    """Those of `small_catalog`."""
    return (
        placed(FIRST, "machine-start.yaml"),
        placed(long_entry(), "long-query.kql"),
        placed(FIRST, "twin.yaml", title="Another one"),
    )


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
