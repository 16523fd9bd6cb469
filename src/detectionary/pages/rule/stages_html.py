"""Stages, parameters and bindings of a rule's page: texts painted, pipelines inside them, trees of conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from detectionary.pages.rule.context import PageBinding, PageParameter, PageStage, PageTest, RulePage
from detectionary.pages.rule.detail import Detail
from detectionary.pages.rule.texts_html import TextMarkup
from detectionary.pages.texts.code import Painted, colours_of, escape, is_added
from detectionary.pages.words import operator_words, scalar_text
from detectionary.text import Span


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


class StageMarkup(TextMarkup):
    """What the templates ask about stages and lets."""

    def __init__(self, page: RulePage, detail: Detail, bodies: bool) -> None:
        super().__init__(page, detail, bodies)
        self._shown = self._placement.shown(detail.body_lines, detail.body_characters)
        self._pipelines: dict[str, tuple[Inner, ...]] = {}
        self._inner_left = detail.inner_stages
        self._lets: dict[str, str] = {}
        self.most_lets = detail.lets
        """So many parameters are shown, and so many bindings."""
        for number, parameter in enumerate(page.parameters[: detail.lets], start=1):
            self._lets[parameter.name] = f"let-{number}"
        for number, binding in enumerate(page.bindings[: detail.lets], start=len(page.parameters) + 1):
            self._lets[binding.name] = f"let-{number}"
        for stage in page.stages:
            if stage.operator == "selection":  # Sigma's condition uses them by the names that they begin with
                self._lets.setdefault(stage.text.partition(":")[0].strip("\"' "), f"s{stage.number}")

    def line(self, stage: PageStage) -> int | None:
        """The line of the file on which a stage begins, when the page has it."""
        return None if is_added(stage) else self.line_at(stage.span)

    def line_at(self, span: Span) -> int | None:
        """The line of the file on which a stretch of the query begins, when the page has it."""
        row = self._placement.line_of(span.start)
        if row is None or not self._bodies or self._placement.body_starts[row] >= self._shown:
            return None
        return row + self.page.source.line

    def lines_of(self, part: PageStage | PageParameter | PageBinding) -> Markup:
        """Which lines of the file a part of the query takes, as attributes: the first, and how many."""
        first = self.line_at(part.span)
        if first is None or part.span.start == part.span.end:
            return Markup()
        last = self.line_at(Span(part.span.end - 1, part.span.end)) or first
        count = last - first + 1
        return Markup(" data-line={}{}").format(first, Markup(" data-count={}").format(count) if count > 1 else "")

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
            return Markup(Painted(shown, around).html(0, len(shown)))  # noqa: S704  # escaped here
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
        painted = "".join(pieces)
        if self.page.language == "sigma":
            # The first line stands without the indentation that the others have from the file.
            indent = query[query.rfind("\n", 0, start) + 1 : start]
            painted = painted.replace(f"\n{indent}", "\n") if indent.isspace() else painted
        return Markup(painted)  # noqa: S704  # every piece is escaped

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


def _branches(test: PageTest) -> bool:
    if test.any or (test.negated is not None and (test.negated.all or test.negated.any or test.negated.negated)):
        return True
    return any(map(_branches, test.all)) or (test.negated is not None and _branches(test.negated))


def _size(test: PageTest) -> int:
    if test.negated is not None:
        return _size(test.negated)
    return sum(map(_size, (*test.all, *test.any))) or 1
