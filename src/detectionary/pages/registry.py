"""Every kind of page and every group of files of a site; a line each."""

from __future__ import annotations

from typing import Any, Final

from detectionary.pages import (
    actions,
    browse_page,
    changes_kind,
    compare_kind,
    data_page,
    feed,
    fields,
    layers,
    lists_names,
    matrix_kind,
    not_found,
    overview_kind,
    people,
    playground,
    programs,
    rule_kind,
    search_files,
    tables,
    technique_kind,
    values,
)
from detectionary.pages.kind import FileGroup, PageKind

PAGES: Final[tuple[PageKind[Any], ...]] = (  # contexts differ from kind to kind
    browse_page.BROWSE,
    rule_kind.RULES,
    rule_kind.PERMALINKS,
    overview_kind.OVERVIEW,
    changes_kind.CHANGES,
    matrix_kind.MATRIX,
    technique_kind.TECHNIQUES,
    technique_kind.TACTICS,
    compare_kind.COMPARE,
    playground.PLAYGROUND,
    tables.TABLES,
    fields.FIELD_PAGES,
    actions.ACTION_PAGES,
    people.REPOSITORY_PAGES,
    people.AUTHOR_PAGES,
    people.PLATFORM_PAGES,
    people.LANGUAGE_PAGES,
    values.INDICATOR_PAGES,
    values.EXCLUSION_PAGES,
    data_page.DATA,
    not_found.NOT_FOUND,
)

FILES: Final[tuple[FileGroup, ...]] = (
    search_files.SEARCH,  # first: it takes longest
    feed.FEED_FILE,
    layers.LAYERS,
    lists_names.NAMES,
    compare_kind.PLACES_FILES,
    programs.RULE_TABLES,
    programs.sitemap(PAGES),
    programs.HOST_FILES,
)
