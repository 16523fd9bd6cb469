"""The page that lists all rules: what is read without a script, and what the script starts from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from detectionary.catalog import COUNTED, Facet
from detectionary.pages.attack.tactic import tactics_at
from detectionary.pages.attack.technique import technique_ids
from detectionary.pages.browse.listing import RuleRow, rule_row
from detectionary.pages.browse.listing_html import rules_table
from detectionary.pages.browse.words import FACET_TITLES, value_title
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.lists.fill import facet_page
from detectionary.pages.part import Part

PATH: Final = "browse/index.html"
FIRST: Final = 20
NEXT: Final = 120
"""Rules on the first page, which has the facets and the scripts too, and on each further one: pages stay below 60 kB,
and what the first one loads below 150 kB."""
SHOWN: Final = 6
"""Values of each facet on the page; the script has them all."""


class ValueLink(Part, frozen=True):
    """A value of a facet: `name` asks for it, `page` lists its rules, where there is such a page."""

    name: str
    title: str
    rules: int
    page: str | None


class FacetLinks(Part, frozen=True):
    """A facet and its most frequent values; `values` says how many there are. `page` lists them, where there is one."""

    facet: str
    title: str
    values: int
    counts: tuple[ValueLink, ...]
    page: str | None


class BrowsePage(Part, frozen=True):
    """Page `number` of all rules by title, of `pages` (addresses). Facets are on the first page."""

    path: str
    number: int
    pages: tuple[str, ...]
    total: int
    first: int
    """The number of its first rule, from 1."""
    rules: tuple[RuleRow, ...]
    facets: tuple[FacetLinks, ...] = ()


def page_path(number: int) -> str:
    """Where page `number` lies."""
    return PATH if number == 1 else f"browse/page-{number}.html"


def _paths(library: Library) -> Sequence[str]:
    further = -(-max(0, len(library.index.rules) - FIRST) // NEXT)
    return library.once("browse paths", lambda: tuple(map(page_path, range(1, further + 2))))


def _numbers(library: Library) -> dict[str, int]:
    return library.once("browse numbers", lambda: {path: n for n, path in enumerate(_paths(library), start=1)})


def _range(number: int) -> slice:
    """Which rules stand on page `number`."""
    return slice(0, FIRST) if number == 1 else slice(FIRST + (number - 2) * NEXT, FIRST + (number - 1) * NEXT)


def _by_title(library: Library) -> Sequence[int]:
    """Places of the rules, in the order of an answer that nothing is asked of."""
    rules = library.index.rules
    return library.once(
        "places by title", lambda: sorted(range(len(rules)), key=lambda place: rules[place].reference.title.casefold())
    )


def _fill(library: Library, path: str) -> BrowsePage | None:
    number = _numbers(library).get(path)
    if number is None:
        return None
    rules = library.index.rules
    shown = _range(number)
    return BrowsePage(
        path,
        number,
        tuple(_paths(library)),
        len(rules),
        shown.start + 1,
        tuple(rule_row(rules[place]) for place in _by_title(library)[shown]),
        library.once("browse facets", lambda: tuple(_facets(library))) if number == 1 else (),
    )


def _facets(library: Library) -> Iterable[FacetLinks]:
    index = library.index
    for facet in COUNTED:
        counts = index.counts(facet, index.everything)
        if counts:
            yield FacetLinks(
                facet.value,
                FACET_TITLES[facet],
                len(counts),
                tuple(
                    ValueLink(
                        count.name, value_title(facet, count.name), count.rules, _page(library, facet, count.name)
                    )
                    for count in counts[:SHOWN]
                ),
                _OVERVIEWS.get(facet),
            )


_OVERVIEWS: Final = {
    Facet.SOURCE: "table/index.html",
    Facet.TABLE: "table/index.html",
    Facet.FIELD: "field/index.html",
    Facet.ACTION: "action/index.html",
    Facet.REPOSITORY: "repository/index.html",
    Facet.AUTHOR: "author/index.html",
    Facet.PLATFORM: "platform/index.html",
    Facet.LANGUAGE: "language/index.html",
    Facet.TACTIC: "attack/index.html",
    Facet.TECHNIQUE: "attack/index.html",
}


def _page(library: Library, facet: Facet, name: str) -> str | None:
    page = facet_page(facet, name)
    match facet:
        case Facet.TACTIC:
            return page if page in tactics_at(library) else None
        case Facet.TECHNIQUE:
            return page if page in technique_ids(library) else None
        case _:
            return page


def _html(library: Library, page: BrowsePage) -> str:
    root = up(page.path)
    return (
        environment()
        .get_template("browse.html.j2")
        .render(
            page=page,
            root=root,
            live=library.live,
            table=rules_table(page.rules, root, "Rules by title"),
            examples=EXAMPLES,
            folded=_FOLDED,
        )
    )


EXAMPLES: Final = (
    ("RunInstances", "rules with this word, in whatever part"),
    ("unauthorized*", "words that begin so"),
    ('"scheduled task"', "the words next to each other"),
    ("value:RunInstances", "rules that compare a field with exactly this value"),
    ("field:EventName value:RunInstances", "the value of this field"),
    ("technique:T1059", "the technique and its sub-techniques"),
    ("lang:sigma severity:high mimikatz", "filters and words hold together"),
    ('tactic:"Credential Access" has:exclusions', "names with blanks stand in quotation marks"),
)
"""What the help says of the query language: (text, meaning)."""

_FOLDED: Final = frozenset(
    facet.value
    for facet in COUNTED
    if facet not in (Facet.PLATFORM, Facet.LANGUAGE, Facet.REPOSITORY, Facet.SEVERITY, Facet.TACTIC)
)
"""Facets that are opened by those who want them."""


def _basis(library: Library, path: str) -> str:
    number = _numbers(library)[path]
    rules = library.index.rules
    shown = _by_title(library)[slice(None) if number == 1 else _range(number)]  # facets count all rules
    return digest_of(
        library.live, len(rules), *(f"{rules[place].reference.slug} {rules[place].digest}" for place in shown)
    )


BROWSE: Final = PageKind("browse", "browse", _paths, _fill, _html, basis=_basis)
