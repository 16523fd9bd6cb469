"""Markup that the pages of techniques and tactics share: numbers as bars."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from detectionary.pages.lists.context import Count, Neighbours, UsedValue
from detectionary.pages.texts.code import breakable, escape


def bars(counts: Neighbours, total: int, root: str, browse: str) -> Markup:
    """Counts as a list, each with a bar for its part of `total`. Widths stand in SVG, as no style may be inline.

    What is left out is named by the filters of `browse`, which leads to the rules that are counted.
    """
    rows = "".join(_bar(count, total, root) for count in counts.counts)
    more = counts.total - sum(bool(count.name) for count in counts.counts)
    way = f'<a href="{page_href(root, browse)}">Search and filter</a>'
    rest = f'<li class="muted"><span>and {more:,} more under {way}</span></li>' if more > 0 else ""
    return Markup(f'<ul class="share-bars">{rows}{rest}</ul>')  # noqa: S704  # escaped below


def _bar(count: Count, total: int, root: str) -> str:
    name = f"<bdi>{breakable(count.title)}</bdi>"
    if count.page is not None:
        name = f'<a href="{root}{escape(count.page)}">{name}</a>'
    share = max(1, round(100 * count.rules / total)) if total else 0
    bar = f'<svg aria-hidden="true"><rect width="{share}%"/></svg>'
    return f'<li>{name}<span class="number">{count.rules:,}</span>{bar}</li>'


def by_field(values: Sequence[UsedValue]) -> list[tuple[UsedValue, list[UsedValue]]]:
    """Values of one field and operator together, in the order of the first of each; with that first one."""
    groups: dict[tuple[str, str, str], list[UsedValue]] = {}
    for value in values:
        groups.setdefault((value.field, value.field_page, value.operator), []).append(value)
    return [(group[0], group) for group in groups.values()]


def page_href(root: str, page: str) -> str:
    """The address of another page for an attribute; `page` may have a query or an anchor, which stay."""
    path, mark, rest = page.partition("#")
    return f"{root}{quote(path, safe='/?=&%.+-_~')}{mark}{rest}"
