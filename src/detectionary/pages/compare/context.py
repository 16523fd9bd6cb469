"""Two to four rules side by side: what all of them have, what differs, what only some have.

`compare` is a pure function of the rules' pages. On the static site `assets/compare.js` makes the same context from
the same pages' JSON; keep the two together (`tests/browser/test_compare.py` holds them to it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from detectionary.pages.compare.lines import ComparedLine, compared_lines
from detectionary.pages.keys import rule_path
from detectionary.pages.languages import language_title
from detectionary.pages.part import Part
from detectionary.pages.rule.context import PageIndicator, PageValue, RulePage
from detectionary.pages.words import kind_words, operator_words, outcome_words, scalar_text, trigger_words

FEWEST: Final = 2
MOST: Final = 4
"""So many rules can be compared."""

ALL: Final = "all"
DIFFERS: Final = "differs"
SOME: Final = "some"
ONE: Final = "one"


class ComparedRule(Part, frozen=True):
    """A rule that is compared. `page` is its address below the site's root."""

    id: str
    slug: str
    title: str
    language: str
    platform: str | None
    severity: str | None
    repository: str
    path: str
    accepted: bool
    page: str


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
    key: str
    operator: str
    name: str
    cells: list[ComparedCell | None]
    matters: bool
    """Whether cells of other texts differ; else they are only spelled otherwise."""
    opposite: tuple[int, ...] = ()

    def put(self, place: int, cell: ComparedCell) -> None:
        """A rule may say the same twice; the first place is shown."""
        if self.cells[place] is None:
            self.cells[place] = cell

    @property
    def mark(self) -> str:
        held = [cell for cell in self.cells if cell is not None]
        if len(held) < len(self.cells):
            return ONE if len(held) == 1 else SOME
        return DIFFERS if self.matters and len({cell.text for cell in held}) > 1 else ALL


@dataclass(slots=True)
class _Group:
    name: str
    names: dict[str, None] = field(default_factory=dict)
    rows: dict[str, _Row] = field(default_factory=dict)

    def row(self, key: str, operator: str, name: str, count: int, *, matters: bool = False) -> _Row:
        return self.rows.setdefault(key, _Row(key, operator, name, [None] * count, matters))

    def mark(self, count: int) -> str:
        holders = {place for row in self.rows.values() for place, cell in enumerate(row.cells) if cell is not None}
        if len(holders) < count:
            return ONE if len(holders) == 1 else SOME
        return ALL if all(row.mark == ALL for row in self.rows.values()) else DIFFERS


def compare(pages: Sequence[RulePage], missing: Sequence[str] = ()) -> ComparePage:
    """The comparison of two to four rules; of one rule there is nothing to say but its name."""
    if len(pages) < FEWEST:
        return ComparePage(tuple(map(compared_rule, pages)), (), (), None, tuple(missing))
    sections = tuple(
        section
        for section in (
            _section("indicators", _comparisons(pages, _looked_for, _kept_out), ordered=True),
            _section("exclusions", _comparisons(pages, _kept_out, _looked_for), ordered=True),
            _section("time", [_time(pages), *_thresholds(pages)]),
            _section("sources", [_names(pages, "", lambda page: page.tables)]),
            _section(
                "actions",
                [_facts(pages, (("Outcome watched", _outcome),)), _names(pages, "", lambda page: page.actions)],
            ),
            _section("attack", [_tactics(pages), _techniques(pages)]),
            _section("output", [_output(pages)], ordered=True),
            _section("alert", [_alert(pages), _entities(pages), _details(pages)]),
            _section("about", [_about(pages)]),
        )
        if section.groups
    )
    return ComparePage(
        tuple(map(compared_rule, pages)), tuple(_summary(pages, sections)), sections, _lines(pages), tuple(missing)
    )


