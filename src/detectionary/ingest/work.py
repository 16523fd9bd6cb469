"""What is done for one file and one rule, in whichever process.

A fault of ours in one rule or file stays there: it becomes a diagnostic with the exception's type and place, is
counted, and everything else goes on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeAlias

from detectionary.catalog import ENTRY_CODEC, RULE_CODEC, FileRecord, StoredRule, stored_rule, text_digest
from detectionary.ingest.assemble import assemble
from detectionary.ingest.environments import Defined, Environments
from detectionary.ingest.versions import analysis_version, readers_version
from detectionary.languages.language import Language
from detectionary.model.analysis import Analysis
from detectionary.model.attack import Coverage
from detectionary.model.entry import Entry
from detectionary.model.rule import FileContent, Rule
from detectionary.model.schema import Environment
from detectionary.repositories import Repository, read_bytes
from detectionary.text import Diagnostic, Level

Base: TypeAlias = Callable[[], Environment]
"""Makes the platform's environment; a function of a module, so that another process can be told of it by name."""

_FRESH: Final = 2_000_000_000
"""Nanoseconds. A file changed so shortly before it was read could change again without its time or size telling."""


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file that may have changed. `known` is its digest when the catalog still holds what was read then."""

    repository: int
    """Its place among the repositories of the run."""
    path: str
    known: str | None = None


@dataclass(frozen=True, slots=True)
class RuleRead:
    """A rule of a file, packed. `occurrence` counts the rules of one id in one file, from 0."""

    rule_id: str
    occurrence: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class FileRead:
    """What a file holds. `unchanged`: it has the digest that is known, and was not read further.

    `unreadable` says why the file could not be read at all: what the catalog knows of it stays.
    """

    file: FileToRead
    record: FileRecord | None
    rules: tuple[RuleRead, ...] = ()
    unchanged: bool = False
    unreadable: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class RuleToAnalyse:
    """A rule of a repository: as just read, or as its stored entry holds it (`stored`)."""

    repository: str
    rule: RuleRead
    stored: bool = False


@dataclass(frozen=True, slots=True)
class RuleAnalysed:
    """`result` is None when the rule cannot even be stored; `fault` then, or when the analysis failed, says why."""

    result: StoredRule | None
    fault: str | None = None


class Worker:
    """Reads files and analyses rules; one in each process."""

    def __init__(self, languages: Sequence[Language], base: Base, repositories: Sequence[Repository]) -> None:
        self._languages = {language.name: language for language in languages}
        self._base = base
        self._repositories = repositories
        self._environments: Environments | None = None

    def learn(self, functions: Sequence[Defined]) -> None:
        """The functions of all repositories, before any rule is analysed."""
        self._environments = Environments(self._base(), functions)

    # Files

    def _split(self, language: str, text: str) -> Sequence[tuple[int, int]]:
        return self._languages[language].split(text)

    def read(self, file: FileToRead) -> FileRead:
        """Read one file, if it changed."""
        repository = self._repositories[file.repository]
        place = repository.root / file.path
        try:
            status = place.stat()
            data = place.read_bytes()
        except OSError as error:
            return FileRead(file, None, unreadable=error.strerror or type(error).__name__)
        digest = blake2b(data, digest_size=16).hexdigest()
        record = FileRecord(
            path=file.path,
            digest=digest,
            size=len(data),
            modified=status.st_mtime_ns if status.st_mtime_ns < time.time_ns() - _FRESH else None,
            read_with=readers_version(),
            commit=repository.source(file.path).commit,
        )
        if digest == file.known:
            return FileRead(file, record, unchanged=True)
        try:
            content = read_bytes(file.path, data, repository, self._split)
            record = replace(
                record, ignored=content.ignored, diagnostics=content.diagnostics, functions=content.functions
            )
            return FileRead(file, record, _packed(content))
        except Exception as error:  # a fault of ours in one file must not stop the others
            fault = place_of(error)
            record = replace(record, ignored="not read, by a fault of Detectionary", diagnostics=(_diagnostic(fault),))
            return FileRead(file, record, fault=fault)

    # Rules

    def analyse(self, item: RuleToAnalyse) -> RuleAnalysed:
        """Take one rule apart and make its rows."""
        if self._environments is None:
            raise RuntimeError("the functions of the repositories must be known first")
        packed = item.rule.packed
        rule = ENTRY_CODEC.decode(packed).rule if item.stored else RULE_CODEC.decode(packed)
        language = self._languages[rule.language]
        fault = None
        try:
            entry = assemble(rule, language, self._environments.of(item.repository))
            fingerprint = fingerprint_of(entry, language)
        except Exception as error:  # as above
            fault = place_of(error)
            entry = _without_analysis(rule, _diagnostic(fault))
            fingerprint = fingerprint_of(entry, language)
        try:
            result = stored_rule(
                entry,
                occurrence=item.rule.occurrence,
                fingerprint=fingerprint,
                analysed_with=analysis_version(language),
                dependencies=self._environments.dependencies(item.repository, entry.analysis.dependencies),
                fault=fault,
            )
        except Exception as error:  # as above: a text that no file can hold, say
            return RuleAnalysed(None, place_of(error))
        return RuleAnalysed(result, fault)


def _packed(content: FileContent) -> tuple[RuleRead, ...]:
    seen: Counter[str] = Counter()
    rules = []
    for rule in content.rules:
        rules.append(RuleRead(rule.id, seen[rule.id], RULE_CODEC.encode(rule)))
        seen[rule.id] += 1
    return tuple(rules)


def fingerprint_of(entry: Entry, language: Language) -> str:
    """What copies share. A query with faults is a copy of one with the same words; a rule without a query of none.

    What a rule adds around its query (a threshold, new terms) belongs to it.
    """
    rule = entry.rule
    added = "\0".join(stage.text for stage in rule.additions.stages)
    if entry.analysis.accepted and (rule.query.text.strip() or added):
        text = f"{language.normalised(rule.query)}\0{added}" if added else language.normalised(rule.query)
    else:
        text = " ".join(rule.query.text.split()) or f"no query: {rule.source.repository}/{rule.source.path} {rule.id}"
    return text_digest(rule.language, text)


def _without_analysis(rule: Rule, diagnostic: Diagnostic) -> Entry:
    analysis = Analysis(accepted=False, diagnostics=(diagnostic,))
    return Entry(rule, "", analysis, Coverage(), (), None, None, None)


def place_of(error: Exception) -> str:
    """The exception's type, and the line of ours that raised it: the same in every run."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"


def _diagnostic(fault: str) -> Diagnostic:
    return Diagnostic(
        "INT001",
        Level.ERROR,
        f"an internal fault stopped this: {fault}",
        help="this is a fault of Detectionary, not of the rule; please report it with the rule",
    )
