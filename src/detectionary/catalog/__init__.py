"""The catalog: one SQLite file with every rule taken apart. Its documented schema is docs/reference/catalog.md.

Reading is `open_catalog`; writing is `ingest`'s.
"""

from detectionary.catalog.digest import content_digest
from detectionary.catalog.opening import CatalogError
from detectionary.catalog.reading import (
    Catalog,
    Hit,
    LanguageCount,
    Listing,
    RuleVersion,
    Snippet,
    Totals,
    open_catalog,
)
from detectionary.catalog.rows import ENTRY_CODEC, RULE_CODEC, StoredRule, stored_rule, text_digest
from detectionary.catalog.search import Facet, Filters, languages_called
from detectionary.catalog.slugs import slug_of
from detectionary.catalog.writing import FileRecord, KnownFile, KnownRule, Stored, Writer

__all__ = [
    "ENTRY_CODEC",
    "RULE_CODEC",
    "Catalog",
    "CatalogError",
    "Facet",
    "FileRecord",
    "Filters",
    "Hit",
    "KnownFile",
    "KnownRule",
    "LanguageCount",
    "Listing",
    "RuleVersion",
    "Snippet",
    "Stored",
    "StoredRule",
    "Totals",
    "Writer",
    "content_digest",
    "languages_called",
    "open_catalog",
    "slug_of",
    "stored_rule",
    "text_digest",
]
