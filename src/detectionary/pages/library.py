"""What pages are filled from: a catalog, its rules in memory, and how the site is made."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVar, cast

from detectionary.catalog import Catalog, Index

_Made = TypeVar("_Made")


class Bodies(Enum):
    """Which rules' texts are shown."""

    ALL = "all"
    OPEN_ONLY = "open-only"
    """Those whose licence lets others show them."""


class Library:
    """A catalog as pages read it. Not for use by several threads at the same time: a thread has its own.

    `live`: pages are served, so that searches and the playground ask the server. `base_url` is where the site will be,
    ending in "/", when that is known: for the feed, the sitemap and the page of what is not found.
    """

    def __init__(
        self,
        catalog: Catalog,
        index: Index | None = None,
        *,
        bodies: Bodies = Bodies.ALL,
        live: bool = False,
        base_url: str | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.catalog: Final = catalog
        self.index: Final = index if index is not None else catalog.index()
        self.bodies: Final = bodies
        self.live: Final = live
        self.base_url: Final = base_url
        self._shared = shared if shared is not None else Shared()

    def once(self, name: Hashable, make: Callable[[], _Made]) -> _Made:
        """What `make` makes, made at the first call with this name and kept."""
        made = self._shared.made
        if name not in made:
            made[name] = make()
        return cast("_Made", made[name])


@dataclass(frozen=True, slots=True)
class Shared:
    """What was made for many pages at once; libraries of one catalog and one way of showing it may share it."""

    made: dict[Hashable, object] = field(default_factory=dict)
