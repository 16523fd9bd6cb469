"""The page of a rule as HTML."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final
from urllib.parse import quote

from markupsafe import Markup
from markupsafe import escape as escape_text

from detectionary.attack import matrix
from detectionary.catalog.listing import authors_of
from detectionary.pages.environment import environment
from detectionary.pages.keys import rule_path, up
from detectionary.pages.rule.actions_html import SEEN, ActionMarkup
from detectionary.pages.rule.alert_html import AlertMarkup
from detectionary.pages.rule.comparisons_html import ComparisonMarkup, ValuePlace
from detectionary.pages.rule.context import (
    PageDiagnostic,
    PageFact,
    PageOutputField,
    RulePage,
    is_prose,
)
from detectionary.pages.rule.cut import cut_texts
from detectionary.pages.rule.detail import DETAILS, Detail
from detectionary.pages.rule.other_rules_html import comparing, other_rule
from detectionary.pages.rule.stages_html import StageMarkup
from detectionary.pages.texts.code import body_html, colours_of, escape_code
from detectionary.pages.texts.prose import linked_paragraphs, marked, web_link
from detectionary.pages.words import (
    kind_words,
    outcome_words,
    relation_words,
    trigger_words,
)

WEIGHT_LIMIT: Final = 56_000
"""No page of a rule weighs more bytes, before compression; what would make it heavier is shown in less detail.

With styles, scripts and fonts it is below 150,000 bytes: `test_rule_page.py` adds them up."""

_LONGEST: Final = 80
_MOST_LINES: Final = 24
"""Of the lines of which a finding says the same."""
_LONGEST_LIST: Final = 12
"""Characters of a text and items of a list, where a page would be too heavy otherwise."""

_FAR: Final = 30
"""Lines of the body before its query, which are then skipped by a link."""

_PASSED_ON: Final = 12
"""More columns than this that a stage only passes on are folded away."""


def render_rule(
    page: RulePage, *, bodies: bool = True, known: Container[str] = (), place: ValuePlace | None = None
) -> str:
    """The page at `rule_path(page.language, page.slug)`. Without `bodies` no text of the rule is shown.

    `known` are the ids of all rules that have pages; those that the rule itself names are linked. `place` says where a
    value that no other rule has is listed; without it, the page of its field is named.
    """
    html = _light(lambda detail: _render(page, detail, bodies, known, place=place, whole=False))
    return html if _weight(html) <= WEIGHT_LIMIT else _render(page, DETAILS[-1], bodies, known, cut=True)


def render_loose_rule(page: RulePage, root: str, *, known: Container[str] = ()) -> str:
    """What stands in the page of a rule, for another page that shows a rule of no catalog.

    `root` leads from that page to the site's root. Links to files beside the rule's page are left out.
    """
    html = _light(lambda detail: _render(page, detail, True, known, root, whole=False))
    return html if _weight(html) <= WEIGHT_LIMIT else _render(page, DETAILS[-1], True, known, root, cut=True)


def _light(render: Callable[[Detail], str]) -> str:
    """The page with the most detail that keeps it light.

    Most pages need no less than the first, and most others little less: so details are tried in steps that grow, and
    what lies between the last two is halved.
    """
    html = render(DETAILS[0])
    if _weight(html) <= WEIGHT_LIMIT:
        return html
    last = len(DETAILS) - 1
    more, less = 0, 2
    while _weight(html := render(DETAILS[less])) > WEIGHT_LIMIT and less < last:
        more, less = less, min(2 * less, last)
    least = html
    while less - more > 1:
        middle = (more + less) // 2
        html = render(DETAILS[middle])
        if _weight(html) <= WEIGHT_LIMIT:
            less, least = middle, html
        else:
            more = middle
    return least


def _weight(html: str) -> int:
    return len(html) if len(html) > WEIGHT_LIMIT else len(html.encode())


def _render(
    page: RulePage,
    detail: Detail,
    bodies: bool,
    known: Container[str] = (),
    loose_root: str | None = None,
    *,
    cut: bool = False,
    place: ValuePlace | None = None,
    whole: bool = True,
) -> str:
    """`cut`: names are cut too, so that they are no links. Unless it has to be `whole`, a page ends where it has become
    too heavy.
    """
    markup = RuleMarkup(page, detail, bodies)
    sections = markup.sections  # with the numbers of the whole rule
    if cut:
        page = cut_texts(page, _LONGEST, _LONGEST_LIST)
        markup = RuleMarkup(page, detail, bodies)
    pieces = (
        environment()
        .get_template("rule.html.j2")
        .generate(
            page=page,
            markup=markup,
            root=up(rule_path(page.language, page.slug)) if loose_root is None else loose_root,
            loose=loose_root is not None,
            linked=loose_root is None and not cut,
            cut=cut,
            layout="base.html.j2" if loose_root is None else "loose.html.j2",
            sections=sections,
            numbers={name: count for name, _, count in sections},
            bodies=bodies,
            raw_name=raw_name(page),
            most=min(SEEN, detail.others),
            known=known,
            place=place,
            words=markup.words,
            trigger_words=trigger_words,
            kind_words=kind_words,
            outcome_words=outcome_words,
            relation_words=relation_words,
            link=web_link,
            comparing=comparing,
            other_rule=other_rule,
            own=page.slug if loose_root is None else None,
        )
    )
    return "".join(pieces if whole else _no_heavier(pieces))


def _no_heavier(pieces: Iterable[str]) -> Iterator[str]:
    """No more pieces of a page than show that it is too heavy."""
    size = 0
    for piece in pieces:
        yield piece
        size += len(piece)
        if size > WEIGHT_LIMIT:
            break


_ENDINGS: Final = {"markdown": "md", "kusto": "kql"} | {
    name: name for name in ("yaml", "toml", "yaral", "eql", "esql", "kuery", "lucene")
}


def raw_name(page: RulePage) -> str:
    """The name of the file beside the page that holds the rule's text as it is."""
    return f"rule.{_ENDINGS.get(page.body_language, 'txt')}"


