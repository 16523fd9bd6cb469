"""One Chromium for all tests of this folder, and the sites that it visits.

The fixtures end with this folder, not with the session: while Playwright is open an event loop counts as running in
this thread, and the tests that the same worker takes next could not begin one of their own.

Pages are served from this machine; a request to anywhere else is ended and fails the test, as does an error in the
console. Screenshots go to a temporary folder, or to the one that `DETECTIONARY_SHOTS` names.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.live import serving
from tests.browser.sites import below, catalog_of_rules, served, static_site
from tests.browser.watching import Watched
from tests.conftest import PROJECT

Theme = Literal["light", "dark"]
WIDE: Final = 1280
NARROW: Final = 360

CHROMIUM: Final = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic", "--disable-gpu", "--hide-scrollbars"]
        )
        yield found
        found.close()
    with pytest.raises(RuntimeError):  # else every later test that begins a loop fails, far from here
        asyncio.get_running_loop()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Makes browser contexts: `visitor(theme, width, script=…)`. At the end nothing may have gone wrong in any."""
    made: list[Watched] = []

    def make(theme: Theme = "light", width: int = WIDE, *, script: bool = True, reduced: bool = True) -> Watched:
        context = browser.new_context(
            color_scheme=theme,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            reduced_motion="reduce" if reduced else "no-preference",
        )
        made.append(Watched(context))
        return made[-1]

    yield make
    for watched in made:
        watched.context.close()
    for watched in made:
        watched.check()


@pytest.fixture(scope="package")
def catalog(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog behind the sites. Asks for the browser, so that without one nothing is made."""
    return catalog_of_rules(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="package")
def site_folder(catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static site as files."""
    return static_site(catalog, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="package")
def site(site_folder: Path) -> Iterator[str]:
    """The address of the static site, at the root of its server."""
    with served(site_folder) as address:
        yield address


@pytest.fixture(scope="package")
def nested_site(site_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the same site two folders down."""
    with served(below(site_folder, tmp_path_factory.mktemp("nested"), "team/rules")) as address:
        yield f"{address}team/rules/"


@pytest.fixture(scope="package")
def live(catalog: Path) -> Iterator[str]:
    """The address of the live server of the same catalog, with the example logs."""
    with serving(catalog, PROJECT / "examples" / "logs") as address:
        yield address


@pytest.fixture(scope="package", params=["site", "live"])
def either(request: pytest.FixtureRequest) -> str:
    """The static site, and the live server, one after the other: what readers do there is the same."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(scope="package")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    named = os.environ.get("DETECTIONARY_SHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def shoot(page: Page, folder: Path, name: str) -> None:
    """A picture of what the page shows in its window."""
    page.screenshot(path=folder / f"{name}.png")
