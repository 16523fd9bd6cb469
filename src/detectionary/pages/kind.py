"""What a kind of page is: its addresses, the context that fills one, and the context's renderings.

The static site writes every page of every kind in `registry.PAGES`, the live site makes the one that is asked for; so
both show the same. To add a kind, write its module and add one line there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from detectionary.pages.library import Library
from detectionary.pages.part import Part, encode_part

Context = TypeVar("Context", bound=Part)

HTML: Final = ".html"
JSON: Final = ".json"


def _nothing(_library: Library, _context: object) -> Mapping[str, bytes]:
    return {}


@dataclass(frozen=True, slots=True)
class PageKind(Generic[Context]):
    """A kind of page. Addresses are those of HTML files below the site's root: `technique/t1059.html`.

    The JSON of a page, which is its context encoded, lies beside it under the same name with the ending `.json`.
    """

    name: str
    folder: str
    """The first folder of its addresses; "" for a kind whose pages lie at the root (`paths` lists them)."""
    paths: Callable[[Library], Iterable[str]]
    """The addresses of all its pages, each once, in a fixed order."""
    fill: Callable[[Library, str], Context | None]
    """The context of the page at an address; None when there is no such page."""
    html: Callable[[Library, Context], str]
    basis: Callable[[Library, str], str] | None = None
    """A digest (see `digest_of`) of everything that the page at an address is made of, cheap to work out for all pages:
    while it stays, the page stays. None: the page is made each time (for kinds of few pages)."""
    beside: Callable[[Library, Context], Mapping[str, bytes]] = _nothing
    """Further files in the page's folder by name: the rule's own text."""
    json: bool = True
    """Whether the page has a JSON twin; pages without content of their own have none."""
    encode: Callable[[Context], bytes] = encode_part
    """The context as its JSON."""
    script_only: bool = False
    """Whether the page says nothing without a script; it is then left out of the sitemap."""
    indexed: bool = True
    """Whether search engines should list the page; pages that only lead on to others are left out of the sitemap."""


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files that are no pages and are made together: feeds, layers, lists for programs, the search index."""

    name: str
    files: Callable[[Library], Iterable[tuple[str, bytes]]]
    """(address, content) of each, in a fixed order."""
    live: bool = True
    """Whether the live site serves them too, from memory: only for groups that are small and quick to make."""
    basis: Callable[[Library], str] | None = None
    """As `PageKind.basis`, of all files of the group together."""


def json_path(path: str) -> str:
    """The address of a page's JSON."""
    return path.removesuffix(HTML) + JSON


def digest_of(*parts: object) -> str:
    """A digest of texts and numbers in their order, for `PageKind.basis`."""
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def digest_of_rules(library: Library) -> str:
    """A digest of everything that the catalog knows of each rule itself, and of which of their texts are shown."""

    def made() -> str:
        rules = library.index.rules
        # The number is there for what follows the order in which rules were found first.
        parts = ((rule.reference.slug, rule.licence, rule.digest, rule.counted, rule.number) for rule in rules)
        return digest_of(library.bodies.value, *parts)

    return library.once("digest of rules", made)
