"""The page that compares rules, and where its script finds them on a static site."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from detectionary.pages.compare.context import MOST, NOTHING, ComparePage, compare
from detectionary.pages.compare.html import PATH, render_compare
from detectionary.pages.compare.sheet import script_of
from detectionary.pages.keys import rule_path
from detectionary.pages.kind import FileGroup, PageKind, digest_of_rules
from detectionary.pages.library import Library
from detectionary.pages.part import whole_characters
from detectionary.pages.rule.context import RulePage
from detectionary.pages.rule.kind import RULES

_TOGETHER: Final = 8
"""Where so many rules lie is told in one file, more or less: a comparison reads a file for each rule."""


def asked(text: str) -> tuple[str, ...]:
    """The names of rules in `a,b,c`, each once."""
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))


def compare_page(library: Library, names: Sequence[str]) -> ComparePage | None:
    """The comparison of the rules with these slugs or ids; None when no rule has any of the names.

    Of more than four, the first four are compared. One rule alone is no comparison: its page has no sections.
    """
    pages: dict[str, RulePage] = {}
    missing: list[str] = []
    for name in names:
        page = _page(library, name)
        if page is None:
            missing.append(name)
        elif len(pages) < MOST:
            pages.setdefault(page.slug, page)
    if not pages:
        return None
    return compare(tuple(pages.values()), missing)


def _page(library: Library, name: str) -> RulePage | None:
    listing = library.index.listing(name)
    if listing is None:
        entry = library.catalog.entry(name)
        listing = None if entry is None else library.index.listing(entry.slug)
    if listing is None:
        return None
    return RULES.fill(library, rule_path(listing.reference.language, listing.reference.slug))


def _paths(_library: Library) -> Iterable[str]:
    return (PATH,)


def _fill(_library: Library, path: str) -> ComparePage | None:
    return NOTHING if path == PATH else None


def compare_html(library: Library, page: ComparePage) -> str:
    """A comparison as HTML: the page at `PATH`."""
    return render_compare(page, live=library.live, places=places(library))


COMPARE: Final = PageKind("compare", "compare", _paths, _fill, compare_html, json=False, script_only=True)


def places(library: Library) -> int:
    """In how many files it is told where rules lie. It changes seldom, and all of them with it."""
    return 1 << max(0, (len(library.index.rules) - 1) // _TOGETHER).bit_length()


def place_of(name: str, files: int) -> int:
    """The number of the file that tells where the rule with this name lies; the script works out the same."""
    number = 0
    for character in name:
        number = (number * 31 + ord(character)) % 1_000_003
    return number % files


def _files(library: Library) -> Iterable[tuple[str, bytes]]:
    """For each slug, and each id in lower case, the folder of the rule below `rules/`."""
    files = places(library)
    held: list[dict[str, str]] = [{} for _ in range(files)]
    for rule in sorted(library.index.rules, key=lambda rule: (not rule.counted, rule.number)):
        known = rule.reference
        folder = rule_path(known.language, known.slug).removeprefix("rules/").removesuffix("/index.html")
        held[place_of(f"/{known.slug}", files)][f"/{known.slug}"] = folder
        name = str(whole_characters(known.id.lower()))
        held[place_of(name, files)].setdefault(name, folder)
    for number, names in enumerate(held):
        address = f"compare/places/{number}.js"
        yield address, script_of(address, sorted(names.items()))


PLACES_FILES: Final = FileGroup("places of rules", _files, live=False, basis=digest_of_rules)
