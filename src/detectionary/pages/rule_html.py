"""The page of a rule as HTML."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from detectionary.model.predicate import ScalarValue, ValueKind
from detectionary.pages.code import Painted, Placement, body_html, colours_of, escape, escape_code, is_added
from detectionary.pages.detail import DETAILS, Detail
from detectionary.pages.environment import environment
from detectionary.pages.keys import rule_path, up
from detectionary.pages.languages import language_title, language_words
from detectionary.pages.prose import linked_paragraphs, marked, template_html, web_link
from detectionary.pages.rule import (
    Corpus,
    PageBinding,
    PageDiagnostic,
    PageFact,
    PageIndicator,
    PageOutputField,
    PageParameter,
    PageStage,
    PageTest,
    PageValue,
    RulePage,
    SameAction,
    is_prose,
)
from detectionary.pages.words import (
    kind_words,
    operator_words,
    outcome_words,
    relation_words,
    scalar_text,
    trigger_words,
)

WEIGHT_LIMIT: Final = 58_000
"""No page of a rule weighs more bytes, before compression; what would make it heavier is shown in less detail."""

_MOST: Final = 24
"""Of long lists of other rules and findings this many are shown, and how many more there are."""

_PASSED_ON: Final = 12
"""More columns than this that a stage only passes on are folded away."""


def render_rule(page: RulePage, *, bodies: bool = True, known: Container[str] = ()) -> str:
    """The page at `rule_path(page.language, page.slug)`. Without `bodies` no text of the rule is shown.

    `known` are the ids of all rules that have pages; those that the rule itself names are linked.
    """
    html = ""
    for detail in DETAILS:
        html = _render(page, detail, bodies, known)
        if len(html) <= WEIGHT_LIMIT and len(html.encode()) <= WEIGHT_LIMIT:
            break
    return html


def _render(page: RulePage, detail: Detail, bodies: bool, known: Container[str] = ()) -> str:
    markup = RuleMarkup(page, detail, bodies)
    return (
        environment()
        .get_template("rule.html.j2")
        .render(
            page=page,
            markup=markup,
            root=up(rule_path(page.language, page.slug)),
            sections=markup.sections,
            bodies=bodies,
            raw_name=raw_name(page),
            most=_MOST,
            known=known,
            words=markup.words,
            trigger_words=trigger_words,
            kind_words=kind_words,
            outcome_words=outcome_words,
            relation_words=relation_words,
            link=web_link,
        )
    )


_ENDINGS: Final = {"markdown": "md", "kusto": "kql"} | {
    name: name for name in ("yaml", "toml", "yaral", "eql", "esql", "kuery", "lucene")
}


def raw_name(page: RulePage) -> str:
    """The name of the file beside the page that holds the rule's text as it is."""
    return f"rule.{_ENDINGS.get(page.body_language, 'txt')}"


