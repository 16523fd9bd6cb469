"""`detectionary serve`: the catalog as a live web site with an API."""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from detectionary.api.addresses import Addresses
from detectionary.api.app import create_app
from detectionary.api.editions import Workshop
from detectionary.api.server import address_of, is_loopback, listen, run
from detectionary.api.settings import Settings
from detectionary.catalog import CatalogError
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database
from detectionary.cli.output import ExitCode
from detectionary.cli.trouble import Trouble
from detectionary.pages.library import Bodies
from detectionary.pages.registry import FILES, PAGES


def serve(
    *,
    db: Database = DEFAULT,
    host: str = "127.0.0.1",
    port: int = 8000,
    logs: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative=())] = (),
    bodies: Bodies = Bodies.ALL,
    base_url: str | None = None,
) -> int:
    """Serve the catalog as a live web site, with an API under /api/.

    Example: `detectionary serve --db rules.db --port 8080`

    The catalog is only read; when an ingest into its file completes, pages follow without a restart. Ctrl-C and SIGTERM
    end the server when the requests begun are answered.

    Parameters
    ----------
    db
        The catalog file.
    host
        The address to listen on. By default only this machine can ask.
    port
        The port to listen on; 0 takes one that is free, and says which.
    logs
        Sample logs that the playground runs rules on: files and folders.
    bodies
        Which rules' texts are shown: all, or those whose licence lets others show them.
    base_url
        Where readers find the site when that is elsewhere, as behind a proxy: https://example.org/rules/.
    """
    base = None if base_url is None else _base(base_url)
    settings = Settings(db, bodies, base, _names(host, base), logs)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    addresses = Addresses(PAGES, FILES)
    try:
        workshop = Workshop(settings, addresses.warm)
    except CatalogError as error:
        raise Trouble(str(error), error.help) from error
    try:
        listener = _listening(host, port)
        app = create_app(workshop, addresses)
        name, number = address_of(listener)
        if not is_loopback(host):
            output.talk(f"detectionary: everybody who reaches {name} can read the catalog: --host {host}", "yellow")
        rules = len(workshop.edition.index.rules)
        output.talk(f"{rules:,} rules at {base or f'http://{name}:{number}/'} (Ctrl-C ends)")
        run(app, listener)
    finally:
        workshop.close()
    return ExitCode.DONE


def _listening(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Trouble(
            f"cannot listen on {host}, port {port}: {reason}", "--port 0 takes a free port", ExitCode.CONFIGURATION
        ) from error


def _base(text: str) -> str:
    """The address of the site, ending in "/"."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise Trouble(f"--base-url {text}: no address of a site", "as https://example.org/rules/")
    return text if text.endswith("/") else f"{text}/"


def _names(host: str, base: str | None) -> frozenset[str]:
    """The hosts that requests may name."""
    names = {"127.0.0.1", "[::1]", "localhost", f"[{host}]" if ":" in host else host.lower()}
    if base is not None:
        names.add((urlsplit(base).hostname or "").lower())
    if not is_loopback(host):
        names.add(socket.gethostname().lower())
    return frozenset(names)
