"""`detectionary site`: the catalog as a folder of pages."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from rich.text import Text

from detectionary.catalog import open_catalog
from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, reading
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.trouble import Trouble
from detectionary.pages.library import Bodies
from detectionary.site.folder import SiteError
from detectionary.site.write import write_site


def site(
    out: Path,
    *,
    db: Database = DEFAULT,
    bodies: Bodies = Bodies.ALL,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Write the catalog as a static web site: for any web server, or to open from disk.

    Example: `detectionary site public/ --db rules.db`

    Parameters
    ----------
    out
        The folder; new, empty, or written by an earlier run.
    db
        The catalog file.
    bodies
        Which rules' texts are shown: all, or those whose licence lets others show them.
    format
        What to write to standard output.
    """
    with reading(db):
        pass  # what is wrong with the catalog is said before any page is written
    try:
        with output.progress("pages") as advance:
            processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
            report = write_site(partial(open_catalog, db), out, bodies=bodies, processes=processes, progress=advance)
    except SiteError as error:
        raise Trouble(str(error)) from error
    match format:
        case Format.TEXT:
            output.show(Text(f"{report.rules:,} rules on {report.pages:,} pages: {out / 'index.html'}", "bold"))
        case Format.JSON:
            output.json(report)
        case Format.NDJSON:
            output.ndjson([report])
    return ExitCode.DONE
