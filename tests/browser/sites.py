"""The sites that the browser visits: catalogs of a few rules, written as files and served from this machine."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from detectionary.ingest import ingest
from detectionary.site.write import write_site
from tests.conftest import PROJECT, SHARED

FROM_CORPORA = (
    "azure-sentinel/Solutions/Amazon Web Services/Analytic Rules",
    "sigma/rules/cloud/aws",
    "elastic-detection-rules/rules/integrations/aws",
    "chronicle-detection-rules/rules/community/aws",
)
"""Folders of the shared corpora that hold rules of all languages on the same log source."""


def catalog_of_rules(folder: Path) -> Path:
    """A catalog of the example rules and, where they are at hand, of a part of the corpora."""
    path = folder / "catalog.db"
    parts = [PROJECT / "examples" / "rules"]
    if SHARED is not None:
        parts += [found for part in FROM_CORPORA if (found := SHARED / "corpora" / part).is_dir()]
    ingest(parts, path, processes=1)
    return path


def static_site(catalog: Path, out: Path) -> Path:
    """The site of the catalog at `catalog`, written below `out`."""
    write_site(catalog, out / "site")
    return out / "site"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002  # the base class names them
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is not there is answered with the site's own page, as static hosts do."""
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.is_file():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of an answer is no trouble."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a plain web server over a folder, ending in "/"."""
    with _Server(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def below(site: Path, folder: Path, name: str) -> Path:
    """`site` again, but some folders deep: `folder` is what a server shows, the site lies at `name` in it."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(site, place)
    return folder
