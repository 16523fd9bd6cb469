"""Repositories to a catalog: look, read, analyse, store.

Twice through the files: first all that changed are read, which brings the functions that repositories define; then
rules are taken apart against them. A rule is analysed when it is new or changed, when a name that it looked up means
something else now, or when the analysis itself is another version, and at no other time. What is stored is stored in
batches, each of which leaves the catalog whole; an interrupted run is made up for by the next.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from detectionary.catalog import FileRecord, KnownFile, KnownRule, StoredRule, Writer, open_catalog
from detectionary.ingest.comparing import comparing
from detectionary.ingest.environments import Defined, Environments, base_digest, functions_digest
from detectionary.ingest.summary import Fault, RuleName, Summary, Unreadable
from detectionary.ingest.team import Lost, Team
from detectionary.ingest.versions import analysis_version, platform_version, readers_version
from detectionary.ingest.work import Base, FileRead, FileToRead, RuleAnalysed, RuleRead, RuleToAnalyse, Worker
from detectionary.languages import LANGUAGES, Language
from detectionary.repositories import FoundFile, Repository, fetch, files, open_repository
from detectionary.schemas import environment_base

_BATCH: Final = 400
"""Rules stored in one transaction."""

_ENVIRONMENT: Final = "environment"
"""The setting that holds the version of the environment which all analyses of the catalog rest on."""


def _now() -> datetime:
    return datetime.now(UTC)


class Progress(Protocol):
    """Is told how far a phase ("read", "analyse") has come."""

    def __call__(self, phase: str, done: int, total: int) -> None: ...


class IngestError(Exception):
    """What was asked for cannot be ingested; the message says why and what to do."""


def ingest(
    paths: Sequence[str | Path],
    catalog: Path,
    *,
    languages: Sequence[Language] = LANGUAGES,
    processes: int | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = _now,
    base: Base = environment_base,
) -> Summary:
    """Bring the rules of folders, files and git addresses into the catalog, which is made if it is not there.

    The outcome does not depend on the order of `paths` or the number of `processes` (as many as there are processors,
    when None). Raises `RepositoryError`, `CatalogError` or `IngestError`; what is wrong with rules is in the catalog.
    """
    begun = time.perf_counter()
    with ExitStack() as stack:
        repositories = _opened(paths, stack)
        writer = stack.enter_context(Writer(catalog, comparing(languages)))
        make = partial(Worker, tuple(languages), base, tuple(repositories))
        team = stack.enter_context(Team(make, processes or processors()))
        run = _Run(writer, team, repositories, languages, base, progress or _silent)
        writer.begin(_stamp(now()))
        run.look()
        run.read()
        run.learn()
        run.analyse()
        run.finish(_stamp(now()))
    with open_catalog(catalog) as reading:
        totals = reading.totals([repository.name for repository in repositories])
        recorded = reading.runs()[0]
    return Summary(
        counts=totals.counts,
        ignored=totals.ignored,
        files=totals.files,
        files_read=len(run.units),
        functions=totals.functions,
        new=run.new,
        changed=run.changed,
        gone=run.gone,
        kinds=tuple((kind.value, rules) for kind, rules in recorded.changed),
        moved=recorded.moved,
        analysed=tuple(run.analysed),
        faults=tuple(run.faults),
        unreadable=tuple(run.unreadable),
        seconds=time.perf_counter() - begun,
    )


@dataclass(slots=True)
class _Scope:
    """A repository of this run, and what the catalog knows of the part of it that is ingested."""

    repository: Repository
    number: int
    known: dict[str, KnownFile]
    seen: set[str] = field(default_factory=set)


class _Run:
    """The state of one ingest, step by step."""

    def __init__(
        self,
        writer: Writer,
        team: Team,
        repositories: Sequence[Repository],
        languages: Sequence[Language],
        base: Base,
        progress: Progress,
    ) -> None:
        self._writer = writer
        self._team = team
        self._repositories = repositories
        self._languages = languages
        self._base = base
        self._progress = progress
        self._scopes: list[_Scope] = []
        self._to_read: list[FileToRead] = []
        self._to_touch: list[tuple[int, int | None, str | None]] = []
        self._outdated: list[KnownRule] = []
        self._environment = ""
        self.units: list[FileRead] = []
        """New and changed files, in order of repository and path."""
        self.new = self.changed = self.gone = 0
        self.analysed: list[RuleName] = []
        self.faults: list[Fault] = []
        self.unreadable: list[Unreadable] = []

    # Which files may have changed

    def look(self) -> None:
        """Walk the folders; whatever has another size, time or reader than the catalog knows is to be read."""
        writer = self._writer
        with writer.transaction():
            for repository in self._repositories:
                number = writer.repository(repository.name, repository.licence)
                self._scopes.append(_Scope(repository, number, writer.known_files(number, repository.inside)))
        unreadable = writer.unreadable_files()
        for place, scope in enumerate(self._scopes):
            for found in files(scope.repository):
                scope.seen.add(found.path)
                self._look_at(place, scope, found, unreadable)

    def _look_at(self, place: int, scope: _Scope, found: FoundFile, unreadable: set[int]) -> None:
        known = scope.known.get(found.path)
        commit = scope.repository.source(found.path).commit
        holds = known is not None and not known.gone and known.read_with == readers_version()
        if found.ignored is not None:
            if known is None or not holds or known.ignored != found.ignored or known.size != found.size:
                record = FileRecord(found.path, "", found.size, None, readers_version(), commit, found.ignored)
                self.units.append(FileRead(FileToRead(place, found.path), record))
            return
        if known is None or not holds or known.id in unreadable:
            self._to_read.append(FileToRead(place, found.path))
            return
        if known.modified is not None and known.size == found.size and known.modified == found.modified:
            if known.commit != commit:
                self._to_touch.append((known.id, known.modified, commit))
            return
        self._to_read.append(FileToRead(place, found.path, known.digest))

    # What they hold

    def read(self) -> None:
        """Read them; those whose bytes are the same after all need no more than a note."""
        total = len(self._to_read)
        for done, (file, outcome) in enumerate(
            zip(self._to_read, self._team.read(self._to_read), strict=True), start=1
        ):
            self._progress("read", done, total)
            scope = self._scopes[file.repository]
            name = scope.repository.name
            if isinstance(outcome, Lost):
                self.faults.append(Fault(name, file.path, None, outcome.reason))
                outcome = _given_up(file, outcome.reason, scope.repository)
            if outcome.unreadable is not None:
                self.unreadable.append(Unreadable(name, file.path, outcome.unreadable))
            elif outcome.unchanged and outcome.record is not None:
                self._to_touch.append((scope.known[file.path].id, outcome.record.modified, outcome.record.commit))
            else:
                self.units.append(outcome)
            if outcome.fault is not None:
                self.faults.append(Fault(name, file.path, None, outcome.fault))
        self.units.sort(key=lambda unit: (self._scopes[unit.file.repository].repository.name, unit.file.path))

    # What queries are read against, and which analyses no longer hold

    def learn(self) -> None:
        """Put the environment together, and find the rules of unchanged files that have to be analysed again."""
        writer = self._writer
        replaced = {(self._name(unit), unit.file.path) for unit in self.units} | set(self._gone_paths())
        functions: list[Defined] = []
        digests = [row for row in writer.function_digests() if row[:2] not in replaced]
        for unit in self.units:
            if unit.record is not None:
                functions += [(self._name(unit), unit.file.path, function) for function in unit.record.functions]
        digests += [(repository, path, function.name, function.digest) for repository, path, function in functions]
        self._environment = f"{_version_of(self._base)} {functions_digest(digests)}"
        same = writer.setting(_ENVIRONMENT) == self._environment
        versions = {language.name: analysis_version(language) for language in self._languages}
        rules = [rule for rule in writer.present_rules() if (rule.repository, rule.path) not in replaced]
        outdated = {rule.number for rule in rules if rule.analysed_with != versions.get(rule.language)}
        if same and not outdated and not any(unit.rules for unit in self.units):
            return
        functions += [defined for defined in writer.functions() if defined[:2] not in replaced]
        if not same:
            with writer.transaction():
                writer.forget_setting(_ENVIRONMENT)
            environments = Environments(self._base(), functions)
            outdated |= writer.resting_on(
                [looked_up for looked_up in writer.looked_up() if environments.digest(*looked_up[:2]) != looked_up[2]]
            )
        self._outdated = [rule for rule in rules if rule.number in outdated]
        self._team.learn(functions)

    def _gone_paths(self) -> Iterator[tuple[str, str]]:
        for scope in self._scopes:
            for path, known in scope.known.items():
                if not known.gone and path not in scope.seen:
                    yield scope.repository.name, path

    # Taking apart and storing

    def analyse(self) -> None:
        """Analyse the rules of new and changed files, then those whose surroundings changed; store in batches."""
        items = [RuleToAnalyse(self._name(unit), rule) for unit in self.units for rule in unit.rules]
        items += [
            RuleToAnalyse(
                rule.repository, RuleRead(rule.id, rule.occurrence, self._writer.entry_bytes(rule.number)), True
            )
            for rule in self._outdated
        ]
        results = self._told(self._team.analyse(items), len(items))
        batch: list[tuple[FileRead, list[StoredRule]]] = []
        size = 0
        for unit in self.units:
            rules = [self._taken(unit, rule, next(results)) for rule in unit.rules]
            batch.append((unit, _numbered([rule for rule in rules if rule is not None])))
            size += 1 + len(rules)
            if size >= _BATCH:
                self._store(batch)
                batch, size = [], 0
        self._store(batch)
        self._store_again(results)

    def _told(self, results: Iterator[RuleAnalysed | Lost], total: int) -> Iterator[RuleAnalysed | Lost]:
        for done, result in enumerate(results, start=1):
            self._progress("analyse", done, total)
            yield result

    def _taken(self, unit: FileRead, rule: RuleRead, outcome: RuleAnalysed | Lost) -> StoredRule | None:
        return self._outcome(RuleName(self._name(unit), unit.file.path, rule.rule_id), outcome)

    def _outcome(self, name: RuleName, outcome: RuleAnalysed | Lost) -> StoredRule | None:
        self.analysed.append(name)
        fault = outcome.reason if isinstance(outcome, Lost) else outcome.fault
        if fault is not None:
            self.faults.append(Fault(name.repository, name.path, name.id, fault))
        return None if isinstance(outcome, Lost) else outcome.result

    def _store(self, batch: Sequence[tuple[FileRead, list[StoredRule]]]) -> None:
        if not batch:
            return
        with self._writer.transaction():
            for unit, rules in batch:
                if unit.record is None:
                    continue
                number = self._scopes[unit.file.repository].number
                stored = self._writer.store_file(number, self._name(unit), unit.record, rules)
                self.new += stored.new
                self.changed += stored.changed
                self.gone += stored.gone

    def _store_again(self, results: Iterator[RuleAnalysed | Lost]) -> None:
        for start in range(0, len(self._outdated), _BATCH):
            again = []
            for rule in self._outdated[start : start + _BATCH]:
                stored = self._outcome(RuleName(rule.repository, rule.path, rule.id), next(results))
                if stored is not None:
                    again.append((rule.number, stored))
            with self._writer.transaction():
                for number, stored in again:
                    self._writer.replace_rule(number, stored)

    # The end

    def finish(self, stamp: str) -> None:
        """Everything is stored: say what is gone, and count."""
        with self._writer.transaction():
            for touched in self._to_touch:
                self._writer.touch_file(*touched)
        gone = [
            known.id
            for scope in self._scopes
            for path, known in scope.known.items()
            if not known.gone and path not in scope.seen
        ]
        self.gone += self._writer.finish(
            stamp,
            [scope.number for scope in self._scopes],
            gone,
            {_ENVIRONMENT: self._environment},
            changed=bool(self.analysed) or self.gone > 0,
        )

    def _name(self, unit: FileRead) -> str:
        return self._scopes[unit.file.repository].repository.name


def _numbered(rules: list[StoredRule]) -> list[StoredRule]:
    """The rules of one file with their place among those of the same id, which their queries may have given them."""
    seen: Counter[str] = Counter()
    numbered = []
    for rule in rules:
        numbered.append(rule if rule.occurrence == seen[rule.rule_id] else replace(rule, occurrence=seen[rule.rule_id]))
        seen[rule.rule_id] += 1
    return numbered


def _given_up(file: FileToRead, reason: str, repository: Repository) -> FileRead:
    """A file that cost a worker its life."""
    commit = repository.source(file.path).commit
    ignored = f"not read, by a fault of Detectionary: {reason}"
    return FileRead(file, FileRecord(file.path, "", 0, None, readers_version(), commit, ignored))


def _opened(paths: Sequence[str | Path], stack: ExitStack) -> list[Repository]:
    """The repositories of all paths, by name; git addresses are cloned for the time of the run."""
    found: dict[Path, Repository] = {}
    for path in paths:
        if isinstance(path, str) and _is_address(path):
            folder = stack.enter_context(TemporaryDirectory(prefix="detectionary-", ignore_cleanup_errors=True))
            path = fetch(path, Path(folder))
        repository = open_repository(Path(path))
        place = repository.root / repository.inside
        found.setdefault(place, repository)
    kept = [
        repository
        for place, repository in found.items()
        if not any(
            place != other and place.is_relative_to(other) and found[other].root == repository.root for other in found
        )
    ]
    roots: dict[str, Path] = {}
    for repository in kept:
        if roots.setdefault(repository.name, repository.root) != repository.root:
            raise IngestError(
                f"two different folders are both the repository {repository.name}: {roots[repository.name]} and "
                f"{repository.root}; ingest one of them"
            )
    return sorted(kept, key=lambda repository: (repository.name, repository.inside))


def _is_address(text: str) -> bool:
    """Whether this is a git address, not a path."""
    if "://" in text:
        return True
    before, colon, _ = text.partition(":")
    return bool(colon) and "@" in before and "/" not in before and not os.path.exists(text)  # noqa: PTH110  # a string


def _version_of(base: Base) -> str:
    return platform_version() if base is environment_base else base_digest(base())


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _silent(phase: str, done: int, total: int) -> None:
    """No progress is shown."""
