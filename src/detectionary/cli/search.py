"""`detectionary search`: full text and facets."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from detectionary.catalog import Facet, Filters, Hit
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, reading
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.trouble import Trouble
from detectionary.pages.languages import language_title


class Found(msgspec.Struct, frozen=True):
    """A hit as JSON; in `snippet` what was found stands between double asterisks."""

    id: str
    slug: str
    title: str
    language: str
    platform: str | None
    severity: str | None
    snippet: str


def search(
    text: Annotated[tuple[str, ...], Parameter(name="TEXT", negative=())] = (),
    *,
    language: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    table: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    field: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    technique: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    action: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    platform: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    severity: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    status: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    tactic: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    repository: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    author: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    limit: int = 20,
    db: Database = DEFAULT,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Find rules by words in their title, description, text, fields and values, and by facets.

    Example: `detectionary search RunInstances --severity high`

    Words are looked for together; "a phrase" in quotes as it stands; Run* by its beginning. Facets can stand in the
    text too: `field:EventName value:RunInstances has:exclusions parsed:no`. Several values of one facet are
    alternatives. A language goes by its name (`kusto`, `sigma`, `eql`, `esql`, `kuery`, `lucene`, `ml`, `yaral`) or by
    that of its family (`elastic`).

    Parameters
    ----------
    text
        What to look for.
    language
        Query language, or a family of languages.
    table
        A table that the rule reads.
    field
        A field that the rule compares, by its own or its canonical name.
    technique
        An ATT&CK technique's id.
    action
        An action's key, as `aws:ec2.amazonaws.com/RunInstances`, or its operation alone.
    platform
        What the rule watches, as `AWS` or `Windows`.
    severity
        Severity of the rule.
    status
        Status of the rule, as `stable` or `available`.
    tactic
        An ATT&CK tactic, by name or id.
    repository
        A repository, whole or by its last part.
    author
        One of the authors that the rule names.
    limit
        The most rules to list.
    db
        The catalog file.
    format
        What to write to standard output.
    """
    filters = Filters()
    chosen = (
        (Facet.LANGUAGE, language),
        (Facet.TABLE, table),
        (Facet.FIELD, field),
        (Facet.TECHNIQUE, technique),
        (Facet.ACTION, action),
        (Facet.PLATFORM, platform),
        (Facet.SEVERITY, severity),
        (Facet.STATUS, status),
        (Facet.TACTIC, tactic),
        (Facet.REPOSITORY, repository),
        (Facet.AUTHOR, author),
    )
    for facet, values in chosen:
        for value in values:
            filters = filters.adding(facet, value)
    if not text and not filters.by_facet:
        raise Trouble("nothing to search for", "detectionary search TEXT, or a facet such as --table SigninLogs")
    if limit < 1:
        raise Trouble(f"--limit {limit}: at least one is needed")
    with reading(db) as catalog:
        hits = catalog.search(" ".join(text), filters, limit)
    match format:
        case Format.JSON:
            output.json([_found(hit) for hit in hits])
        case Format.NDJSON:
            output.ndjson(_found(hit) for hit in hits)
        case Format.TEXT:
            _show(hits, limit)
    return ExitCode.DONE


def _found(hit: Hit) -> Found:
    reference = hit.reference
    snippet = "".join(f"**{piece}**" if is_hit else piece for piece, is_hit in hit.snippet)
    return Found(
        reference.id,
        reference.slug,
        reference.title,
        reference.language,
        reference.platform,
        hit.severity,
        snippet,
    )


def _show(hits: tuple[Hit, ...], limit: int) -> None:
    if not hits:
        output.talk("no rule matches")
        return
    table = Table(box=None, padding=(0, 2, 1, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for hit in hits:
        reference = hit.reference
        severity = Text(hit.severity or "–", f"severity.{hit.severity}" if hit.severity else "faint")
        body = Text(reference.title, "bold")
        places = " · ".join(filter(None, (language_title(reference.language), reference.platform, reference.slug)))
        body.append(f"  {places}\n", "faint")
        for piece, is_hit in hit.snippet:
            body.append(" ".join(piece.split(" ")).replace("\n", " "), "count" if is_hit else "")
        table.add_row(severity, body)
    output.show(table)
    if len(hits) == limit:
        output.talk(f"the first {limit}; --limit shows more", "faint")
