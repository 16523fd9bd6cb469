"""Write all pages of a catalog as files.

The same catalog gives the same bytes, whatever the number of processes. Links are relative and name files, so the site
works on any web server below any path, and opened from disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final, Protocol, TypeVar

from detectionary.catalog import Listing
from detectionary.languages import LANGUAGES
from detectionary.model.entry import Entry, Reference, Relations, ValueKey, value_keys
from detectionary.model.predicate import Value
from detectionary.pages import encode, rule_page
from detectionary.pages.keys import page_name, rule_path
from detectionary.pages.library import Bodies
from detectionary.pages.licences import may_republish
from detectionary.pages.listing import ListedRule, ValueKeyName, ValuePage
from detectionary.pages.listing_html import render_value
from detectionary.pages.rule import Highlighter, without_texts
from detectionary.pages.rule_html import raw_name, render_rule
from detectionary.pages.words import scalar_text
from detectionary.site.folder import publish, staging_for
from detectionary.site.lists import listed_rule, write_file, write_lists

_AT_ONCE: Final = 32
"""Rules that a process writes before it reports."""

_MOST_BEHIND: Final = 500
"""A page of a value lists no more rules than this."""

Progress = Callable[[int, int], None]
"""Called with how many pages are written, and how many there will be as far as is known."""


class SiteCatalog(Protocol):
    """What the site needs of a catalog."""

    def references(self) -> Sequence[Listing]:
        """All present rules, in the order of the index."""

    def entry(self, name: str) -> Entry | None:
        """The rule with this slug."""

    def relations(self, entry: Entry) -> Relations:
        """Its neighbours."""

    def rules_behind(self, field: str, operator: str, value: str, *, excluded: bool = False) -> Sequence[Reference]:
        """The rules that a corpus count counts."""


OpenCatalog = Callable[[], AbstractContextManager[SiteCatalog]]
"""Opens the catalog anew, in any process."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What was written."""

    rules: int
    pages: int
    files: int


def write_site(
    open_catalog: OpenCatalog,
    out: Path,
    *,
    bodies: Bodies = Bodies.ALL,
    processes: int = 1,
    progress: Progress = lambda _done, _total: None,
) -> SiteReport:
    """Write the site of a catalog to `out`; `SiteError` when that folder is not ours to write to.

    An earlier site in `out` stays whole until all pages of the new one are there.
    """
    with open_catalog() as catalog:
        listings = tuple(catalog.references())
    staging = staging_for(out)
    task = partial(_Writer, open_catalog, staging, bodies, frozenset(each.reference.id for each in listings))
    with _Workers(task, processes) as workers:
        slugs = [listing.reference.slug for listing in listings]
        actions: dict[str, tuple[str, ...]] = {}
        shared: dict[tuple[bool, ValueKey], tuple[str, str]] = {}
        done, total = 0, len(slugs)
        for written in workers.map(_Writer.rules, _chunks(slugs)):
            actions.update(written.actions)
            for key, shown in written.shared.items():
                shared[key] = min(shown, shared.get(key, shown))
            done += len(written.actions)
            progress(done, total)
        values = [_named(key, shown) for key, shown in sorted(shared.items())]
        total += len(values)
        for written in workers.map(_Writer.values, _chunks(values)):
            done += written.values
            progress(done, total)
    rules = tuple(replace(listed_rule(each), actions=actions.get(each.reference.slug, ())) for each in listings)
    pages = done + write_lists(staging, rules)
    return SiteReport(len(rules), pages, publish(staging, out))


# In the processes that write pages


