"""Rules side by side as HTML. `assets/compare-static.js` makes the same elements from the same context."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Final
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from detectionary.pages.compare.context import (
    ALL,
    DIFFERS,
    ONE,
    ComparedGroup,
    ComparedRow,
    ComparedSection,
    ComparePage,
    group_holders,
    letter,
)
from detectionary.pages.compare.lines import SAME, ComparedLine
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.languages import LANGUAGES, language_title
from detectionary.pages.texts.code import escape_code

PATH: Final = "compare/index.html"

WEIGHT_LIMIT: Final = 58_000
"""The page does not weigh more bytes; what would make it heavier is shown in less detail."""

TITLES: Final = {
    "about": "About the rules",
    "time": "Time and thresholds",
    "sources": "Log sources",
    "actions": "Actions",
    "attack": "ATT&CK coverage",
    "indicators": "Indicators",
    "exclusions": "Exclusions",
    "output": "Output fields",
    "alert": "Alert",
}

NOTES: Final = {
    "indicators": "What a record must contain, or may. Fields stand under their vendor-neutral names, so that "
    "languages meet; two values are the same when corpus counts take them as one, whatever the letter case.",
    "exclusions": "What keeps a record out.",
    "attack": "What the rules declare.",
    "output": "Columns by name, without regard to letter case.",
}


@dataclass(frozen=True, slots=True)
class CompareDetail:
    """How much is shown: of runs of equal rows and of groups, of texts, and of the lines of two queries."""

    rows: int = 12
    groups: int = 24
    folded: int = 4_000
    text: int = 600
    context: int = 3
    lines: int = 400


DETAILS: Final = (
    CompareDetail(),
    CompareDetail(6, 12, 1_500, 300, 2, 200),
    CompareDetail(3, 6, 400, 160, 1, 80),
    CompareDetail(1, 2, 100, 60, 0, 20),
    CompareDetail(0, 0, 60, 40, 0, 8),
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Rows or groups of one mark that the same rules have, folded away."""

    mark: str
    words: str
    """Of the mark."""
    holders: tuple[int, ...]
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """Groups of one mark that the same rules have: those that are shown, and the rest."""

    groups: tuple[ComparedGroup, ...]
    rest: Folded | None


def render_compare(page: ComparePage, *, live: bool, places: int = 1, root: str = up(PATH)) -> str:
    """The page at `PATH`. Without rules it is where they are chosen; `live`: a server fills it, no script does.

    `places`: in how many files a script finds where rules lie.
    """
    html = ""
    for detail in DETAILS:
        html = _render(page, detail, live, root, places)
        if len(html) <= WEIGHT_LIMIT and len(html.encode()) <= WEIGHT_LIMIT:
            break
    return html


