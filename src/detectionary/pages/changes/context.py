"""What ingests changed: an overview of all of them, and for each one its changes rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

from detectionary.catalog.changes import ADDED, CHANGED, MOVED, REMOVED, RETURNED, RuleChange, Run
from detectionary.model.change import ChangeKind, Detail
from detectionary.pages.keys import list_path, rule_path
from detectionary.pages.languages import language_title
from detectionary.pages.library import Bodies, Library
from detectionary.pages.licences import may_republish
from detectionary.pages.part import Part

FOLDER: Final = "changes"
INDEX: Final = "changes/index.html"
FEED: Final = "changes/feed.xml"

PAGE_SIZE: Final = 30
"""Changes on a page."""

_MOST_LINES: Final = 3_000
"""Longer texts are not compared line by line: it would take too long."""

_PROSE: Final = frozenset(
    {"description", "alert description", "false positive", "fact", "setting", "time filter"}
    | {"indicator by sub-query", "exclusion by sub-query"}
)
"""Details that repeat the rule's own words; they are left out where its licence does not let others show them."""

_CALCULATED: Final = frozenset({"calculated threshold"})
"""Details whose name is the rule's own text, and whose values are facts."""


class ChangeDetail(Part, frozen=True):
    """One thing that is another now: `what` ("indicator", "severity"), `name` which of these.

    `before` null: it was not there; `after` null: it is no longer there; both null: only the texts show how.
    """

    kind: str
    what: str
    name: str | None
    before: str | None
    after: str | None


class ChangedRule(Part, frozen=True):
    """What an ingest did to a rule.

    `event` is changed, added, returned, moved or removed; `kinds` tell what its text changed, the strongest first:
    logic, thresholds, metadata. `page` leads to the rule from the site's root; null when it is gone. `comparable` is
    false when another version of Detectionary analysed the text before: some details may come from that. `diff` is a
    unified diff of the rule's text; null where there are no two texts, they are too long, or may not be shown.
    """

    event: str
    kinds: tuple[str, ...]
    id: str
    slug: str
    title: str
    language: str
    repository: str
    path: str
    path_before: str | None
    page: str | None
    comparable: bool
    details: tuple[ChangeDetail, ...]
    diff: str | None


class FirstReading(Part, frozen=True):
    """A repository that was read for the first time, and its rules: no changes."""

    repository: str
    rules: int


class RunSummary(Part, frozen=True):
    """An ingest in numbers of rules; times are ISO, UTC. `finished` is null when it was interrupted.

    `logic`, `thresholds` and `metadata` count changed rules by the strongest kind. `page` leads to its changes from the
    site's root; null when it changed nothing. `rules` is how many there were when it was complete.
    """

    number: int
    started: str
    finished: str | None
    first_readings: tuple[FirstReading, ...]
    logic: int
    thresholds: int
    metadata: int
    added: int
    returned: int
    moved: int
    removed: int
    total: int
    rules: int | None
    page: str | None


class GroupLink(Part, frozen=True):
    """A group of changes of a run: where it begins, from the site's root."""

    name: str
    title: str
    rules: int
    page: str
    """With the group's anchor."""


class LanguageLink(Part, frozen=True):
    """The changes of rules of one language."""

    language: str
    title: str
    rules: int
    page: str


class RunPage(Part, frozen=True):
    """A page of the changes of an ingest, of all languages or of one.

    `changes` are those of this page; `groups` lead to where each kind of change begins, on whichever page. `newer` and
    `older` are the pages of the neighbouring ingests that changed something.
    """

    run: RunSummary
    language: str | None
    total: int
    number: int
    pages: tuple[str, ...]
    """The addresses of all pages, from the site's root, in order."""
    groups: tuple[GroupLink, ...]
    languages: tuple[LanguageLink, ...]
    changes: tuple[ChangedRule, ...]
    newer: str | None
    older: str | None

    @property
    def path(self) -> str:
        """The page's own address."""
        return self.pages[self.number - 1]


class ChangesPage(Part, frozen=True):
    """All ingests, the newest first, and the newest complete one that changed something in full (its first page)."""

    runs: tuple[RunSummary, ...]
    newest: RunPage | None
    feed: str


@dataclass(frozen=True, slots=True)
class Place:
    """What the page at an address shows."""

    run: int
    language: str | None
    number: int


GROUPS: Final[Mapping[str, str]] = {
    "logic": "Logic changed",
    "thresholds": "Thresholds changed",
    "metadata": "Metadata changed",
    ADDED: "Added",
    RETURNED: "Returned",
    MOVED: "Moved",
    REMOVED: "Removed",
}
"""The groups of changes in their order, with their headings."""


def group_of(change: RuleChange) -> str:
    """The group that a change stands in."""
    if change.event != CHANGED:
        return change.event
    return change.change.kinds[0].value if change.change.kinds else "metadata"


def runs_of(library: Library) -> tuple[Run, ...]:
    """All ingests, the newest first."""
    return library.once("runs", library.catalog.runs)


def changes_of(library: Library, run: int, language: str | None = None) -> tuple[RuleChange, ...]:
    """The changes of an ingest, of one language or of all."""
    found = library.once(("changes", run), lambda: library.catalog.changes(run))
    return found if language is None else tuple(each for each in found if each.rule.language == language)


def places(library: Library) -> Mapping[str, Place]:
    """By address, what the pages of all ingests show."""
    return library.once("places of changes", lambda: dict(_places(library)))


def _places(library: Library) -> Iterator[tuple[str, Place]]:
    for run in runs_of(library):
        if run.total:
            languages = _languages(changes_of(library, run.number))
            for language in (None, *(languages if len(languages) > 1 else ())):
                for number, path in enumerate(page_paths(library, run.number, language), start=1):
                    yield path, Place(run.number, language, number)