@dataclass(frozen=True, slots=True)
class _Written:
    """What writing some pages brought to light."""

    actions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(slug, action keys)"""
    shared: Mapping[tuple[bool, ValueKey], tuple[str, str]] = field(default_factory=dict)
    values: int = 0


_SharedValue = tuple[ValueKey, ValueKeyName]


class _Writer:
    """Writes pages of a catalog that it holds open."""

    def __init__(self, open_catalog: OpenCatalog, staging: Path, bodies: Bodies, known: frozenset[str]) -> None:
        self._open = open_catalog()
        self._catalog = self._open.__enter__()
        self._staging = staging
        self._bodies = bodies
        self._known = known
        self._highlighters: Mapping[str, Highlighter] = {each.name: each.highlight for each in LANGUAGES}
        self._listed: Mapping[str, ListedRule] | None = None

    def close(self) -> None:
        self._open.__exit__(None, None, None)

    def rules(self, slugs: Sequence[str]) -> _Written:
        """The pages of some rules: HTML, JSON, and the rule's own text."""
        actions: list[tuple[str, tuple[str, ...]]] = []
        shared: dict[tuple[bool, ValueKey], tuple[str, str]] = {}
        for slug in slugs:
            entry = self._catalog.entry(slug)
            if entry is None:
                raise LookupError(f"the catalog lists a rule {slug} and does not have it")
            relations = self._catalog.relations(entry)
            self._write_rule(entry, relations)
            actions.append((slug, tuple(action.key for action in entry.actions)))
            for key, shown in _shared(entry, relations):
                shared[key] = min(shown, shared.get(key, shown))
        return _Written(tuple(actions), shared)

    def _write_rule(self, entry: Entry, relations: Relations) -> None:
        page = rule_page(entry, relations, self._highlighters.get(entry.rule.language, _no_colours))
        shown = self._bodies is Bodies.ALL or may_republish(page.source.licence)
        if not shown:
            page = without_texts(page)
        path = self._staging / rule_path(page.language, page.slug)
        path.parent.mkdir(parents=True)
        path.write_bytes(render_rule(page, bodies=shown, known=self._known).encode())
        path.with_name("index.json").write_bytes(encode(page))
        if shown:
            path.with_name(raw_name(page)).write_bytes(page.body.encode("utf-8", "replace"))

    def values(self, values: Sequence[_SharedValue]) -> _Written:
        """The pages of some values: the rules behind them."""
        if self._listed is None:
            self._listed = {each.reference.slug: listed_rule(each) for each in self._catalog.references()}
        for (field_key, operator, value), name in values:
            behind = self._catalog.rules_behind(field_key, operator, value, excluded=name.excluded)
            by_language: dict[str, int] = {}
            for rule in behind:
                by_language[rule.language] = by_language.get(rule.language, 0) + 1
            rules = tuple(self._listed[rule.slug] for rule in behind[:_MOST_BEHIND])
            page = ValuePage(name, rules, tuple(by_language.items()), len(behind))
            write_file(self._staging, name.path, render_value(page).encode())
        return _Written(values=len(values))


def _no_colours(_source: object) -> tuple[()]:
    return ()


def _shared(entry: Entry, relations: Relations) -> Iterator[tuple[tuple[bool, ValueKey], tuple[str, str]]]:
    """The values of a rule that others have too, with their field and value as the rule shows them."""
    for excluded, comparisons, counts in (
        (False, entry.analysis.indicators, relations.corpus),
        (True, entry.analysis.exclusions, relations.excluded),
    ):
        for row in comparisons if counts else ():
            for value, key in zip(row.values, value_keys(row), strict=True):
                if key is not None and counts and (count := counts.get(key)) is not None and count.total:
                    yield (excluded, key), (row.canonical_field or row.field or "all fields", _shown(value))


def _shown(value: Value) -> str:
    return " to ".join(map(scalar_text, value.value)) if isinstance(value.value, tuple) else scalar_text(value.value)


def _named(key: tuple[bool, ValueKey], shown: tuple[str, str]) -> _SharedValue:
    excluded, value_key = key
    field, value = shown
    name = ValueKeyName(page_name(value_key, excluded=excluded), field, value_key[1], value, excluded)
    return value_key, name


_Item = TypeVar("_Item")


def _chunks(items: Sequence[_Item]) -> list[Sequence[_Item]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


_writer: _Writer | None = None
"""The writer of this process, when it is one of several."""


def _start(task: Callable[[], _Writer]) -> None:
    global _writer  # a process of a pool has no other place
    _writer = task()


def _run(job: Callable[[_Writer, Sequence[_Item]], _Written], chunk: Sequence[_Item]) -> _Written:
    if _writer is None:
        raise RuntimeError("a process of the pool was not started as one")
    return job(_writer, chunk)


class _Workers:
    """One writer here, or one in each of several processes."""

    def __init__(self, task: Callable[[], _Writer], processes: int) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._writer: _Writer | None = None
        if processes > 1:
            self._pool = ProcessPoolExecutor(processes, get_context("spawn"), _start, (task,))
        else:
            self._writer = task()

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._writer is not None:
            self._writer.close()

    def map(
        self, job: Callable[[_Writer, Sequence[_Item]], _Written], chunks: Iterable[Sequence[_Item]]
    ) -> Iterator[_Written]:
        """What became of each chunk, in the order of the chunks."""
        if self._pool is not None:
            return self._pool.map(partial(_run, job), chunks)
        assert self._writer is not None  # noqa: S101  # one of the two is there
        return map(partial(job, self._writer), chunks)
