"""What a rule brings to a comparison: rows of texts, before they are set against those of other rules.

Everything that depends on one rule alone is decided here: how a number is written, what a name's letters are in lower
case, which value is which. So `context.py` and the script of a static site (`assets/compare-model.js`), which reads
the same sheets from files, only have to lay sheets side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from detectionary.pages.keys import rule_path
from detectionary.pages.languages import language_title
from detectionary.pages.part import Part, whole_characters
from detectionary.pages.rule.context import PageIndicator, RulePage
from detectionary.pages.words import kind_words, operator_words, outcome_words, scalar_text, trigger_words

Scalar: TypeAlias = str | int | float | bool | None


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


class SheetRow(Part, frozen=True):
    """One thing that a rule may have. Rules have the same when the keys are the same.

    `said` is what its cell says; None: how the rule spells it, where that is not how the row is called. Of a `fact`
    rules may say something else, and None means that the rule has nothing to say.
    """

    operator: str
    name: str
    key: str
    stage: int | None = None
    notes: tuple[str, ...] = ()
    said: str | None = None
    fact: bool = False


class SheetGroup(Part, frozen=True):
    """Rows about one field, or of one kind. `names` are the field's names in the rule."""

    key: str
    name: str
    names: tuple[str, ...]
    rows: tuple[SheetRow, ...]


class SheetSection(Part, frozen=True):
    """`ordered`: groups and rows have no order of their own, else they keep that of the sheet."""

    id: str
    ordered: bool
    groups: tuple[SheetGroup, ...]


class Sheet(Part, frozen=True):
    """A rule as comparisons read it. `copies` are slugs; `query` is empty where it may not be shown."""

    rule: ComparedRule
    copies: tuple[str, ...]
    sections: tuple[SheetSection, ...]
    query: str


def sheet(page: RulePage) -> Sheet:
    """What the rule of a page brings."""
    made = Sheet(
        compared_rule(page),
        tuple(copy.slug for copy in page.copies),
        (
            SheetSection("indicators", True, tuple(_comparisons(page.indicators))),
            SheetSection("exclusions", True, tuple(_comparisons(page.exclusions))),
            SheetSection("time", False, (_time(page), *_thresholds(page))),
            SheetSection("sources", False, (_names("", page.tables),)),
            SheetSection(
                "actions", False, (_facts("outcome", "", {"Outcome watched": _outcome(page)}), _names("", page.actions))
            ),
            SheetSection("attack", False, (_tactics(page), _techniques(page))),
            SheetSection("output", True, (_output(page),)),
            SheetSection("alert", False, (_alert(page), _entities(page), _details(page))),
            SheetSection("about", False, (_about(page),)),
        ),
        page.query,
    )
    # A half of a character cannot be written to a file; it is the same sign on both kinds of sites.
    return made if _whole(made) else msgspec.convert(whole_characters(msgspec.to_builtins(made)), Sheet)


def _whole(made: Sheet) -> bool:
    try:
        msgspec.json.encode(made)
    except UnicodeEncodeError:
        return False
    return True


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


# Facts: one text a rule


def _facts(key: str, name: str, texts: Mapping[str, str | None]) -> SheetGroup:
    rows = (SheetRow("", label, label.lower(), said=text or None, fact=True) for label, text in texts.items())
    return SheetGroup(key, name, (), tuple(rows))


def _about(page: RulePage) -> SheetGroup:
    return _facts(
        "about",
        "",
        {
            "Language": language_title(page.language),
            "Kind": kind_words(page.kind),
            "Platform": page.platform,
            "Severity": page.severity,
            "Status": page.status,
            "Author": page.author,
            "Repository": page.source.repository,
            "Licence": page.source.licence,
            "Version": page.version,
            "Third-party alert feed": page.third_party_feed,
            "Syntax": "accepted" if page.accepted else "errors",
        },
    )


def _time(page: RulePage) -> SheetGroup:
    return _facts(
        "time",
        "",
        {
            "Time window": page.time_window,
            "Runs every": page.schedule.frequency if page.schedule else None,
            "Trigger": trigger_words(page.trigger) if page.trigger else None,
            "Time bins": ", ".join(page.bins),
            "Group by": ", ".join(page.group_by),
        },
    )


def _outcome(page: RulePage) -> str | None:
    return outcome_words(page.outcome) if page.outcome else None


def _alert(page: RulePage) -> SheetGroup:
    return _facts(
        "alert",
        "",
        {
            "Title": page.alert.title,
            "Description": page.alert.description,
            "Severity from": page.alert.severity_column,
            "Tactics from": page.alert.tactics_column,
            "Event grouping": page.alert.event_grouping,
            "Suppression": page.alert.suppression,
            "Response actions": ", ".join(page.alert.response_actions),
        },
    )


# Names: a rule has them or not


def _group(key: str, name: str, rows: Iterable[SheetRow]) -> SheetGroup:
    """Of rows of one key, which say the same twice, the first."""
    found: dict[str, SheetRow] = {}
    for row in rows:
        found.setdefault(row.key, row)
    return SheetGroup(key, name, (), tuple(found.values()))


def _names(title: str, names: Iterable[str]) -> SheetGroup:
    """Names compared without regard to case."""
    return _group("names", title, (SheetRow("", name, name.lower()) for name in names))


def _tactics(page: RulePage) -> SheetGroup:
    rows = (SheetRow(row.tactic_id, row.tactic, row.tactic_id, said="") for row in page.attack)
    return _group("tactics", "Tactics", rows)


def _techniques(page: RulePage) -> SheetGroup:
    rows = (SheetRow(each.id, each.name, each.id, said="") for row in page.attack for each in row.techniques)
    return _group("techniques", "Techniques", rows)