@dataclass(frozen=True, slots=True)
class Inner:
    """A pipeline inside a stage, with the beginning of its stages' ids; some are not `shown`."""

    label: str
    stages: tuple[PageStage, ...]
    anchor: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Logic:
    size: int
    html: Markup


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one group, or rows that stand alone."""

    kind: str | None
    rows: tuple[PageIndicator, ...]

    def spans(self) -> Iterator[tuple[PageIndicator, int, int]]:
        """Each row with how many rows its field and its record stand for; 0 when it stands in a row above."""
        for _, of_record in groupby(self.rows, lambda row: row.record):
            held = tuple(of_record)
            records = len(held)
            for _, same in groupby(held, lambda row: (row.field, row.canonical_field)):
                rows = tuple(same)
                for number, row in enumerate(rows):
                    yield row, 0 if number else len(rows), records
                    records = 0

    def label(self, what: str) -> str:
        """What the group means for its rows."""
        if self.kind == "any":
            return "any of"
        return "together" if what == "exclusion" else "all of"


@dataclass(frozen=True, slots=True)
class ShownValues:
    listed: tuple[PageValue, ...]
    mixed: bool
    """The values differ in their transforms, so that each shows its own."""
    counted: bool
    """Some value has a corpus count."""
    rest: Markup
    rest_count: int


@dataclass(frozen=True, slots=True)
class ShownAction:
    """`others`: how many other rules detect it."""

    action: str
    provider: str
    operation: str
    inferred: bool
    others: int


@dataclass(frozen=True, slots=True)
class Prose:
    """A long text that the rule states besides; `cut`: there is more of it."""

    name: str
    html: Markup
    cut: bool


@dataclass(frozen=True, slots=True)
class PassedFields:
    """Columns that a stage only passes on; `types` are (type, names)."""

    source: str
    count: int
    types: tuple[tuple[str, str], ...]


class RuleMarkup:
    """What the templates ask for beyond the context itself: texts painted, rows grouped, words for codes."""

    def __init__(self, page: RulePage, detail: Detail, bodies: bool) -> None:
        self.page = page
        self._detail = detail
        self._bodies = bodies
        self.words = language_words(page.language, [stage.operator for stage in page.stages])
        self._query = Painted(page.query, page.highlights)
        self._placement = Placement(page)
        self._pipelines: dict[str, tuple[Inner, ...]] = {}
        self._inner_left = detail.inner_stages
        self._lets: dict[str, str] = {}
        names = [*(let.name for let in page.parameters), *(let.name for let in page.bindings)]
        for number, name in enumerate(names, start=1):
            self._lets[name] = f"let-{number}"
        for stage in page.stages:
            if stage.operator == "selection":  # Sigma's condition uses them by the names that they begin with
                self._lets.setdefault(stage.text.partition(":")[0].strip("\"' "), f"s{stage.number}")

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

    # Actions

    @cached_property
    def _other_rules(self) -> tuple[SameAction, ...]:
        """The other rules of the actions, each once, where it comes first."""
        found: dict[tuple[str, str], SameAction] = {}
        for other in self.page.same_action:
            found.setdefault((other.language, other.slug), other)
        return tuple(found.values())

    @property
    def same_action(self) -> tuple[SameAction, ...]:
        """Those that are seen at once."""
        return self._other_rules[: min(_MOST, self._detail.others)]

    @property
    def same_action_folded(self) -> tuple[SameAction, ...]:
        """Those that are folded away."""
        return self._other_rules[len(self.same_action) : self._detail.others]

    @property
    def same_action_left(self) -> int:
        return max(0, len(self._other_rules) - self._detail.others)

    @cached_property
    def actions(self) -> tuple[ShownAction, ...]:
        """The operations that the rule itself names."""
        return tuple(self._coverage(linked=True))

    @cached_property
    def events(self) -> tuple[ShownAction, ...]:
        """The events that its log source stands for."""
        return tuple(self._coverage(linked=False))

    def _coverage(self, *, linked: bool) -> Iterator[ShownAction]:
        others = Counter(other.action for other in self.page.same_action)
        for row in self.page.event_coverage:
            if row.linked is linked:
                yield ShownAction(row.action, row.provider, row.operation, row.inferred, others[row.action])

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
        return body_html(self.page, self._placement, around, plain=plain, lines=self._detail.body_lines)

    @property
    def body_left(self) -> int:
        lines = self._detail.body_lines
        return max(0, len(self._placement.body_starts) - lines)

    def line(self, stage: PageStage) -> int | None:
        """The line of the file on which a stage begins, when the page has it."""
        row = self._placement.line_of(stage.span.start)
        lines = self._detail.body_lines
        if row is None or not self._bodies or row >= lines or is_added(stage):
            return None
        return row + self.page.source.line

    # Stages and lets

    def let_anchor(self, name: str) -> str:
        return self._lets.get(name, "stages")

    def stage_code(self, stage: PageStage, anchor: str) -> Markup:
        start = stage.span.start
        if stage.text.startswith("|"):
            start = max(0, self.page.query.rfind("|", 0, start + 1))
        return self._code(start, stage.text, self.pipelines(stage, anchor))

    def let_code(self, let: PageParameter | PageBinding, anchor: str) -> Markup:
        return self._code(let.span.start, let.text, self.pipelines(let, anchor))

    def _code(self, start: int, text: str, inner: Sequence[Inner]) -> Markup:
        """The text of a stage, painted; long pipelines inside it stand below it as stages, and are left out here."""
        if not self._bodies:
            return Markup()
        plain = not self._detail.colours
        query = self.page.query
        if not query.startswith(text, start):
            shown = text[: self._detail.stage_characters]
            around = () if plain else colours_of(self.page.body_language, shown)
            return Markup(Painted(shown, around).html(0, len(shown)))  # noqa: S704
        pieces: list[str] = []
        at, end = start, start + len(text)
        cut = min(end, start + self._detail.stage_characters)
        for pipeline in inner:
            first, last = pipeline.stages[0].span.start, pipeline.stages[-1].span.end
            long = query.count("\n", first, last) > 2 or last - first > 200
            if not long or not pipeline.shown or not at <= first < last <= end:
                continue
            pieces.append(self._query.html(at, min(first, max(cut, at)), plain=plain))
            count = len(pipeline.stages)
            words = "1 stage" if count == 1 else f"{count} stages"
            pieces.append(f'<a class=fold href="#{pipeline.anchor}1">{escape(pipeline.label or "below")}: {words}</a>')
            at = last
        if at < cut:
            pieces.append(self._query.html(at, cut, plain=plain))
        if max(at, cut) < end:
            left = query.count("\n", max(at, cut), end)
            pieces.append(f'<span class="fold">… {f"{left} more lines" if left else "more"}, in the rule body</span>')
        return Markup("".join(pieces))  # noqa: S704  # every piece is escaped

    def negated(self, stage: PageStage) -> bool:
        """Whether a Sigma selection is only reached under a negation."""
        return stage.operator == "selection" and stage.predicate is not None and stage.predicate.negated is not None

    def pipelines(self, holder: PageStage | PageParameter | PageBinding, anchor: str) -> tuple[Inner, ...]:
        """The stages inside a stage or a let, one group a pipeline."""
        known = self._pipelines.get(anchor)
        if known is None:
            groups: list[list[PageStage]] = []
            for stage in holder.stages:
                if not groups or stage.pipeline != groups[-1][-1].pipeline or stage.number <= groups[-1][-1].number:
                    groups.append([])
                groups[-1].append(stage)
            inner = []
            for number, group in enumerate(groups, start=1):
                self._inner_left -= len(group)
                name = f"{anchor}-{number}-"
                inner.append(Inner(group[0].pipeline or "", tuple(group), name, self._inner_left >= 0))
            known = self._pipelines[anchor] = tuple(inner)
        return known

    def worth(self, parameter: PageParameter) -> Markup | None:
        """The value of a parameter, where its text does not already say it."""
        value = parameter.value
        if value is None or isinstance(value, tuple):
            return None
        text = scalar_text(value)
        return None if text in parameter.text or len(text) > 200 else self.scalar(value)

    def logic(self, stage: PageStage) -> Logic | None:
        """The tree of a stage's predicate, when it is more than a list of conditions that must all hold."""
        test = stage.predicate
        if test is None or not _branches(test) or _size(test) > self._detail.logic:
            return None
        return Logic(_size(test), Markup(self._tree(test)))  # noqa: S704  # every text in it is escaped

    def _tree(self, test: PageTest) -> str:
        for word, operands in (("all of", test.all), ("any of", test.any)):
            if operands:
                return f"<li><span class=word>{word}</span><ul>{''.join(map(self._tree, operands))}</ul></li>"
        if test.negated is not None:
            inner = test.negated
            if inner.all or inner.any:
                word = "not all of" if inner.all else "none of"
                parts = "".join(map(self._tree, inner.all or inner.any))
                return f"<li class=not><span class=word>{word}</span><ul>{parts}</ul></li>"
            return f"<li class=not><span class=word>not</span><ul>{self._tree(inner)}</ul></li>"
        if test.test in ("comparison", "threshold"):
            words = operator_words(test.operator or "", test.quantifier or "", len(test.values))
            field = "<em>all fields</em>" if test.field is None else f"<code>{escape(test.field)}</code>"
            values = ", ".join(str(self.scalar(value)) for value in test.values[:4])
            more = f" <span class=muted>… {len(test.values) - 4} more</span>" if len(test.values) > 4 else ""
            origin = f" values of <code>{self.shortened(test.origin)}</code>" if test.origin else ""
            return f"<li>{field} <span class=op>{words}</span> {values}{more}{origin}</li>"
        return f"<li><code>{self.shortened(test.text or '')}</code></li>"

    # Indicators and exclusions

    def blocks(self, rows: Sequence[PageIndicator]) -> tuple[Block, ...]:
        """Rows of one group side by side, at the place of the first of them; rows alone stay where they are.

        Those of one record of several stand together too, in the order in which the query speaks of the records.
        """
        rows = rows[: self._detail.rows]
        first: dict[str | None, int] = {}
        for row in sorted(rows, key=lambda row: row.span):
            first.setdefault(row.record, len(first))
        rows = sorted(rows, key=lambda row: first[row.record])
        groups: dict[int, list[PageIndicator]] = {}
        order: list[list[PageIndicator]] = []
        for row in rows:
            if row.group is None:
                order.append([row])
            elif row.group.id in groups:
                groups[row.group.id].append(row)
            else:
                groups[row.group.id] = [row]
                order.append(groups[row.group.id])
        return tuple(
            Block(block[0].group.kind if block[0].group is not None and len(block) > 1 else None, tuple(block))
            for block in order
        )

    def counted(self, rows: Sequence[PageIndicator]) -> bool:
        return any(value.corpus is not None for row in rows for value in row.values)

    def rows_left(self, rows: Sequence[PageIndicator]) -> int:
        return max(0, len(rows) - self._detail.rows)

    def operator(self, row: PageIndicator) -> str:
        return operator_words(row.operator, row.quantifier, len(row.values))

    def shared_transforms(self, row: PageIndicator) -> tuple[str, ...]:
        """The transforms that all values of a row have, so that the row can show them once."""
        if not row.values:
            return row.transforms
        lists = {value.transforms for value in row.values}
        return lists.pop() if len(lists) == 1 else ()

    def values(self, row: PageIndicator) -> ShownValues:
        """Of a long list, the values that other rules share come first, and the rest is folded away."""
        mixed = len({value.transforms for value in row.values}) > 1
        values = [value for value in row.values if value.kind != ValueKind.NULL.value or value.value is not None]
        counted = any(value.corpus is not None for value in values)
        if len(values) <= self._detail.values:
            return ShownValues(tuple(values), mixed, counted, Markup(), 0)
        shared = [value for value in values if value.corpus is not None and value.corpus.total]
        shared.sort(key=lambda value: -(value.corpus.total if value.corpus else 0))
        alone = [value for value in values if value.corpus is None or not value.corpus.total]
        listed = (shared or alone)[: self._detail.values]
        rest = [value for value in values if value not in listed]
        text = "\n".join(scalar_text(value.value) for value in rest)
        text = text if len(text) <= self._detail.folded_characters else f"{text[: self._detail.folded_characters]}…"
        return ShownValues(tuple(listed), mixed, counted, Markup(escape_code(text)), len(rest))  # noqa: S704

    def value(self, value: PageValue) -> Markup:
        if isinstance(value.value, tuple):
            low, high = value.value
            return Markup("{} <span class=muted>to</span> {}").format(self.scalar(low), self.scalar(high))
        shown = self.scalar(value.value)
        if value.kind in ("text", "number", "bool", "null", "guid"):
            return shown
        return Markup("{} <span class=type>{}</span>").format(shown, value.kind.replace("_", " "))

    def plain(self, value: ScalarValue | tuple[ScalarValue, ...]) -> str:
        return scalar_text(value)[:80]

    def scalar(self, value: ScalarValue | tuple[ScalarValue, ...]) -> Markup:
        if value == "":
            return Markup("<em>empty text</em>")
        text = scalar_text(value)
        if len(text) > 2_000:
            text = f"{text[:2_000]}…"
        return Markup(f"<code>{escape_code(text)}</code>")  # noqa: S704

    def shortened(self, text: str) -> Markup:
        """A stretch of the query on few lines."""
        return Markup(escape_code(text if len(text) <= 400 else f"{text[:400]}…"))  # noqa: S704

    def split(self, corpus: Corpus) -> str:
        """The languages of the rules that a corpus count counts: "Kusto 5, Sigma 7"."""
        return ", ".join(f"{language_title(name)} {count}" for name, count in corpus.by_language.items())

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

    def template(self, text: str) -> Markup:
        return template_html(text)

    @cached_property
    def has_alert(self) -> bool:
        alert = self.page.alert
        return bool(
            alert.entities
            or alert.custom_details
            or alert.title
            or alert.description
            or alert.severity_column
            or alert.tactics_column
            or alert.details
            or alert.event_grouping
            or alert.grouping
            or alert.suppression
            or alert.impacted_assets
            or alert.response_actions
        )

    # Findings

    @cached_property
    def alert_findings(self) -> tuple[PageDiagnostic, ...]:
        return tuple(found for found in self.page.diagnostics if found.section == "alert")

    @cached_property
    def findings(self) -> tuple[PageDiagnostic, ...]:
        return tuple(found for found in self.page.diagnostics if found.section != "alert")

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
            *(Markup(escape_code(text)) for text in (f"…{before}" if cut else before, marked or " ", after))  # noqa: S704
        )


_PASSING: Final = frozenset({"source", "project-away", "project-reorder", "project-keep", "union", "distinct", "join"})


def _branches(test: PageTest) -> bool:
    if test.any or (test.negated is not None and (test.negated.all or test.negated.any or test.negated.negated)):
        return True
    return any(map(_branches, test.all)) or (test.negated is not None and _branches(test.negated))


def _size(test: PageTest) -> int:
    if test.negated is not None:
        return _size(test.negated)
    return sum(map(_size, (*test.all, *test.any))) or 1