def compared_rule(page: RulePage) -> ComparedRule:
    return ComparedRule(
        page.id,
        page.slug,
        page.title,
        page.language,
        page.platform,
        page.severity,
        page.source.repository,
        page.source.path,
        page.accepted,
        rule_path(page.language, page.slug),
    )


def _lines(pages: Sequence[RulePage]) -> tuple[ComparedLine, ...] | None:
    texts = [page.query for page in pages]
    if len(pages) != FEWEST or len({page.language for page in pages}) > 1 or not all(texts):
        return None
    return compared_lines(texts[0], texts[1])


# Sections

_RANKS: Final = {ALL: 0, DIFFERS: 1, SOME: 2, ONE: 3}


def _section(name: str, groups: Iterable[_Group], *, ordered: bool = False) -> ComparedSection:
    """`ordered`: what all rules have comes first, then by name; else groups and rows stay in the order they came in."""
    made = []
    count = 0
    for group in groups:
        rows = list(group.rows.values())
        if not rows:
            continue
        count = len(rows[0].cells)
        if ordered:
            rows.sort(key=lambda row: (_RANKS[row.mark], _holders(row.cells), row.operator, row.name, row.key))
        made.append(
            ComparedGroup(
                group.name,
                () if tuple(group.names) == (group.name,) else tuple(group.names),
                group.mark(count),
                tuple(ComparedRow(row.operator, row.name, row.mark, tuple(row.cells), row.opposite) for row in rows),
            )
        )
    if ordered:
        made.sort(key=lambda group: (_RANKS[group.mark], group_holders(group), group.name))
    rows_made = [row for group in made for row in group.rows]
    return ComparedSection(
        name,
        sum(row.mark == ALL for row in rows_made),
        tuple(sum(row.mark == ONE and row.cells[place] is not None for row in rows_made) for place in range(count)),
        tuple(made),
    )


def _holders(cells: Sequence[ComparedCell | None]) -> tuple[int, ...]:
    return tuple(place for place, cell in enumerate(cells) if cell is not None)


def group_holders(group: ComparedGroup) -> tuple[int, ...]:
    """The places of the rules that have any of a group's rows."""
    return tuple(sorted({place for row in group.rows for place in _holders(row.cells)}))


# Facts: one text a rule

_Text = Callable[[RulePage], str | None]


def _facts(pages: Sequence[RulePage], facts: Iterable[tuple[str, _Text]], name: str = "") -> _Group:
    group = _Group(name)
    for label, text in facts:
        for place, page in enumerate(pages):
            said = text(page)
            if said:
                group.row(label, "", label, len(pages), matters=True).put(place, ComparedCell(said))
    return group


def _about(pages: Sequence[RulePage]) -> _Group:
    return _facts(
        pages,
        (
            ("Language", lambda page: language_title(page.language)),
            ("Kind", lambda page: kind_words(page.kind)),
            ("Platform", lambda page: page.platform),
            ("Severity", lambda page: page.severity),
            ("Status", lambda page: page.status),
            ("Author", lambda page: page.author),
            ("Repository", lambda page: page.source.repository),
            ("Licence", lambda page: page.source.licence),
            ("Version", lambda page: page.version),
            ("Third-party alert feed", lambda page: page.third_party_feed),
            ("Syntax", lambda page: "accepted" if page.accepted else "errors"),
        ),
    )


def _time(pages: Sequence[RulePage]) -> _Group:
    return _facts(
        pages,
        (
            ("Time window", lambda page: page.time_window),
            ("Runs every", lambda page: page.schedule.frequency if page.schedule else None),
            ("Trigger", lambda page: trigger_words(page.trigger) if page.trigger else None),
            ("Time bins", lambda page: ", ".join(page.bins)),
            ("Group by", lambda page: ", ".join(page.group_by)),
        ),
    )


def _outcome(page: RulePage) -> str | None:
    return outcome_words(page.outcome) if page.outcome else None


