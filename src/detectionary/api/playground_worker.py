"""The process that reads and runs what strangers paste: what goes wrong there does not go wrong in the server.

It answers one request after the other with the bytes that the server sends on. The server ends it when a request takes
too long or too much memory (`playground_crew`), and starts another. It cannot write files, and the engine in it reads
nothing but the sample logs.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from detectionary.api.playground_findings import finding_of
from detectionary.api.playground_shapes import (
    Limits,
    ParseAnswer,
    ParsedRule,
    ParseRequest,
    RunAnswer,
    RunRequest,
    TextFinding,
    TextRequest,
)
from detectionary.catalog import Catalog, CatalogError, open_catalog, readable
from detectionary.checks import findings
from detectionary.ingest import assemble
from detectionary.ingest.environments import Environments
from detectionary.ingest.pasted import Pasted, read_pasted
from detectionary.ingest.work import fingerprint_of, place_of
from detectionary.languages import language_named
from detectionary.logs import Logs
from detectionary.model.entry import NO_RELATIONS, Entry, Relations
from detectionary.model.rule import Rule
from detectionary.model.schema import Environment
from detectionary.pages import rule_page
from detectionary.pages.part import encode_part, encode_plain
from detectionary.pages.rule.context import RENDERING_ONLY
from detectionary.pages.rule.html import render_loose_rule
from detectionary.schemas import environment_base
from detectionary.text import Diagnostic, Level, SourceText

READY: Final = b"ready"
DONE: Final = b"+"
"""Before an answer."""
MEMORY: Final = b"m"
"""In its place, when there was not enough memory."""
FAULT: Final = b"!"
"""Before the place of ours where something went wrong."""
ROOT: Final = "../"
"""From the playground's page to the site's root."""
_HEADROOM: Final = 2 * 2**30
"""Bytes of addresses beyond those in use at the start; the server looks at the memory in use and is stricter."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker works with. Without `logs` it runs nothing."""

    catalog: Path
    logs: Logs | None
    limits: Limits