def _render(page: ComparePage, detail: CompareDetail, live: bool, root: str, places: int = 1) -> str:
    template = environment().get_template("compare.html.j2")
    return template.render(
        page=page,
        markup=CompareMarkup(page, detail),
        root=root,
        live=live,
        places=places,
        languages=_json({name: words.title for name, words in LANGUAGES.items()}),
        notes=_json(NOTES),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class CompareMarkup:
    """What the template asks for beyond the context."""

    def __init__(self, page: ComparePage, detail: CompareDetail) -> None:
        self._page = page
        self._detail = detail

    def letter(self, place: int) -> str:
        return letter(place)

    def title(self, section: ComparedSection) -> str:
        return TITLES[section.id]

    def note(self, section: ComparedSection) -> str:
        return NOTES.get(section.id, "")

    def words(self, row: ComparedRow | ComparedGroup) -> str:
        """A mark in words: "in all", "differs", "only A", "A, C"."""
        return mark_words(row.mark, _holders(row) if isinstance(row, ComparedRow) else group_holders(row))

    def runs(self, section: ComparedSection) -> list[Run]:
        """The groups of a section, the rest of long runs folded."""
        found = []
        for (mark, holders), run in groupby(section.groups, lambda group: (group.mark, group_holders(group))):
            groups = tuple(run)
            rest = groups[self._detail.groups :]
            lines = (
                f"{group.name or 'all fields'} {row.operator} {row.name}".rstrip(" ")
                for group in rest
                for row in group.rows
            )
            folded = self._folded(mark, holders, len(rest), lines) if rest else None
            found.append(Run(groups[: self._detail.groups], folded))
        return found

    def _folded(self, mark: str, holders: tuple[int, ...], count: int, lines: Iterable[str]) -> Folded:
        return Folded(mark, mark_words(mark, holders), holders, count, self._cut("\n".join(lines)))

    def shown(self, group: ComparedGroup) -> list[ComparedRow | Folded]:
        """The rows of a group, the rest of long runs of equal rows folded."""
        found: list[ComparedRow | Folded] = []
        for (mark, holders), run in groupby(group.rows, lambda row: (row.mark, _holders(row))):
            rows = list(run)
            found += rows[: self._detail.rows]
            rest = rows[self._detail.rows :]
            if rest:
                lines = (f"{row.operator} {row.name}".strip(" ") for row in rest)
                found.append(self._folded(mark, holders, len(rest), lines))
        return found

    def is_folded(self, row: ComparedRow | Folded) -> bool:
        return isinstance(row, Folded)

    def hidden(self, section: ComparedSection) -> bool:
        """Whether a section says the same of all rules."""
        return all(group.mark == ALL for group in section.groups)

    def _cut(self, text: str) -> str:
        most = self._detail.folded
        return text if len(text) <= most else f"{text[:most]}…"

    def text(self, text: str) -> str:
        most = self._detail.text
        return text if len(text) <= most else f"{text[:most]}…"

    def about(self, place: int) -> str:
        rule = self._page.rules[place]
        parts = (language_title(rule.language), rule.platform, rule.severity)
        return " · ".join(part for part in parts if part)

    def without(self, place: int) -> str:
        """The address of the comparison without a rule."""
        return address(rule.slug for number, rule in enumerate(self._page.rules) if number != place)

    def pairs(self) -> list[tuple[str, str]]:
        """(words, address) of the pairs whose queries can be set side by side."""
        return [
            (f"{letter(left)} and {letter(right)}", address((one.slug, other.slug)))
            for (left, one), (right, other) in combinations(enumerate(self._page.rules), 2)
            if one.language == other.language
        ]

    @property
    def names(self) -> str:
        return ",".join(rule.slug for rule in self._page.rules)

    # The lines of two queries

    @property
    def changed(self) -> tuple[int, int]:
        """How many lines only the first query has, and only the second."""
        kinds = [line.kind for line in self._page.lines or ()]
        return kinds.count("left"), kinds.count("right")

    def lines(self) -> list[ComparedLine | int]:
        """The lines to show; numbers stand for so many lines that are not."""
        lines = self._page.lines or ()
        near = self._near(lines)
        found: list[ComparedLine | int] = []
        skipped = shown = 0
        for line, kept in zip(lines, near, strict=True):
            if not kept or shown >= self._detail.lines:
                skipped += 1
                continue
            if skipped:
                found.append(skipped)
                skipped = 0
            found.append(line)
            shown += 1
        if skipped:
            found.append(skipped)
        return found

    def _near(self, lines: Sequence[ComparedLine]) -> list[bool]:
        """Whether each line is a change or near to one."""
        around = self._detail.context
        near = [False] * len(lines)
        for place, line in enumerate(lines):
            if line.kind != SAME:
                for other in range(max(0, place - around), min(len(lines), place + around + 1)):
                    near[other] = True
        return near

    def line(self, line: ComparedLine) -> Markup:
        """The text of a line, what is new in it marked."""
        most = self._detail.text
        text = line.text
        if line.marked is None:
            return Markup(escape_code(text[:most] + ("…" if len(text) > most else "")))  # noqa: S704  # escaped here
        start, end = line.marked
        first = max(0, start - 80) if len(text) > most else 0
        last = min(len(text), max(end, start + 1) + 80) if len(text) > most else len(text)
        before, middle, after = (
            ("…" if first else "") + text[first:start],
            text[start:end][:most] + ("…" if end - start > most else ""),
            text[end:last] + ("…" if last < len(text) else ""),
        )
        marked = f"<mark>{escape_code(middle)}</mark>" if middle else ""
        return Markup(f"{escape_code(before)}{marked}{escape_code(after)}")  # noqa: S704  # escaped here


def mark_words(mark: str, holders: Sequence[int]) -> str:
    """A mark in words, for the rules that have the row."""
    if mark == ALL:
        return "in all"
    if mark == DIFFERS:
        return "differs"
    letters = ", ".join(map(letter, holders))
    return f"only {letters}" if mark == ONE else letters


def _holders(row: ComparedRow) -> tuple[int, ...]:
    return tuple(place for place, cell in enumerate(row.cells) if cell is not None)


def address(slugs: Iterable[str]) -> str:
    """The address of a comparison, beside the page itself."""
    names = ",".join(quote(slug, safe="", errors="replace") for slug in slugs)
    return f"index.html?rules={names}" if names else "index.html"
