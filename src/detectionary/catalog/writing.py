"""Writing a catalog: runs, files, rules. Only `ingest` does it.

Everything happens in batches, each one transaction that leaves the catalog whole: a file is stored together with its
rules. Only `finish` says that files are gone and brings the corpus counts up to date, so an interrupted run loses
nothing.
"""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detectionary.catalog.functions import FUNCTION_CODEC, stored_functions
from detectionary.catalog.opening import CatalogError, Mode, connect
from detectionary.catalog.recording import Compare, Event, Recorder, by_text
from detectionary.catalog.rows import ENTRY_CODEC, RULE_COLUMNS, TABLE_ROWS, Row, StoredRule
from detectionary.catalog.schema import SEARCH_COLUMNS, TABLES
from detectionary.catalog.slugs import distinguished, slug_of
from detectionary.model.schema import FunctionDefinition
from detectionary.text import Diagnostic


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the last run that read it left it."""

    id: int
    digest: str
    size: int
    modified: int | None
    read_with: str
    commit: str | None
    ignored: str | None
    gone: bool


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as this run found it."""

    path: str
    digest: str
    size: int
    modified: int | None
    """None when the file is too fresh for its time to prove that it did not change since."""
    read_with: str
    commit: str | None
    ignored: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    functions: tuple[FunctionDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownRule:
    """A present rule: what decides whether its analysis still holds."""

    number: int
    id: str
    occurrence: int
    repository: str
    path: str
    language: str
    analysed_with: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing the rules of one file did."""

    new: int = 0
    changed: int = 0
    gone: int = 0


def _insertion(table: str, columns: Iterable[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"


_COLUMNS: Final = {table.name: tuple(column.name for column in table.columns) for table in TABLES}
_ROW_TABLES: Final = (*TABLE_ROWS, "dependencies", "search_terms")
_INSERT: Final = {
    **{name: _insertion(name, _COLUMNS[name]) for name in (*_ROW_TABLES, "version_texts")},
    "search": _insertion("search", ("rowid", *SEARCH_COLUMNS)),
}
_INSERT_RULE: Final = _insertion("rules", ("file", "rule_id", "occurrence", "slug", "first_run", *RULE_COLUMNS))
_UPDATE_RULE: Final = (
    f"UPDATE rules SET gone_run = NULL, {', '.join(f'{column} = ?' for column in RULE_COLUMNS)} WHERE id = ?"
)
_FORGET_TEXT: Final = (
    "INSERT INTO search (search, rowid, "
    + ", ".join(f'"{column}"' for column in SEARCH_COLUMNS)
    + ") SELECT 'delete', rule, "
    + ", ".join(f'"{column}"' for column in SEARCH_COLUMNS)
    + " FROM documents WHERE rule = ?"
)


class Writer:
    """The one writer of a catalog. A second one that starts makes the first one stop, with `CatalogError`."""

    def __init__(self, path: Path, compare: Compare = by_text) -> None:
        """`compare` tells what is another in a later text of a rule, for `changes`."""
        self._path = path
        self._connection = connect(path, Mode.CREATE)
        self._recorder = Recorder(self._connection, compare)
        self._run = 0
        self._uncounted = False
        """The last run was interrupted after storing something, perhaps."""
        self._pending: dict[str, list[Row]] = {}

    def close(self) -> None:
        """Close the file; what is not committed is undone."""
        self._connection.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is stored inside."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise CatalogError(f"{self._path} is in use by another process", "wait for it, or use --db") from error
        try:
            self._must_be_newest()
            yield
            self._flush()
            self._connection.execute("COMMIT")
        except BaseException:
            self._pending.clear()
            self._connection.rollback()
            raise

    def _must_be_newest(self) -> None:
        (newest,) = self._connection.execute("SELECT COALESCE(MAX(number), 0) FROM runs").fetchone()
        if self._run and newest != self._run:
            raise CatalogError(
                f"another ingest into {self._path} has begun; this one stops", "run it again when the other is done"
            )

    # What is there

    def begin(self, started: str) -> int:
        """Enter a new run; its number."""
        with self.transaction():
            last = self._connection.execute("SELECT finished FROM runs ORDER BY number DESC LIMIT 1").fetchone()
            cursor = self._connection.execute("INSERT INTO runs (started) VALUES (?)", (started,))
        self._uncounted = last is not None and last[0] is None
        self._run = self._recorder.run = cursor.lastrowid or 0
        return self._run

    def setting(self, name: str) -> str | None:
        """A value of `settings`."""
        row = self._connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def forget_setting(self, name: str) -> None:
        """Remove a value of `settings`."""
        self._connection.execute("DELETE FROM settings WHERE name = ?", (name,))

    def repository(self, name: str, licence: str | None) -> int:
        """The number of a repository, entered if it is new."""
        self._connection.execute(
            "INSERT INTO repositories (name, licence) VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
            "SET licence = excluded.licence WHERE licence IS NOT excluded.licence",
            (name, licence),
        )
        (found,) = self._connection.execute("SELECT id FROM repositories WHERE name = ?", (name,)).fetchone()
        return int(found)

    def known_files(self, repository: int, inside: str = "") -> dict[str, KnownFile]:
        """The files of a repository by path, those that are gone too; `inside` limits them to a folder or file."""
        rows = self._connection.execute(
            'SELECT path, id, digest, size, modified, read_with, "commit", ignored, gone_run IS NOT NULL FROM files '
            "WHERE repository = ?1 AND (?2 = '' OR path = ?2 OR substr(path, 1, length(?2) + 1) = ?2 || '/')",
            (repository, inside),
        )
        return {
            path: KnownFile(number, digest, size, modified, read_with, commit, ignored, bool(gone))
            for path, number, digest, size, modified, read_with, commit, ignored, gone in rows
        }

    def functions(self) -> Iterator[tuple[str, str, FunctionDefinition]]:
        """(repository, path, definition) of every function of the present files, in order.

        Those that another version of Detectionary stored are left out until their files are read again.
        """
        yield from stored_functions(self._connection)

    def function_digests(self) -> list[tuple[str, str, str, str]]:
        """(repository, path, name, digest) of the same functions, in the same order."""
        return self._connection.execute(
            "SELECT r.name, f.path, d.name, d.digest FROM functions AS d JOIN files AS f ON f.id = d.file "
            "JOIN repositories AS r ON r.id = f.repository WHERE f.gone_run IS NULL ORDER BY r.name, f.path, d.position"
        ).fetchall()

    def present_rules(self) -> Iterator[KnownRule]:
        """Every rule that is there, in order of repository, path and place in the file."""
        rows = self._connection.execute(
            "SELECT r.id, r.rule_id, r.occurrence, s.name, f.path, r.language, r.analysed_with FROM rules AS r "
            "JOIN files AS f ON f.id = r.file JOIN repositories AS s ON s.id = f.repository "
            "WHERE r.gone_run IS NULL ORDER BY s.name, f.path, r.id"
        )
        for row in rows:
            yield KnownRule(*row)

    def looked_up(self) -> Iterator[tuple[str, str, str]]:
        """(repository, name, digest) that the analyses of present rules rest on, each once."""
        yield from self._connection.execute(
            "SELECT DISTINCT s.name, d.name, d.digest FROM dependencies AS d JOIN rules AS r ON r.id = d.rule "
            "JOIN files AS f ON f.id = r.file JOIN repositories AS s ON s.id = f.repository WHERE r.gone_run IS NULL"
        )

    def resting_on(self, outdated: Sequence[tuple[str, str, str]]) -> set[int]:
        """The present rules whose analysis rests on one of these (repository, name, digest)."""
        found: set[int] = set()
        for repository, name, digest in outdated:
            found.update(
                number
                for (number,) in self._connection.execute(
                    "SELECT d.rule FROM dependencies AS d JOIN rules AS r ON r.id = d.rule "
                    "JOIN files AS f ON f.id = r.file JOIN repositories AS s ON s.id = f.repository "
                    "WHERE d.name = ? AND d.digest = ? AND s.name = ? AND r.gone_run IS NULL",
                    (name, digest, repository),
                )
            )
        return found

    def unreadable_files(self) -> set[int]:
        """Files with rules that another version of Detectionary stored in a way that this one cannot read."""
        rows = self._connection.execute(
            "SELECT DISTINCT file FROM rules WHERE gone_run IS NULL AND lower(hex(substr(entry, 1, ?))) <> ?",
            (len(ENTRY_CODEC.signature) // 2, ENTRY_CODEC.signature),
        )
        return {file for (file,) in rows}

    def entry_bytes(self, rule: int) -> bytes:
        """The stored entry of a rule."""
        (data,) = self._connection.execute("SELECT entry FROM rules WHERE id = ?", (rule,)).fetchone()
        return bytes(data)

    # What changes, inside a transaction

    def store_file(self, repository: int, name: str, record: FileRecord, rules: Sequence[StoredRule]) -> Stored:
        """A file that is new or changed, with all its rules; rules that it no longer holds are gone.

        `name` is the repository's.
        """
        execute = self._connection.execute
        bytes_before = execute(
            "SELECT digest FROM files WHERE repository = ? AND path = ?", (repository, record.path)
        ).fetchone()
        same_bytes = bytes_before == (record.digest,)
        (file,) = execute(
            'INSERT INTO files (repository, path, digest, size, modified, "commit", read_with, ignored) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository, path) DO UPDATE SET digest = excluded.digest, "
            'size = excluded.size, modified = excluded.modified, "commit" = excluded."commit", '
            "read_with = excluded.read_with, ignored = excluded.ignored, gone_run = NULL RETURNING id",
            (
                repository,
                record.path,
                record.digest,
                record.size,
                record.modified,
                record.commit,
                record.read_with,
                record.ignored,
            ),
        ).fetchone()
        execute("DELETE FROM functions WHERE file = ?", (file,))
        execute("DELETE FROM file_diagnostics WHERE file = ?", (file,))
        for position, function in enumerate(record.functions):
            body = None if function.body is None else function.body.text
            definition = FUNCTION_CODEC.encode(function)
            execute(
                "INSERT INTO functions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (file, position, function.name, function.parameters, body, function.digest, definition),
            )
        for position, found in enumerate(record.diagnostics):
            execute(
                "INSERT INTO file_diagnostics VALUES (?, ?, ?, ?, ?, ?)",
                (file, position, found.code, found.level.value, found.message, found.help),
            )
        known = {
            (rule_id, occurrence): (number, gone)
            for number, rule_id, occurrence, gone in execute(
                "SELECT id, rule_id, occurrence, gone_run IS NOT NULL FROM rules WHERE file = ?", (file,)
            )
        }
        new = changed = 0
        for place, rule in enumerate(rules, start=1):
            number, gone = known.pop((rule.rule_id, rule.occurrence), (None, False))
            if number is None:
                number = self._add_rule(file, name, record.path, place, rule)
                new += 1
                self._add_rows(number, rule)
                self._add_version(number, rule)
                continue
            another = self._digest(number) != rule.digest
            # The same bytes read by another version of Detectionary are no change of the rule's.
            event = Event.RETURNED if gone else Event.CHANGED if another and not same_bytes else None
            was = None if event is None else self._recorder.was(number)
            self.replace_rule(number, rule)
            if event is not None and was is not None:
                self._recorder.replaced(number, event, was, rule)
            new += gone
            changed += event is Event.CHANGED
        left = [number for number, gone in known.values() if not gone]
        self._mark_gone(left)
        return Stored(new, changed, len(left))

    def replace_rule(self, number: int, rule: StoredRule) -> None:
        """A known rule analysed again; a new version if its text is another."""
        execute = self._connection.execute
        self._flush()  # the same rule may have been stored in this very batch
        execute(_FORGET_TEXT, (number,))
        for table in (*_ROW_TABLES, "runnable"):
            execute(f"DELETE FROM {table} WHERE rule = ?", (number,))
        execute(_UPDATE_RULE, (*rule.columns, number))
        self._add_rows(number, rule)
        self._add_version(number, rule)

    def touch_file(self, file: int, modified: int | None, commit: str | None) -> None:
        """A file that has the same bytes but another time or commit."""
        self._connection.execute('UPDATE files SET modified = ?, "commit" = ? WHERE id = ?', (modified, commit, file))

    def _add_rule(self, file: int, repository: str, path: str, place: int, rule: StoredRule) -> int:
        slug = wanted = slug_of(path, place)
        attempt = 0
        while self._connection.execute("SELECT 1 FROM rules WHERE slug = ?", (slug,)).fetchone():
            slug = distinguished(wanted, repository, path, attempt)
            attempt += 1
        cursor = self._connection.execute(
            _INSERT_RULE, (file, rule.rule_id, rule.occurrence, slug, self._run, *rule.columns)
        )
        return cursor.lastrowid or 0

    def _digest(self, number: int) -> str | None:
        row = self._connection.execute(
            "SELECT digest FROM rule_versions WHERE rule = ? AND current = 1", (number,)
        ).fetchone()
        return None if row is None else str(row[0])

    def _add_version(self, number: int, rule: StoredRule) -> None:
        execute = self._connection.execute
        found = execute(
            "SELECT id, current FROM rule_versions WHERE rule = ? AND digest = ?", (number, rule.digest)
        ).fetchone()
        if found is not None and found[1]:
            return
        execute("UPDATE rule_versions SET current = 0 WHERE rule = ? AND current = 1", (number,))
        if found is not None:
            execute("UPDATE rule_versions SET current = 1 WHERE id = ?", (found[0],))
            return
        cursor = execute(
            "INSERT INTO rule_versions (rule, digest, current, first_run) VALUES (?, ?, 1, ?)",
            (number, rule.digest, self._run),
        )
        execute(_INSERT["version_texts"], (cursor.lastrowid, rule.body, rule.query))

    def _add_rows(self, number: int, rule: StoredRule) -> None:
        pending = self._pending
        for table, rows in zip(TABLE_ROWS, rule.rows, strict=True):
            if rows:
                pending.setdefault(table, []).extend((number, *row) for row in rows)
        pending.setdefault("dependencies", []).extend((number, *row) for row in rule.dependencies)
        pending.setdefault("search_terms", []).append((number, rule.fields, rule.values))
        title, description = rule.title_and_description
        pending.setdefault("search", []).append((number, title, description, rule.body, rule.fields, rule.values))

    def _flush(self) -> None:
        for table, rows in self._pending.items():
            self._connection.executemany(_INSERT[table], rows)
        self._pending.clear()

    def _mark_gone(self, rules: Iterable[int]) -> None:
        gone = list(rules)
        self._recorder.removed(gone)
        self._connection.executemany("UPDATE rules SET gone_run = ? WHERE id = ?", [(self._run, rule) for rule in gone])

    # The end of a run

    def finish(
        self,
        finished: str,
        repositories: Sequence[int],
        gone_files: Sequence[int],
        settings: Mapping[str, str],
        *,
        changed: bool,
    ) -> int:
        """The run is complete: say what is gone, count again if anything `changed`; how many rules went."""
        execute, many = self._connection.execute, self._connection.executemany
        gone = 0
        with self.transaction():
            many("UPDATE files SET gone_run = ? WHERE id = ?", [(self._run, file) for file in gone_files])
            for file in gone_files:
                rules = execute("SELECT id FROM rules WHERE file = ? AND gone_run IS NULL", (file,)).fetchall()
                self._mark_gone(rule for (rule,) in rules)
                gone += len(rules)
            self._recorder.settle()
            many(
                "UPDATE repositories SET last_run = ?1, first_run = COALESCE(first_run, ?1) WHERE id = ?2",
                [(self._run, number) for number in repositories],
            )
            many(
                "UPDATE rule_versions SET last_run = ? WHERE current = 1 AND rule IN (SELECT r.id FROM rules AS r "
                "JOIN files AS f ON f.id = r.file WHERE f.repository = ? AND r.gone_run IS NULL)",
                [(self._run, number) for number in repositories],
            )
            if changed or gone or self._uncounted:
                self._count()
            many("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", sorted(settings.items()))
            execute(
                "UPDATE runs SET finished = ?, rules = (SELECT COUNT(*) FROM rules WHERE gone_run IS NULL) "
                "WHERE number = ?",
                (finished, self._run),
            )
        return gone

    def _count(self) -> None:
        """Say which rules corpus counts count, and count."""
        execute = self._connection.execute
        execute("UPDATE rules SET counted = (gone_run IS NULL) WHERE counted <> (gone_run IS NULL)")
        twins: dict[str, list[tuple[tuple[int, ...], int]]] = {}
        for number, rule_id, version in execute(
            "SELECT r.id, lower(r.rule_id), r.version FROM rules AS r JOIN files AS f ON f.id = r.file "
            "JOIN repositories AS s ON s.id = f.repository WHERE r.gone_run IS NULL AND lower(r.rule_id) IN ("
            "SELECT lower(rule_id) FROM rules WHERE gone_run IS NULL GROUP BY lower(rule_id) HAVING COUNT(*) > 1) "
            "ORDER BY s.name, f.path, r.occurrence"
        ).fetchall():
            twins.setdefault(rule_id, []).append((_version_key(version), number))
        for rules in twins.values():
            newest = max(rules, key=lambda rule: rule[0])  # the first of equals
            self._connection.executemany(
                "UPDATE rules SET counted = 0 WHERE id = ?", [(number,) for _, number in rules if number != newest[1]]
            )
        execute("DELETE FROM value_counts")
        execute(
            "INSERT INTO value_counts SELECT v.field_key, v.operator, v.value_key, v.excluded, r.language, "
            "COUNT(DISTINCT r.fingerprint) FROM comparison_values AS v JOIN rules AS r ON r.id = v.rule "
            "WHERE r.counted = 1 AND v.value_key IS NOT NULL "
            "GROUP BY v.field_key, v.operator, v.value_key, v.excluded, r.language"
        )


def _version_key(version: str | None) -> tuple[int, ...]:
    """`1.10.0` is newer than `1.9`; what is no number counts as nothing."""
    return tuple(int(part) if part.isdigit() and len(part) < 10 else -1 for part in (version or "").split("."))
