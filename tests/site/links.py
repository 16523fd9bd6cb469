"""Check a whole static site: `python -m tests.site.links FOLDER`.

Every address that a page names leads to a file of the site and every fragment to an element of its target; nothing is
loaded from elsewhere; no script or style stands inside a page; headings and ids are sound; the JSON of pages is there.
"""

from __future__ import annotations

import json
import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import unquote, urlsplit

from detectionary.pages.kind import json_path
from detectionary.pages.not_found import PATH as NOT_FOUND
from detectionary.pages.registry import PAGES

FOLLOWED = {"a": "href", "area": "href", "form": "action"}
"""What a reader follows; may lead elsewhere, except for forms."""

LOADED = {
    "script": "src", "link": "href", "img": "src", "iframe": "src", "object": "data", "source": "src", "embed": "src",
    "use": "href", "image": "href", "video": "src", "audio": "src", "track": "src",
}  # fmt: skip
"""What a browser fetches by itself."""

NAMES_IDS = ("for", "headers", "list", "aria-labelledby", "aria-describedby", "aria-controls", "aria-details")


@dataclass
class Page:
    """What a page says: its ids, and (address, fragment) of everything of this site that it names."""

    ids: set[str] = field(default_factory=set)
    names: set[tuple[str, str]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, address: str, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._address = address
        self._base = base
        self._folder = posixpath.dirname(address)
        self._named_ids: set[str] = set()
        self._headings: list[int] = []
        self._in_script = False
        self._title: list[str] | None = None
        self._titles: list[str] = []

    def fault(self, text: str) -> None:
        self.page.faults.append(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if len(attributes) != len(attrs):
            self.fault(f"an attribute stands twice in <{tag}>: {attrs}")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "srcset", "ping", "background"):
                self.fault(f"<{tag}> has {name}")
            if name in NAMES_IDS:
                self._named_ids.update((value or "").split())
        if "id" in attributes:
            self._id(attributes["id"] or "")
        if tag == "html" and not attributes.get("lang"):
            self.fault("the language of the page is not said")
        if tag in ("style", "base", "iframe", "object", "embed"):
            self.fault(f"<{tag}>")
        if tag == "script":
            self._in_script = True
            if not attributes.get("src"):
                self.fault("a script without a file")
        if tag == "title":
            self._title = []
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._headings.append(int(tag[1]))
        self._addresses(tag, attributes)

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.fault("a script inside of the page")
        if self._title is not None:
            self._title.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_script = False
        if tag == "title" and self._title is not None:
            self._titles.append("".join(self._title).strip())
            self._title = None

    def close(self) -> None:
        super().close()
        if self._headings.count(1) != 1:
            self.fault(f"{self._headings.count(1)} headings of the first rank")
        for before, after in zip([1, *self._headings], self._headings, strict=False):
            if after > before + 1:
                self.fault(f"a heading of rank {after} follows one of rank {before}")
        if not self._titles or not self._titles[0]:
            self.fault("no title")
        for name in sorted(self._named_ids - self.page.ids):
            self.fault(f"no element has the id {name}, which an attribute names")

    def _id(self, name: str) -> None:
        if not name or name.split() != [name]:
            self.fault(f"the id {name!r}")
        if name in self.page.ids:
            self.fault(f"the id {name} stands twice")
        self.page.ids.add(name)

    def _addresses(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag == "meta" and (attributes.get("http-equiv") or "").lower() == "refresh":
            self._named("<meta refresh>", (attributes.get("content") or "").partition("url=")[2], elsewhere=False)
        for where in (FOLLOWED, LOADED):
            value = attributes.get(where.get(tag, ""))
            if value is not None and attributes.get("rel") != "canonical":
                self._named(f"<{tag}>", value, elsewhere=where is FOLLOWED and tag != "form")

    def _named(self, what: str, address: str, *, elsewhere: bool) -> None:
        try:
            parts = urlsplit(address)
        except ValueError as error:
            return self.fault(f"{what} names {address!r}: {error}")
        if parts.scheme or parts.netloc:
            if not elsewhere or parts.scheme not in ("http", "https", "mailto"):
                self.fault(f"{what} names {address!r}, which is elsewhere")
            return None
        within = self._address == NOT_FOUND and parts.path.startswith(self._base)
        if parts.path.startswith("/") and not within:
            return self.fault(f"{what} names {address!r}, which begins at the root")
        if parts.path.endswith("/"):
            return self.fault(f"{what} names the folder {address!r}, which does not open from disk")
        path = unquote(parts.path.removeprefix(self._base) if within else parts.path)
        target = posixpath.normpath(posixpath.join(self._folder, path)) if path else self._address
        self.page.names.add((target, unquote(parts.fragment)))
        return None


def read_page(folder: Path, address: str, base: str = "/") -> Page:
    """What the page at an address of the site in `folder` says. `base` is the path at which the site's root will be."""
    reader = _Reader(address, base)
    reader.feed((folder / address).read_bytes().decode("utf-8"))
    reader.close()
    return reader.page


def _styles(folder: Path, address: str) -> Page:
    page = Page()
    for part in (folder / address).read_text("utf-8").split("url(")[1:]:
        target = part.partition(")")[0].strip("\"'")
        page.names.add((posixpath.normpath(posixpath.join(posixpath.dirname(address), target)), ""))
    return page


def _read(folder: Path, base: str, addresses: list[str]) -> list[Page]:
    return [
        read_page(folder, address, base) if address.endswith(".html") else _styles(folder, address)
        for address in addresses
    ]


def faults(folder: Path, processes: int = 1, base: str = "/") -> Iterator[str]:
    """Everything that is wrong with the site in `folder`."""
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    readable = sorted(name for name in files if name.endswith((".html", ".css")))
    pages: dict[str, Page] = dict(zip(readable, _all(folder, base, readable, processes), strict=True))
    for name, page in pages.items():
        for fault in page.faults:
            yield f"{name}: {fault}"
        for target, fragment in sorted(page.names):
            if target not in files:
                yield f"{name}: {target} is not there"
            elif fragment and target in pages and fragment not in pages[target].ids:
                yield f"{name}: {target} has no #{fragment}"
    for name in readable:
        if name.endswith(".html") and _has_json(name) and json_path(name) not in files:
            yield f"{name}: {json_path(name)} is not there"
    folded: dict[str, str] = {}
    for name in sorted(files):
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            yield f"{name}: is {other} where letters' case does not matter"
    for name in sorted(files):
        if name.endswith(".json"):
            try:
                json.loads((folder / name).read_bytes())
            except ValueError as error:
                yield f"{name}: {error}"


def _all(folder: Path, base: str, names: list[str], processes: int) -> Iterable[Page]:
    if processes == 1:
        return _read(folder, base, names)
    chunks = [names[start : start + 100] for start in range(0, len(names), 100)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return [page for chunk in pool.map(partial(_read, folder, base), chunks) for page in chunk]


def _has_json(address: str) -> bool:
    """Whether the page is of a kind whose pages have JSON twins."""
    top = address.partition("/")[0] if "/" in address else ""
    if top:
        return any(kind.json for kind in PAGES if kind.folder == top)
    return address != NOT_FOUND


def main(arguments: list[str]) -> int:
    found = 0
    for fault in faults(Path(arguments[0]), processes=2):
        found += 1
        if found <= 200:
            sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{found} faults\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
