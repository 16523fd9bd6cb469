"""Where the rules behind a value are listed: every value that a rule compares has an address.

A value that several rules have is a page of its own; another is a row on a page of its field, which may have several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.catalog import FieldNames, Values, ValueUse
from detectionary.model.entry import ANY_FIELD, ValueKey
from detectionary.pages.keys import list_path, page_name
from detectionary.pages.library import Library
from detectionary.pages.lists.context import UsedValue

FIRST_VALUES: Final = 50
"""Values on the first page of a field, which has much besides."""
NEXT_VALUES: Final = 150
"""Values on each of the further ones."""

INDICATOR: Final = "indicator"
EXCLUSION: Final = "exclusion"


def values_of(library: Library) -> Values:
    """The values of all present rules."""
    return library.once("values", lambda: library.catalog.values(library.index))


def names_of_fields(library: Library) -> Mapping[str, FieldNames]:
    """By `field_key`, how rules name each field."""
    return library.once("field names", lambda: library.catalog.field_names(library.index))


def field_title(library: Library, key: str) -> str:
    """A field as people read it: its vendor-neutral name, else the name that most rules write."""
    if key == ANY_FIELD:
        return "any field"
    names = names_of_fields(library).get(key)
    if names is None:
        return key
    return names.canonical or (names.spellings[0].name if names.spellings else key)


def value_href(library: Library, key: ValueKey, *, excluded: bool = False) -> str | None:
    """The address below the site's root of the rules behind a value, which `value_keys` of an indicator names.

    None when no present rule has the value.
    """
    use = values_of(library).use(key, excluded=excluded)
    return None if use is None else use_href(library, use)


def use_href(library: Library, use: ValueUse) -> str:
    """`value_href` of a value that is at hand."""
    if use.shared:
        return value_path(use)
    return f"{FieldOrder.of(library, use.key[0]).page(use)}#{anchor(use)}"


def value_path(use: ValueUse) -> str:
    """Where the page of a value lies that several rules have."""
    return list_path(EXCLUSION if use.excluded else INDICATOR, page_name(use.key, excluded=use.excluded))


def anchor(use: ValueUse) -> str:
    """The id of a value's row on the page of its field."""
    return f"{'x' if use.excluded else 'v'}-{page_name(use.key, excluded=use.excluded)}"


def used_value(library: Library, use: ValueUse, rules: int) -> UsedValue:
    """A value as pages list it that have so many rules with it."""
    field, operator, _ = use.key
    return UsedValue(
        field_title(library, field),
        operator,
        use.value,
        rules,
        len(use.behind),
        use_href(library, use),
        list_path("field", field),
    )


@dataclass(frozen=True, slots=True)
class OperatorValues:
    """The values that rules look for, or exclude, in a field with one operator, those of most rules first."""

    operator: str
    excluded: bool
    start: int
    """How many values of the field stand before them."""
    uses: tuple[ValueUse, ...]


@dataclass(frozen=True, slots=True)
class FieldOrder:
    """All values of a field in the order of its pages: what is looked for, then what is excluded, by operator."""

    path: str
    """Of the first page. Fields that share an address share the pages."""
    groups: tuple[OperatorValues, ...]
    places: Mapping[tuple[bool, ValueKey], int]
    """From 0, by whether it is excluded and key, of the values that have no page of their own."""

    @staticmethod
    def of(library: Library, field: str) -> FieldOrder:
        """The order of the field with this `field_key`."""
        path = list_path("field", field)
        return library.once(("field order", path), lambda: _order(library, path))

    @property
    def total(self) -> int:
        """How many values."""
        return sum(len(group.uses) for group in self.groups)

    @property
    def pages(self) -> tuple[str, ...]:
        """The addresses of all pages that list values."""
        further = -(-max(0, self.total - FIRST_VALUES) // NEXT_VALUES)
        return (self.path, *(self._path(number) for number in range(2, further + 2)))

    def uses(self, number: int) -> Iterator[ValueUse]:
        """The values on a page."""
        places = page_places(number)
        for group in self.groups:
            yield from group.uses[max(places.start - group.start, 0) : max(places.stop - group.start, 0)]

    def page(self, use: ValueUse) -> str:
        """The address of the page that has the row of a value without a page of its own."""
        return self._path(page_of(self.places[use.excluded, use.key]))

    def _path(self, number: int) -> str:
        return self.path if number == 1 else f"{self.path.removesuffix('.html')}.values-{number}.html"


def page_of(place: int) -> int:
    """The number of the page that has the value at this place of a field."""
    return 1 if place < FIRST_VALUES else 2 + (place - FIRST_VALUES) // NEXT_VALUES


def page_places(number: int) -> range:
    """The places of the values on a page."""
    if number == 1:
        return range(FIRST_VALUES)
    start = FIRST_VALUES + (number - 2) * NEXT_VALUES
    return range(start, start + NEXT_VALUES)


def fields_at(library: Library) -> Mapping[str, Sequence[str]]:
    """By the address of their page, the keys of fields; few share one."""
    return library.once("fields by address", lambda: _fields_at(library))


def _fields_at(library: Library) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for key in names_of_fields(library):
        found.setdefault(list_path("field", key), []).append(key)
    return found


def _order(library: Library, path: str) -> FieldOrder:
    values = values_of(library)
    by_operator: dict[tuple[bool, str], list[ValueUse]] = {}
    for key in fields_at(library).get(path, ()):
        for use in values.of_field(key):
            by_operator.setdefault((use.excluded, use.key[1]), []).append(use)
    weights = {group: sum(len(use.behind) for use in uses) for group, uses in by_operator.items()}
    groups = []
    places: dict[tuple[bool, ValueKey], int] = {}
    start = 0
    for group in sorted(by_operator, key=lambda each: (each[0], -weights[each], each[1])):
        uses = sorted(by_operator[group], key=lambda use: (-len(use.behind), use.key))
        groups.append(OperatorValues(group[1], group[0], start, tuple(uses)))
        places.update(((use.excluded, use.key), start + n) for n, use in enumerate(uses) if not use.shared)
        start += len(uses)
    return FieldOrder(path, tuple(groups), places)
