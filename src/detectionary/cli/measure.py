"""`detectionary measure`: which rules of the catalog can be run."""

from __future__ import annotations

from detectionary.catalog import CatalogError
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.trouble import Trouble
from detectionary.ingest.measure import Measured
from detectionary.ingest.measure import measure as measured


def measure(
    *,
    db: Database = DEFAULT,
    processes: int | None = None,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Compile every Kusto rule of the catalog and keep whether the engine of this machine can run it.

    Example: `detectionary measure --db rules.db`

    The overview of the site shows the outcome. Only rules that are new or changed since the last time are compiled, and
    all of them after Detectionary itself changed. A measurement that was interrupted is completed by the next.

    Parameters
    ----------
    db
        The catalog file.
    processes
        How many processes compile; as many as there are processors when left out.
    format
        What to write to standard output.
    """
    if processes is not None and processes < 1:
        raise Trouble(f"--processes {processes}: at least one is needed")
    try:
        with output.phases() as progress:
            found = measured(db, processes=processes, progress=progress)
    except CatalogError as error:
        raise Trouble(str(error), error.help) from error
    match format:
        case Format.TEXT:
            output.show(_words(found))
        case Format.JSON:
            output.json(found)
        case Format.NDJSON:
            output.ndjson([found])
    return ExitCode.FINDINGS if found.failed else ExitCode.DONE


def _words(found: Measured) -> str:
    if not found.total:
        return "nothing to measure: every Kusto rule has been"
    runs = found.runs + found.data
    parts = [f"{found.total:,} Kusto rules compiled: {runs:,} can be run", f"{found.refused:,} are refused"]
    if found.failed:
        parts.append(f"{found.failed:,} failed by a fault of ours")
    return ", ".join(parts)
