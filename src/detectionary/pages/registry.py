"""Every kind of page and every group of files of a site; a line each."""

from __future__ import annotations

from typing import Any, Final

from detectionary.pages import data_page, not_found, playground, programs
from detectionary.pages.attack import layers, matrix_kind, technique_kind
from detectionary.pages.browse.kind import BROWSE
from detectionary.pages.changes.feed import FEED_FILE
from detectionary.pages.changes.kind import CHANGES
from detectionary.pages.compare.kind import COMPARE, PLACES_FILES
from detectionary.pages.kind import FileGroup, PageKind
from detectionary.pages.lists import actions, fields, people, tables, values
from detectionary.pages.lists.names import NAMES
from detectionary.pages.overview.kind import OVERVIEW
from detectionary.pages.rule.kind import PERMALINKS, RULES
from detectionary.pages.search.files import SEARCH

PAGES: Final[tuple[PageKind[Any], ...]] = (  # contexts differ from kind to kind
    BROWSE,
    RULES,
    PERMALINKS,
    OVERVIEW,
    CHANGES,
    matrix_kind.MATRIX,
    technique_kind.TECHNIQUES,
    technique_kind.TACTICS,
    COMPARE,
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
    SEARCH,  # first: it takes longest
    FEED_FILE,
    layers.LAYERS,
    NAMES,
    PLACES_FILES,
    programs.RULE_TABLES,
    programs.sitemap(PAGES),
    programs.HOST_FILES,
)
