"""The overview of a facet: all its lists, in groups that help to find one, a page of so many rows after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from detectionary.catalog import Bits, Facet
from detectionary.pages.keys import folder_name, overview_path
from detectionary.pages.library import Library
from detectionary.pages.lists.context import Count, OverviewGroup, OverviewPage, OverviewRow
from detectionary.pages.lists.fill import RuleList, rule_lists, title_of

ROWS: Final = 220
"""Lists on a page of an overview."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lists that belong together, in order."""

    name: str
    title: str
    lists: tuple[RuleList, ...]


Groups: TypeAlias = Callable[[Library, Sequence[RuleList]], Iterable[Group]]
"""Parts the lists of a facet, which come with most rules first."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How an overview is ordered, and what it says of each list."""

    groups: Groups
    notes: Callable[[Library, RuleList], tuple[str, ...]]
    title: Callable[[Library, RuleList], str] | None = None
    """What a list is called in its group; None: as everywhere."""


def one_group(_library: Library, lists: Sequence[RuleList]) -> Iterable[Group]:
    """All lists in one group, for facets of few values or without parts."""
    return (Group("", "", tuple(lists)),)


def groups_by(name: Callable[[Library, RuleList], tuple[str, str]]) -> Groups:
    """Groups by what `name` says of each list, its name and title; those of the most rules first."""

    def groups(library: Library, lists: Sequence[RuleList]) -> Iterable[Group]:
        found: dict[tuple[str, str], list[RuleList]] = {}
        for each in lists:
            found.setdefault(name(library, each), []).append(each)
        sizes = {group: _union(members).bit_count() for group, members in found.items()}
        for key, title in sorted(found, key=lambda group: (-sizes[group], group)):
            yield Group(key, title, tuple(found[key, title]))

    return groups


def _union(lists: Iterable[RuleList]) -> Bits:
    bits = 0
    for each in lists:
        bits |= each.bits
    return bits


_SIZES: Final = ((100, "100 rules and more"), (20, "20 to 99 rules"), (5, "5 to 19 rules"), (2, "2 to 4 rules"))


def by_size(_library: Library, lists: Sequence[RuleList]) -> Iterable[Group]:
    """Groups by the number of rules."""
    left = list(lists)
    for least, title in (*_SIZES, (0, "One rule")):
        members = tuple(each for each in left if each.bits.bit_count() >= least)
        left = left[len(members) :]
        if members:
            yield Group(f"from-{least or 1}", title, members)


@dataclass(frozen=True, slots=True)
class _Row:
    group: int
    title: str
    list: RuleList


def _ordered(
    library: Library, folder: str, facets: tuple[Facet, ...], grouping: Grouping
) -> tuple[Sequence[Group], Sequence[_Row]]:
    """The groups, and the rows of all pages."""

    def made() -> tuple[Sequence[Group], Sequence[_Row]]:
        lists = rule_lists(library, facets)
        if grouping.title is None:
            title = {path: title_of(library, facets[0], each.name) for path, each in lists.items()}
        else:
            title = {path: grouping.title(library, each) for path, each in lists.items()}
        ordered = sorted(
            lists.values(), key=lambda each: (-each.bits.bit_count(), title[each.path].casefold(), each.path)
        )
        groups = tuple(grouping.groups(library, ordered))
        return groups, [_Row(at, title[each.path], each) for at, group in enumerate(groups) for each in group.lists]

    return library.once(("overview", folder), made)


def overview_pages(library: Library, folder: str, facets: tuple[Facet, ...], grouping: Grouping) -> int:
    """How many pages the overview has: one even where there are no lists."""
    _, rows = _ordered(library, folder, facets, grouping)
    return max(1, -(-len(rows) // ROWS))


def overview(
    library: Library, folder: str, facets: tuple[Facet, ...], grouping: Grouping, path: str
) -> OverviewPage | None:
    """The page of the overview at an address."""
    groups, rows = _ordered(library, folder, facets, grouping)
    pages = tuple(overview_path(folder, number) for number in range(1, max(1, -(-len(rows) // ROWS)) + 1))
    if path not in pages:
        return None
    number = pages.index(path) + 1
    start = (number - 1) * ROWS
    by_group: dict[int, list[_Row]] = {}
    for row in rows[start : start + ROWS]:
        by_group.setdefault(row.group, []).append(row)
    begins: dict[int, int] = {}
    for place, row in enumerate(rows):
        begins.setdefault(row.group, place)
    return OverviewPage(
        facet=folder,
        path=path,
        number=number,
        pages=pages,
        total=len(rows),
        groups=tuple(
            OverviewGroup(
                groups[at].name,
                groups[at].title,
                len(groups[at].lists),
                begins[at] < start,
                tuple(
                    OverviewRow(
                        row.list.name,
                        row.title,
                        row.list.bits.bit_count(),
                        row.list.path,
                        grouping.notes(library, row.list),
                    )
                    for row in found
                ),
            )
            for at, found in by_group.items()
        ),
        jumps=_jumps(groups, begins, pages),
    )


def _jumps(groups: Sequence[Group], begins: Mapping[int, int], pages: Sequence[str]) -> tuple[Count, ...]:
    if len(groups) < 2:
        return ()
    return tuple(
        Count(group.name, group.title, len(group.lists), f"{pages[begins[at] // ROWS]}#{group_id(group.name)}")
        for at, group in enumerate(groups)
    )


def group_page(library: Library, folder: str, facets: tuple[Facet, ...], grouping: Grouping, name: str) -> str:
    """The address at which a group begins."""
    groups, rows = _ordered(library, folder, facets, grouping)
    place = next(place for place, row in enumerate(rows) if groups[row.group].name == name)
    return f"{overview_path(folder, place // ROWS + 1)}#{group_id(name)}"


def group_id(name: str) -> str:
    """The id of a group's heading."""
    return f"g-{folder_name(name)}"


def most(library: Library, facets: Iterable[Facet], found: RuleList, number: int) -> tuple[str, ...]:
    """The titles of what most rules of a list have."""
    counts = [(-each.rules, facet, each) for facet in facets for each in library.index.counts(facet, found.bits)]
    counts.sort(key=lambda each: (each[0], each[2].key))
    return tuple(title_of(library, facet, each.name) for _, facet, each in counts[:number])
