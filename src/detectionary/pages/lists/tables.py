"""The pages of log sources: tables, index patterns, log sources by product, category and service, log types."""

from __future__ import annotations

from typing import Final

from detectionary.catalog import Facet
from detectionary.catalog.index import facet_key
from detectionary.pages.keys import list_path
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.lists.context import Count, TableColumn, TableFacts
from detectionary.pages.lists.fill import RuleList
from detectionary.pages.lists.kind import (
    ACTIONS,
    AUTHORS,
    FIELDS,
    PLATFORMS,
    REPOSITORIES,
    TABLES_READ,
    TACTICS,
    TECHNIQUES,
    FacetPages,
    facet_kind,
)
from detectionary.pages.lists.overview import Grouping, groups_by, most
from detectionary.schemas import event_coverage, table_info, tables


def _language(library: Library, found: RuleList) -> tuple[str, str]:
    """The language that reads a log source most."""
    name = library.index.counts(Facet.LANGUAGE, found.bits)[0].name
    return name, language_title(name)


def _facts(library: Library, found: RuleList) -> TableFacts | None:
    kusto = found.keys[0] in library.index.values(Facet.TABLE)
    schema, info = (tables().get(found.name), table_info(found.name)) if kusto else (None, None)
    events = tuple(_event(library, action.key) for action in event_coverage(found.names, "sigma"))
    if schema is None and info is None and not events:
        return None
    filtered = {count.key for count in library.index.counts(Facet.FIELD, found.bits)}
    columns = []
    for column in () if schema is None else schema.columns:
        keys = library.index.canonical_fields.get(column.name.lower(), ())
        used = [key for key in keys if facet_key(key) in filtered]
        columns.append(TableColumn(column.name, column.type, list_path("field", used[0]) if used else None))
    return TableFacts(
        info.category or None if info else None,
        info is not None and info.azure_monitor,
        info is not None and info.defender_xdr,
        tuple(columns),
        events,
    )


def _event(library: Library, action: str) -> Count:
    """An event that a log source stands for; it has a page when rules name it."""
    named = library.index.values(Facet.ACTION).get(facet_key(action))
    if named is None:
        return Count(action, action, 0, None)
    return Count(named.name, named.name, named.bits.bit_count(), list_path("action", named.name))


TABLES: Final = facet_kind(
    FacetPages(
        "table",
        TABLES_READ,
        (
            (TABLES_READ, "Log sources read together"),
            (FIELDS, "Fields filtered"),
            (ACTIONS, "Actions"),
            (TECHNIQUES, "Techniques"),
            (TACTICS, "Tactics"),
            (REPOSITORIES, "Repositories"),
            (AUTHORS, "Authors"),
        ),
        Grouping(groups_by(_language), lambda library, found: most(library, PLATFORMS, found, 2)),
        _facts,
    )
)
