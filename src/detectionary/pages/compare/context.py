"""Two to four rules side by side: what all of them have, what differs, what only some have.

`compare` is a pure function of the rules' sheets (`sheet.py`). On the static site `assets/compare-model.js` makes the
same context from the same sheets; keep the two together (`tests/browser/test_compare.py` holds them to it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from detectionary.pages.compare.lines import ComparedLine, compared_lines
from detectionary.pages.compare.sheet import ComparedRule, Sheet, SheetGroup, SheetRow, SheetSection, sheet
from detectionary.pages.part import Part
from detectionary.pages.rule.context import RulePage

FEWEST: Final = 2
MOST: Final = 4
"""So many rules can be compared."""

ALL: Final = "all"
DIFFERS: Final = "differs"
SOME: Final = "some"
ONE: Final = "one"


class ComparedCell(Part, frozen=True):
    """What a rule has in a row: `text` where it does not go without saying, the stage of the query, and `notes`."""

    text: str
    stage: int | None = None
    notes: tuple[str, ...] = ()


class ComparedRow(Part, frozen=True):
    """One thing that a rule may have, and what each of the rules has of it, in their order; null: it has none.

    `mark` is "all" (all have it, and the same), "differs" (all have it, not the same), "some" or "one" (so many have
    it). `excluded_by` are the places of rules that exclude what is looked for here, and the other way round.
    """

    operator: str
    name: str
    mark: str
    cells: tuple[ComparedCell | None, ...]
    excluded_by: tuple[int, ...] = ()


class ComparedGroup(Part, frozen=True):
    """Rows about one field, or of one kind. `names` are the field's names in the rules, where they are others.

    `mark` as of a row: "differs" when all rules have the field and not all of its rows are the same.
    """

    name: str
    names: tuple[str, ...]
    mark: str
    rows: tuple[ComparedRow, ...]


class ComparedSection(Part, frozen=True):
    """`in_all` counts the rows that are the same in all rules, `only` for each rule those that it alone has."""

    id: str
    in_all: int
    only: tuple[int, ...]
    groups: tuple[ComparedGroup, ...]


class ComparePage(Part, frozen=True):
    """The rules, what is to be said at once, what each has, and their queries line by line.

    `lines` is null unless two rules of one language with texts are compared. `missing`: names that no rule has.
    """

    rules: tuple[ComparedRule, ...]
    summary: tuple[str, ...]
    sections: tuple[ComparedSection, ...]
    lines: tuple[ComparedLine, ...] | None
    missing: tuple[str, ...] = ()


NOTHING: Final = ComparePage((), (), (), None)
"""The page before rules are chosen."""


@dataclass(slots=True)
class _Row:
    first: SheetRow
    """The row of the first rule that has it, after which it is called."""
    cells: list[ComparedCell | None]
    opposite: tuple[int, ...] = ()

    def put(self, place: int, row: SheetRow) -> None:
        if row.said is not None:
            self.cells[place] = ComparedCell(row.said, row.stage, row.notes)
        elif not row.fact:
            same = (row.operator, row.name) == (self.first.operator, self.first.name)
            spelled = "" if same else " ".join(filter(None, (row.operator, row.name)))
            self.cells[place] = ComparedCell(spelled, row.stage, row.notes)

    @property
    def mark(self) -> str:
        held = [cell for cell in self.cells if cell is not None]
        if len(held) < len(self.cells):
            return ONE if len(held) == 1 else SOME
        return DIFFERS if self.first.fact and len({cell.text for cell in held}) > 1 else ALL


@dataclass(slots=True)
class _Group:
    name: str
    names: dict[str, None] = field(default_factory=dict)
    rows: dict[str, _Row] = field(default_factory=dict)

    def add(self, place: int, group: SheetGroup, count: int) -> None:
        self.names.update(dict.fromkeys(group.names))
        for row in group.rows:
            if row.key not in self.rows:
                self.rows[row.key] = _Row(row, [None] * count)
            self.rows[row.key].put(place, row)

    def oppose(self, place: int, other: SheetGroup) -> None:
        """The rows that a rule has the opposite of name it."""
        for row in other.rows:
            if found := self.rows.get(row.key):
                found.opposite = (*found.opposite, place)

    @property
    def held(self) -> list[_Row]:
        """The rows that a rule has; of a fact it may be that none says it."""
        return [row for row in self.rows.values() if any(cell is not None for cell in row.cells)]


def compare(pages: Sequence[RulePage], missing: Sequence[str] = ()) -> ComparePage:
    """The comparison of two to four rules; of one rule there is nothing to say but its name."""
    return compare_sheets(tuple(map(sheet, pages)), missing)


def compare_sheets(sheets: Sequence[Sheet], missing: Sequence[str] = ()) -> ComparePage:
    """`compare`, when the rules' sheets are there."""
    rules = tuple(each.rule for each in sheets)
    if len(sheets) < FEWEST:
        return ComparePage(rules, (), (), None, tuple(missing))
    sections = tuple(section for section in _sections(sheets) if section.groups)
    return ComparePage(rules, tuple(_summary(sheets, sections)), sections, _lines(sheets), tuple(missing))


