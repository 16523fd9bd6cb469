"""The newest changes as an Atom feed (RFC 4287).

An entry is one changed rule, or all rules that one ingest added to a repository when those are many. Its id never
changes: it is made of the ingest's time and the rule's place. Its time is that at which the ingest was complete. First
readings of repositories are no news and have no entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from detectionary.catalog.changes import ADDED, CHANGED, MOVED, REMOVED, RETURNED, RuleChange, Run
from detectionary.pages.changes.context import FEED, INDEX, changes_of, details_of, page_of, page_paths, runs_of
from detectionary.pages.keys import up
from detectionary.pages.kind import FileGroup
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.texts.code import escape

MOST_ENTRIES: Final = 100

FEW: Final = 10
"""More rules that one ingest adds to, or removes from, a repository share an entry."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EVENTS: Final = {
    CHANGED: "changed",
    ADDED: "added",
    RETURNED: "returned",
    MOVED: "moved to another file",
    REMOVED: "removed",
}


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry: `link` is an address below the site's root, `content` HTML, `terms` its categories."""

    id: str
    title: str
    updated: str
    link: str
    terms: tuple[str, ...]
    content: str


def feed(library: Library) -> bytes:
    """The feed as a file. Links are absolute when the site knows its address, else relative to the feed."""
    root = library.base_url if library.base_url is not None else up(FEED)
    runs = runs_of(library)
    complete = [run for run in runs if run.complete]
    ElementTree.register_namespace("", _ATOM)
    top = ElementTree.Element(_tag("feed"))
    # A catalog keeps its first run for good, so the feed keeps its id.
    _text(top, "id", _urn("feed", runs[-1].started if runs else ""))
    _text(top, "title", "Detectionary: changes of detection rules")
    note = (
        ""
        if library.base_url is not None
        else " Links are relative to this file: the site was made without --base-url."
    )
    _text(top, "subtitle", f"Rules that were added, changed or removed, by ingest.{note}")
    _text(top, "updated", complete[0].finished or "" if complete else "1970-01-01T00:00:00Z")
    author = ElementTree.SubElement(top, _tag("author"))
    _text(author, "name", "Detectionary")
    ElementTree.SubElement(top, _tag("link"), rel="self", type="application/atom+xml", href=_href(root, FEED))
    ElementTree.SubElement(top, _tag("link"), rel="alternate", type="text/html", href=_href(root, INDEX))
    ElementTree.SubElement(top, _tag("generator")).text = "Detectionary"
    for entry in _newest(library, complete):
        _add(top, entry, root)
    ElementTree.indent(top, " ")
    text = ElementTree.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _newest(library: Library, runs: Iterable[Run]) -> list[FeedEntry]:
    found: list[FeedEntry] = []
    for run in runs:
        if run.total:
            found += _entries(library, run)
        if len(found) >= MOST_ENTRIES:
            break
    return found[:MOST_ENTRIES]


def _entries(library: Library, run: Run) -> Iterator[FeedEntry]:
    """The entries of one ingest, in the order of its pages."""
    for event, group in groupby(changes_of(library, run.number), lambda change: change.event):
        changes = list(group)
        by_repository: dict[str, list[RuleChange]] = {}
        for change in changes:
            by_repository.setdefault(change.repository, []).append(change)
        together = {name for name, items in by_repository.items() if event in (ADDED, REMOVED) and len(items) > FEW}
        for name in sorted(together):
            yield _summary(library, run, event, name, by_repository[name])
        yield from (_entry(library, run, change) for change in changes if change.repository not in together)


def _entry(library: Library, run: Run, change: RuleChange) -> FeedEntry:
    rule = change.rule
    details, page = details_of(library, change), page_of(library, change)
    kinds = tuple(kind.value for kind in change.change.kinds)
    what = _EVENTS[change.event] + (f" ({', '.join(kinds)})" if kinds else "")
    lines = [
        f"<p>{escape(language_title(rule.language))} rule of {escape(change.repository)}: {escape(change.path)}</p>"
    ]
    if change.path_before is not None:
        lines.append(f"<p>before: {escape(change.path_before)}</p>")
    if details:
        items = "".join(f"<li>{_detail(each.what, each.name, each.before, each.after)}</li>" for each in details[:20])
        lines.append(f"<ul>{items}</ul>")
        if len(details) > 20:
            lines.append(f"<p>and {len(details) - 20:,} more differences</p>")
    return FeedEntry(
        _urn("change", *_run(run), change.event, change.repository, change.path, rule.id, rule.slug),
        f"{rule.title}: {what}",
        run.finished or run.started,
        page or page_paths(library, run.number, None)[0],
        (change.event, *kinds, rule.language),
        "".join(lines),
    )


def _detail(what: str, name: str | None, before: str | None, after: str | None) -> str:
    label = escape(what if name is None else f"{what} {name}")
    match before, after:
        case None, None:
            return f"{label} changed"
        case None, str():
            return f"{label}: + {escape(after)}"
        case str(), None:
            return f"{label}: − {escape(before)}"
        case _:
            return f"{label}: {escape(str(before))} → {escape(str(after))}"


def _summary(library: Library, run: Run, event: str, repository: str, changes: list[RuleChange]) -> FeedEntry:
    names = "".join(f"<li>{escape(change.rule.title)}</li>" for change in changes[:40])
    more = f"<p>and {len(changes) - 40:,} more</p>" if len(changes) > 40 else ""
    return FeedEntry(
        _urn("changes", *_run(run), event, repository),
        f"{len(changes):,} rules of {repository} {_EVENTS[event]}",
        run.finished or run.started,
        page_paths(library, run.number, None)[0],
        (event,),
        f"<ul>{names}</ul>{more}",
    )


def _add(top: ElementTree.Element, entry: FeedEntry, root: str) -> None:
    element = ElementTree.SubElement(top, _tag("entry"))
    _text(element, "id", entry.id)
    _text(element, "title", entry.title)
    _text(element, "updated", entry.updated)
    ElementTree.SubElement(element, _tag("link"), rel="alternate", type="text/html", href=_href(root, entry.link))
    for term in entry.terms:
        ElementTree.SubElement(element, _tag("category"), term=_clean(term))
    _text(element, "content", entry.content).set("type", "html")


def _tag(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, _tag(name))
    element.text = _clean(text)
    return element


def _clean(text: str) -> str:
    """What XML can hold of a stranger's text."""
    return _NOT_IN_XML.sub("\ufffd", text)


def _href(root: str, path: str) -> str:
    return root + path


def _run(run: Run) -> tuple[str, str]:
    """What tells an ingest apart: two may begin in one second."""
    return str(run.number), run.started


def _urn(*parts: str) -> str:
    """An id that is the same for the same parts, in every site made of the catalog."""
    named = "\0".join(parts).encode("utf-8", "replace").decode()
    return uuid5(NAMESPACE_URL, f"detectionary:{named}").urn


def _files(library: Library) -> Iterable[tuple[str, bytes]]:
    yield FEED, feed(library)


FEED_FILE: Final = FileGroup("feed", _files)
