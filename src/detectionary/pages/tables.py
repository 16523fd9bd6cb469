"""The pages of log sources: tables, index patterns, log sources by product, category and service, log types."""

from __future__ import annotations

from typing import Final

from detectionary.catalog import Facet
from detectionary.pages.keys import list_path
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.lists import TableColumn, TableFacts
from detectionary.pages.lists_fill import RuleList
from detectionary.pages.lists_kind import (
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
from detectionary.pages.lists_overview import Grouping, groups_by, most
from detectionary.schemas import table_info, tables


def _language(library: Library, found: RuleList) -> tuple[str, str]:
    """The language that reads a log source most."""
    name = library.index.counts(Facet.LANGUAGE, found.bits)[0].name
    return name, language_title(name)


def _facts(library: Library, found: RuleList) -> TableFacts | None:
    if not library.index.values(Facet.TABLE).get(found.keys[0]):
        return None
    schema, info = tables().get(found.name), table_info(found.name)
    if schema is None and info is None:
        return None
    filtered = {count.key for count in library.index.counts(Facet.FIELD, found.bits)}
    columns = []
    for column in () if schema is None else schema.columns:
        keys = library.index.canonical_fields.get(column.name.lower(), ())
        used = [key for key in keys if key in filtered]
        columns.append(TableColumn(column.name, column.type, list_path("field", used[0]) if used else None))
    return TableFacts(
        info.category or None if info else None,
        info is not None and info.azure_monitor,
        info is not None and info.defender_xdr,
        tuple(columns),
    )


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
