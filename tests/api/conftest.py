"""One catalog of the example rules, and the application over it, asked as a reader asks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from detectionary.api.addresses import Addresses
from detectionary.api.app import create_app
from detectionary.api.editions import Workshop
from detectionary.api.playground import Playground
from detectionary.api.settings import Settings
from detectionary.cli import main
from detectionary.pages.registry import FILES, PAGES
from tests.conftest import PROJECT

EXAMPLES = PROJECT / "examples" / "rules"
NAMES = frozenset(("testserver", "127.0.0.1"))


class Asking:
    """Requests to an application in this process; what fails there is an answer here, as it is for readers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, address: str, method: str = "GET", **more: Any) -> httpx.Response:
        return asyncio.run(self.several((address,), method, **more))[0]

    async def several(self, addresses: Iterable[str], method: str = "GET", **more: Any) -> list[httpx.Response]:
        """The answers to requests that are made at the same time."""
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await asyncio.gather(*(client.request(method, address, **more) for address in addresses))


def ingested(path: Path, *folders: Path) -> Path:
    """A catalog of the rules in some folders."""
    assert main(["ingest", *map(str, folders), "--db", str(path), "--processes", "1"]) == 0
    return path


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingested(tmp_path_factory.mktemp("served") / "examples.db", EXAMPLES)


@pytest.fixture(scope="session")
def workshop(catalog: Path) -> Iterator[Workshop]:
    workshop = Workshop(Settings(catalog, names=NAMES))
    yield workshop
    workshop.close()


@pytest.fixture(scope="session")
def app(workshop: Workshop, catalog: Path) -> Iterator[FastAPI]:
    playground = Playground(catalog)  # its processes start when they are asked for something
    yield create_app(workshop, Addresses(PAGES, FILES), playground)
    playground.close()


@pytest.fixture(scope="session")
def ask(app: FastAPI) -> Asking:
    return Asking(app)
