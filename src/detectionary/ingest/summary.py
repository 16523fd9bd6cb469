"""What an ingest did."""

from __future__ import annotations

from dataclasses import dataclass

from detectionary.catalog import LanguageCount


@dataclass(frozen=True, slots=True)
class RuleName:
    """A rule as its repository knows it."""

    repository: str
    path: str
    id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of ours that cost a file or the analysis of a rule; `place` is the exception's type and line."""

    repository: str
    path: str
    rule: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read; what the catalog knows of it stays."""

    repository: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What an ingest found and did. `counts`, `ignored`, `functions`: the ingested repositories as they are now."""

    counts: tuple[LanguageCount, ...]
    """Rules per repository and language."""
    ignored: tuple[tuple[str, int], ...]
    """Files that hold nothing for the catalog, by reason."""
    files: int
    files_read: int
    """Files that were new or changed."""
    functions: int
    new: int
    """Rules that were not there before."""
    changed: int
    """Rules with another text."""
    gone: int
    kinds: tuple[tuple[str, int], ...]
    """Changed rules by the strongest kind of their change: logic, thresholds, metadata; those there are."""
    moved: int
    """Rules that are in another file now: they count as new there, and as gone here."""
    analysed: tuple[RuleName, ...]
    """Rules that were taken apart, in order; the others held."""
    faults: tuple[Fault, ...]
    unreadable: tuple[Unreadable, ...]
    seconds: float

    @property
    def rules(self) -> int:
        """Present rules of the ingested repositories."""
        return sum(count.rules for count in self.counts)

    @property
    def unchanged(self) -> int:
        """Rules that are as they were."""
        return self.rules - self.new - self.changed

    @property
    def accepted(self) -> int:
        """Rules whose query has no syntax error."""
        return sum(count.accepted for count in self.counts)

    @property
    def with_diagnostics(self) -> int:
        """Rules with an error or a warning."""
        return sum(count.with_diagnostics for count in self.counts)

    @property
    def predicates(self) -> int:
        """Leaves of all filters."""
        return sum(count.predicates for count in self.counts)

    @property
    def opaques(self) -> int:
        """Those of them that could not be modelled."""
        return sum(count.opaques for count in self.counts)
