"""The catalog: one SQLite file with every rule taken apart. Its documented schema is docs/reference/catalog.md.

Reading is `open_catalog`; writing is `ingest`'s.
"""

from detectionary.catalog.browsing import Browsed, BrowsedRule, FacetAnswer, Sort, browse
from detectionary.catalog.digest import content_digest
from detectionary.catalog.index import COUNTED, Bits, FacetCount, FacetValue, Index, facet_key
from detectionary.catalog.listing import Listing
from detectionary.catalog.opening import CatalogError, readable
from detectionary.catalog.profiles import ActionParts, FieldNames, MostUsed, Spelling, UseCount, Values, ValueUse
from detectionary.catalog.reading import (
    Catalog,
    Hit,
    LanguageCount,
    RuleVersion,
    SearchTooLongError,
    Snippet,
    Totals,
    open_catalog,
)
from detectionary.catalog.rows import ENTRY_CODEC, RULE_CODEC, StoredRule, stored_rule, text_digest
from detectionary.catalog.search import Facet, Filters, languages_called
from detectionary.catalog.slugs import slug_of
from detectionary.catalog.state import LastRun
from detectionary.catalog.writing import FileRecord, KnownFile, KnownRule, Stored, Writer

__all__ = [
    "COUNTED",
    "ENTRY_CODEC",
    "RULE_CODEC",
    "ActionParts",
    "Bits",
    "Browsed",
    "BrowsedRule",
    "Catalog",
    "CatalogError",
    "Facet",
    "FacetAnswer",
    "FacetCount",
    "FacetValue",
    "FieldNames",
    "FileRecord",
    "Filters",
    "Hit",
    "Index",
    "KnownFile",
    "KnownRule",
    "LanguageCount",
    "LastRun",
    "Listing",
    "MostUsed",
    "RuleVersion",
    "SearchTooLongError",
    "Snippet",
    "Sort",
    "Spelling",
    "Stored",
    "StoredRule",
    "Totals",
    "UseCount",
    "ValueUse",
    "Values",
    "Writer",
    "browse",
    "content_digest",
    "facet_key",
    "languages_called",
    "open_catalog",
    "readable",
    "slug_of",
    "stored_rule",
    "text_digest",
]