def work(connection: Connection, setup: Setup) -> None:
    """Answer requests until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to hear
    with suppress(EOFError, BrokenPipeError):
        worker = Worker(setup)
        _confine()
        connection.send_bytes(READY)
        while True:
            connection.send_bytes(_outcome(worker, connection.recv_bytes()))


def _outcome(worker: Worker, request: bytes) -> bytes:
    try:
        return DONE + worker.answer(request)
    except MemoryError:
        return MEMORY
    except Exception as error:  # a fault of ours in one request must not stop the others
        return FAULT + place_of(error).encode()


def _confine() -> None:
    """Take from this process what it does not need: its priority, files of its own, more and more memory."""
    os.nice(5)
    try:
        import resource
    except ImportError:  # Windows has no such limits; the server's own remain
        return
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + _HEADROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


Run: TypeAlias = Callable[[Rule, Environment, datetime | None, Callable[[], float]], RunAnswer]
"""`playground_run.run_rule` on the sample logs."""


class Worker:
    """Reads texts against a catalog, and runs rules on the sample logs."""

    def __init__(self, setup: Setup, clock: Callable[[], float] = time.monotonic) -> None:
        self._setup = setup
        self._clock = clock
        self._run: Run | None = None if setup.logs is None else _opened(setup.logs, setup.limits)
        self._catalog: Catalog | None = None
        self._stamp: tuple[int, ...] = ()
        self._environments = Environments(environment_base(), ())

    def answer(self, request: bytes) -> bytes:
        """The JSON of the answer to the JSON of a request."""
        begun = self._clock()
        self._refresh()
        asked: ParseRequest | RunRequest = msgspec.json.decode(request, type=ParseRequest | RunRequest)
        match asked:
            case ParseRequest():
                return encode_plain(_as_pages_are(self.parsed(asked)))
            case RunRequest():
                ends = begun + self._setup.limits.run_seconds
                return encode_part(self.run(asked, lambda: ends - self._clock()))

    def _refresh(self) -> None:
        """Open the catalog anew when its file is another one."""
        try:
            found = self._setup.catalog.stat()
            stamp = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
            if stamp == self._stamp:
                return
            catalog = open_catalog(self._setup.catalog, mapped=False, busy_seconds=1.0)
            with readable(self._setup.catalog):
                functions = catalog.functions()
        except (OSError, CatalogError):  # what was there is still read
            return
        if self._catalog is not None:
            self._catalog.close()
        self._catalog, self._stamp = catalog, stamp
        self._environments = Environments(environment_base(), functions)

    # Texts

    def parsed(self, asked: ParseRequest) -> ParseAnswer:
        """The pages of the rules of a text."""
        pasted = read_pasted(asked.text, asked.name, asked.language)
        content = pasted.content
        environment = self._environment(asked, pasted)
        shown = content.rules[: self._setup.limits.rules]
        source = SourceText(asked.text, pasted.path)
        return ParseAnswer(
            name=pasted.path,
            guessed=pasted.guessed,
            rules=tuple(self._rule(rule, environment, html=asked.html) for rule in shown),
            more_rules=len(content.rules) - len(shown),
            functions=tuple(function.name for function in content.functions),
            findings=tuple(finding_of(each, source, "file") for each in content.diagnostics),
            ignored=content.ignored,
        )

    def _environment(self, asked: TextRequest, pasted: Pasted) -> Environment:
        """The functions of the rule's repository and of all others, those of the text itself first."""
        known = self._environments.of(asked.repository)
        own = {function.name: function for function in pasted.content.functions}
        return Environment(known.tables, {**known.functions, **own}) if own else known

    def _rule(self, rule: Rule, environment: Environment, *, html: bool) -> ParsedRule:
        language = language_named(rule.language)
        entry = assemble(rule, language, environment)
        page = rule_page(entry, self._relations(entry), language.highlight)
        return ParsedRule(
            title=rule.title,
            language=rule.language,
            accepted=entry.analysis.accepted,
            runnable=rule.language == "kusto" and bool(rule.query.text.strip()),
            line=rule.body_start,
            findings=tuple(_findings(entry)),
            page=None if html else page,
            html=render_loose_rule(page, ROOT, known=_Known(self._catalog)) if html else None,
        )

    def _relations(self, entry: Entry) -> Relations:
        """What the catalog knows of the rule's neighbours; nothing when there is no catalog to ask, or none to read."""
        if self._catalog is None:
            return NO_RELATIONS
        fingerprint = fingerprint_of(entry, language_named(entry.rule.language))
        try:
            with readable(self._setup.catalog):
                return self._catalog.relations_of_stranger(entry, fingerprint)
        except CatalogError:  # the text is read all the same
            return NO_RELATIONS

    # Runs

    def run(self, asked: RunRequest, seconds_left: Callable[[], float]) -> RunAnswer:
        """One evaluation of a rule of a text."""
        pasted = read_pasted(asked.text, asked.name, asked.language)
        rules = pasted.content.rules
        if asked.rule >= len(rules):
            reason = pasted.content.ignored or f"the text has {len(rules)} rules"
            return _not_run("", f"there is no rule to run: {reason}")
        rule = rules[asked.rule]
        if self._run is None:
            return _not_run(rule.title, "the server has no sample logs", "detectionary serve --logs PATH...")
        if rule.language != "kusto":
            return _not_run(rule.title, "only Kusto rules can be run so far")
        return self._run(rule, self._environment(asked, pasted), _time(asked.at), seconds_left)


def _as_pages_are(answer: ParseAnswer) -> dict[str, Any]:
    """The answer as JSON; the pages in it are those that `api/rules/{name}` gives."""
    plain: dict[str, Any] = msgspec.to_builtins(answer)
    for rule in plain["rules"]:
        for name in RENDERING_ONLY if rule["page"] is not None else ():
            del rule["page"][name]
    return plain


def _opened(logs: Logs, limits: Limits) -> Run:
    # The engine and the compiler take as long to import as all else; who only reads does not need them.
    from detectionary.api.playground_run import open_bench, run_rule

    bench = open_bench(logs, limits)
    return lambda rule, functions, at, seconds_left: run_rule(rule, functions, bench, at, seconds_left)


@dataclass(frozen=True, slots=True)
class _Known(Container[str]):
    """The ids of the catalog's rules, asked for one by one."""

    catalog: Catalog | None

    def __contains__(self, rule_id: object) -> bool:
        if self.catalog is None:
            return False
        try:
            with readable(self.catalog.path):
                return self.catalog.entry(str(rule_id)) is not None
        except CatalogError:
            return False


def _findings(entry: Entry) -> Iterator[TextFinding]:
    for found in findings(entry):
        yield finding_of(found.diagnostic, found.source, found.section.value)


def _not_run(title: str, why: str, advice: str | None = None) -> RunAnswer:
    finding = Diagnostic("KQL401", Level.ERROR, why, help=advice)
    return RunAnswer("other", title, "", None, "", findings=(finding_of(finding, SourceText(""), "run"),))


def _time(text: str | None) -> datetime | None:
    """The time that a request names; the server has looked whether it can be read."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
