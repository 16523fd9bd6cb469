"""Playgrounds over the example rules and logs, asked as a page asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from detectionary.api.addresses import Addresses
from detectionary.api.app import create_app
from detectionary.api.editions import Workshop
from detectionary.api.playground import Playground
from detectionary.api.playground_shapes import Limits
from detectionary.logs import Logs
from detectionary.logs.reading import read_logs
from detectionary.pages.registry import FILES, PAGES
from detectionary.schemas import environment_base
from tests.api.conftest import Asking
from tests.conftest import PROJECT

LOGS = PROJECT / "examples" / "logs"
SENTINEL = PROJECT / "examples" / "rules" / "sentinel"
FIRST = (SENTINEL / "AWS_UnauthorizedInstanceSetUpAttempt.yaml").read_text(encoding="utf-8")


def example_logs(folder: Path) -> Logs:
    return read_logs([LOGS], folder, environment_base().tables)


class Ground:
    """A playground behind its application."""

    def __init__(self, asking: Asking, playground: Playground) -> None:
        self.asking = asking
        self.playground = playground

    def post(self, what: str, **asked: Any) -> Any:
        """The answer to a request that is answered."""
        response = self.asking(f"/api/playground/{what}", "POST", json=asked)
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def ground(workshop: Workshop, logs: Logs | None, limits: Limits) -> Iterator[Ground]:
    playground = Playground(workshop.settings.catalog, logs, limits)
    try:
        yield Ground(Asking(create_app(workshop, Addresses(PAGES, FILES), playground)), playground)
    finally:
        playground.close()
