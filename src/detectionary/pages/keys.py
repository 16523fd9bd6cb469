"""Names of pages and folders: short, safe in every file system, the same in every run."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final

from detectionary.model.entry import ValueKey

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_LONGEST: Final = 100

SERIES: Final = ("page", "values")
"""Rows of further pages that a list may have."""


def digest(*parts: str) -> str:
    """Twelve hexadecimal digits for a list of texts."""
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(joined, digest_size=6).hexdigest()


@lru_cache(maxsize=1 << 17)
def page_name(key: ValueKey, *, excluded: bool = False) -> str:
    """The name of the page that lists the rules with this field, operator and value."""
    return digest("exclusion" if excluded else "indicator", *key)


def folder_name(text: str) -> str:
    """`text` as the name of one folder: kept when it is plain and short, else made so and told apart by a digest."""
    if text and len(text) <= _LONGEST and text[0] != "." and _PLAIN.issuperset(text):
        return text
    plain = "".join(character if character in _PLAIN else "-" for character in text).lstrip(".")
    return f"{plain[: _LONGEST - 13]}-{digest(text)}"


def rule_path(language: str, slug: str) -> str:
    """Where the page of a rule lies, below the site's root; its folder also holds its JSON and its text."""
    return f"rules/{folder_name(language)}/{folder_name(slug)}/index.html"


@lru_cache(maxsize=1 << 15)
def list_path(facet: str, name: str, number: int = 1, series: str = "page") -> str:
    """Where page `number` of a list of rules lies: those of one platform, tactic, table, action or value.

    Addresses do not tell letters' case, as in file systems that fold it, nor a blank from a hyphen. `series` names
    further pages, of which a list may have several rows: "page", "values".
    """
    file = folder_name(name.casefold().replace(" ", "-"))
    kind, _, digits = file.rpartition(".")[2].rpartition("-")
    if file == "index" or (kind in SERIES and digits.isdigit()):
        file += "-"  # the overview and further pages have these addresses
    return f"{facet}/{file}.html" if number == 1 else f"{facet}/{file}.{series}-{number}.html"


def overview_path(facet: str, number: int = 1) -> str:
    """Where page `number` of the overview of all lists of a facet lies."""
    return f"{facet}/index.html" if number == 1 else f"{facet}/index.page-{number}.html"


def permalink_path(rule_id: str) -> str:
    """Where the page lies that leads from an id to its rule, wherever the rule moves. Letters' case does not matter."""
    return f"id/{folder_name(rule_id.lower())}/index.html"


def up(path: str) -> str:
    """The way from a page to the site's root: "../../" for a page two folders down."""
    return "../" * path.count("/")