def _alert(pages: Sequence[RulePage]) -> _Group:
    return _facts(
        pages,
        (
            ("Title", lambda page: page.alert.title),
            ("Description", lambda page: page.alert.description),
            ("Severity from", lambda page: page.alert.severity_column),
            ("Tactics from", lambda page: page.alert.tactics_column),
            ("Event grouping", lambda page: page.alert.event_grouping),
            ("Suppression", lambda page: page.alert.suppression),
            ("Response actions", lambda page: ", ".join(page.alert.response_actions)),
        ),
    )


# Names: a rule has them or not


def _names(pages: Sequence[RulePage], title: str, names: Callable[[RulePage], Iterable[str]]) -> _Group:
    """Names compared without regard to case."""
    group = _Group(title)
    for place, page in enumerate(pages):
        for name in names(page):
            row = group.row(name.lower(), "", name, len(pages))
            row.put(place, ComparedCell("" if name == row.name else name))
    return group


def _tactics(pages: Sequence[RulePage]) -> _Group:
    group = _Group("Tactics")
    for place, page in enumerate(pages):
        for row in page.attack:
            group.row(row.tactic_id, row.tactic_id, row.tactic, len(pages)).put(place, ComparedCell(""))
    return group


def _techniques(pages: Sequence[RulePage]) -> _Group:
    group = _Group("Techniques")
    for place, page in enumerate(pages):
        for each in (technique for row in page.attack for technique in row.techniques):
            group.row(each.id, each.id, each.name, len(pages)).put(place, ComparedCell(""))
    return group


def _output(pages: Sequence[RulePage]) -> _Group:
    group = _Group("")
    for place, page in enumerate(pages):
        for made in page.output_fields:
            row = group.row(made.name.lower(), "", made.name, len(pages))
            row.put(place, ComparedCell("" if made.name == row.name else made.name, made.stage or None, (made.source,)))
    return group


def _entities(pages: Sequence[RulePage]) -> _Group:
    """Identifiers of entities and the columns that fill them."""
    group = _Group("Entities")
    for place, page in enumerate(pages):
        for entity in page.alert.entities:
            for identifier, column in entity.fields.items():
                name = f"{entity.type} {identifier}"
                group.row(name.lower(), "", name, len(pages), matters=True).put(place, ComparedCell(column))
        for asset in page.alert.impacted_assets:
            name = f"{asset.type} asset"
            group.row(f"{name} {asset.column}".lower(), "", name, len(pages)).put(place, ComparedCell(asset.column))
    return group


def _details(pages: Sequence[RulePage]) -> _Group:
    group = _Group("Custom details")
    for place, page in enumerate(pages):
        for name, column in page.alert.custom_details.items():
            group.row(name.lower(), "", name, len(pages), matters=True).put(place, ComparedCell(column))
    return group


# Comparisons: a field, an operator and a value

_Comparisons = Callable[[RulePage], tuple[PageIndicator, ...]]


def _looked_for(page: RulePage) -> tuple[PageIndicator, ...]:
    return page.indicators


def _kept_out(page: RulePage) -> tuple[PageIndicator, ...]:
    return page.exclusions


def _comparisons(pages: Sequence[RulePage], rows: _Comparisons, others: _Comparisons) -> Iterable[_Group]:
    """A group for each field, by its vendor-neutral name where it has one; a row for each operator and value.

    A row names the rules that have the same among `others`: those that exclude what is looked for, or the reverse.
    """
    groups: dict[str, _Group] = {}
    for place, page in enumerate(pages):
        for each in rows(page):
            group = groups.setdefault(_field(each).lower(), _Group(_field(each)))
            group.names[each.field or ""] = None
            for key, operator, text, notes in _tests(each):
                row = group.row(key, operator, text, len(pages))
                spelled = "" if (operator, text) == (row.operator, row.name) else f"{operator} {text}".rstrip()
                row.put(place, ComparedCell(spelled, each.stage or None, notes))
    for place, page in enumerate(pages):
        for each in others(page):
            opposite = groups.get(_field(each).lower())
            for key, *_ in _tests(each) if opposite is not None else ():
                if opposite is not None and (found := opposite.rows.get(key)) and place not in found.opposite:
                    found.opposite = (*found.opposite, place)
    return groups.values()


