"""Reading a catalog: typed answers, no SQL outside this room."""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from detectionary.catalog import changes as changed
from detectionary.catalog import neighbourhoods as neighbours
from detectionary.catalog import relations as related
from detectionary.catalog import strangers, tokens
from detectionary.catalog.changes import RuleChange, Run
from detectionary.catalog.functions import stored_functions
from detectionary.catalog.index import Index
from detectionary.catalog.listing import Listing, listings
from detectionary.catalog.opening import CatalogError, Mode, connect
from detectionary.catalog.profiles import ActionParts, FieldNames, Values, action_parts, field_names, read_values
from detectionary.catalog.rows import ENTRY_CODEC
from detectionary.catalog.search import WEIGHTS, Facet, Filters, condition, question
from detectionary.catalog.state import LastRun, last_run, unfinished
from detectionary.catalog.statistics import Statistics, statistics
from detectionary.catalog.wire import WireError
from detectionary.model.entry import Entry, Reference, Relations
from detectionary.model.schema import FunctionDefinition

_MARK_START: Final = "\x02"
_MARK_END: Final = "\x03"

Snippet = tuple[tuple[str, bool], ...]
"""Pieces of a text in order, with whether each is a hit."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a search found, and where in it."""

    reference: Reference
    severity: str | None
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A text that a rule has had, with the times (ISO, UTC) of the first and the last ingest that found it."""

    digest: str
    current: bool
    first_ingest: str
    last_ingest: str | None
    body: str
    query: str


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """Rules of one repository in one language."""

    repository: str
    language: str
    rules: int
    accepted: int
    with_diagnostics: int
    predicates: int
    opaques: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What a catalog holds. `complete` is False after an ingest that was interrupted."""

    counts: tuple[LanguageCount, ...]
    files: int
    ignored: tuple[tuple[str, int], ...]
    """Files that hold nothing for the catalog, by reason."""
    functions: int
    gone: int
    complete: bool

    @property
    def rules(self) -> int:
        """Present rules of all repositories and languages."""
        return sum(count.rules for count in self.counts)


class SearchTooLongError(Exception):
    """A search took longer than the catalog was opened for."""


_LOOK: Final = 100
"""Steps of SQLite from one look at the clock to the next."""

_REFERENCE: Final = related.REFERENCE
_ENTRY: Final = (
    'SELECT r.id, r.entry, r.slug, f."commit", s.licence FROM rules AS r JOIN files AS f ON f.id = r.file '
    "JOIN repositories AS s ON s.id = f.repository "
)


def open_catalog(
    path: Path, *, mapped: bool = True, search_seconds: float | None = None, busy_seconds: float | None = None
) -> Catalog:
    """The catalog at `path`, for reading; `CatalogError` when there is none.

    Not `mapped` into memory, it can be held open for long: a process that reads a mapped file is killed when somebody
    shortens it, as copying another catalog over it does. With `search_seconds`, `matching` and `snippets` raise
    `SearchTooLongError` when they take longer each. `busy_seconds`: as long a file that another process holds is waited
    for, instead of for half a minute.
    """
    connection = connect(path, Mode.READ, mapped=mapped)
    if busy_seconds is not None:
        connection.execute(f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}")
    return Catalog(path, connection, search_seconds)


