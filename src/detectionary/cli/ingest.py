"""`detectionary ingest`: rules into the catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from detectionary import ingest as room
from detectionary.catalog import CatalogError
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.trouble import Trouble
from detectionary.repositories import RepositoryError

_LISTED = 10


def ingest(
    paths: Annotated[tuple[str, ...], Parameter(name="PATH", negative=())],
    *,
    db: Database = DEFAULT,
    processes: int | None = None,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Read rules into the catalog: folders, checkouts, single files, or git addresses.

    Example: `detectionary ingest Azure-Sentinel/ my-rules/ --db rules.db`

    What did not change is skipped. A run that was interrupted is completed by the next one.

    Parameters
    ----------
    paths
        Folders and files, or git addresses (https, ssh, file), which are cloned for the time of the run.
    db
        The catalog file; made when it is not there.
    processes
        How many processes analyse; as many as there are processors when left out.
    format
        What to write to standard output.
    """
    if not paths:
        raise Trouble("nothing to ingest", "detectionary ingest PATH|GIT-URL...")
    if processes is not None and processes < 1:
        raise Trouble(f"--processes {processes}: at least one is needed")
    try:
        with output.phases() as progress:
            summary = room.ingest(paths, db, processes=processes, progress=progress)
    except CatalogError as error:
        raise Trouble(str(error), error.help) from error
    except (RepositoryError, room.IngestError) as error:
        raise Trouble(str(error)) from error
    match format:
        case Format.TEXT:
            output.show(*_view(summary, db))
        case Format.JSON:
            output.json(summary)
        case Format.NDJSON:
            output.ndjson([summary])
    return ExitCode.FINDINGS if summary.faults or summary.unreadable else ExitCode.DONE


def _view(summary: room.Summary, db: Path) -> list[RenderableType]:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="faint")
    table.add_column("repository")
    table.add_column("language")
    for heading in ("rules", "parsed", "with findings", "predicates", "opaque"):
        table.add_column(heading, justify="right")
    for count in summary.counts:
        numbers = (count.rules, count.accepted, count.with_diagnostics, count.predicates, count.opaques)
        table.add_row(Text(count.repository, "link"), count.language, *(f"{number:,}" for number in numbers))
    if len(summary.counts) > 1:
        totals = (summary.rules, summary.accepted, summary.with_diagnostics, summary.predicates, summary.opaques)
        table.add_row(Text("all", "bold"), "", *(Text(f"{number:,}", "bold") for number in totals))
    share = f" ({summary.opaques / summary.predicates:.1%} opaque)" if summary.predicates else ""
    kinds = f" ({', '.join(f'{rules:,} {kind}' for kind, rules in summary.kinds)})" if summary.kinds else ""
    moved = f"; {summary.moved:,} of these moved" if summary.moved else ""
    kept = (
        f"{summary.new:,} new, {summary.changed:,} changed{kinds}, {summary.unchanged:,} unchanged, "
        f"{summary.gone:,} gone{moved}"
    )
    done = f"{len(summary.analysed):,} taken apart{share}; {summary.functions:,} functions"
    lines: list[RenderableType] = [table, Text(), Text(f"{kept}; {done}")]
    if summary.ignored:
        total = sum(number for _, number in summary.ignored)
        reasons = ", ".join(f"{reason} ({number:,})" for reason, number in summary.ignored[:_LISTED])
        more = ", …" if len(summary.ignored) > _LISTED else ""
        lines.append(Text(f"{total:,} of {summary.files:,} files hold no rule: {reasons}{more}", "faint"))
    lines += [
        Text(f"cannot read {unreadable.repository}/{unreadable.path}: {unreadable.reason}", "level.error")
        for unreadable in summary.unreadable
    ]
    for fault in summary.faults:
        where = f"{fault.repository}/{fault.path}" + (f" ({fault.rule})" if fault.rule else "")
        lines.append(Text(f"internal fault at {where}: {fault.place}; please report it", "level.error"))
    lines.append(Text(f"{summary.rules:,} rules in {db}, {summary.seconds:.1f} s", "bold"))
    return lines