def _field(row: PageIndicator) -> str:
    return row.canonical_field or row.field or ""


def _tests(row: PageIndicator) -> Iterable[tuple[str, str, str, tuple[str, ...]]]:
    """(key, operator, value as text, notes) of each value of a comparison, or of the comparison when it has none."""
    words = operator_words(row.operator, row.quantifier, 1)
    notes = (*row.transforms, *(("implied",) if row.implied else ()), *((row.context,) if row.context else ()))
    if row.origin is not None:
        yield f"{row.operator} from {row.origin}", words, f"values of {row.origin}", notes
    elif not row.values:
        yield row.operator, words, "", notes
    for value in row.values:
        text = value_text(value)
        yield value.identity or f"{row.operator} {text}", words, text, (*value.transforms, *notes)


def value_text(value: PageValue) -> str:
    """A value on one line; whole numbers without a fraction, as every language that reads JSON writes them."""
    if isinstance(value.value, tuple):
        return " to ".join(map(_scalar, value.value))
    return _scalar(value.value)


def _scalar(value: str | int | float | bool | None) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return scalar_text(value)


def _thresholds(pages: Sequence[RulePage]) -> Iterable[_Group]:
    groups: dict[str, _Group] = {}
    for place, page in enumerate(pages):
        for test in page.thresholds:
            name = test.aggregate or test.name
            group = groups.setdefault(name.lower(), _Group(name))
            group.names[test.name] = None
            text = " to ".join(map(_scalar, test.value)) if isinstance(test.value, tuple) else _scalar(test.value)
            group.row(f"{test.operator} {text}", test.operator, text, len(pages)).put(place, ComparedCell(""))
    return groups.values()


# What is said at once


def letter(place: int) -> str:
    """What a rule is called in a comparison: A to D."""
    return chr(ord("A") + place)


def _summary(pages: Sequence[RulePage], sections: Sequence[ComparedSection]) -> Iterable[str]:
    for (left, one), (right, other) in combinations(enumerate(pages), 2):
        pair = f"{letter(left)} and {letter(right)}"
        if any(copy.slug == other.slug for copy in one.copies):
            yield f"{pair} are copies: their queries say the same."
        elif one.id.lower() == other.id.lower():
            yield f"{pair} have one id and different queries."
    found = {section.id: section for section in sections}
    yield from _counts(found.get("indicators"), "indicator", "indicators")
    yield from _counts(found.get("exclusions"), "exclusion", "exclusions")
    if all(page.actions for page in pages):
        yield from _actions(pages)


def _counts(section: ComparedSection | None, singular: str, plural: str) -> Iterable[str]:
    if section is not None:
        common = f"{section.in_all or 'No'} {singular if section.in_all == 1 else plural} in common"
        only = [f"{count} only in {letter(place)}" for place, count in enumerate(section.only) if count]
        yield f"{', '.join((common, *only))}."


def _actions(pages: Sequence[RulePage]) -> Iterable[str]:
    others = [{action.lower() for action in page.actions} for page in pages[1:]]
    common = [action for action in pages[0].actions if all(action.lower() in theirs for theirs in others)]
    if not common:
        yield "No action in common."
        return
    more = f" and {len(common) - 3} more" if len(common) > 3 else ""
    yield f"The same {'action' if len(common) == 1 else 'actions'}: {', '.join(common[:3])}{more}."
    outcomes = {_outcome(page) for page in pages}
    if outcomes != {None}:
        yield "They watch the same outcome of it." if len(outcomes) == 1 else "They watch different outcomes of it."
