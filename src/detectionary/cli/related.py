"""`detectionary related`: the neighbours of a rule."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, entry_of, reading
from detectionary.cli.output import ExitCode, Format
from detectionary.model.entry import Entry, Reference, Relations
from detectionary.pages.languages import language_title
from detectionary.pages.rule.context import PageOutcome
from detectionary.pages.words import outcome_words


class Neighbour(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule, and why it is named: the action it shares, or how many indicators."""

    id: str
    slug: str
    title: str
    language: str
    platform: str | None
    action: str | None = None
    shared: int | None = None


class Neighbours(msgspec.Struct, frozen=True):
    """What the catalog knows of the rules around one. `same_action`: those that watch the same outcome come first."""

    id: str
    title: str
    actions: tuple[str, ...]
    outcome: PageOutcome | None
    same_action_total: int
    same_action: tuple[Neighbour, ...]
    copies: tuple[Neighbour, ...]
    versions: tuple[Neighbour, ...]
    shared_indicators: tuple[Neighbour, ...]


def related(
    rule: str,
    *,
    db: Database = DEFAULT,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Show the rules that watch the same action, copies, other versions, and rules that share indicators.

    Rules of all languages that watch the same action are named, those that watch the same outcome of it (success, an
    error code) first, then by language and title.

    Example: `detectionary related AWS_UnauthorizedInstanceSetUpAttempt`

    Parameters
    ----------
    rule
        An id or a slug.
    db
        The catalog file.
    format
        What to write to standard output.
    """
    with reading(db) as catalog:
        entry = entry_of(catalog, rule)
        relations = catalog.relations(entry)
    match format:
        case Format.JSON:
            output.json(_neighbours(entry, relations))
        case Format.NDJSON:
            output.ndjson([_neighbours(entry, relations)])
        case Format.TEXT:
            output.show(*_view(entry, relations))
    return ExitCode.DONE


def _neighbours(entry: Entry, relations: Relations) -> Neighbours:
    return Neighbours(
        entry.rule.id,
        entry.rule.title,
        tuple(action.key for action in entry.actions),
        _outcome(entry),
        len({other.slug for _, other in relations.same_action}),
        tuple(_neighbour(other, action=action) for action, other in relations.same_action),
        tuple(_neighbour(other) for other in relations.copies),
        tuple(_neighbour(other) for other in relations.versions),
        tuple(_neighbour(other, shared=count) for other, count in relations.shared_indicators),
    )


def _outcome(entry: Entry) -> PageOutcome | None:
    return None if entry.outcome is None else PageOutcome(entry.outcome.success, entry.outcome.codes)


def _neighbour(other: Reference, action: str | None = None, shared: int | None = None) -> Neighbour:
    return Neighbour(other.id, other.slug, other.title, other.language, other.platform, action, shared)


def _view(entry: Entry, relations: Relations) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(entry.rule.title, "bold")]
    outcome = _outcome(entry)
    order = f": {outcome_words(outcome)} first, then by language" if outcome is not None else ""
    for action in entry.actions:
        others = [other for key, other in relations.same_action if key == action.key]
        lines += _listed(f"{len(others)} watch {action.key}{order}", ((other, "") for other in others))
    lines += _listed("copies: the same query", ((other, "") for other in relations.copies))
    lines += _listed("the same id, another query", ((other, "") for other in relations.versions))
    shared = ((other, f"{count} shared") for other, count in relations.shared_indicators)
    lines += _listed("shared indicators", shared)
    if len(lines) == 1:
        lines.append(Text("no rule of the catalog is related to it", "faint"))
    return lines


def _listed(heading: str, others: Iterable[tuple[Reference, str]]) -> list[RenderableType]:
    table = Table.grid(padding=(0, 2))
    for other, note in others:
        table.add_row(
            "",
            Text(other.title),
            Text(language_title(other.language), "faint"),
            Text(other.slug, "faint"),
            Text(note, "count"),
        )
    return [Text(), Text(heading, "heading"), table] if table.row_count else []
