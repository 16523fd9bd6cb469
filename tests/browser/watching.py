"""A page in a real browser, with everything written down that must not happen in it.

What must not: an error in the console, a violation of the content security policy, a script that stops, a request that
fails or leaves this machine, a dialog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response, Route, expect

HERE: Final = "127.0.0.1"

SOON: Final = 120_000
"""Milliseconds in which all that a page does is done, on slow machines and beside other work too."""

expect.set_options(timeout=SOON)

_POLICY: Final = """
addEventListener("securitypolicyviolation", function (event) {
  console.error("CSP: " + event.violatedDirective + " blocked " + event.blockedURI + " " + event.sample);
});
"""


@dataclass
class Watched:
    """A browser context whose pages are watched. `troubles` is what happened that must not, in order."""

    context: BrowserContext
    troubles: list[str] = field(default_factory=list)
    transferred: dict[str, int] = field(default_factory=dict)
    """Bytes of the bodies that were loaded, by address."""

    def __post_init__(self) -> None:
        self.context.add_init_script(_POLICY)
        self.context.route("**/*", self._route)
        self.context.on("page", self._watch)
        self.context.on("requestfailed", self._failed)
        self.context.on("response", self._answered)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        self.context.on("dialog", self._dialog)

    def page(self) -> Page:
        """A new tab."""
        return self.context.new_page()

    def forgive(self, *parts: str) -> None:
        """Drop the troubles that a test means to cause: those that hold one of `parts`."""
        self.troubles[:] = [each for each in self.troubles if not any(part in each for part in parts)]

    def check(self) -> None:
        assert self.troubles == []

    def _watch(self, page: Page) -> None:
        page.set_default_timeout(SOON)

    def _route(self, route: Route) -> None:
        address = route.request.url
        if urlsplit(address).scheme in ("data", "blob") or urlsplit(address).hostname == HERE:
            route.continue_()
            return
        self.troubles.append(f"request to elsewhere: {address}")
        route.abort()

    def _failed(self, request: Request) -> None:
        # Leaving a page, or asking again before the answer has come, ends requests: that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"request failed: {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"status {response.status}: {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.troubles.append(f"console {message.type}: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def weighed(watched: Watched, visit: Callable[[], object]) -> int:
    """The bytes, before compression, of everything that the browser loads while `visit` runs in an empty cache."""
    sizes: dict[str, int] = {}

    def note(response: Response) -> None:
        if response.ok:
            sizes[response.url] = len(response.body())

    watched.context.on("response", note)
    try:
        visit()
    finally:
        watched.context.remove_listener("response", note)
    return sum(sizes.values())
