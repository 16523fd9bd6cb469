"""The first page's content, from the rules in memory and a few counts of the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.catalog import Facet, Index
from detectionary.pages.attack.matrix import matrix_page
from detectionary.pages.changes.context import changes_of, page_of, runs_of, summary
from detectionary.pages.library import Library
from detectionary.pages.overview.context import LastChange, LastChanges, Overview
from detectionary.pages.overview.drawn import charts
from detectionary.pages.overview.measures import measures, reasons, repositories

_NEWEST: Final = 8
"""So many of the newest changes are named."""


def overview(library: Library) -> Overview:
    """The page's content, from the rules in memory and a few counts of the catalog."""
    index, numbers, runs = library.index, library.catalog.statistics(), runs_of(library)
    complete = [run for run in runs if run.complete]
    return Overview(
        rules=len(index.rules),
        repositories=len(index.values(Facet.REPOSITORY)),
        languages=len(index.values(Facet.LANGUAGE)),
        platforms=len(index.values(Facet.PLATFORM)),
        techniques=matrix_page(library).covered_techniques,
        files=numbers.files,
        files_without_rules=sum(count for _, count in numbers.ignored),
        functions=numbers.functions,
        first_ingest=complete[-1].started if complete else None,
        last_ingest=complete[0].started if complete else None,
        complete=not runs or runs[0].complete,
        examples=tuple(_examples(index)),
        charts=tuple(charts(index, numbers, runs)),
        measures=tuple(measures(index, numbers)),
        reasons=tuple(reasons(numbers)),
        runnable_measured=numbers.runnable is not None,
        by_repository=tuple(repositories(index, numbers)),
        last_changes=_last_changes(library),
    )


def _examples(index: Index) -> Iterator[str]:
    """Searches with facets, made of what many rules have."""
    for facet in (Facet.FIELD, Facet.TECHNIQUE, Facet.TABLE):
        counts = index.counts(facet, index.everything)
        if counts and " " not in counts[0].name:
            yield f"{facet.value}:{counts[0].name}"
    languages = index.counts(Facet.LANGUAGE, index.everything)
    if languages:
        yield f"lang:{languages[0].key} has:exclusions"


def _last_changes(library: Library) -> LastChanges | None:
    run = next((run for run in runs_of(library) if run.complete and run.total), None)
    if run is None:
        return None
    return LastChanges(
        run=summary(library, run),
        first=tuple(
            LastChange(
                each.event,
                tuple(kind.value for kind in each.change.kinds),
                each.rule.title,
                each.rule.language,
                page_of(library, each),
            )
            for each in changes_of(library, run.number)[:_NEWEST]
        ),
    )
