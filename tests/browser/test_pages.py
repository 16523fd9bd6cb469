"""Every kind of page in a real browser: light and dark, wide and narrow, for eyes and for those who have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page

from detectionary.catalog import open_catalog
from detectionary.pages.library import Library
from detectionary.pages.registry import PAGES
from tests.browser.axe import CONTRAST, axe
from tests.browser.conftest import NARROW, WIDE, shoot
from tests.browser.watching import Watched, weighed

HEAVIEST = 150_000
"""Bytes of the first view of a page, before compression."""


@pytest.fixture(scope="module")
def samples(catalog: Path) -> Mapping[str, str]:
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


@pytest.mark.parametrize("kind", [kind.name for kind in PAGES])
def test_every_kind_of_page(
    kind: str, samples: Mapping[str, str], site: str, visitor: Callable[..., Watched], shots: Path
) -> None:
    if kind not in samples:
        pytest.skip(f"this catalog has no page of the kind {kind}")
    watched = visitor()
    page = watched.page()
    weight = weighed(watched, lambda: page.goto(site + samples[kind], wait_until="networkidle"))
    faults: list[str] = []
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 800})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            shoot(page, shots, f"{kind}-{theme}-{width}")
            # Colours are all that differs between light and dark.
            found = axe(page, *(CONTRAST if theme == "dark" else ()))
            faults += [f"{theme}, {width} wide: {each}" for each in found]
        if scrolls_sideways(page):
            faults.append(f"{width} wide: the page scrolls sideways")
    if weight >= HEAVIEST:
        faults.append(f"{weight:,} bytes are loaded before anything is asked for")
    assert not faults, f"{samples[kind]}:\n" + "\n".join(faults)
