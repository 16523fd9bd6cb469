"""`detectionary serve`: the catalog as a live web site with an API."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from detectionary.api.addresses import Addresses
from detectionary.api.app import create_app
from detectionary.api.editions import Workshop
from detectionary.api.playground import Playground
from detectionary.api.server import address_of, ending_when_told, is_loopback, listen, run
from detectionary.api.settings import Settings
from detectionary.catalog import CatalogError
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database
from detectionary.cli.output import ExitCode
from detectionary.cli.running import read_samples, report
from detectionary.cli.trouble import Trouble
from detectionary.logs import Logs
from detectionary.pages.library import Bodies
from detectionary.pages.registry import FILES, PAGES
from detectionary.schemas import environment_base


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
    settings = Settings(db, bodies, base, _names(host, base))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    addresses = Addresses(PAGES, FILES)
    with ending_when_told(), ExitStack() as held:
        # Readers who come before everything is ready wait, and are not turned away.
        listener = held.enter_context(closing(_listening(host, port)))
        try:
            workshop = held.enter_context(closing(Workshop(settings, addresses.warm)))
        except CatalogError as error:
            raise Trouble(str(error), error.help) from error
        playground = held.enter_context(closing(Playground(db, _samples(logs, held))))
        workshop.warm()
        _say_where(workshop, host, listener)
        run(create_app(workshop, addresses, playground), listener, settings.root)
    return ExitCode.DONE


def _samples(paths: tuple[Path, ...], held: ExitStack) -> Logs | None:
    """The logs at `paths`, in a folder that is there as long as `held` is; None when there are none."""
    if not paths:
        return None
    folder = held.enter_context(TemporaryDirectory(prefix="detectionary-", ignore_cleanup_errors=True))
    logs = read_samples(paths, Path(folder), environment_base().tables, None, None)
    report(logs)
    return logs


def _say_where(workshop: Workshop, host: str, listener: socket.socket) -> None:
    name, port = address_of(listener)
    if not is_loopback(host):
        warning = f"warning: not only this machine: whoever reaches {name} reads the catalog and uses the playground"
        output.talk(warning, "level.warning")
    begun = workshop.ingest_begun
    if begun is not None:
        warning = f"warning: the ingest that began at {begun} is not done; if it was interrupted, run it again"
        output.talk(warning, "level.warning")
    address = workshop.settings.base_url or f"http://{name}:{port}/"
    output.talk(f"{len(workshop.edition.index.rules):,} rules at {address} (Ctrl-C ends)")


def _listening(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        of_port = isinstance(error, OverflowError) or error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EINVAL)
        advice = "--port 0 takes a free port" if of_port else "--host is an address of this machine, or 0.0.0.0 for all"
        raise Trouble(f"cannot listen on {host}, port {port}: {reason}", advice, ExitCode.CONFIGURATION) from error


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
