"""A catalog in memory, with what the site needs of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType

from detectionary.catalog import Listing
from detectionary.model.entry import CorpusCount, Entry, Reference, Relations, ValueKey, value_keys
from tests.pages.entries import FIRST, long_entry


@dataclass(frozen=True)
class MemoryCatalog:
    """Counts every entry, without looking for copies."""

    held: tuple[Entry, ...]

    def __enter__(self) -> MemoryCatalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def references(self) -> Sequence[Listing]:
        return tuple(
            Listing(
                reference(entry),
                entry.rule.source.repository,
                entry.rule.source.path,
                entry.rule.kind,
                None if entry.rule.severity is None else entry.rule.severity.value,
                entry.rule.status,
                tuple(row.tactic for row in entry.coverage.tactics),
                tuple(each.id for row in entry.coverage.tactics for each in row.techniques),
                entry.analysis.tables,
                entry.third_party_feed,
                entry.analysis.accepted,
                len(entry.analysis.diagnostics),
            )
            for entry in self.held
        )

    def entry(self, name: str) -> Entry | None:
        return next((entry for entry in self.held if entry.slug == name), None)

    def relations(self, entry: Entry) -> Relations:
        others = [other for other in self.held if other is not entry]
        watched = {action.key for action in entry.actions}
        return Relations(
            corpus=self._counts(entry, excluded=False),
            excluded=self._counts(entry, excluded=True),
            same_action=tuple(
                (action.key, reference(other)) for other in others for action in other.actions if action.key in watched
            ),
        )

    def rules_behind(self, field: str, operator: str, value: str, *, excluded: bool = False) -> Sequence[Reference]:
        key = (field, operator, value)
        return tuple(reference(entry) for entry in self.held if key in keys(entry, excluded))

    def _counts(self, entry: Entry, *, excluded: bool) -> dict[ValueKey, CorpusCount]:
        counts = {}
        for key in keys(entry, excluded):
            others = sum(key in keys(other, excluded) for other in self.held if other is not entry)
            counts[key] = CorpusCount(others, (("kusto", others),) if others else ())
        return counts


def keys(entry: Entry, excluded: bool) -> set[ValueKey]:
    rows = entry.analysis.exclusions if excluded else entry.analysis.indicators
    return {key for row in rows for key in value_keys(row) if key is not None}


def reference(entry: Entry) -> Reference:
    return Reference(entry.rule.id, entry.slug, entry.rule.title, entry.rule.language, entry.platform)


def small_catalog() -> MemoryCatalog:
    """Three rules: two look for the same, one is of another kind; two have the same id."""
    twin = replace(FIRST, slug="twin", rule=replace(FIRST.rule, title="Another one"))
    return MemoryCatalog((FIRST, long_entry(), twin))
