"""The first page, as a kind of page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from markupsafe import Markup

from detectionary.pages.changes.html import in_words
from detectionary.pages.environment import environment
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.overview.charts import draw, proportion
from detectionary.pages.overview.context import PATH, Overview
from detectionary.pages.overview.fill import overview
from detectionary.pages.words import percent

_MOST_REASONS: Final = 9
"""Longer lists are cut; the JSON has them whole."""

_MOST_REPOSITORIES: Final = 24
"""Of more, those with most rules are shown."""


def _paths(_library: Library) -> Iterable[str]:
    return (PATH,)


def _fill(library: Library, path: str) -> Overview | None:
    return library.once("overview", lambda: overview(library)) if path == PATH else None


def _html(library: Library, page: Overview) -> str:
    drawn = library.once("overview charts", lambda: _drawn(page))
    most = set(sorted(page.by_repository, key=lambda row: -row.rules)[:_MOST_REPOSITORIES])
    return (
        environment()
        .get_template("overview.html.j2")
        .render(
            page=page,
            root="",
            drawn=drawn,
            percent=percent,
            proportion=proportion,
            most=_MOST_REASONS,
            in_words=in_words,
            repositories=[row for row in page.by_repository if row in most],
        )
    )


def _drawn(page: Overview) -> Mapping[str, Markup]:
    return {chart.name: draw(chart, "") for chart in page.charts}


OVERVIEW: Final = PageKind("overview", "", _paths, _fill, _html)
