"""What index pages depend on, cheap to work out: of each rule one text, of each value one.

A page about some rules changes when one of them does, when something that it names is called otherwise, or when the
count or the address of a value that it shows changes, which rules elsewhere may cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.catalog import Bits, Facet, MostUsed, ValueUse
from detectionary.catalog.index import facet_key, facet_names
from detectionary.pages.kind import digest_of
from detectionary.pages.library import Library
from detectionary.pages.lists.value_links import field_title, use_href

_NAMED: Final = (
    Facet.PLATFORM, Facet.LANGUAGE, Facet.REPOSITORY, Facet.SOURCE, Facet.TABLE, Facet.TACTIC, Facet.TECHNIQUE,
    Facet.ACTION, Facet.AUTHOR,
)  # fmt: skip


def rules_token(library: Library, bits: Bits) -> str:
    """Of the rules of a set: what the catalog knows of each, and what the things that they have are called."""
    made = library.once("tokens of rules", lambda: dict[int, str]())
    parts = []
    for place in library.index.places(bits):
        token = made.get(place)
        if token is None:
            token = made[place] = _rule_token(library, place)
        parts.append(token)
    return digest_of(*parts)


def _rule_token(library: Library, place: int) -> str:
    index = library.index
    rule = index.rules[place]
    names = [index.values(facet)[facet_key(name)].name for facet in _NAMED for name in facet_names(facet, rule)]
    return digest_of(rule.digest, rule.counted, names, [field_title(library, field) for field in rule.fields])


def uses_token(library: Library, uses: Iterable[ValueUse]) -> str:
    """Of values as pages show them: the spelling, the number of rules, the address."""
    made = library.once("tokens of values", lambda: dict[int, str]())
    parts = []
    for use in uses:
        token = made.get(id(use))
        if token is None:
            token = f"{field_title(library, use.key[0])}\n{use.value}\n{len(use.behind)}\n{use_href(library, use)}"
            made[id(use)] = token
        parts.append(token)
    return digest_of(*parts)


def most_used_token(library: Library, most: MostUsed) -> str:
    """`uses_token` of the values used most; how often the rules of the page use them is in the rules' token."""
    return uses_token(library, (each.use for each in most.counts))
