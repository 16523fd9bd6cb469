"""The pages that index the catalog, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from detectionary.pages.browse.listing_html import rules_table
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.languages import language_title
from detectionary.pages.lists.context import (
    Count,
    FieldOperator,
    FieldPage,
    FieldValue,
    FieldValuesPage,
    IndexPage,
    Neighbours,
    OverviewPage,
    OverviewRow,
    UsedValue,
    ValuePage,
)
from detectionary.pages.lists.overview import group_id
from detectionary.pages.lists.words import LIST_WORDS
from detectionary.pages.texts.code import escape
from detectionary.pages.words import operator_words, percent

_LONGEST: Final = 120
"""Longer names and values are cut; the page behind them shows the whole."""
_WHOLE: Final = 3_000
"""Even a value's own page shows no more of it; the JSON has all."""


def render_index(page: IndexPage) -> str:
    """A page of the rules that have something in common."""
    root = up(page.path)
    words = LIST_WORDS[page.facet]
    return (
        environment()
        .get_template(f"list_{page.facet if page.facet in _OWN else 'page'}.html.j2")
        .render(
            page=page,
            root=root,
            words=words,
            area=page.facet,
            sections=_sections(page),
            rules=rules_table(page.rules, root, words.rules),
            lists=ListMarkup(root),
            language_title=language_title,
            percent=percent,
        )
    )


_OWN: Final = frozenset({"table", "field", "action", "repository", "author"})
"""The facets whose pages have a template of their own, for what is known besides the rules."""


def _sections(page: IndexPage) -> list[tuple[str, str, int | None]]:
    """(id, title, count) of the sections, for the list beside the page."""
    found: list[tuple[str, str, int | None]] = [("rules", "Rules", page.total)]
    if isinstance(page, FieldPage):
        if page.operators:
            found.insert(0, ("values", "Values", sum(each.values for each in page.operators)))
    elif page.values is not None and page.values.total:
        found.append(("values", "Values used", page.values.total))
    if not isinstance(page, FieldPage) and page.exclusions is not None and page.exclusions.total:
        found.append(("exclusions", "Exclusions", page.exclusions.total))
    found += [(near_id(number), near.title, near.total) for number, near in enumerate(page.neighbours, start=1)]
    return found


def near_id(number: int) -> str:
    """The id of a section of neighbours."""
    return f"near-{number}"


def render_overview(page: OverviewPage) -> str:
    """All lists of a facet."""
    root = up(page.path)
    return (
        environment()
        .get_template("list_overview.html.j2")
        .render(
            page=page,
            root=root,
            words=LIST_WORDS[page.facet],
            area=page.facet,
            lists=ListMarkup(root),
            group_id=group_id,
        )
    )


def render_field_values(page: FieldValuesPage) -> str:
    """A further page of a field's values."""
    root = up(page.path)
    return (
        environment()
        .get_template("list_field_values.html.j2")
        .render(page=page, root=root, words=LIST_WORDS["field"], area="field", lists=ListMarkup(root))
    )


def render_value(page: ValuePage) -> str:
    """A page of the rules behind a corpus count."""
    root = up(page.path)
    return (
        environment()
        .get_template("list_value.html.j2")
        .render(
            page=page,
            root=root,
            area="field",
            operator=operator_words(page.operator, "any", 1),
            value=Markup(shown_value(page.value, _WHOLE)),  # noqa: S704  # escaped there
            cut=len(page.value) > _WHOLE,
            by_language=[(language_title(name), count) for name, count in page.languages.items()],
            rules=rules_table(page.rules, root, "Rules behind the count"),
            lists=ListMarkup(root),
        )
    )


def operator_id(operator: str, excluded: bool) -> str:
    """The id of the heading of an operator's values."""
    return f"{'not-' if excluded else ''}{operator.replace('_', '-')}"


def href(root: str, page: str) -> str:
    """An address below the site's root, which may go on with `?…` or `#…`, as the value of an attribute."""
    path, mark, rest = page.partition("?") if "?" in page else page.partition("#")
    return escape(f"{root}{quote(path)}{mark}{rest}")


def short(text: str, longest: int = _LONGEST) -> str:
    """A text as HTML, cut where it is very long."""
    return escape(text if len(text) <= longest else f"{text[: longest - 1]}…")


