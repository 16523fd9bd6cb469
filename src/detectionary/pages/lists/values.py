"""The pages of indicators and exclusions: the rules behind a corpus count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from detectionary.catalog import Facet, ValueUse
from detectionary.catalog.index import facet_key
from detectionary.pages.browse.listing import rule_row
from detectionary.pages.keys import list_path, page_name
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.library import Library
from detectionary.pages.lists.basis import most_used_token, rules_token, uses_token
from detectionary.pages.lists.context import Count, Neighbours, UsedValue, UsedValues, ValuePage
from detectionary.pages.lists.fill import browse_href, in_order, neighbours, page_paths, page_range
from detectionary.pages.lists.html import render_value
from detectionary.pages.lists.kind import ACTIONS, FIELDS, TABLES_READ, TECHNIQUES
from detectionary.pages.lists.value_links import (
    EXCLUSION,
    INDICATOR,
    field_title,
    use_href,
    used_value,
    value_path,
    values_of,
)

_MOST: Final = 12
"""Of what is said besides the rules, so many of each."""


def _uses(library: Library) -> Mapping[str, tuple[ValueUse, int]]:
    """By address, the value and the number of the page, of all values that have pages."""
    return library.once(
        "pages of values",
        lambda: {
            path: (use, number)
            for use in values_of(library).uses
            if use.shared
            for number, path in enumerate(page_paths(value_path(use), len(use.behind)), start=1)
        },
    )


def _by_value(library: Library) -> Mapping[str, Sequence[ValueUse]]:
    """By value as corpus counts compare it, its uses: that of most rules first."""

    def gathered() -> Mapping[str, Sequence[ValueUse]]:
        found: dict[str, list[ValueUse]] = {}
        for use in values_of(library).uses:
            found.setdefault(use.key[2], []).append(use)
        for uses in found.values():
            uses.sort(key=lambda use: -len(use.behind))
        return found

    return library.once("uses by value", gathered)


def _fill(library: Library, path: str) -> ValuePage | None:
    found = _uses(library).get(path)
    return None if found is None else value_page(library, *found)


def value_page(library: Library, use: ValueUse, number: int) -> ValuePage:
    """A page of the rules behind a value."""
    index = library.index
    field, operator, value_key = use.key
    bits = index.bits_of(use.behind)
    places = in_order(library, bits)
    shown = page_range(number)
    pages = page_paths(value_path(use), len(places))
    languages: dict[str, int] = {}
    for place in use.behind:
        language = index.rules[place].reference.language
        languages[language] = languages.get(language, 0) + 1
    page = ValuePage(
        key=page_name(use.key, excluded=use.excluded),
        excluded=use.excluded,
        field=field,
        field_title=field_title(library, field),
        field_page=list_path("field", field),
        operator=operator,
        value=use.value,
        kind=use.kind,
        path=pages[number - 1],
        number=number,
        pages=pages,
        browse=browse_href((Facet.FIELD, field), (Facet.VALUE, value_key)),
        total=len(places),
        first=shown.start + 1,
        rules=tuple(rule_row(index.rules[place]) for place in places[shown]),
        languages=languages,
    )
    if number > 1:
        return page
    others = _elsewhere(library, use)
    return msgspec.structs.replace(
        page,
        uncounted=len(use.rules) - len(use.behind),
        opposite=_opposite(library, use),
        elsewhere=tuple(used_value(library, each, len(each.behind)) for each in others[:_MOST]),
        elsewhere_total=len(others),
        beside=_beside(library, use, bits),
        neighbours=_neighbours(library, field, bits),
    )


def _elsewhere(library: Library, use: ValueUse) -> Sequence[ValueUse]:
    same = _by_value(library)[use.key[2]]
    return [each for each in same if each.key != use.key and each.excluded == use.excluded]


def _opposite(library: Library, use: ValueUse) -> Count | None:
    other = values_of(library).use(use.key, excluded=not use.excluded)
    if other is None:
        return None
    return Count(EXCLUSION if other.excluded else INDICATOR, other.value, len(other.behind), use_href(library, other))


def _beside(library: Library, use: ValueUse, bits: int) -> UsedValues | None:
    most = values_of(library).most_used(bits, _MOST + 1)
    shown: list[UsedValue] = [used_value(library, each.use, each.rules) for each in most.counts if each.use is not use]
    total = most.total - (not use.excluded)
    return UsedValues(total, tuple(shown[:_MOST])) if shown else None


def _neighbours(library: Library, field: str, bits: int) -> tuple[Neighbours, ...]:
    near = (
        neighbours(library, TECHNIQUES, "Techniques", bits, most=_MOST),
        neighbours(library, TABLES_READ, "Log sources", bits, most=_MOST),
        neighbours(library, ACTIONS, "Actions", bits, most=_MOST),
        neighbours(library, FIELDS, "Fields filtered together", bits, besides=(facet_key(field),), most=_MOST),
    )
    return tuple(each for each in near if each.counts)


def _basis(library: Library, path: str) -> str:
    use, number = _uses(library)[path]
    # The rules that have the value and are not counted are told in number only.
    rules = digest_of(path, use.value, len(use.rules), rules_token(library, library.index.bits_of(use.behind)))
    if number > 1:
        return rules
    beside = values_of(library).most_used(library.index.bits_of(use.behind), _MOST + 1)
    others = _elsewhere(library, use)
    opposite = values_of(library).use(use.key, excluded=not use.excluded)
    return digest_of(
        rules,
        most_used_token(library, beside),
        len(others),
        uses_token(library, others[:_MOST]),
        uses_token(library, () if opposite is None else (opposite,)),
    )


def _html(_library: Library, page: ValuePage) -> str:
    return render_value(page)


def _kind(folder: str) -> PageKind[ValuePage]:
    def paths(library: Library) -> Iterable[str]:
        return (path for path in _uses(library) if path.startswith(f"{folder}/"))

    def fill(library: Library, path: str) -> ValuePage | None:
        return _fill(library, path) if path.startswith(f"{folder}/") else None

    return PageKind(folder, folder, paths, fill, _html, _basis)


INDICATOR_PAGES: Final = _kind(INDICATOR)
EXCLUSION_PAGES: Final = _kind(EXCLUSION)