def _languages(changes: Sequence[RuleChange]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.rule.language] = counts.get(change.rule.language, 0) + 1
    return dict(sorted(counts.items()))


def page_paths(library: Library, run: int, language: str | None) -> tuple[str, ...]:
    """The addresses of the pages of an ingest."""
    count = len(changes_of(library, run, language))
    name = str(run) if language is None else f"{run}-{language}"
    return tuple(list_path(FOLDER, name, number) for number in range(1, max(1, -(-count // PAGE_SIZE)) + 1))


def changes_page(library: Library) -> ChangesPage:
    """The overview of all ingests."""
    runs = runs_of(library)
    newest = next((run for run in runs if run.complete and run.total), None)
    shown = None if newest is None else run_page(library, Place(newest.number, None, 1))
    return ChangesPage(tuple(summary(library, run) for run in runs), shown, FEED)


def summary(library: Library, run: Run) -> RunSummary:
    """An ingest in numbers."""
    kinds = dict(run.changed)
    return RunSummary(
        number=run.number,
        started=run.started,
        finished=run.finished,
        first_readings=tuple(FirstReading(*each) for each in run.first_reading),
        logic=kinds.get(ChangeKind.LOGIC, 0),
        thresholds=kinds.get(ChangeKind.THRESHOLDS, 0),
        metadata=kinds.get(ChangeKind.METADATA, 0),
        added=run.added,
        returned=run.returned,
        moved=run.moved,
        removed=run.removed,
        total=run.total,
        rules=run.rules,
        page=page_paths(library, run.number, None)[0] if run.total else None,
    )


def run_page(library: Library, place: Place) -> RunPage:
    """A page of an ingest's changes."""
    newer, run, older = neighbours(library, place.run)
    everything = changes_of(library, place.run)
    shown = changes_of(library, place.run, place.language)
    pages = page_paths(library, place.run, place.language)
    start = (place.number - 1) * PAGE_SIZE
    languages = _languages(everything)
    return RunPage(
        run=summary(library, run),
        language=place.language,
        total=len(shown),
        number=place.number,
        pages=pages,
        groups=tuple(_groups(shown, pages)),
        languages=tuple(
            LanguageLink(name, language_title(name), count, page_paths(library, place.run, name)[0])
            for name, count in languages.items()
            if len(languages) > 1
        ),
        changes=tuple(changed_rule(library, each) for each in shown[start : start + PAGE_SIZE]),
        newer=None if newer is None else page_paths(library, newer.number, None)[0],
        older=None if older is None else page_paths(library, older.number, None)[0],
    )


def neighbours(library: Library, number: int) -> tuple[Run | None, Run, Run | None]:
    """An ingest between those that changed something after it and before it."""
    runs = [run for run in runs_of(library) if run.total]
    at = next(place for place, run in enumerate(runs) if run.number == number)
    return runs[at - 1] if at else None, runs[at], runs[at + 1] if at + 1 < len(runs) else None


def _groups(changes: Sequence[RuleChange], pages: Sequence[str]) -> Iterator[GroupLink]:
    first: dict[str, int] = {}
    counts: dict[str, int] = {}
    for place, change in enumerate(changes):
        group = group_of(change)
        first.setdefault(group, place)
        counts[group] = counts.get(group, 0) + 1
    for name, title in GROUPS.items():
        if name in counts:
            yield GroupLink(name, title, counts[name], f"{pages[first[name] // PAGE_SIZE]}#{name}")


def changed_rule(library: Library, change: RuleChange) -> ChangedRule:
    """A change as pages show it."""
    rule = change.rule
    return ChangedRule(
        event=change.event,
        kinds=tuple(kind.value for kind in change.change.kinds),
        id=rule.id,
        slug=rule.slug,
        title=rule.title,
        language=rule.language,
        repository=change.repository,
        path=change.path,
        path_before=change.path_before,
        page=page_of(library, change),
        comparable=change.comparable,
        details=details_of(library, change),
        diff=_diff(library, change) if _shows_text(library, change) else None,
    )


def page_of(library: Library, change: RuleChange) -> str | None:
    """The address of the rule's page; None when the rule is gone."""
    rule = change.rule
    return rule_path(rule.language, rule.slug) if library.index.listing(rule.slug) is not None else None


def _shows_text(library: Library, change: RuleChange) -> bool:
    return library.bodies is Bodies.ALL or may_republish(change.licence)


def details_of(library: Library, change: RuleChange) -> tuple[ChangeDetail, ...]:
    """What is another now, as far as it may be shown."""
    shows = _shows_text(library, change)
    return tuple(
        ChangeDetail(each.kind.value, each.what, each.name, each.before, each.after) if shows else _shown(each)
        for each in change.change.details
    )


def _shown(detail: Detail) -> ChangeDetail:
    """What is told of a rule whose own words may not be."""
    name = None if detail.what in _CALCULATED else detail.name
    before, after = (None, None) if detail.what in _PROSE else (detail.before, detail.after)
    return ChangeDetail(detail.kind.value, detail.what, name, before, after)


def _diff(library: Library, change: RuleChange) -> str | None:
    if change.before is None or change.after is None or change.before == change.after:
        return None
    return library.once(("diff", change.before, change.after), lambda: _compared(library, change))


def _compared(library: Library, change: RuleChange) -> str | None:
    before, after = library.catalog.change_texts(change)
    if before is None or after is None:
        return None
    was, now = before.split("\n"), after.split("\n")
    if max(len(was), len(now)) > _MOST_LINES:
        return None
    lines = list(unified_diff(was, now, "before", "after", lineterm=""))
    return "\n".join(lines) if lines else None