def _output(page: RulePage) -> SheetGroup:
    rows = (
        SheetRow("", made.name, made.name.lower(), made.stage or None, (made.source,)) for made in page.output_fields
    )
    return _group("output", "", rows)


def _entities(page: RulePage) -> SheetGroup:
    """Identifiers of entities and the columns that fill them."""

    def rows() -> Iterable[SheetRow]:
        for entity in page.alert.entities:
            for identifier, column in entity.fields.items():
                name = f"{entity.type} {identifier}"
                yield SheetRow("", name, name.lower(), said=column, fact=True)
        for asset in page.alert.impacted_assets:
            name = f"{asset.type} asset"
            yield SheetRow("", name, f"{name} {asset.column}".lower(), said=asset.column)

    return _group("entities", "Entities", rows())


def _details(page: RulePage) -> SheetGroup:
    details = page.alert.custom_details.items()
    rows = (SheetRow("", name, name.lower(), said=column, fact=True) for name, column in details)
    return _group("details", "Custom details", rows)


# Comparisons: a field, an operator and a value


class _Fields:
    """Groups by the name of a field, without regard to its case; a row for each operator and value."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._names: dict[str, dict[str, None]] = {}
        self._rows: dict[str, dict[str, SheetRow]] = {}

    def add(self, field: str, name: str, rows: Iterable[SheetRow]) -> None:
        key = field.lower()
        self._titles.setdefault(key, field)
        self._names.setdefault(key, {})[name] = None
        held = self._rows.setdefault(key, {})
        for row in rows:
            held.setdefault(row.key, row)

    def groups(self) -> Iterable[SheetGroup]:
        for key, title in self._titles.items():
            # Thresholds are in one section with groups of facts, which have keys too.
            yield SheetGroup(f"={key}", title, tuple(self._names[key]), tuple(self._rows[key].values()))


def _comparisons(rows: Iterable[PageIndicator]) -> Iterable[SheetGroup]:
    """A group for each field, by its vendor-neutral name where it has one."""
    found = _Fields()
    for row in rows:
        found.add(row.canonical_field or row.field or "", row.field or "", _tests(row))
    return found.groups()


def _tests(row: PageIndicator) -> Iterable[SheetRow]:
    """A row for each value of a comparison, or for the comparison when it has none."""
    words = operator_words(row.operator, row.quantifier, 1)
    notes = (*row.transforms, *(("implied",) if row.implied else ()), *((row.context,) if row.context else ()))
    stage = row.stage or None
    if row.origin is not None:
        yield SheetRow(words, f"values of {row.origin}", f"{row.operator} from {row.origin}", stage, notes)
    elif not row.values:
        yield SheetRow(words, "", row.operator, stage, notes)
    for value in row.values:
        text = value_text(value.value)
        yield SheetRow(words, text, value.identity or f"{row.operator} {text}", stage, (*value.transforms, *notes))


def _thresholds(page: RulePage) -> Iterable[SheetGroup]:
    found = _Fields()
    for test in page.thresholds:
        text = value_text(test.value)
        row = SheetRow(test.operator, text, f"{test.operator} {text}", said="")
        found.add(test.aggregate or test.name, test.name, (row,))
    return found.groups()


def value_text(value: Scalar | tuple[Scalar, ...]) -> str:
    """A value on one line; whole numbers without a fraction, for 5.0 is 5 to every rule."""
    if isinstance(value, tuple):
        return " to ".join(map(_scalar, value))
    return _scalar(value)


def _scalar(value: Scalar) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return scalar_text(value)


# Files, for the script of a static site

FIRST: Final = "compare.js"
"""The file that is read first; it lies in the folder of the rule's page, as the others do."""

_TOGETHER: Final = 5_500
"""Bytes up to which a rule is one file."""


def sheet_files(made: Sheet) -> Mapping[str, bytes]:
    """A sheet as scripts, by their names: pages from disk may load them. The first argument is a script's own address.

    The first script says which rule it is, and has the rows and the query or, where those are many bytes, how many
    bytes the script has that they are in. Texts of rules stand in lists: as names in an object, some would mean
    something to a script.
    """
    folder = made.rule.page.removesuffix("index.html")
    said: list[object] = [msgspec.to_builtins(made.rule), made.copies]
    others: dict[str, bytes] = {}
    for name, data in (
        ("compare-rows.js", [_packed_section(section) for section in made.sections]),
        ("compare-query.js", made.query),
    ):
        script = script_of(f"{folder}{name}", data)
        if len(msgspec.json.encode(said)) + len(script) <= _TOGETHER:
            said.append(data)
        else:
            said.append(len(script))
            others[name] = script
    return {FIRST: script_of(f"{folder}{FIRST}", said), **others}


def script_of(address: str, data: object) -> bytes:
    """A script that hands over data: unlike JSON, pages that are opened from disk may load it."""
    return b"detectionaryPart(%s,%s);\n" % (msgspec.json.encode(address), msgspec.json.encode(data))


def _packed_section(section: SheetSection) -> object:
    return [section.id, int(section.ordered), [_packed_group(group) for group in section.groups]]


def _packed_group(group: SheetGroup) -> object:
    return [group.key, group.name, group.names, [_packed_row(row) for row in group.rows]]


def _packed_row(row: SheetRow) -> object:
    """A row without what goes without saying at its end. A script has the lower case of ASCII letters by itself."""
    plain = row.name.isascii() and row.key == row.name.lower()
    values = [row.name, row.operator, 0 if plain else row.key, row.said, int(row.fact), row.stage, row.notes]
    for nothing in ((), None, 0, None):
        if values[-1] != nothing:
            break
        values.pop()
    return values
