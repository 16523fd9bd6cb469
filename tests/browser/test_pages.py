"""Every kind of page in a real browser: light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from detectionary.catalog import open_catalog
from detectionary.pages.library import Library
from detectionary.pages.registry import PAGES
from tests.browser.axe import axe
from tests.browser.conftest import NARROW, WIDE, Theme, shoot
from tests.browser.watching import Watched, weighed

HEAVIEST = 150_000
"""Bytes of the first view of a page, before compression."""


@pytest.fixture(scope="module")
def samples(catalog: Path) -> dict[str, str]:
    """An address of each kind that has pages: the fullest of its first ones."""
    with open_catalog(catalog) as opened:
        library = Library(opened)
        found: dict[str, str] = {}
        for kind in PAGES:
            paths = [path for path, _ in zip(kind.paths(library), range(24), strict=False)]
            sizes = {path: len(kind.html(library, context)) for path in paths if (context := kind.fill(library, path))}
            if sizes:
                found[kind.name] = max(sizes, key=lambda path: sizes[path])
        return found


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", [kind.name for kind in PAGES])
def test_every_kind_of_page(
    kind: str,
    theme: Theme,
    width: int,
    samples: dict[str, str],
    site: str,
    visitor: Callable[..., Watched],
    shots: Path,
) -> None:
    if kind not in samples:
        pytest.skip(f"this catalog has no page of the kind {kind}")
    watched = visitor(theme, width)
    page = watched.page()
    weight = weighed(watched, lambda: page.goto(site + samples[kind], wait_until="networkidle"))
    shoot(page, shots, f"{kind}-{theme}-{width}")
    assert not scrolls_sideways(page)
    assert weight < HEAVIEST, f"{samples[kind]}: {weight:,} bytes"
    assert [str(each) for each in axe(page)] == []
