"""How a catalog is served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from detectionary.pages.library import Bodies


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server was told when it was started; nothing of it changes later.

    `base_url`, ending in "/", is where readers find the site when that is not where the server listens: behind a proxy,
    perhaps below a path that the proxy takes off. `names` are the hosts that requests may name, in lower case and
    without ports: a page of another site that has its own name lead here (DNS rebinding) is not answered.
    """

    catalog: Path
    bodies: Bodies = Bodies.ALL
    base_url: str | None = None
    names: frozenset[str] = frozenset(("127.0.0.1", "[::1]", "localhost"))
    threads: int = 3
    """Pages and answers made at the same time; more only makes all of them later, for one interpreter runs them."""
    waiting: int = 500
    """Requests that may wait for a thread; the next one is told to come again."""
    search_seconds: float = 3.0
    """What looks for words longer than this is ended."""
    busy_seconds: float = 4.0
    """A catalog that another process holds is waited for so long; an ingest holds it for moments."""
    kept: int = 64 * 2**20
    """Bytes of made pages that are kept."""

    @property
    def root(self) -> str:
        """The path of the site's root as readers see it, ending in "/"."""
        path = urlsplit(self.base_url or "/").path or "/"
        return path if path.endswith("/") else f"{path}/"
