"""Facets and their values in words, wherever people choose among them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from detectionary.attack import matrix
from detectionary.catalog import Facet
from detectionary.pages.languages import language_title
from detectionary.pages.words import kind_words

FACET_TITLES: Final = MappingProxyType(
    {
        Facet.PLATFORM: "Platform",
        Facet.LANGUAGE: "Language",
        Facet.REPOSITORY: "Repository",
        Facet.SEVERITY: "Severity",
        Facet.STATUS: "Status",
        Facet.KIND: "Kind",
        Facet.SOURCE: "Log source",
        Facet.TABLE: "Table",
        Facet.TACTIC: "Tactic",
        Facet.TECHNIQUE: "Technique",
        Facet.ACTION: "Action",
        Facet.FIELD: "Field",
        Facet.AUTHOR: "Author",
        Facet.HAS: "Has",
        Facet.FEED: "Forwards a vendor’s alert",
        Facet.PARSED: "Parsed",
        Facet.VALUE: "Value",
        Facet.ID: "Id",
    }
)
"""What a facet is called."""

_HAS: Final = MappingProxyType(
    {"exclusions": "Exclusions", "thresholds": "Thresholds", "diagnostics": "Diagnostics", "opaque": "Opaque parts"}
)


def value_title(facet: Facet, name: str) -> str:
    """A value of a facet as people read it; one that nothing is known about is its own title."""
    match facet:
        case Facet.LANGUAGE:
            return language_title(name)
        case Facet.TECHNIQUE:
            facts = matrix()
            technique = facts.techniques.get(name)
            return name if technique is None else f"{name} {facts.full_name(technique)}"
        case Facet.KIND:
            return kind_words(name)
        case Facet.REPOSITORY:
            return name.removeprefix("https://").removeprefix("github.com/")
        case Facet.HAS:
            return _HAS.get(name, name)
        case Facet.SEVERITY | Facet.STATUS | Facet.FEED | Facet.PARSED:
            return name[:1].upper() + name[1:]
        case _:
            return name