class Catalog:
    """A catalog opened for reading. Not for use by several threads at the same time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, search_seconds: float | None = None) -> None:
        self.path = path
        self._connection = connection
        self._search_seconds = search_seconds

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def data_version(self) -> int:
        """A number that is another one once something else has written to the file."""
        (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(number)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Entries

    def entry(self, name: str) -> Entry | None:
        """The rule with this slug, or else with this id, of several the newest; letter case is forgiven."""
        return self._entry(
            "WHERE r.slug = ?1 OR r.rule_id = ?1 COLLATE NOCASE "
            "ORDER BY r.slug = ?1 DESC, r.gone_run IS NOT NULL, r.counted DESC, r.id LIMIT 1",
            (name,),
        )

    def entries(self) -> Iterator[Entry]:
        """All present rules, by slug."""
        numbers = [
            number
            for (number,) in self._connection.execute(
                "SELECT id FROM rules WHERE gone_run IS NULL ORDER BY slug COLLATE BINARY"
            )
        ]
        for number in numbers:
            entry = self._entry("WHERE r.id = ?", (number,))
            if entry is not None:
                yield entry

    def functions(self) -> tuple[tuple[str, str, FunctionDefinition], ...]:
        """(repository, path, definition) of every function that the ingested repositories define."""
        return tuple(stored_functions(self._connection))

    def slugs(self) -> tuple[str, ...]:
        """The slugs of all present rules, in order."""
        rows = self._connection.execute("SELECT slug FROM rules WHERE gone_run IS NULL ORDER BY slug COLLATE BINARY")
        return tuple(slug for (slug,) in rows)

    def _entry(self, where: str, parameters: Sequence[str | int]) -> Entry | None:
        row = self._connection.execute(_ENTRY + where, parameters).fetchone()
        if row is None:
            return None
        _, data, slug, commit, licence = row
        try:
            entry = ENTRY_CODEC.decode(data)
        except WireError as error:
            raise CatalogError(
                f"{self.path}: {slug}: {error}", "detectionary ingest PATH brings it up to date"
            ) from error
        source = replace(entry.rule.source, commit=commit, licence=licence)
        return replace(entry, slug=slug, rule=replace(entry.rule, source=source))

    def _number(self, entry: Entry) -> int:
        row = self._connection.execute("SELECT id FROM rules WHERE slug = ?", (entry.slug,)).fetchone()
        if row is None:
            raise CatalogError(f"{self.path} holds no rule {entry.slug}")
        return int(row[0])

    # Lists

    def references(self) -> tuple[Listing, ...]:
        """All present rules, by language and title."""
        return tuple(listings(self._connection))

    def versions(self, entry: Entry) -> tuple[RuleVersion, ...]:
        """Every text that the rule has had, the first one first."""
        rows = self._connection.execute(
            "SELECT v.digest, v.current, first.started, last.started, t.body, t.query FROM rule_versions AS v "
            "JOIN version_texts AS t ON t.version = v.id JOIN runs AS first ON first.number = v.first_run "
            "LEFT JOIN runs AS last ON last.number = v.last_run WHERE v.rule = ? ORDER BY v.id",
            (self._number(entry),),
        )
        return tuple(
            RuleVersion(digest, bool(current), first, last, body, query)
            for digest, current, first, last, body, query in rows
        )

    def totals(self, repositories: Sequence[str] | None = None) -> Totals:
        """What the catalog holds, of all repositories or of some."""
        execute = self._connection.execute
        present = (
            "JOIN files AS f ON f.id = {}.file AND f.gone_run IS NULL JOIN repositories AS s ON s.id = f.repository"
        )
        among = "1"
        names: tuple[str, ...] = ()
        if repositories is not None:
            names = tuple(repositories)
            among = f"s.name IN ({', '.join('?' * len(names))})"
        counts = execute(
            "SELECT s.name, r.language, COUNT(*), SUM(r.accepted), "
            "SUM(EXISTS (SELECT 1 FROM diagnostics AS d WHERE d.rule = r.id AND d.level <> 'note')), "
            f"SUM(r.predicates), SUM(r.opaques) FROM rules AS r {present.format('r')} "
            f"WHERE r.gone_run IS NULL AND {among} GROUP BY s.name, r.language ORDER BY s.name, r.language",
            names,
        ).fetchall()
        ignored = execute(
            "SELECT f.ignored, COUNT(*) FROM files AS f JOIN repositories AS s ON s.id = f.repository "
            f"WHERE f.gone_run IS NULL AND f.ignored IS NOT NULL AND {among} "
            "GROUP BY f.ignored ORDER BY COUNT(*) DESC, f.ignored",
            names,
        ).fetchall()
        (files,) = execute(
            "SELECT COUNT(*) FROM files AS f JOIN repositories AS s ON s.id = f.repository "
            f"WHERE f.gone_run IS NULL AND {among}",
            names,
        ).fetchone()
        (functions,) = execute(
            f"SELECT COUNT(*) FROM functions AS d {present.format('d')} WHERE {among}", names
        ).fetchone()
        (gone,) = execute(
            "SELECT COUNT(*) FROM rules AS r JOIN files AS f ON f.id = r.file JOIN repositories AS s "
            f"ON s.id = f.repository WHERE r.gone_run IS NOT NULL AND {among}",
            names,
        ).fetchone()
        last = execute("SELECT finished FROM runs ORDER BY number DESC LIMIT 1").fetchone()
        return Totals(
            tuple(LanguageCount(*row) for row in counts),
            files,
            tuple((reason, number) for reason, number in ignored),
            functions,
            gone,
            last is None or last[0] is not None,
        )

    def last_run(self) -> LastRun | None:
        """The last ingest that completed."""
        return last_run(self._connection)

    def unfinished(self) -> str | None:
        """When the last ingest began, if it is not done: it is under way, or was interrupted. ISO, UTC."""
        return unfinished(self._connection)

    def statistics(self) -> Statistics:
        """What the catalog says about itself beyond its lists; counted anew at each call."""
        return statistics(self._connection)

    # Changes

    def runs(self) -> tuple[Run, ...]:
        """All runs of ingest with what they changed in numbers, the newest first."""
        return changed.runs(self._connection)

    def changes(self, run: int) -> tuple[RuleChange, ...]:
        """What a run changed, rule by rule; first readings of repositories are left out."""
        return changed.changes(self._connection, run)

    def change_texts(self, change: RuleChange) -> tuple[str | None, str | None]:
        """The text of a rule before and after a change, verbatim."""
        return changed.texts(self._connection, change)

    # Relations

    def relations(self, entry: Entry) -> Relations:
        """What the catalog knows of the neighbours of one of its rules."""
        return related.relations(self._connection, self._number(entry), entry)

    def relations_of_stranger(self, entry: Entry, fingerprint: str) -> Relations:
        """The same for a rule that the catalog does not hold; `fingerprint` is what copies of it share."""
        return strangers.relations_of_stranger(self._connection, entry, fingerprint)

    def rules_behind(self, field: str, operator: str, value: str, *, excluded: bool = False) -> tuple[Reference, ...]:
        """The rules that a corpus count counts, as a `ValueKey` names it: one of each group of copies."""
        return related.rules_behind(self._connection, (field, operator, value), excluded=excluded)

    def neighbourhoods(self) -> Mapping[str, str]:
        """By the slug of each present rule a digest that changes whenever `relations` of the rule does, and with the
        ids of other rules that it names itself.
        """
        return neighbours.neighbourhoods(self._connection)

    def index(self) -> Index:
        """All present rules and their facets, in memory; made anew at each call."""
        spellings: dict[str, list[tuple[str, int]]] = {}
        for name, key, number in self._connection.execute(
            "SELECT DISTINCT lower(field), field_key, rule FROM comparisons WHERE field IS NOT NULL"
        ):
            spellings.setdefault(name, []).append((key, number))
        return Index(self.references(), spellings)

    def values(self, index: Index) -> Values:
        """The values that the rules of `index`, which is this catalog's, look for and exclude; made anew."""
        return read_values(self._connection, index)

    def field_names(self, index: Index) -> Mapping[str, FieldNames]:
        """By `field_key`, how the rules of `index` name each field."""
        return field_names(self._connection, index)

    def action_parts(self) -> Mapping[str, ActionParts]:
        """By key of `Facet.ACTION`, the actions of present rules in their parts."""
        return action_parts(self._connection)

    def messages(self, code: str) -> tuple[tuple[int, str], ...]:
        """(number of the rule, message) of every diagnostic of present rules with this code, in order."""
        rows = self._connection.execute(
            "SELECT d.rule, d.message FROM diagnostics AS d JOIN rules AS r ON r.id = d.rule AND r.gone_run IS NULL "
            "WHERE d.code = ? ORDER BY d.rule, d.position",
            (code,),
        )
        return tuple((number, message) for number, message in rows)

    # Search

    def matching(self, match: str) -> tuple[int, ...]:
        """The numbers of the rules that an FTS5 expression finds, gone ones too, the best first."""
        with self._limited():
            rows = self._connection.execute(
                f"SELECT search.rowid FROM search JOIN rules AS r ON r.id = search.rowid WHERE search MATCH ? "
                f"ORDER BY bm25(search, {WEIGHTS}), r.slug",
                (match,),
            )
            return tuple(number for (number,) in rows)

    def numbers(self, filters: Filters, facets: Sequence[Facet]) -> tuple[int, ...]:
        """The numbers of the present rules that pass those of the filters that are about `facets`."""
        kept = Filters(tuple(pair for pair in filters.by_facet if pair[0] in facets))
        where, parameters = condition(kept)
        rows = self._connection.execute(
            "SELECT r.id FROM rules AS r JOIN files AS f ON f.id = r.file JOIN repositories AS s "
            f"ON s.id = f.repository WHERE r.gone_run IS NULL AND {where}",
            parameters,
        )
        return tuple(number for (number,) in rows)

    def snippets(self, match: str, numbers: Sequence[int]) -> dict[int, Snippet]:
        """For rules by number, the place where an FTS5 expression finds its words."""
        # The sign keeps SQLite from asking the index once a rule, which for `a*` gathers thousands of words each time.
        with self._limited():
            rows = self._connection.execute(
                "SELECT rowid, snippet(search, -1, ?, ?, '…', 24) FROM search WHERE search MATCH ? "
                f"AND +rowid IN ({', '.join('?' * len(numbers))})",
                (_MARK_START, _MARK_END, match, *numbers),
            )
            return {number: _snippet(marked) for number, marked in rows}

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """No more time for what is inside than searches have: many short beginnings (`a* b* c*`) take minutes."""
        if self._search_seconds is None:
            yield
            return
        ends = time.monotonic() + self._search_seconds
        self._connection.set_progress_handler(lambda: time.monotonic() > ends, _LOOK)
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise SearchTooLongError(f"the search took more than {self._search_seconds:g} seconds") from error
        finally:
            self._connection.set_progress_handler(None, _LOOK)

    # What a search elsewhere is made of

    def token_places(self) -> Iterator[tokens.TokenPlaces]:
        """Every token of the full-text index with its places: see `tokens.token_places`."""
        return tokens.token_places(self._connection)

    def column_sizes(self) -> dict[int, tuple[int, ...]]:
        """By number of a rule, the tokens in each column of the full-text index."""
        return tokens.column_sizes(self._connection)

    def compared_values(self) -> Iterator[tokens.ComparedValue]:
        """Every value that rules compare fields with, by value and field."""
        return tokens.compared_values(self._connection)

    def search(self, text: str, filters: Filters = Filters(), limit: int = 20) -> tuple[Hit, ...]:  # noqa: B008
        """Present rules that match, the best first; without words, those that pass the filters, by title."""
        asked = question(text, filters)
        where, parameters = condition(asked.filters)
        rules = "FROM rules AS r JOIN files AS f ON f.id = r.file JOIN repositories AS s ON s.id = f.repository"
        if asked.match is None:
            query = (
                f"SELECT {_REFERENCE}, r.severity, substr(r.description, 1, 200) {rules} "
                f"WHERE r.gone_run IS NULL AND {where} ORDER BY r.title COLLATE NOCASE, r.language, r.slug LIMIT :limit"
            )
        else:
            query = (
                f"SELECT {_REFERENCE}, r.severity, snippet(search, -1, :start, :end, '…', 24) "
                f"FROM search JOIN rules AS r ON r.id = search.rowid JOIN files AS f ON f.id = r.file "
                f"JOIN repositories AS s ON s.id = f.repository WHERE search MATCH :match AND r.gone_run IS NULL "
                f"AND {where} ORDER BY bm25(search, {WEIGHTS}), r.slug LIMIT :limit"
            )
        rows = self._connection.execute(
            query, {**parameters, "match": asked.match, "start": _MARK_START, "end": _MARK_END, "limit": limit}
        )
        return tuple(Hit(Reference(*reference), severity, _snippet(marked)) for *reference, severity, marked in rows)


def _snippet(marked: str) -> Snippet:
    pieces: list[tuple[str, bool]] = []
    for number, part in enumerate(marked.split(_MARK_START)):
        hit, separator, rest = part.partition(_MARK_END)
        if number == 0 or not separator:
            pieces.append((part, False))
        else:
            pieces += [(hit, True), (rest, False)]
    return tuple((piece, hit) for piece, hit in pieces if piece)
