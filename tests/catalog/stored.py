"""Small entries, and a catalog of them, without any reader or parser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from detectionary.catalog import Catalog, FileRecord, Writer, open_catalog, stored_rule, text_digest
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.attack import Coverage, TacticCoverage, Technique
from detectionary.model.entry import Action, Entry
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import Operator, Quantifier, ScalarValue, Value, ValueKind
from detectionary.model.rule import Rule, Severity, Source
from detectionary.text import SourceText, Span

_OPENED: Final[list[Catalog]] = []


def opened(path: Path) -> Catalog:
    """The catalog at `path`; the test that asks for it closes it at its end.

    From Python 3.13 on one that nobody closes is a warning, which fails whichever test runs when it is collected.
    """
    _OPENED.append(open_catalog(path))
    return _OPENED[-1]


@contextmanager
def closed_at_the_end() -> Iterator[None]:
    """Closes what is `opened` in the block: around every test, and in fixtures that last longer."""
    before = len(_OPENED)
    try:
        yield
    finally:
        while len(_OPENED) > before:
            _OPENED.pop().close()


def value(given: ScalarValue, kind: ValueKind | None = None) -> Value:
    if kind is None:
        kind = ValueKind.TEXT if isinstance(given, str) else ValueKind.NUMBER
    return Value(kind, given)


def looks_for(
    field: str, *values: ScalarValue, operator: Operator = Operator.EQ, context: str | None = None
) -> Indicator:
    return Indicator(
        field, operator, Quantifier.ANY, tuple(value(each) for each in values), 1, Span(0, 1), context=context
    )


def an_entry(
    name: str,
    *indicators: Indicator,
    query: str | None = None,
    id: str | None = None,  # noqa: A002  # the rule's own word
    version: str | None = None,
    language: str = "kusto",
    actions: Sequence[str] = (),
    exclusions: Sequence[Indicator] = (),
    severity: Severity | None = None,
    tables: tuple[str, ...] = (),
    techniques: tuple[str, ...] = (),
    outcome: Outcome | None = None,
) -> Entry:
    text = f"{name} | take 1" if query is None else query
    rule = Rule(
        id=id or f"id of {name}",
        title=f"Title of {name}",
        language=language,
        source=Source("repository", f"rules/{name}.yaml"),
        query=SourceText(text),
        body=f"name: {name}\nquery: {text}",
        body_language="yaml",
        kind="Scheduled",
        version=version,
        severity=severity,
        description=f"What {name} is about",
    )
    analysis = Analysis(accepted=True, indicators=indicators, exclusions=tuple(exclusions), tables=tables)
    return Entry(
        rule=rule,
        slug="",
        analysis=analysis,
        coverage=Coverage(
            (TacticCoverage("Execution", "TA0002", tuple(Technique(each, f"Name of {each}") for each in techniques)),)
            if techniques
            else ()
        ),
        actions=tuple(Action(key, key.rpartition("/")[0], key.rpartition("/")[2]) for key in actions),
        platform=None,
        third_party_feed=None,
        time_window=None,
        outcome=outcome,
    )


def store(path: Path, *entries: Entry, gone: Sequence[str] = (), commit: str | None = None) -> None:
    """One whole run: these entries, each in a file of its own; `gone` names files that the run no longer finds."""
    with Writer(path) as writer:
        writer.begin("2030-01-01T00:00:00Z")
        with writer.transaction():
            repository = writer.repository("repository", "MIT")
            for entry in entries:
                kept = stored_rule(
                    entry,
                    occurrence=0,
                    fingerprint=text_digest(entry.rule.language, entry.rule.query.text),
                    analysed_with="1",
                    dependencies=(),
                )
                record = FileRecord(entry.rule.source.path, text_digest(entry.rule.body), 1, None, "1", commit)
                writer.store_file(repository, "repository", record, [kept])
        known = writer.known_files(repository)
        left = [known[f"rules/{name}.yaml"].id for name in gone]
        writer.finish("2030-01-01T00:01:00Z", [repository], left, {"environment": "1"}, changed=True)


def moved(entry: Entry, path: str) -> Entry:
    """The same rule in another file."""
    return replace(entry, rule=replace(entry.rule, source=replace(entry.rule.source, path=path)))