class ListMarkup:
    """Rows and chips, made without a template: there are many."""

    def __init__(self, root: str) -> None:
        self._root = root

    def link(self, count: Count) -> Markup:
        """What has a page, as a link to it."""
        return Markup(self._link(count))  # noqa: S704  # `_link` escapes

    def _link(self, count: Count) -> str:
        title = short(count.title)
        return title if count.page is None else f'<a href="{href(self._root, count.page)}">{title}</a>'

    def href(self, page: str) -> Markup:
        """An address for an attribute."""
        return Markup(href(self._root, page))  # noqa: S704  # escaped there

    def chips(self, near: Neighbours, browse: str | None = None) -> Markup:
        """Neighbours, each with the number of rules; those that are left out are told, with the way to them: where
        they are listed, or the search among the rules of the page, whose filters name them all.
        """
        lines = [f"<li>{self._link(count)} <span class=count>{count.rules:,}</span></li>" for count in near.counts]
        more = near.total - len(near.counts)
        if more > 0:
            words = f"and {more:,} more"
            if near.more is not None:
                words = f'<a href="{href(self._root, near.more)}">{words}</a>'
            elif browse is not None:
                words += f' under <a href="{href(self._root, browse)}">Search and filter</a>'
            lines.append(f"<li class=more-near>{words}</li>")
        return Markup(f'<ul class="near">{"".join(lines)}</ul>')  # noqa: S704  # `_link` escapes

    def bars(self, numbers: Neighbours, total: int) -> Markup:
        """Numbers of rules with bars."""
        rows = "".join(self._bar(count, total, numbers.facet) for count in numbers.counts)
        more = numbers.total - len(numbers.counts)
        rest = f"<tr><td colspan=3 class=muted>and {more} more</td></tr>" if more > 0 else ""
        return Markup(  # noqa: S704  # `_bar` escapes
            f"<table class=bars><caption>{escape(numbers.title)}</caption><tbody>{rows}{rest}</tbody></table>"
        )

    def _bar(self, count: Count, total: int, facet: str) -> str:
        width = max(1, round(100 * count.rules / total)) if total else 0
        level = f" {escape(count.name or 'none')}" if facet == "severity" or not count.name else ""
        return (
            f'<tr><th scope=row>{self._link(count)}</th><td><svg class="bar{level}" viewBox="0 0 100 8" '
            f'preserveAspectRatio=none aria-hidden=true><rect width="{width}" height=8></rect></svg></td>'
            f"<td class=number>{count.rules:,}</td></tr>"
        )

    def used(self, values: Iterable[UsedValue]) -> Markup:
        """Rows of values that a page's rules use."""
        return Markup("".join(map(self._used, values)))  # noqa: S704  # `_used` escapes

    def _used(self, value: UsedValue) -> str:
        return (
            f"<tr><td class=number>{value.rules:,}</td>"
            f'<td><a href="{href(self._root, value.field_page)}"><code>{short(value.field)}</code></a></td>'
            f"<td><span class=op>{escape(operator_words(value.operator, 'any', 1))}</span> "
            f'<a href="{href(self._root, value.page)}"><code>{shown_value(value.value)}</code></a></td>'
            f"<td class=number>{value.corpus:,}</td></tr>\n"
        )

    def pager(self, pages: Sequence[str], number: int, label: str = "Pages") -> Markup:
        """Links to all pages, of many to the first, the last and those around this one."""
        if len(pages) < 2:
            return Markup()
        parts = []
        before = 0
        for at, page in enumerate(pages, start=1):
            if at in (1, len(pages)) or abs(at - number) <= 4:
                if at > before + 1:
                    parts.append("<span>…</span>")
                before = at
                if at == number:
                    parts.append(f"<b aria-current=page>{at}</b>")
                else:
                    parts.append(f'<a href="{href(self._root, page)}">{at}</a>')
        return Markup(f'<nav class="pager" aria-label="{escape(label)}">{"".join(parts)}</nav>')  # noqa: S704

    def operators(self, operators: Iterable[FieldOperator]) -> Markup:
        """Ways to the values of each operator."""
        return Markup(  # noqa: S704  # `href` escapes, operators are ours
            "".join(
                f'<li><a href="{href(self._root, each.page)}"><span class=op>{"not " if each.excluded else ""}'
                f"{escape(each.operator)}</span></a> <span class=count>{each.values:,}</span></li>"
                for each in operators
            )
        )

    def field_values(self, values: Iterable[FieldValue]) -> Markup:
        """Rows of a field's values."""
        return Markup("".join(map(self._field_value, values)))  # noqa: S704  # `_field_value` escapes

    def _field_value(self, value: FieldValue) -> str:
        code = f"<code>{shown_value(value.value)}</code>"
        if value.page is not None:
            counts = ", ".join(f"{language_title(name)} {count:,}" for name, count in value.languages.items())
            page = href(self._root, value.page)
            return (
                f'<tr id={value.id}><td class=number><a class=corpus href="{page}">{value.rules:,}</a></td>'
                f'<td><a href="{page}">{code}</a></td><td class=muted>{escape(counts)}</td></tr>\n'
            )
        note = ""
        if value.rules == 0:
            note = " <span class=muted>an older version</span>"
        elif value.uncounted:
            note = f" <span class=muted>and {value.uncounted} not counted</span>"
        return (
            f"<tr id={value.id}><td class=number><b class=corpus>{value.rules}</b></td><td>{code}</td>"
            f'<td><a href="{href(self._root, value.rule.page)}"><bdi>{short(value.rule.title)}</bdi></a> '
            f"<span class=muted>{escape(language_title(value.rule.language))}</span>{note}</td></tr>\n"
        )

    def overview_rows(self, rows: Iterable[OverviewRow], *, code: bool) -> Markup:
        """Lists of a facet, with what is said of each."""
        return Markup("".join(self._overview_row(row, code) for row in rows))  # noqa: S704  # escaped there

    def _overview_row(self, row: OverviewRow, code: bool) -> str:
        title = f"<code>{short(row.title)}</code>" if code else f"<bdi>{short(row.title)}</bdi>"
        notes = f" <span class=muted>{' · '.join(map(short, row.notes))}</span>" if row.notes else ""
        return (
            f'<li><span><a href="{href(self._root, row.page)}">{title}</a>{notes}</span> '
            f"<span class=count>{row.rules:,}</span></li>\n"
        )


def shown_value(value: str, longest: int = _LONGEST) -> str:
    """A value as HTML: cut when it is long, and an empty one said."""
    return short(value, longest) if value else "<em>empty</em>"