def _lines(sheets: Sequence[Sheet]) -> tuple[ComparedLine, ...] | None:
    texts = [each.query for each in sheets]
    if len(sheets) != FEWEST or len({each.rule.language for each in sheets}) > 1 or not all(texts):
        return None
    return compared_lines(texts[0], texts[1])


# Sections

_RANKS: Final = {ALL: 0, DIFFERS: 1, SOME: 2, ONE: 3}

_OPPOSITES: Final = {"indicators": "exclusions", "exclusions": "indicators"}
"""What is looked for in one section is kept out in the other."""


def _sections(sheets: Sequence[Sheet]) -> Iterable[ComparedSection]:
    for number, section in enumerate(sheets[0].sections):
        groups: dict[str, _Group] = {}
        for place, each in enumerate(sheets):
            for group in each.sections[number].groups:
                groups.setdefault(group.key, _Group(group.name)).add(place, group, len(sheets))
        for place, each in enumerate(sheets):
            for other in _groups(each, _OPPOSITES.get(section.id)):
                if found := groups.get(other.key):
                    found.oppose(place, other)
        yield _section(section, groups.values(), len(sheets))


def _groups(each: Sheet, name: str | None) -> Sequence[SheetGroup]:
    return next((section.groups for section in each.sections if section.id == name), ())


def _section(section: SheetSection, groups: Iterable[_Group], count: int) -> ComparedSection:
    """If ordered, what all rules have comes first, then by name; else groups and rows stay in their order."""
    made = []
    for group in groups:
        rows = group.held
        if not rows:
            continue
        if section.ordered:
            rows.sort(key=_order)
        marks = {row.mark for row in rows}
        holders = {place for row in rows for place in _holders(row.cells)}
        names = tuple(group.names)
        made.append(
            ComparedGroup(
                group.name,
                () if names == (group.name,) else names,
                (ONE if len(holders) == 1 else SOME) if len(holders) < count else (ALL if marks == {ALL} else DIFFERS),
                tuple(
                    ComparedRow(row.first.operator, row.first.name, row.mark, tuple(row.cells), row.opposite)
                    for row in rows
                ),
            )
        )
    if section.ordered:
        made.sort(key=lambda group: (_RANKS[group.mark], group_holders(group), group.name))
    found = [row for group in made for row in group.rows]
    return ComparedSection(
        section.id,
        sum(row.mark == ALL for row in found),
        tuple(sum(row.mark == ONE and row.cells[place] is not None for row in found) for place in range(count)),
        tuple(made),
    )


def _order(row: _Row) -> tuple[int, tuple[int, ...], str, str, str]:
    return _RANKS[row.mark], _holders(row.cells), row.first.operator, row.first.name, row.first.key


def _holders(cells: Sequence[ComparedCell | None]) -> tuple[int, ...]:
    return tuple(place for place, cell in enumerate(cells) if cell is not None)


def group_holders(group: ComparedGroup) -> tuple[int, ...]:
    """The places of the rules that have any of a group's rows."""
    return tuple(sorted({place for row in group.rows for place in _holders(row.cells)}))


# What is said at once


def letter(place: int) -> str:
    """What a rule is called in a comparison: A to D."""
    return chr(ord("A") + place)


def _summary(sheets: Sequence[Sheet], sections: Sequence[ComparedSection]) -> Iterable[str]:
    for (left, one), (right, other) in combinations(enumerate(sheets), 2):
        pair = f"{letter(left)} and {letter(right)}"
        if other.rule.slug in one.copies:
            yield f"{pair} are copies: their queries say the same."
        elif one.rule.id.lower() == other.rule.id.lower():
            yield f"{pair} have one id and different queries."
    found = {section.id: section for section in sections}
    yield from _counts(found.get("indicators"), "indicator", "indicators")
    yield from _counts(found.get("exclusions"), "exclusion", "exclusions")
    yield from _actions([_groups(each, "actions") for each in sheets])


def _counts(section: ComparedSection | None, singular: str, plural: str) -> Iterable[str]:
    if section is not None:
        common = f"{section.in_all or 'No'} {singular if section.in_all == 1 else plural} in common"
        only = [f"{count} only in {letter(place)}" for place, count in enumerate(section.only) if count]
        yield f"{', '.join((common, *only))}."


def _actions(sections: Sequence[Sequence[SheetGroup]]) -> Iterable[str]:
    """Of each rule the outcome that it watches, and its actions."""
    watched = [actions.rows for _, actions in sections]
    if not all(watched):
        return
    others = [{row.key for row in rows} for rows in watched[1:]]
    common = [row.name for row in watched[0] if all(row.key in theirs for theirs in others)]
    if not common:
        yield "No action in common."
        return
    more = f" and {len(common) - 3} more" if len(common) > 3 else ""
    yield f"The same {'action' if len(common) == 1 else 'actions'}: {', '.join(common[:3])}{more}."
    outcomes = {outcome.rows[0].said for outcome, _ in sections}
    if outcomes != {None}:
        yield "They watch the same outcome of it." if len(outcomes) == 1 else "They watch different outcomes of it."
