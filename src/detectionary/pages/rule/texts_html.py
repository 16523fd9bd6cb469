"""What all parts of a rule's page need of its texts: values as they are shown, stretches of the query, places."""

from __future__ import annotations

from markupsafe import Markup

from detectionary.model.predicate import ScalarValue
from detectionary.pages.languages import language_words
from detectionary.pages.rule.context import PageValue, RulePage
from detectionary.pages.rule.detail import Detail
from detectionary.pages.texts.code import Painted, Placement, escape_code
from detectionary.pages.words import scalar_text


class TextMarkup:
    """The page, how much of it is shown, and its texts as HTML."""

    def __init__(self, page: RulePage, detail: Detail, bodies: bool) -> None:
        self.page = page
        self._detail = detail
        self._bodies = bodies
        self.words = language_words(page.language, [stage.operator for stage in page.stages])
        self._query = Painted(page.query, page.highlights)
        self._placement = Placement(page)

    def value(self, value: PageValue) -> Markup:
        if isinstance(value.value, tuple):
            low, high = value.value
            return Markup("{} <span class=muted>to</span> {}").format(self.scalar(low), self.scalar(high))
        shown = self.scalar(value.value)
        if value.kind in ("text", "number", "bool", "null", "guid"):
            return shown
        return Markup("{} <span class=type>{}</span>").format(shown, self.kind(value.kind))

    def kind(self, kind: str) -> str:
        """A kind of value or of input in the language's words."""
        return self.words.watchlist if kind == "watchlist" else kind.replace("_", " ")

    def plain(self, value: ScalarValue | tuple[ScalarValue, ...]) -> str:
        return scalar_text(value)[:80]

    def scalar(self, value: ScalarValue | tuple[ScalarValue, ...]) -> Markup:
        if value == "":
            return Markup("<em>empty text</em>")
        text = scalar_text(value)
        if len(text) > 2_000:
            text = f"{text[:2_000]}…"
        return Markup(f"<code>{escape_code(text)}</code>")  # noqa: S704  # escaped here

    def shortened(self, text: str) -> Markup:
        """A stretch of the query on few lines."""
        return Markup(escape_code(text if len(text) <= 400 else f"{text[:400]}…"))  # noqa: S704  # escaped here
