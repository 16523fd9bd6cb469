"""What the pages that index the catalog are called, and what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class ListWords:
    """The words of a facet's pages. `about` stands on the overview, `rules` above the rules of one value."""

    plural: str
    singular: str
    about: str
    rules: str
    code: bool = False
    """Whether names are set as code."""


LIST_WORDS: Final = MappingProxyType(
    {
        "table": ListWords(
            "Log sources",
            "log source",
            "What the rules read, as each language names it: tables (those of functions with known bodies too), index "
            "patterns, log sources by product, category and service, log types.",
            "Rules that read it.",
            code=True,
        ),
        "field": ListWords(
            "Fields",
            "field",
            "What the rules filter on. Fields of different vendors that mean the same are one field, under the "
            "vendor-neutral name of the Elastic Common Schema where it has one; others go by their own names.",
            "Rules that filter on it, under any of its names.",
            code=True,
        ),
        "action": ListWords(
            "Actions",
            "action",
            "Operations by the names that log sources give them. A rule is listed when it requires one of them.",
            "Rules that require it, in any language.",
            code=True,
        ),
        "repository": ListWords("Repositories", "repository", "Where the rules come from.", "Rules of the repository."),
        "author": ListWords(
            "Authors",
            "author",
            "The people and teams whom the rules name, as the rules spell them.",
            "Rules that name the author.",
        ),
        "platform": ListWords(
            "Platforms",
            "platform",
            "What the rules watch: the platform whose records they read.",
            "Rules that watch the platform.",
        ),
        "language": ListWords(
            "Languages",
            "language",
            "The query languages that the rules are written in.",
            "Rules in the language.",
        ),
    }
)
"""By folder of the pages."""