@dataclass(frozen=True, slots=True)
class Prose:
    """A long text that the rule states besides; `cut`: there is more of it."""

    name: str
    html: Markup
    cut: bool


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """A finding that stands in `count` places; `again` are the lines of the others."""

    first: PageDiagnostic
    count: int
    again: Markup


@dataclass(frozen=True, slots=True)
class PassedFields:
    """Columns that a stage only passes on; `types` are (type, names)."""

    source: str
    count: int
    types: tuple[tuple[str, str], ...]


class RuleMarkup(StageMarkup, ComparisonMarkup, ActionMarkup, AlertMarkup):
    """What the templates ask for beyond the context itself: texts painted, rows grouped, words for codes."""

    # The frame of the page

    @cached_property
    def sections(self) -> tuple[tuple[str, str, int | None], ...]:
        """(id, title, number) of the sections that have something to say, in their order."""
        page = self.page
        every = (
            ("description", "Description", None, page.description or page.references or page.false_positives),
            ("facts", "Also stated", None, self.facts or self.prose),
            ("attack", "ATT&CK", None, page.attack),
            ("actions", "Actions", len(page.event_coverage), page.event_coverage),
            ("body", "Rule body", None, True),
            ("stages", self.words.stages_short, len(page.stages), page.stages or page.parameters or page.bindings),
            ("exclusions", "Exclusions", len(page.exclusions), page.exclusions),
            ("indicators", "Indicators", len(page.indicators), page.indicators),
            ("output", "Output fields", len(page.output_fields), page.output_fields),
            ("alert", "Alert", None, self.has_alert),
            ("related", "Related", None, page.related or page.copies or page.versions or page.shared_indicators),
            ("diagnostics", "Diagnostics", len(self.findings), self.findings),
        )
        return tuple((name, title, count) for name, title, count, there in every if there)

    @cached_property
    def upstream(self) -> str | None:
        """Where the rule's file is to be read at its source, when that can be told from the repository's name."""
        source = self.page.source
        repository = source.repository.removeprefix("https://").removesuffix(".git").strip("/")
        if not repository.startswith("github.com/") or repository.count("/") != 2:
            return None
        commit = quote(source.commit or "HEAD", safe="", errors="replace")
        return f"https://{quote(repository, errors='replace')}/blob/{commit}/{quote(source.path, errors='replace')}"

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """The people whom the rule names as its authors."""
        return authors_of(self.page.author)

    def has_page(self, name: str) -> bool:
        """Whether a tactic by its name, or a technique by its id, has a page: those of the current matrix have."""
        return name in _with_pages()

    @property
    def description(self) -> Markup:
        return linked_paragraphs(self.page.description)

    def inline(self, text: str) -> Markup:
        """A text on one line, its addresses as links."""
        return web_link(text)

    @property
    def references(self) -> tuple[str, ...]:
        """Those that the description does not name already."""
        return tuple(each for each in self.page.references if each not in self.page.description)

    # What the rule states besides

    @cached_property
    def risk_score(self) -> str | None:
        return next((fact.text for fact in self.page.facts if fact.name == "Risk score"), None)

    @property
    def facts(self) -> tuple[PageFact, ...]:
        """Those that say it in few words."""
        return tuple(fact for fact in self.page.facts if not is_prose(fact) and fact.name != "Risk score")

    @property
    def prose(self) -> tuple[Prose, ...]:
        most = self._detail.prose
        return tuple(
            Prose(fact.name, marked(fact.text[:most]), len(fact.text) > most)
            for fact in self.page.facts
            if is_prose(fact)
        )

    # The body

    @property
    def body(self) -> Markup:
        around = colours_of(self.page.body_language, self.page.body) if self._detail.body_colours else ()
        plain = not self._detail.body_colours
        return body_html(
            self.page,
            self._placement,
            around,
            plain=plain,
            lines=self._detail.body_lines,
            characters=self._detail.body_characters,
            lets=self._detail.lets,
            anchors={found.line for found in self.page.diagnostics if found.line is not None},
        )

    @property
    def query_line(self) -> int | None:
        """Where the query begins, when that is far down."""
        lines = [line for stage in self.page.stages if (line := self.line(stage)) is not None]
        return min(lines) if lines and min(lines) - self.page.source.line > _FAR else None

    @property
    def body_left(self) -> str | None:
        """What of the body is not shown, in words."""
        if self._shown >= len(self.page.body):
            return None
        left = sum(start >= self._shown for start in self._placement.body_starts)
        return f"{left} more lines" if left else "There is more of this line"

    # Output fields and the alert

    @cached_property
    def _folded_stages(self) -> frozenset[tuple[str, int]]:
        """Stages that only pass on many columns: a table as it is, a `project-away`."""
        counts = Counter((field.source, field.stage) for field in self.page.output_fields if not field.feeds)
        return frozenset(
            stage for stage, count in counts.items() if count > (_PASSED_ON if stage[0] in _PASSING else 2 * _PASSED_ON)
        )

    @property
    def fields(self) -> tuple[PageOutputField, ...]:
        return tuple(
            field
            for field in self.page.output_fields
            if field.feeds or (field.source, field.stage) not in self._folded_stages
        )

    @property
    def passed_fields(self) -> tuple[PassedFields, ...]:
        folded: dict[tuple[int, str], dict[str, list[str]]] = {}
        for field in self.page.output_fields:
            if not field.feeds and (field.source, field.stage) in self._folded_stages:
                folded.setdefault((field.stage, field.source), {}).setdefault(field.type, []).append(field.name)
        return tuple(
            PassedFields(
                f"{source} (stage {stage})",
                sum(map(len, types.values())),
                tuple((name, self._cut(" ".join(names))) for name, names in sorted(types.items())),
            )
            for (stage, source), types in sorted(folded.items())
        )

    def _cut(self, text: str) -> str:
        most = self._detail.folded_characters
        return text if len(text) <= most else f"{text[:most].rpartition(' ')[0]} …"

    def feed(self, feed: str) -> Markup:
        what, _, name = feed.partition(":")
        words = {"entity": "entity", "custom_detail": "custom detail", "impacted_asset": "asset", "detail": "property"}
        if not name:
            return Markup('<span class="feed">{}</span>').format(what)
        return Markup('<span class="feed"><span class="muted">{}</span> {}</span>').format(words.get(what, what), name)

    # Findings

    @cached_property
    def findings(self) -> tuple[PageDiagnostic, ...]:
        return tuple(found for found in self.page.diagnostics if found.section != "alert")

    @cached_property
    def told(self) -> tuple[ToldFinding, ...]:
        """The findings; those that say the same of several places are told once, with all lines."""
        groups: dict[tuple[str | None, ...], list[PageDiagnostic]] = {}
        for found in self.findings:
            groups.setdefault(
                (found.section, found.level, found.code, found.message, found.help, found.place), []
            ).append(found)
        return tuple(ToldFinding(first, len(others) + 1, self._again(others)) for first, *others in groups.values())

    def _again(self, others: Sequence[PageDiagnostic]) -> Markup:
        lines = tuple(dict.fromkeys(each.line for each in others if each.line is not None))
        if not lines:
            return Markup()
        words = "in line " if len(lines) == 1 else "in lines "
        more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
        return words + Markup(", ").join(self.line_link(line) for line in lines[:_MOST_LINES]) + more

    def line_link(self, line: int, words: str = "") -> Markup:
        """A line of the file by its number, behind `words`; a link where the page has it."""
        row = line - self.page.source.line
        starts = self._placement.body_starts
        shown = self._bodies and 0 <= row < len(starts) and starts[row] < self._shown
        text = f"{words}{line}"
        return Markup('<a href="#L{}">{}</a>').format(line, text) if shown else escape_text(text)

    def frame(self, found: PageDiagnostic) -> Markup | None:
        """The line of the text that a finding points at, with the place marked."""
        if found.span is None or not self._bodies:
            return None
        in_query = found.section == "query"
        text = self.page.query if in_query else self.page.body
        starts = self._placement.query_starts if in_query else self._placement.body_starts
        row = bisect_right(starts, min(found.span.start, len(text))) - 1
        start = starts[row]
        end = starts[row + 1] - 1 if row + 1 < len(starts) else len(text)
        line = text[start:end].rstrip("\r")
        column = found.span.start - start
        width = max(1, min(found.span.end - start, len(line)) - column)
        # A very long line is shown around the place alone.
        cut = max(0, column - 60)
        before, marked, after = line[cut:column], line[column : column + width][:120], line[column + width :][:80]
        return Markup("{}<mark>{}</mark>{}").format(
            *(Markup(escape_code(text)) for text in (f"…{before}" if cut else before, marked or " ", after))  # noqa: S704  # escaped here
        )


@cache
def _with_pages() -> frozenset[str]:
    facts = matrix()
    return frozenset(facts.current) | {tactic.name for tactic in facts.tactics.values()}


_PASSING: Final = frozenset({"source", "project-away", "project-reorder", "project-keep", "union", "distinct", "join"})
