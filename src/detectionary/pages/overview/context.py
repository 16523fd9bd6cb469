"""The first page: what the catalog holds, drawn, and how much of it was understood, said plainly."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from detectionary.pages.changes.context import RunSummary
from detectionary.pages.overview.charts import Chart
from detectionary.pages.part import Part

PATH: Final = "index.html"


class Measure(Part, frozen=True):
    """How much of something holds: `part` of `whole`. `link` leads to the rules for which it does not, if any."""

    name: str
    title: str
    part: int
    whole: int
    unit: str
    about: str
    """What it means, and what the rest is."""
    link: str | None = None
    link_text: str | None = None


class Reason(Part, frozen=True):
    """A reason with how often it stands; `rules` is None where files are counted."""

    reason: str
    count: int
    rules: int | None = None
    about: str | None = None


class Reasons(Part, frozen=True):
    """The reasons behind a measure, the most common first."""

    name: str
    title: str
    head: str
    rows: tuple[Reason, ...]


class RepositoryRow(Part, frozen=True):
    """The rules of a repository in one language."""

    repository: str
    language: str
    language_title: str
    licence: str | None
    rules: int
    accepted: int
    findings: int
    """Rules with an error or a warning."""
    predicates: int
    opaque: int
    last_ingest: str | None


class LastChange(Part, frozen=True):
    """A change: `event` and `kinds` as on the pages of changes; `page` is null when the rule is gone."""

    event: str
    kinds: tuple[str, ...]
    title: str
    language: str
    page: str | None


class LastChanges(Part, frozen=True):
    """The newest complete run that changed anything, and its first changes; a first reading is none."""

    run: RunSummary
    first: tuple[LastChange, ...]


class Overview(Part, frozen=True):
    """The first page. `runnable` is None when nobody measured what can be run."""

    rules: int
    repositories: int
    languages: int
    platforms: int
    techniques: int
    """Those of the matrix that have rules, sub-techniques not counted."""
    files: int
    files_without_rules: int
    functions: int
    first_ingest: str | None
    last_ingest: str | None
    complete: bool
    """Whether the last ingest was completed."""
    examples: tuple[str, ...]
    """Searches that find something here."""
    charts: tuple[Chart, ...]
    measures: tuple[Measure, ...]
    reasons: tuple[Reasons, ...]
    runnable_measured: bool
    by_repository: tuple[RepositoryRow, ...]
    last_changes: LastChanges | None


def browse_link(*pairs: tuple[str, str]) -> str:
    """The address of the browse page with filters, from the site's root."""
    return f"browse/index.html?{urlencode(pairs)}"
