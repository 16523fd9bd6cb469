"""The pages of fields: their names in each language, their rules, and all values that rules compare them with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from detectionary.catalog import Facet, ValueUse
from detectionary.pages.browse.listing import rule_row
from detectionary.pages.kind import PageKind, digest_of
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.lists.basis import uses_token
from detectionary.pages.lists.context import (
    FieldFacts,
    FieldOperator,
    FieldPage,
    FieldValue,
    FieldValues,
    FieldValuesPage,
    IndexPage,
    OtherRule,
    OverviewPage,
    SpelledField,
)
from detectionary.pages.lists.fill import RuleList, rule_lists, title_of
from detectionary.pages.lists.html import operator_id, render_field_values
from detectionary.pages.lists.kind import (
    ACTIONS,
    FIELDS,
    PLATFORMS,
    TABLES_READ,
    TACTICS,
    TECHNIQUES,
    FacetPages,
    addresses,
    facet_kind,
    list_basis,
)
from detectionary.pages.lists.overview import Grouping, one_group
from detectionary.pages.lists.value_links import (
    FieldOrder,
    anchor,
    names_of_fields,
    page_of,
    page_places,
    value_path,
)

Context: TypeAlias = IndexPage | OverviewPage | FieldValuesPage

_MOST_SPELLINGS: Final = 40


def _facts(library: Library, found: RuleList) -> FieldFacts:
    names = names_of_fields(library)[found.name]
    return FieldFacts(
        names.canonical,
        tuple(SpelledField(each.language, each.name, each.rules) for each in names.spellings),
    )


def _notes(library: Library, found: RuleList) -> tuple[str, ...]:
    """The names that most rules write, besides the one that the field goes by."""
    names = names_of_fields(library)[found.name]
    title = title_of(library, Facet.FIELD, found.name).lower()
    others: Counter[str] = Counter()
    for each in names.spellings:
        if each.name.lower() != title:
            others[each.name] += each.rules
    shown = tuple(name for name, _ in others.most_common(3))
    return shown or tuple(dict.fromkeys(language_title(each.language) for each in names.spellings))[:3]


_PAGES: Final = FacetPages(
    "field",
    FIELDS,
    (
        (FIELDS, "Fields filtered together"),
        (TABLES_READ, "Log sources"),
        (ACTIONS, "Actions"),
        (TECHNIQUES, "Techniques"),
        (TACTICS, "Tactics"),
        (PLATFORMS, "Platforms"),
    ),
    Grouping(one_group, _notes),
    _facts,
)
_LISTS: Final = facet_kind(_PAGES)


def _value_addresses(library: Library) -> Mapping[str, tuple[RuleList, int]]:
    """By address, the field and the number of the page, of the further pages of values."""
    return library.once(
        "further pages of values",
        lambda: {
            path: (found, number)
            for found in rule_lists(library, FIELDS).values()
            for number, path in enumerate(FieldOrder.of(library, found.name).pages, start=1)
            if number > 1
        },
    )


def _paths(library: Library) -> Iterable[str]:
    yield from _LISTS.paths(library)
    yield from _value_addresses(library)


def _fill(library: Library, path: str) -> Context | None:
    further = _value_addresses(library).get(path)
    if further is not None:
        return _values_page(library, *further)
    page = _LISTS.fill(library, path)
    return _with_values(library, page) if isinstance(page, IndexPage) and page.number == 1 else page


def _with_values(library: Library, page: IndexPage) -> FieldPage:
    order = FieldOrder.of(library, page.name)
    return FieldPage(
        **{name: getattr(page, name) for name in page.__struct_fields__},
        operators=_operators(order),
        value_pages=order.pages,
        listed=_listed(library, order, 1),
    )


def _values_page(library: Library, found: RuleList, number: int) -> FieldValuesPage:
    order = FieldOrder.of(library, found.name)
    return FieldValuesPage(
        "field",
        found.name,
        title_of(library, Facet.FIELD, found.name),
        order.pages[number - 1],
        number,
        order.pages,
        order.total,
        _operators(order),
        _listed(library, order, number),
    )


def _operators(order: FieldOrder) -> tuple[FieldOperator, ...]:
    pages = order.pages
    return tuple(
        FieldOperator(
            group.operator,
            group.excluded,
            len(group.uses),
            f"{pages[page_of(group.start) - 1]}#{operator_id(group.operator, group.excluded)}",
        )
        for group in order.groups
    )


def _listed(library: Library, order: FieldOrder, number: int) -> tuple[FieldValues, ...]:
    places = page_places(number)
    found = []
    for group in order.groups:
        start, stop = max(places.start - group.start, 0), min(places.stop - group.start, len(group.uses))
        if start < stop:
            values = tuple(_value(library, use) for use in group.uses[start:stop])
            found.append(FieldValues(group.operator, group.excluded, len(group.uses), start + 1, values))
    return tuple(found)


def _value(library: Library, use: ValueUse) -> FieldValue:
    rules = library.index.rules
    counted = use.behind or use.rules[:1]
    languages: dict[str, int] = {}
    for place in use.behind:
        language = rules[place].reference.language
        languages[language] = languages.get(language, 0) + 1
    first = rule_row(rules[counted[0]])
    return FieldValue(
        id=anchor(use),
        value=use.value,
        kind=use.kind,
        rules=len(use.behind),
        languages=languages,
        page=value_path(use) if use.shared else None,
        rule=OtherRule(first.title, first.language, first.page),
        uncounted=len(use.rules) - len(use.behind),
    )


def _html(library: Library, page: Context) -> str:
    return render_field_values(page) if isinstance(page, FieldValuesPage) else _LISTS.html(library, page)


def _basis(library: Library, path: str) -> str:
    further = _value_addresses(library).get(path)
    if further is not None:
        # All that is said of a field's values follows from the rules that have them, which are the field's.
        return list_basis(library, _PAGES, path, further[0], further[1])
    found = addresses(library, _PAGES).get(path)
    if found is not None and found[1] == 1:
        order = FieldOrder.of(library, found[0].name)
        return digest_of(list_basis(library, _PAGES, path, *found), uses_token(library, order.uses(1)))
    assert _LISTS.basis is not None  # noqa: S101  # `facet_kind` gives one
    return _LISTS.basis(library, path)


FIELD_PAGES: Final[PageKind[Context]] = PageKind("field", "field", _paths, _fill, _html, _basis)
